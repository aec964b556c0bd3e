"""Evaluate a model on hidden ratings: how wrong it is, for whom, and against which baselines."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.config import Run
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet
from konomi.errors import DataError
from konomi.evaluate import metrics
from konomi.models import Model, bias

F32 = npt.NDArray[np.float32]

BLOCK = 4096  # people scored at once
ACTIVITY = (0, 1, 10, 30, 100, 300)  # seen ratings of the person
POPULARITY = (0, 1, 10, 100, 1000, 10000)  # training ratings of the item


@dataclass(frozen=True)
class Report:
    """What `evaluate` found. Of every hidden rating, in order of user and item: true, predicted f32[N]; user, item i32[N].

    `metrics` is what a bundle and `konomi evaluate --json` say of them.
    """

    metrics: dict[str, Any]
    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    true: F32
    predicted: F32


def predict(model: Model, seen: Profiles, hidden: Profiles, scale: Scale, run: Run) -> F32:
    """The predicted rating of every hidden entry, on the scale, f32[N]; `seen` and `hidden` are of the same people."""
    out = np.empty(len(hidden.item), np.float32)
    people = np.flatnonzero(hidden.counts)
    for start in range(0, len(people), BLOCK):
        run.progress("evaluate", start, len(people))
        block = people[start : start + BLOCK]
        part = hidden.take(block)
        codes = model.encode(seen.take(block), run.threads)
        entries = slice(hidden.indptr[block[0]], hidden.indptr[block[-1] + 1])  # people between have no hidden entries
        out[entries] = model.score_pairs(codes[part.user], part.item, "rating")
    run.progress("evaluate", len(people), max(len(people), 1))
    return scale.clip(out)


def evaluate(model: Model, seen: Profiles, hidden: Profiles, train: TrainSet, run: Run | None = None) -> Report:
    """RMSE and MAE of the hidden ratings, pooled, by user, by activity and by popularity, beside the baselines; calibration.

    The baselines, the global mean and `bias`, are fitted on the same `train`. Hidden entries without a rating are left out; an
    item row of −1 is an item that the model has never heard of. DataError where no hidden rating is left.
    """
    run = run or Run()
    hidden = hidden.scored()
    if len(hidden.item) == 0:
        raise DataError("There is no hidden rating to evaluate on.", "Give a test share above 0, or a file with ratings.")
    true, predicted = hidden.rating, predict(model, seen, hidden, train.scale, run)
    baseline = bias.fit(train, bias.Config(), run)
    guesses = {
        "global mean": np.full(len(true), train.scale.clip(baseline.mean)[0]),
        "bias": predict(baseline, seen, hidden, train.scale, run),
    }
    popularity = np.append(np.bincount(train.seen.scored().item, minlength=len(train.items)), 0)
    known_user = seen.scored().counts
    found = {
        "n": len(true),
        "users": int((hidden.counts > 0).sum()),
        "unknown_users": int(((hidden.counts > 0) & (known_user == 0)).sum()),
        "unknown_items": int((popularity[hidden.item] == 0).sum()),
        **_errors(true, predicted, hidden.user),
        "baselines": {name: _errors(true, guess, hidden.user) for name, guess in guesses.items()},
        "segments": {
            "activity": metrics.segments(true, predicted, guesses, known_user[hidden.user], ACTIVITY),
            "popularity": metrics.segments(true, predicted, guesses, popularity[hidden.item], POPULARITY),
        },
        "calibration": metrics.calibration(true, predicted),
        "residuals": metrics.residuals(true, predicted),
    }
    return Report(found, hidden.user, hidden.item, true, predicted)


def _errors(true: F32, predicted: F32, user: npt.NDArray[np.int32]) -> dict[str, float]:
    return {
        "rmse": metrics.rmse(true, predicted),
        "mae": metrics.mae(true, predicted),
        "rmse_by_user": metrics.rmse_by_user(true, predicted, user),
        "mae_by_user": metrics.mae_by_user(true, predicted, user),
    }
