"""Image sets: the HDF5 files and their checks, held-out examples, image files, downloads, drawn sets.

``download``, ``image_file`` and ``painted.generator`` load large libraries: import them where needed.
"""

from nnlab.data import folds, hdf5, holdout, painted, sandbox, synthetic
from nnlab.data.dataset import Dataset, HeldOut, Part, Split
from nnlab.data.hdf5 import SplitName
from nnlab.data.lazy_rows import Examples

__all__ = [
    "Dataset",
    "Examples",
    "HeldOut",
    "Part",
    "Split",
    "SplitName",
    "download",
    "folds",
    "hdf5",
    "holdout",
    "image_file",
    "painted",
    "sandbox",
    "synthetic",
]
