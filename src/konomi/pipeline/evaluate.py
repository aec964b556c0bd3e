"""Evaluate a saved model on its own test entries, or on other ratings."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import whole
from konomi.arrays import I64
from konomi.bundle.format import Bundle
from konomi.bundle.given import bundle_from
from konomi.bundle.origin import dataset_of
from konomi.data.dataset import KIND, Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import TEST, Split
from konomi.data.table import Table
from konomi.data.vocab import Vocab
from konomi.errors import ConfigError, DataError
from konomi.evaluate.evaluate import evaluate_together
from konomi.evaluate.held_out import Baselines, HeldOut
from konomi.evaluate.metrics import metrics_with
from konomi.evaluate.records import Predictions, Report, Values, shortly
from konomi.files import kind_of
from konomi.pipeline.arguments import run_from
from konomi.pipeline.splits import measuring_split, read_like
from konomi.reading.formats import ReadOptions
from konomi.reading.read_frame import read_frame
from konomi.runtime import Run


@dataclass(frozen=True)
class Evaluation:
    """The result of `evaluate_model`. users: the ids of the user rows in the report; known_rows: the number of given ratings
    that were left out, since the model was trained or validated with them."""

    report: Report
    dataset: Dataset
    split: Split
    users: Vocab
    known_rows: int

    def __repr__(self) -> str:
        return f"Evaluation({shortly(self.metrics)})"

    @property
    def metrics(self) -> Values:
        """Every metric by key, and the baselines' under "baselines"."""
        return self.report.metrics

    @property
    def predictions(self) -> dict[str, Predictions]:
        """The predictions by task."""
        return self.report.predictions

    def sample(self, task: str, size: int) -> list[dict[str, Any]]:
        """Some of the predictions, evenly spaced: user, title, true, predicted."""
        found = self.predictions[task]
        chosen = np.unique(np.linspace(0, len(found.true) - 1, size).astype(int))
        return [
            {
                "user": self.users.ids[int(found.user[n])],
                "title": self.dataset.titles([int(found.item[n])])[0] if found.item[n] >= 0 else "(not in the dataset)",
                "true": float(found.true[n]),
                "predicted": round(float(found.predicted[n]), 4),
            }
            for n in chosen
        ]


def evaluate_model(
    bundle: Bundle | Path | str,
    test: Any = None,
    data: Dataset | Path | str | None = None,
    run: Run | None = None,
    metrics: str | Iterable[str] = (),
    measured: int | None = None,
) -> Evaluation:
    """The metrics of a saved model, and of the baselines, which are fitted on the same training entries.

    bundle: a bundle or its path. test: None, the dataset that it was trained on, or the path of that, for its own test entries
    and what was added since (see `measuring_split`); or new ratings: the path of a file like those that the dataset was made
    of, a `Table`, or a frame with the columns user_id, item_id and rating. data: the dataset, if it has moved. metrics: more of
    them, as in "ndcg@5"; measured: how many people's lists are measured, at most.

    What a model has learnt does not test it: of new ratings, those are left out. BundleError for anything but a bundle;
    DataError for anything but ratings, for another dataset than its own, where there is nothing to test on, or where it has
    learnt all of it; ConfigError for any other wrong argument.
    """
    run, chosen, loaded = run_from(run), metrics_with(metrics), bundle_from(bundle)
    own = test is None or isinstance(test, Dataset) or (isinstance(test, str | os.PathLike) and kind_of(Path(test)) == KIND)
    if own and test is not None and data is not None:
        raise ConfigError(f"{_name(test)} is a dataset, and {_name(data)} another.", "Give `data` with a ratings file only.")
    dataset = dataset_of(loaded, data if test is None or not own else test)
    split = measuring_split(loaded, dataset, run, own)
    if own and loaded.facts.refitted and not (split.role == TEST).any():
        raise DataError(
            "This model has learnt its test entries: it was trained again on everything after it was measured.",
            "What was measured before is in it, see `Bundle.metrics`. Give ratings new to it, or train one with `refit`=False.",
        )
    train, (seen, hidden), users, known_rows = split.train_set(dataset), split.test(dataset), dataset.users, 0
    if not own:
        rows = _ratings(test, dataset, run)
        users, seen, hidden = _new_rows(rows, dataset, seen)
        known_rows = len(rows) - len(hidden.item)
        if len(hidden.item) == 0:
            raise DataError(
                f"{_name(test)}: the model was trained or validated with all of its {len(rows):,} rows.",
                "Give ratings new to it.",
            )
    most = None if measured is None else whole("measured", measured, 1)
    held = HeldOut(seen, hidden, Baselines(train, run), chosen, most)
    blend = held.baselines.weighed(loaded.models.values(), loaded.facts.weights)
    report = evaluate_together(blend.models, held, blend)
    return Evaluation(report, dataset, split, users, known_rows)


def _name(given: Any) -> str:
    """The name of data in a message."""
    return str(given) if isinstance(given, str | os.PathLike) else f"The {type(given).__name__}"


def _ratings(given: Any, dataset: Dataset, run: Run) -> Table:
    """Ratings as a Table: read from a file or a frame, or a Table already."""
    if isinstance(given, Table):
        return given
    if isinstance(given, str | os.PathLike):
        return read_like(dataset, Path(given), run)
    return read_frame(given, ReadOptions(scale=dataset.scale), run)


def _new_rows(rows: Table, dataset: Dataset, known: Profiles) -> tuple[Vocab, Profiles, Profiles]:
    """(users, seen, hidden) of ratings: the ids of their users, their other entries, and the ratings that are not `known`.

    Users outside the dataset have no seen entries; items outside it have the row −1.
    """
    users = Vocab.of(rows.user_id)
    place = dataset.users.rows(users.ids)

    def keys(entries: Profiles) -> I64:
        return entries.user * np.int64(len(dataset.items) + 1) + entries.item + 1

    def of_users(entries: Profiles) -> Profiles:
        return Profiles.stacked([entries, Profiles.of([{}])]).take(place)  # row −1: a user outside the dataset

    user, item = users.rows(rows.user_id), dataset.item_ids.rows(rows.item_id)
    given = Profiles.from_entries(len(users), user, item, rows.rating, rows.status)
    hidden = given.keep(~np.isin(keys(given), keys(of_users(known))))
    everything = of_users(dataset.profiles)
    return users, everything.keep(~np.isin(keys(everything), keys(hidden))), hidden
