"""The decision over one recording: what it goes by, what the rules say, and when. Pure."""
