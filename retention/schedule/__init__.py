"""Finding what is due among millions: the index on due dates, and surveys of what is alike."""
