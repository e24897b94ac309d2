"""What is kept: the sealed format, blob stores, the catalog, ingest, screening, archive, playback, the log, check."""
