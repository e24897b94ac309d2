"""What is planned before it is done: policies and what they would change, purges, who agreed."""
