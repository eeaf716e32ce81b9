"""Image sets: the HDF5 files and their checks, held-out examples, image files, downloads, drawn sets.

``download``, ``image_file`` and ``painted.generator`` load large libraries, and ``importing`` is for one
command: import them where needed.
"""

from nnlab.data import folds, hdf5, holdout, overlap, painted, remarks, sandbox, synthetic
from nnlab.data.dataset import Dataset, HeldOut, Part, Split
from nnlab.data.decoder import decode
from nnlab.data.hdf5 import SplitName
from nnlab.data.lazy_rows import Examples
from nnlab.data.picture_folder import listed

__all__ = [
    "Dataset",
    "Examples",
    "HeldOut",
    "Part",
    "Split",
    "SplitName",
    "decode",
    "download",
    "folds",
    "hdf5",
    "holdout",
    "image_file",
    "importing",
    "listed",
    "overlap",
    "painted",
    "remarks",
    "sandbox",
    "synthetic",
]
