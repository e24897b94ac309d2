"""Recorded screens: reads what changes on them, and covers card data in every frame in which it shows."""
