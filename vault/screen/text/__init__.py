"""Recorded text: chats, mails, captions, vCons. Parses, asks the core, writes back everything but the cuts."""
