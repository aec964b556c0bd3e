"""cornac's rankers that need no network library."""

import os
from typing import Any

import numpy as np
from cornac.data import Dataset
from cornac.models import BPR, EASE

from ranges import Family, log_between, one_of, whole

THREADS = int(os.environ["OMP_NUM_THREADS"])


def dataset(X: Any) -> Dataset:
    """The entries, users and items numbered as they are."""
    pairs = X.tocoo()
    users, items = ({n: n for n in range(size)} for size in X.shape)
    return Dataset.build(
        zip(pairs.row.tolist(), pairs.col.tolist(), pairs.data.tolist(), strict=True),
        global_uid_map=users,
        global_iid_map=items,
    )


def ease(X: Any, settings: dict[str, Any]) -> Any:
    B = EASE(verbose=False, **settings).fit(dataset(X)).B
    return lambda people: X[people] @ B


def bpr(X: Any, settings: dict[str, Any]) -> Any:
    model = BPR(num_threads=THREADS, seed=0, **settings).fit(dataset(X))
    return lambda people: model.u_factors[people] @ model.i_factors[: X.shape[1]].T + np.asarray(model.i_biases)


FAMILIES = {
    "EASE": Family(ease, {"lamb": log_between(1, 1e4, 500), "posB": one_of(True, False)}, dense=True),
    "BPR": Family(
        bpr,
        {
            "k": whole(8, 256, 64),
            "max_iter": whole(30, 500, 100),
            "learning_rate": log_between(1e-3, 0.2, 0.01),
            "lambda_reg": log_between(1e-4, 0.1, 0.01),
        },
    ),
}
