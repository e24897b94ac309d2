"""The end: purges, originals and media that go early, and the certificates that prove it."""
