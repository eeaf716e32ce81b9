"""Imports pictures and arrays of other layouts into one file of the layout."""

from nnlab.data.importing.arrays import OPTIONS, Slot
from nnlab.data.importing.job import Imported, Options, read, write

__all__ = ["OPTIONS", "Imported", "Options", "Slot", "read", "write"]
