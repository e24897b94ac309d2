"""Taking recordings in: manifests, content recognition, sealing, one durable commit."""
