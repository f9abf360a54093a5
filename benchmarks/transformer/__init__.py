"""A small transformer in NumPy, and what is often put in place of its GELU."""
