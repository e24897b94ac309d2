"""The sample recordings of the demo, and the program that writes them."""
