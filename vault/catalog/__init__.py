"""The relational catalog: what is kept, under which metadata, key slots and state."""
