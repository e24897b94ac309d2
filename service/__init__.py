"""The always-on door: settings, assembly of a vault, one pass of due work, the scheduler."""
