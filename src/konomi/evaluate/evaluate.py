"""Evaluate a model on hidden entries: how wrong its ratings and its probabilities are, what its recommendations find, and how
baselines do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from konomi.arrays import F32, I32
from konomi.data.labels import LEFT_OUT, Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet
from konomi.errors import DataError, FitError
from konomi.evaluate import interaction_metrics as probabilities
from konomi.evaluate import ranking_metrics as ranking
from konomi.evaluate import rating_metrics as metrics
from konomi.evaluate.ranking_metrics import Ranked
from konomi.models import bias, popular
from konomi.models.api import Model, tasks
from konomi.runtime import Run, one_blas_thread

Figures = dict[str, Any]

BLOCK = 4096  # people scored at once
ACTIVITY = (0, 1, 10, 30, 100, 300)  # seen ratings of the person
POPULARITY = (0, 1, 10, 100, 1000, 10000)  # training ratings of the item


@dataclass(frozen=True)
class Predictions:
    """What was predicted of N hidden entries, in order of user and item: user, item i32[N]; true, predicted f32[N].

    Ratings on the scale; or interactions, true 1 liked and 0 not, predicted the probability of liking.
    """

    user: I32
    item: I32
    true: F32
    predicted: F32


@dataclass(frozen=True)
class Report:
    """What `evaluate` found: `metrics`, what a bundle and `konomi evaluate --json` say, and what they were computed from.

    `predictions` has one record for each task, "rating" and "interaction", that the model has and the hidden entries test;
    `ranked` is None where the model does not rank, or nothing hidden is relevant.
    """

    metrics: Figures
    predictions: dict[str, Predictions]
    ranked: Ranked | None = None


def truths(model: Model, hidden: Profiles, labelling: Labelling) -> dict[str, F32]:
    """The right answers for each task of the model: f32[N] of the hidden entries, NaN where an entry has none.

    A task without a single answer is left out.
    """
    answers = {}
    if "rating" in model.outputs:
        answers["rating"] = hidden.rating
    if "interaction" in model.outputs:
        label = labelling.of(hidden)
        answers["interaction"] = np.where(label == LEFT_OUT, np.float32(np.nan), label.astype(np.float32))
    return {task: answer for task, answer in answers.items() if not np.isnan(answer).all()}


def measurable(model: Model, hidden: Profiles, labelling: Labelling) -> bool:
    """Whether the hidden entries test anything that the model does."""
    ranks = "rank" in model.outputs and bool(len(ranking.relevant(hidden, labelling).item))
    return ranks or bool(truths(model, hidden, labelling))


def predict(model: Model, seen: Profiles, hidden: Profiles, outputs: Iterable[str], scale: Scale, run: Run) -> dict[str, F32]:
    """Each of the outputs for every hidden entry, f32[N], "rating" on the scale; `seen` and `hidden` are of the same people."""
    out = {output: np.empty(len(hidden.item), np.float32) for output in outputs}
    people = np.flatnonzero(hidden.counts)
    for start in range(0, len(people), BLOCK):
        run.progress("evaluate", start, len(people))
        block = people[start : start + BLOCK]
        part = hidden.take(block)
        with run.workers():
            codes = model.encode(seen.take(block), run.threads)[part.user]
        entries = slice(hidden.indptr[block[0]], hidden.indptr[block[-1] + 1])  # people between have no hidden entries
        for output, predicted in out.items():
            predicted[entries] = model.score_pairs(codes, part.item, output)
    run.progress("evaluate", len(people), max(len(people), 1))
    return {output: scale.clip(predicted) if output == "rating" else predicted for output, predicted in out.items()}


@one_blas_thread()
def evaluate(model: Model, seen: Profiles, hidden: Profiles, train: TrainSet, run: Run | None = None) -> Report:
    """How good the model's predictions of the hidden entries are, for each of its tasks, and its recommendations, beside the
    baselines.

    Ratings: RMSE and MAE, pooled, by user, by activity and by popularity; calibration and residuals; the baselines, the global
    mean and `bias`, are fitted on the same `train`. Interactions, what `train.labelling` makes of the entries: the measures of
    `probabilities.py`; the baseline "majority class" predicts the share of liked ones in `train` for everybody. What a model
    recommends: the figures of `ranking.py`; the baseline is `popular`. An entry without an answer for a task is left out of it,
    and so is a task without entries; an item row of −1 is an item that the model has never heard of. DataError where nothing is
    left.
    """
    run = run or Run()
    if not measurable(model, hidden, train.labelling):
        raise DataError(
            f"There is no hidden {' or '.join(tasks(model)) or 'entry that is liked'} to evaluate on.",
            "Give a test share above 0, or a file with ratings.",
        )
    predictions = _predictions(model, seen, hidden, train, run)
    ranked = ranking.measure(model, seen, hidden, train, run) if "rank" in model.outputs else None
    parts = [
        _ratings(found, hidden, seen, train, run) if task == "rating" else _interactions(found, train)
        for task, found in predictions.items()
    ]
    if ranked is not None:
        parts.append((ranked.figures, _ranking_baselines(seen, hidden, train, run)))
    figures, baselines = Figures(), Figures()
    for own, others in parts:
        figures |= own
        baselines |= others
    return Report({**figures, "baselines": baselines}, predictions, ranked)


def _predictions(model: Model, seen: Profiles, hidden: Profiles, train: TrainSet, run: Run) -> dict[str, Predictions]:
    """What the model predicts of the entries that have an answer, for each task."""
    answers = truths(model, hidden, train.labelling)
    if not answers:
        return {}
    tested = ~np.all(np.isnan([*answers.values()]), axis=0)
    predicted = predict(model, seen, hidden.keep(tested), answers, train.scale, run)
    found = {}
    for task, answer in answers.items():
        has = ~np.isnan(answer)
        part = hidden.keep(has)
        found[task] = Predictions(part.user, part.item, answer[has], predicted[task][has[tested]])
    return found


def _ranking_baselines(seen: Profiles, hidden: Profiles, train: TrainSet, run: Run) -> Figures:
    """The figures of what everybody is recommended by popularity; none where no training entry tells of it."""
    try:
        model = popular.fit(train, popular.Config(), run)
    except FitError:
        return {}
    ranked = ranking.measure(model, seen, hidden, train, run)
    return {} if ranked is None else {"popular": ranked.figures}


def _ratings(found: Predictions, hidden: Profiles, seen: Profiles, train: TrainSet, run: Run) -> tuple[Figures, Figures]:
    """The figures of predicted ratings, and those of each baseline."""
    true, predicted, user, hidden = found.true, found.predicted, found.user, hidden.scored()
    baseline = bias.fit(train, bias.Config(), run)
    guesses = {
        "global mean": np.full(len(true), train.scale.clip(baseline.mean)[0]),
        "bias": predict(baseline, seen, hidden, ["rating"], train.scale, run)["rating"],
    }
    popularity = np.append(np.bincount(train.seen.scored().item, minlength=len(train.items)), 0)
    known_user = seen.scored().counts
    figures = {
        "n": len(true),
        "users": int((hidden.counts > 0).sum()),
        "unknown_users": int(((hidden.counts > 0) & (known_user == 0)).sum()),
        "unknown_items": int((popularity[found.item] == 0).sum()),
        **_errors(true, predicted, user),
        "segments": {
            "activity": metrics.segments(true, predicted, guesses, known_user[user], ACTIVITY),
            "popularity": metrics.segments(true, predicted, guesses, popularity[found.item], POPULARITY),
        },
        "calibration": metrics.calibration(true, predicted),
        "residuals": metrics.residuals(true, predicted),
    }
    return figures, {name: _errors(true, guess, user) for name, guess in guesses.items()}


def _errors(true: F32, predicted: F32, user: I32) -> dict[str, float]:
    return {
        "rmse": metrics.rmse(true, predicted),
        "mae": metrics.mae(true, predicted),
        "rmse_by_user": metrics.rmse_by_user(true, predicted, user),
        "mae_by_user": metrics.mae_by_user(true, predicted, user),
    }


def _interactions(found: Predictions, train: TrainSet) -> tuple[Figures, Figures]:
    """The figures of predicted probabilities, and those of the baseline."""
    label = train.labelling.of(train.seen)
    known = label[label != LEFT_OUT]
    share = known.mean(dtype=np.float64) if len(known) else 0.5
    figures = {
        "interactions": len(found.true),
        "liked": float(found.true.mean(dtype=np.float64)),
        **probabilities.figures(found.true, found.predicted),
        "reliability": probabilities.reliability(found.true, found.predicted),
    }
    return figures, {"majority class": probabilities.figures(found.true, np.full(len(found.true), share))}
