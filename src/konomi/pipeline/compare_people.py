"""Compare models on new people, held out whole, of whom they are shown more and more ratings.

Some entries of each person are hidden, the same ones in every row, and the rest can be shown: 1, 5 or 20 ratings drawn at
random (the 5 are among the 20), or all. In two more rows the people are training users, or are known by genre wishes alone.
Entries that can be shown are never recommended, even where they are not shown, so that every row has the same candidates. Only
people with 20 ratings to show and a liked hidden entry are measured, the same in every row.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import expect
from konomi.arrays import F32, F64, I32, I64, Bools
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import SHOWN, TEST, TRAIN, Split, SplitConfig
from konomi.data.statistics import add_statistics
from konomi.errors import ConfigError, DataError
from konomi.evaluate import rating_metrics as ratings
from konomi.evaluate.bootstrap import Interval, mean_interval
from konomi.evaluate.genre_wishes import wishes_of
from konomi.evaluate.metrics import RANKING, primary
from konomi.evaluate.predict import predict
from konomi.evaluate.recommendations import list_length, measure_lists
from konomi.evaluate.records import Ranked
from konomi.kernels.topk import topk
from konomi.models import module
from konomi.models.api import Model
from konomi.pipeline.arguments import dataset_from, models_from, run_from, split_from, tasks_from
from konomi.pipeline.people_comparison import ALL, ANY, FEW, POPULAR, TRAINED, WISHES, People, Row
from konomi.pipeline.steps import Experiment, fit, fit_or_reason
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.rank import SCORES
from konomi.runtime import blocks, one_blas_thread


@dataclass(frozen=True)
class Newcomers:
    """The people who are measured, held out whole. known: entries that can be shown; hidden: hidden entries; wanted: the liked
    ones among those."""

    known: Profiles
    hidden: Profiles
    wanted: Profiles
    experiment: Experiment

    def __len__(self) -> int:
        return len(self.known)

    def measure(self, items: I32) -> Ranked:
        """The metrics of lists i32[P, `list_length`]."""
        rows = np.arange(len(self), dtype=np.int32)
        facts, metrics = self.experiment.test.baselines.item_facts, self.experiment.metrics
        return measure_lists(rows, items, self.wanted, facts, metrics)

    def take(self, people: I64) -> "Newcomers":
        """The people of these rows."""
        known, hidden, wanted = (entries.take(people) for entries in (self.known, self.hidden, self.wanted))
        return Newcomers(known, hidden, wanted, self.experiment)


@one_blas_thread()
def compare_people(
    dataset: Dataset | Path | str,
    models: Any,
    split: Split | SplitConfig | None = None,
    task: str = "rating",
    run: Any = None,
    tell: Callable[[str, str], None] = lambda model, message: None,
    metrics: str | Iterable[str] = (),
) -> People:
    """Train each model twice, without the people of the test entries and with them, and measure it on these people.

    dataset, models: as in `train_model`; split: of kind "users" (None: a tenth of the people for validation and a tenth for
    testing); task: for models that can learn either; tell: called with (model, message) as each model is done; metrics:
    measured beside the registered ones. A model that raises FitError is a failure, and the others go on.

    RequestError for an unknown model, ConfigError for none, another kind of split or a wrong argument, DataError where nobody
    can be measured.
    """
    configs, (task, *_) = models_from(models), tasks_from(task)
    expect(tell, Callable, "a function", ConfigError, "Give `tell` what is to hear of each model, or leave it out.")
    run = replace(run_from(run), checkpoint=None)
    dataset = dataset_from(dataset)
    split = split if split is not None else SplitConfig(kind="users", seed=run.seed)
    kind = split.spec.get("kind") if isinstance(split, Split) else getattr(split, "kind", "users")
    if kind != "users":
        raise ConfigError(f"A split of kind {kind} holds nobody out whole.", "Use `split` users, or leave it out.")
    frozen = split_from(split, dataset, run)
    experiment = Experiment.of(dataset, frozen, run, metrics)
    people, counts = _newcomers(experiment)
    plain = fit(POPULAR, configs.pop(POPULAR, None) or module(POPULAR).Config(), experiment.train, run).model
    base = _row(POPULAR, ANY, plain, people.known, people, None)
    wished, untold = _wished(plain, people, base)  # the same for all models: silent people are ordered by wishes alone
    rows, trained, failures = [base, *wished], dict[str, Interval](), dict[str, str]()
    together = as_training_users(frozen, dataset).train_set(dataset)
    key = np.random.default_rng(run.seed).random(len(people.known.item))
    for name, config in configs.items():
        config = _aimed(config, task)
        alone = fit_or_reason(name, config, experiment.train, run)
        joined = alone if isinstance(alone, str) else fit_or_reason(name, config, together, run)
        if isinstance(alone, str) or isinstance(joined, str):
            failures[name] = str(joined)
            tell(name, f"failed: {failures[name]}")
            continue
        tell(name, f"trained without them and with them in {alone.seconds + joined.seconds:.1f} s")
        ways = {str(n): (alone, drawn(people.known, n, key)) for n in FEW}
        ways |= {ALL: (alone, people.known), TRAINED: (joined, people.known)}
        found = {shown: _row(name, shown, training.model, some, people, base) for shown, (training, some) in ways.items()}
        trained[name] = _difference(found[ALL].ranked, found[TRAINED].ranked, run.seed)
        rows += found.values()
    return People(
        dataset, frozen, run, experiment.metrics, **counts, untold=untold, rows=rows, trained=trained, failures=failures
    )


def _newcomers(experiment: Experiment) -> tuple[Newcomers, dict[str, int]]:
    """The people who are measured, and the counts of `People`; DataError where there is nobody."""
    known, hidden, wanted = experiment.test.seen, experiment.test.hidden, experiment.test.wanted
    held = hidden.counts > 0
    few = held & (known.scored().counts < FEW[-1])
    unliked = held & ~few & (wanted.counts == 0)
    chosen = np.flatnonzero(held & ~few & ~unliked)
    if not len(chosen):
        raise DataError(
            f"Of {int(held.sum()):,} people held out, nobody has {FEW[-1]} ratings to show and a hidden one that is liked.",
            "Hold out more with `test`, or give data with longer profiles.",
        )
    people = Newcomers(known, hidden, wanted, experiment).take(chosen)
    return people, {
        "held_out": int(held.sum()),
        "measured": len(chosen),
        "too_few": int(few.sum()),
        "unliked": int(unliked.sum()),
        "ratings": int((~np.isnan(people.hidden.rating)).sum()),
    }


def _aimed(config: Any, task: str) -> Any:
    """The config with this task, if its model can learn either."""
    return replace(config, task=task) if any(setting.name == "task" for setting in fields(config)) else config


def as_training_users(split: Split, dataset: Dataset) -> Split:
    """The same split, but with the shown entries of people with test entries as training entries."""
    tested = np.zeros(len(dataset.users), bool)
    user = dataset.profiles.user
    tested[user[split.role == TEST]] = True
    return replace(split, role=np.where((split.role == SHOWN) & tested[user], np.uint8(TRAIN), split.role))


def drawn(profiles: Profiles, n: int, key: F64) -> Profiles:
    """The same people, each with only the n ratings of lowest key f64[N], or all where there are fewer."""
    rated = ~np.isnan(profiles.rating)
    user = profiles.user
    order = np.lexsort((key, ~rated, user))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - profiles.indptr[:-1].repeat(profiles.counts)
    return profiles.keep(rated & (place < n))


def _row(name: str, shown: str, model: Model, profiles: Profiles, people: Newcomers, base: Row | None) -> Row:
    """The row of one model that is shown these profiles."""
    run, train, hidden = people.experiment.run, people.experiment.train, people.hidden.scored()
    rmse = None
    if "rating" in model.outputs and len(hidden.item):
        rmse = ratings.rmse(hidden.rating, predict(model, profiles, hidden, ["rating"], train.scale, run)["rating"])

    def scores(start: int, stop: int) -> F32:
        return model.score(model.encode(profiles.slice(start, stop), run.threads), "rank")

    ranked = people.measure(_lists(scores, people, model.item_known[:-1] > 0))
    return Row(name, shown, rmse, ranked, None if base is None else _difference(ranked, base.ranked, run.seed))


def _wished(model: Model, people: Newcomers, base: Row) -> tuple[list[Row], int]:
    """The row of people who are known by wishes alone, none where nobody has any; and the number of people without a wish."""
    train, run = people.experiment.train, people.experiment.run
    wishes = wishes_of(people.known, train)
    asking = np.flatnonzero(~np.isnan(wishes).all(axis=1))
    untold = len(people) - len(asking)
    if not len(asking):
        return [], untold
    blend = Blend((model,), add_statistics(train.items, train.seen, train.scale), train.scale)

    def scores(start: int, stop: int) -> F32:
        asked = wishes[asking[start:stop]]
        return blend.weigh(Profiles.of([{}] * len(asked)), Dials(), asked, run.threads).total

    some = people.take(asking)
    ranked = some.measure(_lists(scores, some, blend.known))
    return [Row(POPULAR, WISHES, None, ranked, _difference(ranked, base.ranked, run.seed, asking))], untold


def _lists(scores: Callable[[int, int], F32], people: Newcomers, allowed: Bools) -> I32:
    """i32[P, `list_length`]: the allowed items with the highest scores(start, stop) f32[p, I], without people's known ones."""
    run, k = people.experiment.run, list_length(people.experiment.metrics)
    lists = []
    for start, stop in blocks(len(people), max(SCORES // len(allowed), 1)):
        run.progress("rank", start, len(people))
        known = people.known.slice(start, stop)
        with run.workers():
            lists.append(topk(scores(start, stop), k, known.indptr, known.item, allowed, run.threads)[0])
    run.progress("rank", len(people), len(people))
    return np.concatenate(lists)


def _difference(first: Ranked, second: Ranked, seed: int, people: I64 | slice = slice(None)) -> Interval:
    """The primary metric of the first lists less that of the second; people: rows of the first's people in the second."""
    key = primary(RANKING).key
    return mean_interval(first.each[key] - second.each[key][people], seed)
