"""The types of arrays, one name each for all modules."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]  # float64 or float32
Labels = NDArray[np.int64]
Indices = NDArray[np.intp]
