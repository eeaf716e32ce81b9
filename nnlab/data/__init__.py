"""The image sets: the HDF5 format, the painted set, downloads."""
