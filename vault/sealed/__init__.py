"""The sealed format: Tink's AES-GCM-HKDF Streaming AEAD with our associated data. See SPEC.md beside this file."""
