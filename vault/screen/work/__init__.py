"""Screening one recording in a process of its own: attempts, jobs, workers and what they say to each other."""
