"""The founding notebooks' Keras models on a split of ours, in the peers' own environment; see peers/keras_twins.py."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from konomi.catalogue.tags import genre_matrix
from konomi.catalogue.taste import genre_taste
from konomi.data.labels import LEFT_OUT
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.evaluate import rating_metrics as metrics
from konomi.evaluate.metrics import entry_values
from konomi.evaluate.records import Predictions
from measure import child, peers_python


def keras(
    twins: list[str], train: TrainSet, hidden: Profiles, epochs: int | None = None, steps: int | None = None
) -> dict[str, dict[str, Any]]:
    """Of each twin: its epochs, seconds, rows_per_s, and its errors on the hidden entries by our own measures.

    `epochs` takes the place of the notebooks'; with `steps` only so many batches of an epoch are trained.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, train, hidden)
        limits = [f"--{word}={n}" for word, n in (("epochs", epochs), ("steps", steps)) if n]
        lines = child([peers_python(), "bench/peers/keras_twins.py", folder, *twins, *limits])[2].splitlines()
        found = {row.pop("twin"): row for row in map(json.loads, lines)}
        for twin, row in found.items():
            for task in ("rating", "interaction"):
                if (path := folder / f"{twin}_{task}.npy").exists():
                    row |= _errors(task, np.load(path), train, hidden)
    return found


def _write(folder: Path, train: TrainSet, hidden: Profiles) -> None:
    """The arrays; the training rows shuffled, since those of profiles are in order of people."""
    order = np.random.default_rng(0).permutation(len(train.seen.item))
    for part, profiles, rows in (("train", train.seen, order), ("test", hidden, slice(None))):
        label = train.labelling.of(profiles)
        columns = {"user": profiles.user, "item": profiles.item, "rating": profiles.rating, "label": label}
        for column, values in columns.items():
            np.save(folder / f"{part}_{column}.npy", values[rows])
    taste = genre_taste(train.seen, train.items, 0.0, prior=0.0)
    numbers = [train.items[column].fill_null(0).to_numpy().astype(np.float32) for column in ("year", "score")]
    np.save(folder / "user_features.npy", np.nan_to_num(taste))
    np.save(folder / "item_features.npy", np.column_stack([*numbers, genre_matrix(train.items).astype(np.float32)]))


def _errors(task: str, predicted: Any, train: TrainSet, hidden: Profiles) -> dict[str, float | None]:
    if task == "rating":
        has = ~np.isnan(hidden.rating)
        true, clipped = hidden.rating[has], train.scale.clip(predicted[has])
        return {"rmse": metrics.rmse(true, clipped), "mae": metrics.mae(true, clipped)}
    label = train.labelling.of(hidden)
    has = label != LEFT_OUT
    nobody = np.zeros(int(has.sum()), np.int32)
    return entry_values("interaction", Predictions(nobody, nobody, label[has].astype(np.float32), predicted[has]))
