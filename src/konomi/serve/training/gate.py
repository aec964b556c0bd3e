"""Whether a new model may answer in place of the served one: both as trained without the test entries, on the same people.

Test entries are drawn by a hash of their ids, so they stay test entries while the dataset grows. A model that the service has
trained has a twin that has not learnt them. Of one that was given, a twin is trained, on what it has learnt less the test.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from konomi.bundle.format import Bundle
from konomi.bundle.grown import with_items
from konomi.data.dataset import Dataset
from konomi.data.split import SHOWN, TEST, Split
from konomi.data.table import ITEM_COLUMNS
from konomi.evaluate.bootstrap import LEAST_USERS
from konomi.evaluate.evaluate import evaluate_together, measurable
from konomi.evaluate.metrics import SERVED, primary
from konomi.evaluate.people import of_people, standings
from konomi.models.api import TASKS
from konomi.pipeline.steps import Experiment
from konomi.pipeline.train import train_model
from konomi.runtime import Run

MEASURED = 5_000  # people whose lists are measured, at most
NEW, OLD = "new", "served"


@dataclass(frozen=True)
class Judgement:
    """What became of the comparison. passed: whether the new model may answer by itself; why: in a sentence; figures: of each
    metric the new value, the served one, and the difference with the bounds of its 95 % interval."""

    passed: bool
    why: str
    figures: list[dict[str, Any]]


def rival(served: Bundle, twin: Bundle | None, dataset: Dataset, split: Split, run: Run) -> Bundle:
    """The served model as it is without the test entries: its twin, or a new one, trained on the rest of what it has learnt.
    Where nothing tells what that was, it is itself."""
    if twin is not None:
        return twin
    known = dataset.known_to(served.facts.data.sha256)
    if known is None or not served.facts.refitted:
        return served
    untaught = np.where(split.role == TEST, np.uint8(TEST), np.uint8(SHOWN))
    before = Split(np.where(known, split.role, untaught), {"kind": "predefined"}, dataset.sha256)
    return train_model(dataset, served.configs, before, run, refit=False, measured=MEASURED)


def judged(new: Bundle, old: Bundle, dataset: Dataset, split: Split, run: Run) -> Judgement:
    """The new twin beside the old one, on the test entries of a split. What is new since the old one is offered by it as the
    service does: by what is known of it."""
    experiment = Experiment.of(dataset, split, run, measured=MEASURED)
    since = dataset.items.select(name for name in ITEM_COLUMNS if name in dataset.items.columns)[len(old.items) :]
    people = {name: _measured(bundle, experiment) for name, bundle in ((NEW, new), (OLD, with_items(old, since)))}
    if any(not found.width for found in people.values()):
        return Judgement(False, "There are no test entries to compare them by.", [])
    figures, worse, most = [], [], 0
    for kind, found in standings(people, run.seed).items():
        metric = primary(kind)
        if kind not in (SERVED, *TASKS) or (NEW, OLD, metric.key) not in found.differences:
            continue
        gap = found.differences[NEW, OLD, metric.key]
        values = {name: found.metrics[name][metric.key].value for name in (NEW, OLD)}
        figures.append({"metric": metric.name, "of": kind, **values, "difference": gap.value, "low": gap.low, "high": gap.high})
        most = max(most, gap.users)
        if gap.real and (gap.value > 0) != (metric.better == "higher"):
            worse.append(f"{metric.name} {values[NEW]:.4f} against {values[OLD]:.4f}")
    if worse:
        return Judgement(False, f"It is worse than the served one: {', '.join(worse)}.", figures)
    if most < LEAST_USERS:
        return Judgement(False, f"Fewer than {LEAST_USERS} people test it, so nothing can be said.", figures)
    return Judgement(True, "It is not worse than the served one.", figures)


def _measured(bundle: Bundle, experiment: Experiment) -> pl.DataFrame:
    """What is measured of each person, by the blend that a bundle serves with."""
    held, models = experiment.test, bundle.models.values()
    if not any(measurable(model, held.hidden, held.train.labelling) for model in models):
        return pl.DataFrame()
    blend = held.baselines.weighed(models, bundle.facts.weights)
    return of_people(evaluate_together(blend.models, held, blend), held.hidden.counts)
