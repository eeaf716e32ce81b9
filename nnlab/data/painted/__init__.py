"""A package of nnlab."""
