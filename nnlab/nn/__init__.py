"""The nets: NumPy only."""
