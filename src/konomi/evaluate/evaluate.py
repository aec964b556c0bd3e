"""Evaluate models on hidden entries: their predicted ratings and probabilities, their recommendations, and the baselines."""

from collections.abc import Iterable, Sequence

import numpy as np

from konomi.arrays import F32
from konomi.data.labels import LEFT_OUT, Labelling
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import DataError
from konomi.evaluate import rating_metrics as ratings
from konomi.evaluate.held_out import Baselines, HeldOut
from konomi.evaluate.interaction_metrics import reliability
from konomi.evaluate.metrics import entry_values, metrics_with
from konomi.evaluate.predict import predict
from konomi.evaluate.recommendations import relevant
from konomi.evaluate.records import Predictions, Report, Values, of_lists
from konomi.models.api import TASKS, Model
from konomi.ranking.blend import Blend
from konomi.runtime import Run, one_blas_thread

ACTIVITY = (0, 1, 10, 30, 100, 300)  # where segments begin, in seen ratings of the person
POPULARITY = (0, 1, 10, 100, 1000, 10000)  # where segments begin, in training ratings of the item


def truths(model: Model, hidden: Profiles, labelling: Labelling) -> dict[str, F32]:
    """The true values of the hidden entries for each task of the model, f32[N], NaN where an entry has none.

    A task without any true value is left out.
    """
    true = {}
    if "rating" in model.outputs:
        true["rating"] = hidden.rating
    if "interaction" in model.outputs:
        label = labelling.of(hidden)
        true["interaction"] = np.where(label == LEFT_OUT, np.float32(np.nan), label.astype(np.float32))
    return {task: values for task, values in true.items() if not np.isnan(values).all()}


def measurable(model: Model, hidden: Profiles, labelling: Labelling) -> bool:
    """Whether the hidden entries test any output of the model."""
    ranks = "rank" in model.outputs and bool(len(relevant(hidden, labelling).item))
    return ranks or bool(truths(model, hidden, labelling))


def evaluate(
    model: Model,
    seen: Profiles,
    hidden: Profiles,
    train: TrainSet,
    run: Run | None = None,
    metrics: str | Iterable[str] = (),
) -> Report:
    """The metrics of a model on the hidden entries, for each of its tasks and for its recommendations, and the baselines'.

    Ratings: RMSE and MAE, pooled, by user, by activity and by popularity; calibration and residuals; the baselines, global mean
    and `bias`, are fitted on the same `train`. Interactions, labelled by `train.labelling`: the metrics of
    `interaction_metrics.py`; the baseline "majority class" predicts the share of likes in `train` for everybody.
    Recommendations: the metrics of `ranking_metrics.py`, of the model's own order and, under "served", of the lists that people
    get; the baseline is `popular`. metrics: more of them, as in "ndcg@5".

    A task leaves out entries without a true value, and is left out itself if none remains; interactions, too, if all are liked,
    in training as well, or none is. An item row of −1 is an item that
    the model does not know. DataError where no task remains, ConfigError for an unknown metric.
    """
    return evaluate_together([model], HeldOut(seen, hidden, Baselines(train, run or Run()), metrics_with(metrics)))


@one_blas_thread()
def evaluate_together(models: Iterable[Model], held: HeldOut, blend: Blend | None = None) -> Report:
    """The same for several models of one bundle: each prediction comes from the first model that has it, the order from all.
    blend: by which they serve; None: with weights by the validation entries."""
    models = list(models)
    if not any(measurable(model, held.hidden, held.train.labelling) for model in models):
        tested = " or ".join(task for task in TASKS if any(task in model.outputs for model in models))
        raise DataError(
            f"There is no hidden {tested or 'entry that is liked'} to evaluate on.",
            "Give a test share above 0, or a file with ratings.",
        )
    predictions = _predictions(models, held)
    blend = held.baselines.blend(models) if blend is None else blend
    own = held.rank_with(models[0]) if len(models) == 1 else held.rank_together(blend)
    lists = of_lists(own, held.serve_with(blend))
    values, baselines = Values(), dict[str, Report]()
    for task, found in predictions.items():
        values |= _ratings(found, held) if task == "rating" else _interactions(found, held)
        for name, guess in held.guesses(task).items():
            baselines[name] = Report(entry_values(task, guess, held.metrics), {task: guess})
    if lists is not None:
        values |= lists.metrics
        baselines |= {"popular": held.popular_lists} if held.popular_lists else {}
    of_baselines = {name: report.metrics for name, report in baselines.items()}
    ranked, served = (None, None) if lists is None else (lists.ranked, lists.served)
    return Report({**values, "baselines": of_baselines}, predictions, ranked, served, baselines)


def _predictions(models: Sequence[Model], held: HeldOut) -> dict[str, Predictions]:
    """The predictions of the entries that have a true value, for each task."""
    found = dict[str, Predictions]()
    for model in models:
        true = truths(model, held.hidden, held.train.labelling)
        if "interaction" in true and not held.tells_apart:
            del true["interaction"]
        if not true.keys() - found.keys():
            continue
        tested = ~np.all(np.isnan([*true.values()]), axis=0)
        predicted = predict(model, held.seen, held.hidden.keep(tested), true, held.train.scale, held.run)
        for task, values in true.items():
            if task not in found:
                has = ~np.isnan(values)
                entries = held.hidden.keep(has)
                found[task] = Predictions(entries.user, entries.item, values[has], predicted[task][has[tested]])
    return {task: found[task] for task in TASKS if task in found}


def _ratings(found: Predictions, held: HeldOut) -> Values:
    """The metrics of predicted ratings."""
    true, predicted, rated = found.true, found.predicted, held.hidden.scored()
    guesses, popularity, activity = held.rating_guesses, held.baselines.item_ratings, held.seen.scored().counts
    return {
        "n": len(true),
        "users": int((rated.counts > 0).sum()),
        "unknown_users": int(((rated.counts > 0) & (activity == 0)).sum()),
        "unknown_items": int((popularity[found.item] == 0).sum()),
        **entry_values("rating", found, held.metrics),
        "segments": {
            "activity": ratings.segments(true, predicted, guesses, activity[found.user], ACTIVITY),
            "popularity": ratings.segments(true, predicted, guesses, popularity[found.item], POPULARITY),
        },
        "calibration": ratings.calibration(true, predicted),
        "residuals": ratings.residuals(true, predicted),
    }


def _interactions(found: Predictions, held: HeldOut) -> Values:
    """The metrics of predicted probabilities."""
    return {
        "interactions": len(found.true),
        "liked": float(found.true.mean(dtype=np.float64)),
        **entry_values("interaction", found, held.metrics),
        "reliability": reliability(found.true, found.predicted),
    }
