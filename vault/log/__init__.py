"""The append-only log: an RFC 6962 Merkle tree with signed C2SP checkpoints."""
