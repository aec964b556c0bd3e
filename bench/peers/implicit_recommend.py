"""implicit's `recommend` over factors that it is given. Run by bulk.py, in the peers' environment; waits to be told when.

    python implicit_recommend.py FOLDER K

FOLDER has users.npy, items.npy (the factors), indptr.npy and item.npy (what nobody must be offered again). Every line on
standard input is a number of users per call; for each it recommends to all of them, prints the seconds, and keeps what it found
in found.npy. It splits a call into blocks of its own, for its own threads, and asks that BLAS keep to one meanwhile.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

warnings.simplefilter("ignore")  # that it has no GPU
from implicit.cpu.als import AlternatingLeastSquares  # noqa: E402

folder, k = Path(sys.argv[1]), int(sys.argv[2])
users, items, indptr, item = (np.load(folder / f"{name}.npy") for name in ("users", "items", "indptr", "item"))
model = AlternatingLeastSquares(factors=users.shape[1], num_threads=2)
model.user_factors, model.item_factors = users, items
known = csr_matrix((np.ones(len(item), np.float32), item, indptr), shape=(len(users), len(items)))
for line in sys.stdin:
    size, found = int(line), []
    start = time.perf_counter()
    for first in range(0, len(users), size):
        ids = np.arange(first, min(first + size, len(users)))
        found.append(model.recommend(ids, known[ids], N=k, filter_already_liked_items=True)[0])
    print(time.perf_counter() - start, flush=True)
    np.save(folder / "found.npy", np.concatenate(found))
