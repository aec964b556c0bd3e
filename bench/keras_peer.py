"""The first founding notebook's Keras model on a split of ours, in the peers' own environment."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from konomi.data.profiles import Profiles
from measure import child, peers_python


def keras(train: Profiles, test: Profiles, epochs: int, steps: int = 0) -> dict[str, Any]:
    """Its seconds, rows_per_s and clipped test rmse; with `steps` only so many batches of an epoch are trained."""
    order = np.random.default_rng(0).permutation(len(train.item))
    with tempfile.TemporaryDirectory() as folder:
        for name, profiles, rows in (("train", train, order), ("test", test, slice(None))):
            for column in ("user", "item", "rating"):
                np.save(Path(folder) / f"{name}_{column}.npy", getattr(profiles, column)[rows])
        command = [peers_python(), "bench/peers/keras_mf.py", folder, epochs, *([steps] if steps else [])]
        found: dict[str, Any] = json.loads(child(command)[2])
    return found
