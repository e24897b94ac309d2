"""Where sealed blobs lie: one port, a folder and S3 behind it."""
