"""Compare models on people they have never met: held out whole, and shown a little more of them each time.

Of everybody held out a part of the entries is hidden, the same however much is shown, and the rest can be shown: 1, 5 or 20
ratings drawn at random (the 5 are among the 20), or all. Two more ways to know somebody stand beside that: with all of it
learnt from, as one of the training users, and by wishes for genres alone. Whatever is shown, nothing of what could be shown is
recommended: so it is knowledge that makes lists better, and not that fewer titles are left. Only people with 20 ratings that
can be shown, and a hidden one that is liked, are measured: the same for every row.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, F64, I32, I64, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.catalogue.taste import TASTE_PRIOR
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import SHOWN, TEST, TRAIN, Split, SplitConfig, TrainSet, make_split
from konomi.data.statistics import add_statistics
from konomi.errors import ConfigError, DataError, FitError
from konomi.evaluate import ranking_metrics as ranking
from konomi.evaluate import rating_metrics as metrics
from konomi.evaluate.bootstrap import Interval, mean_interval
from konomi.evaluate.evaluate import predict
from konomi.evaluate.ranking_metrics import LONG, Listed, Ranked
from konomi.kernels.topk import topk
from konomi.models import module
from konomi.models.api import Model
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.rank import SCORES
from konomi.runtime import Run, blocks, one_blas_thread

FEW = (1, 5, 20)  # ratings shown
ALL, TRAINED, WISHES, ANY = "all", "trained on", "wishes", "any"
POPULAR = "popular"  # what the others are measured against; how much is shown does not matter to it
WANTED, UNWANTED = (8 / 9, 7 / 9, 6 / 9), (1 / 9,)  # where on the scale the wishes for genres lie, and those against
LEAST = 3  # ratings of a genre that let somebody speak of it


@dataclass(frozen=True)
class Row:
    """What one model does with so much shown of P people: ranked; rmse of their hidden ratings, None where it predicts none.

    over: NDCG@10 less that of `POPULAR` for the same people; None of that itself.
    """

    model: str
    shown: str
    rmse: float | None
    ranked: Ranked
    over: Interval | None


@dataclass(frozen=True)
class People:
    """What `compare_people` found. held_out: people with a hidden entry; measured: those of them in the rows; too_few, unliked:
    the others, by what they lack; ratings: hidden ones of those measured; untold: measured, but without a genre to wish for.

    rows: first those of `POPULAR`; trained: model → NDCG@10 with all shown less that of the same people as training users;
    failures: model → reason.
    """

    dataset: Dataset
    split: Split
    run: Run
    held_out: int
    measured: int
    too_few: int
    unliked: int
    ratings: int
    untold: int
    rows: list[Row]
    trained: dict[str, Interval]
    failures: dict[str, str]

    @property
    def models(self) -> list[str]:
        """Those with rows, `POPULAR` first."""
        return list(dict.fromkeys(row.model for row in self.rows))

    def of(self, model: str) -> dict[str, Row]:
        """The rows of a model, by how much is shown."""
        return {row.shown: row for row in self.rows if row.model == model}


@dataclass(frozen=True)
class Cast:
    """The people measured: all that can be shown of each, the hidden entries and the liked ones among them, in what order
    ratings are shown (key f64[N] of the entries of `known`), and what is known of the items."""

    known: Profiles
    hidden: Profiles
    wanted: Profiles
    key: F64
    listed: Listed
    train: TrainSet
    run: Run

    def ranked(self, items: I32) -> Ranked:
        """The figures of lists i32[P, LONG]."""
        return ranking.measured(np.arange(len(self.known), dtype=np.int32), items, self.wanted, self.listed)

    def take(self, people: I64) -> "Cast":
        """The same with some of the people, all of whose entries can be shown."""
        parts = (part.take(people) for part in (self.known, self.hidden, self.wanted))
        known, hidden, wanted = parts
        return Cast(known, hidden, wanted, np.empty(0), self.listed, self.train, self.run)


@one_blas_thread()
def compare_people(
    dataset: Dataset,
    models: Mapping[str, Any],
    split: SplitConfig | None = None,
    task: str = "rating",
    run: Run | None = None,
    tell: Callable[[str, str], None] = lambda model, said: None,
) -> People:
    """Train each of `models`, name → Config, without the people of the test part and with them, and measure it on those.

    `split` is of kind "users" (a tenth of the people validates and a tenth tests, where None); `task` is what models with the
    choice learn. `tell` hears of every model that is done. A model that raises FitError is a failure, and the others go on.
    RequestError for an unknown model, ConfigError for none or another kind of split, DataError where nobody can be measured.
    """
    run = replace(run or Run(), checkpoint=None)
    split = split or SplitConfig(kind="users", seed=run.seed)
    if not models:
        raise ConfigError("There is no model to compare.", "Name some: -m popular,ease,mf.")
    if split.kind != "users":
        raise ConfigError(f"A split of kind {split.kind} holds nobody out whole.", "Use --split users, or leave it out.")
    chosen = {name: _aimed(config, task) for name, config in models.items() if module(name) and name != POPULAR}
    frozen = make_split(dataset, split)
    train = frozen.train_set(dataset)
    known, hidden = frozen.test(dataset)
    held = hidden.counts > 0
    few = held & (known.scored().counts < FEW[-1])
    wanted = ranking.relevant(hidden, train.labelling)
    unliked = held & ~few & (wanted.counts == 0)
    people = np.flatnonzero(held & ~few & ~unliked)
    if not len(people):
        raise DataError(
            f"Of {int(held.sum()):,} people held out, nobody has {FEW[-1]} ratings to show and a hidden one that is liked.",
            "Hold out more with --test, or give data with longer profiles.",
        )
    known = known.take(people)
    key = np.random.default_rng(run.seed).random(len(known.item))
    listed = Listed.of(train.seen, train.items)
    cast = Cast(known, hidden.take(people), wanted.take(people), key, listed, train, run)
    rows, trained, failures = [], {}, {}
    told = _with_wishes(cast)
    plain = module(POPULAR).fit(train, models.get(POPULAR) or module(POPULAR).Config(), run)
    base = _row(POPULAR, ANY, plain, known, cast, None)
    rows += [base, *_wished(plain, told, cast, base)]  # of a stranger the order knows wishes alone, whatever the models
    together = as_training_users(frozen, dataset).train_set(dataset)
    for name, config in chosen.items():
        start = time.perf_counter()
        try:
            alone, joined = (module(name).fit(part, config, run) for part in (train, together))
        except (ConfigError, FitError) as error:
            failures[name] = f"{error} {error.hint}"
            tell(name, f"failed: {failures[name]}")
            continue
        tell(name, f"trained without them and with them in {time.perf_counter() - start:.1f} s")
        ways = {**{str(n): (alone, drawn(known, n, key)) for n in FEW}, ALL: (alone, known), TRAINED: (joined, known)}
        found = {shown: _row(name, shown, model, profiles, cast, base) for shown, (model, profiles) in ways.items()}
        trained[name] = _difference(found[ALL].ranked, found[TRAINED].ranked, run)
        rows += found.values()
    counts = (int(few.sum()), int(unliked.sum()), int((~np.isnan(cast.hidden.rating)).sum()), len(people) - len(told))
    return People(dataset, frozen, run, int(held.sum()), len(people), *counts, rows, trained, failures)


def _aimed(config: Any, task: str) -> Any:
    """The config of a model with the choice, for that task."""
    return replace(config, task=task) if any(setting.name == "task" for setting in fields(config)) else config


def as_training_users(split: Split, dataset: Dataset) -> Split:
    """The same split, where what can be shown of the people of the test part is learnt from."""
    tested = np.zeros(len(dataset.users), bool)
    user = dataset.profiles.user
    tested[user[split.role == TEST]] = True
    return replace(split, role=np.where((split.role == SHOWN) & tested[user], np.uint8(TRAIN), split.role))


def drawn(profiles: Profiles, n: int, key: F64) -> Profiles:
    """The same people with only the n ratings of lowest key f64[N], or all where there are fewer."""
    rated = ~np.isnan(profiles.rating)
    user = profiles.user
    order = np.lexsort((key, ~rated, user))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - profiles.indptr[:-1].repeat(profiles.counts)
    return profiles.keep(rated & (place < n))


def wishes_of(profiles: Profiles, train: TrainSet) -> F32:
    """What people would ask for, f32[B, G] on the scale, NaN = no wish.

    Asked what they want, people name what they watch more of than others do, and like: not the genre of their highest mean, of
    which they may have met three titles, nor the one that everybody has most of. So see `named` and `apart`.
    """
    return named(apart(profiles, train), train.scale)


def apart(profiles: Profiles, train: TrainSet) -> F32:
    """How far a genre sets a person apart, f32[B, G]; NaN where they rated fewer than `LEAST` titles of it.

        t_ug = log (k_ug + C s_g) / ((k_u + C) s_g)

    k_u: the titles that u rates no lower than their own mean, k_ug: those of genre g among them, s_g: the share of g among all
    training ratings, C = `TASTE_PRIOR`: titles of everybody's mix that one starts from.
    """
    scored, everybody, genres = profiles.scored(), train.seen.scored(), genre_matrix(train.items).astype(np.float64)
    own = np.bincount(scored.user, scored.rating, len(scored)) / np.maximum(scored.counts, 1)
    liked = scored.keep(scored.rating >= own.astype(np.float32)[scored.user])
    rated, k = (_of_genres(part, genres) for part in (scored, liked))  # B × G
    share = np.bincount(everybody.item, minlength=len(genres)) @ genres / max(len(everybody.item), 1)
    usual = np.maximum(share, 1e-9)  # of a genre that nobody rated in training
    taste = np.log((k + TASTE_PRIOR * usual) / ((liked.counts[:, None] + TASTE_PRIOR) * usual))
    return np.where(rated >= LEAST, taste, np.nan).astype(np.float32)


def named(taste: F32, scale: Scale) -> F32:
    """The genres that somebody of this taste f32[B, G] would name, f32[B, G]: the three highest above 0 get 9, 8 and 7 of a
    scale to 10, the lowest below 0 a 2, on another scale what lies where these do; the others are NaN.
    """
    wishes = np.full(taste.shape, np.nan, np.float32)
    for sign, told in ((1, WANTED), (-1, UNWANTED)):
        value = np.where(sign * taste > 0, -sign * taste, np.inf)  # NaN compares False
        place = np.argsort(np.argsort(value, axis=1, kind="stable"), axis=1)
        for at, wish in enumerate(told):
            wishes[(place == at) & (value < np.inf)] = scale.low + wish * (scale.high - scale.low)
    return wishes


def _of_genres(profiles: Profiles, genres: F64) -> F64:
    """How many entries of each genre (genres f64[I, G]) each person has, f64[B, G]."""
    entries = sp.csr_matrix((np.ones(len(profiles.item)), profiles.item, profiles.indptr), (len(profiles), len(genres)))
    many: F64 = entries @ genres
    return many


@dataclass(frozen=True)
class Wishing:
    """People i64[P] who have wishes f32[P, G]."""

    people: I64
    wishes: F32

    def __len__(self) -> int:
        return len(self.people)


def _with_wishes(cast: Cast) -> Wishing:
    wishes = wishes_of(cast.known, cast.train)
    people = np.flatnonzero(~np.isnan(wishes).all(axis=1))
    return Wishing(people, wishes[people])


def _row(name: str, shown: str, model: Model, profiles: Profiles, cast: Cast, base: Row | None) -> Row:
    """One model with these profiles shown."""
    run, hidden = cast.run, cast.hidden.scored()
    rmse = None
    if "rating" in model.outputs and len(hidden.item):
        rmse = metrics.rmse(hidden.rating, predict(model, profiles, hidden, ["rating"], cast.train.scale, run)["rating"])

    def scores(part: slice) -> F32:
        return model.score(model.encode(profiles.slice(part.start, part.stop), run.threads), "rank")

    ranked = cast.ranked(_lists(scores, cast.known, model.item_known[:-1] > 0, run))
    return Row(name, shown, rmse, ranked, None if base is None else _difference(ranked, base.ranked, run))


def _wished(model: Model, told: Wishing, cast: Cast, base: Row) -> list[Row]:
    """People of whom nothing is known but wishes; no row where nobody has any."""
    if not len(told):
        return []
    train, run, some = cast.train, cast.run, cast.take(told.people)
    order = Blend((model,), add_statistics(train.items, train.seen, train.scale), train.scale)

    def scores(part: slice) -> F32:
        wishes = told.wishes[part]
        return order.weigh(Profiles.of([{}] * len(wishes)), Dials(), wishes, run.threads).total

    ranked = some.ranked(_lists(scores, some.known, order.known, run))
    return [Row(POPULAR, WISHES, None, ranked, _difference(ranked, base.ranked, run, told.people))]


def _lists(scores: Callable[[slice], F32], without: Profiles, allowed: Bools, run: Run) -> I32:
    """i32[P, LONG]: the items of the highest scores(people) f32[p, I] among those allowed and not in the profile `without`."""
    lists = []
    for start, stop in blocks(len(without), max(SCORES // len(allowed), 1)):
        run.progress("rank", start, len(without))
        part = without.slice(start, stop)
        lists.append(topk(scores(slice(start, stop)), LONG, part.indptr, part.item, allowed, run.threads)[0])
    run.progress("rank", len(without), len(without))
    return np.concatenate(lists)


def _difference(first: Ranked, second: Ranked, run: Run, people: I64 | slice = slice(None)) -> Interval:
    """The NDCG@10 of the first less that of the second, of whom these are the same people."""
    return mean_interval(first.each["ndcg@10"] - second.each["ndcg@10"][people], run.seed)
