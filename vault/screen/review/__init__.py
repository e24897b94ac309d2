"""What people rule over quarantined recordings: asked, agreed, signed, and compared with the log."""
