"""One module per chat format: bytes to segments of talk, and the same bytes with what was found cut out."""
