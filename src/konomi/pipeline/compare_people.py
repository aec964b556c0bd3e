"""Compare models on new people, held out whole, of whom they are shown more and more entries.

Some entries of each person are hidden, the same ones in every row, and the rest can be shown: 1, 5 or 20 ratings drawn at
random (the 5 are among the 20), or all; where the data have no ratings, so many entries. In two more rows the people are
training users, or are known by genre wishes alone. Entries that can be shown are never recommended, even where they are not
shown, so that every row has the same candidates. Only people with 20 ratings to show and a liked hidden entry are measured,
the same in every row.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import expect
from konomi.arrays import I64
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import SHOWN, TEST, TRAIN, Split, SplitConfig
from konomi.errors import ConfigError, DataError
from konomi.evaluate import rating_metrics as ratings
from konomi.evaluate.bootstrap import Interval, mean_interval
from konomi.evaluate.genre_wishes import wishes_of
from konomi.evaluate.metrics import SERVED, primary
from konomi.evaluate.predict import predict
from konomi.evaluate.records import Ranked
from konomi.models import module
from konomi.models.api import Model, first_giving
from konomi.pipeline.arguments import apart, dataset_from, models_from, run_from, split_from, tasks_from
from konomi.pipeline.newcomers import Newcomers, shows
from konomi.pipeline.people_comparison import ALL, FEW, POPULAR, TRAINED, WISHES, People, Row
from konomi.pipeline.steps import Experiment, fit, fit_or_reason
from konomi.runtime import one_blas_thread


@one_blas_thread()
def compare_people(
    dataset: Dataset | Path | str,
    models: Any,
    split: Split | SplitConfig | None = None,
    task: str = "rating",
    run: Any = None,
    tell: Callable[[str, str], None] = lambda model, message: None,
    metrics: str | Iterable[str] = (),
    measured: int | None = None,
) -> People:
    """Train each model twice, without the people of the test entries and with them, and measure it on these people.

    dataset, models: as in `train_model`; split: of kind "users" (None: a tenth of the people for validation and a tenth for
    testing); task: for models that can learn either; tell: called with (model, message) as each model is done; metrics:
    measured beside the registered ones; measured: how many of the people, at most (None: all). A model that raises FitError is
    a failure, and the others go on. Models joined by "+", as in "ease+mf", are also measured as they are served together.

    RequestError for an unknown model, ConfigError for none, for a bundle, another kind of split or a wrong argument, DataError
    where nobody can be measured.
    """
    named, (task, *_) = apart(models), tasks_from(task)
    if named.bundles:
        raise ConfigError(
            f"{next(iter(named.bundles))}: a bundle cannot be trained with people held out, and without them.",
            "Name models, or compare it on test entries.",
        )
    configs = models_from(named.models)
    expect(tell, Callable, "a function", ConfigError, "Give `tell` what is to hear of each model, or leave it out.")
    run = replace(run_from(run), checkpoint=None)
    dataset = dataset_from(dataset)
    split = split if split is not None else SplitConfig(kind="users", seed=run.seed)
    kind = split.spec.get("kind") if isinstance(split, Split) else getattr(split, "kind", "users")
    if kind != "users":
        raise ConfigError(f"A split of kind {kind} holds nobody out whole.", "Use `split` users, or leave it out.")
    frozen = split_from(split, dataset, run)
    experiment = Experiment.of(dataset, frozen, run, metrics, measured)
    people, counts = _newcomers(experiment)
    counting = configs.pop(POPULAR, None) or module(POPULAR).Config()
    plain = fit(POPULAR, counting, experiment.train, run).model
    base = {shown: _row(POPULAR, shown, [plain], profiles, people, None) for shown, profiles in people.shown.items()}
    wished, untold = _wished(plain, people, base[ALL])  # the same for all models: silent people are ordered by wishes alone
    rows, trained, failures = [*base.values(), *wished], dict[str, Interval](), dict[str, str]()
    together = as_training_users(frozen, dataset).train_set(dataset)
    pairs = {POPULAR: (plain, fit(POPULAR, counting, together, run).model)}  # name → trained without these people, with them
    for name, config in configs.items():
        config = _aimed(config, task)
        alone = fit_or_reason(name, config, experiment.train, run)
        joined = alone if isinstance(alone, str) else fit_or_reason(name, config, together, run)
        if isinstance(alone, str) or isinstance(joined, str):
            failures[name] = str(joined)
            tell(name, f"failed: {failures[name]}")
            continue
        tell(name, f"trained without them and with them in {alone.seconds + joined.seconds:.1f} s")
        pairs[name] = alone.model, joined.model
    for name, parts in {**{name: (name,) for name in configs if name in pairs}, **named.combinations}.items():
        if lacking := [part for part in parts if part not in pairs]:
            failures[name] = f"{lacking[0]} could not be trained."
            continue
        without, with_them = zip(*(pairs[part] for part in parts), strict=True)
        found = {shown: _row(name, shown, without, some, people, base[shown]) for shown, some in people.shown.items()}
        found[TRAINED] = _row(name, TRAINED, with_them, people.known, people, base[ALL])
        trained[name] = _difference(found[ALL].served, found[TRAINED].served, run.seed)
        rows += found.values()
    words = {**counts, "untold": untold, "liked": str(experiment.train.labelling)}
    return People(dataset, frozen, run, experiment.metrics, **words, rows=rows, trained=trained, failures=failures)


def _newcomers(experiment: Experiment) -> tuple[Newcomers, dict[str, Any]]:
    """The people who are measured, and the counts of `People`; DataError where there is nobody."""
    known, hidden, wanted = experiment.test.seen, experiment.test.hidden, experiment.test.wanted
    held = hidden.counts > 0
    few = held & (known.keep(shows(known)).counts < FEW[-1])
    unliked = held & ~few & (wanted.counts == 0)
    chosen = np.flatnonzero(held & ~few & ~unliked)
    if not len(chosen):
        raise DataError(
            f"Of {int(held.sum()):,} people held out, nobody has {FEW[-1]} ratings to show and a hidden one that is liked.",
            "Hold out more with `test`, or give data with longer profiles.",
        )
    if (most := experiment.test.most) is not None and len(chosen) > most:
        chosen = chosen[np.linspace(0, len(chosen) - 1, most).astype(np.int64)]
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


def _row(name: str, shown: str, models: Sequence[Model], profiles: Profiles, people: Newcomers, base: Row | None) -> Row:
    """The row of models served together that are shown these profiles; base: that of `POPULAR`."""
    run, train, hidden = people.experiment.run, people.experiment.train, people.hidden.scored()
    rmse, model = None, first_giving(models, "rating")
    if model is not None and len(hidden.item):
        rmse = ratings.rmse(hidden.rating, predict(model, profiles, hidden, ["rating"], train.scale, run)["rating"])
    ranked, served = people.ranked(models, profiles), people.served(models, profiles)
    return Row(name, shown, rmse, ranked, served, None if base is None else _difference(served, base.served, run.seed))


def _wished(model: Model, people: Newcomers, base: Row) -> tuple[list[Row], int]:
    """The row of people who are known by wishes alone, none where nobody has any; and the number of people without a wish."""
    wishes = wishes_of(people.known, people.experiment.train)
    asking = np.flatnonzero(~np.isnan(wishes).all(axis=1))
    untold = len(people) - len(asking)
    if not len(asking):
        return [], untold
    some, silent = people.take(asking), Profiles.of([{}] * len(asking))
    served = some.served([model], silent, wishes[asking])
    over = _difference(served, base.served, people.experiment.run.seed, asking)
    return [Row(POPULAR, WISHES, None, some.ranked([model], silent), served, over)], untold


def _difference(first: Ranked, second: Ranked, seed: int, people: I64 | slice = slice(None)) -> Interval:
    """The primary metric of the first lists less that of the second; people: rows of the first's people in the second."""
    key = primary(SERVED).key
    return mean_interval(first.each[key] - second.each[key][people], seed)
