"""Importing this readies Numba, which takes a while: a kernel is called."""

import numpy as np

from konomi.kernels.csr import is_sorted

assert is_sorted(np.arange(3))
