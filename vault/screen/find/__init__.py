"""The decision core of screening: digits with their words in, what must be cut out. Knows no medium."""
