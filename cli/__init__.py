"""The terminal door: one module per noun."""
