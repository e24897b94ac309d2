"""Who may open what: root keys, key epochs, wrapping, signing. Knows no database."""
