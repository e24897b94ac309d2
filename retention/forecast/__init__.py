"""What is stored in the years to come, and what it costs."""
