"""What the order of recommendations is worth to new people: lists as served, for people held out whole.

    python bench/circle.py [--ranker slim] [--seeds 0 1] [--people 350] [--constants | --titles]

Real MyAnimeList ratings (the caserec file, with the catalogue of 2020) and ml-latest-small, the data beside the checkout. Of
each seed, people with 20 or more entries that can be shown; 1, 5, 20 or all of these are, and what could be shown is not
recommended. mf and slim or ease, as train takes them without validation, answer, trained on the others. Of each order:
NDCG@10, the same weighted by propensity, and the mean share of two people's lists that is the same; then how far each is above
the former order, in pairs, with the standard error. "Former" is the order before the circle: of ease with 4 / (n + 10) of what
share of people has a title and, at a fifth, of mf. `--constants` moves one constant of the circle at a time. The constants were
chosen on seeds 0 and 1 with ease, DAMP and HALF later with slim. `--titles` prints instead what lists are like with lifts of
fewer titles than 4,096: how many of their titles are the same, and how far they are above.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from caserec_split import CATALOGUE, RATINGS, caserec
from konomi.data import lifts as lifts_file
from konomi.data.dataset import Dataset
from konomi.data.lifts import lifts
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, TrainSet, make_split
from konomi.evaluate.held_out import Baselines
from konomi.evaluate.recommendations import list_length, measure_lists, relevant
from konomi.models import ease, mf, slim
from konomi.models.shallow import Ease
from konomi.pipeline.contest import PLAIN
from konomi.pipeline.newcomers import drawn
from konomi.ranking import blend as blend_file
from konomi.ranking import circle as circle_file
from konomi.ranking.dials import Dials
from konomi.ranking.offer import open_to_all
from konomi.ranking.rank import BLOCK
from konomi.ranking.ranker import Ranker
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run, blocks
from measure import save

F32 = npt.NDArray[np.float32]
LEVELS, LEAST = (1, 5, 20, "all"), 20
HELD_OUT = {"anime": 0.15, "films": 0.3}
FILMS = RATINGS.parent.parent / "ml-latest-small-2018"
KEYS = ("ndcg@10", "ndcg_weighted@10")
TITLES = (4096, 2896, 2048, 1448)
MOVED = {
    "LIFT": (2.0, 4.0),
    "GENRE": (0.0, 0.4, 0.7),
    "YEAR": (0.0, 0.3, 0.7),
    "DAMP": (0.0, 0.25, 0.5),
    "KNOWING": (0.5, 1.5),
}


@dataclass(frozen=True)
class Held:
    """People held out: what could be shown of each, what is shown by level, what is to be found; and who answers."""

    known: Profiles
    shown: dict[Any, Profiles]
    wanted: Profiles
    train: TrainSet
    baselines: Baselines
    ranker: Ranker
    ease: Ease


def held(dataset: Dataset, share: float, seed: int, most: int) -> Held:
    split = make_split(dataset, SplitConfig("users", valid=0, test=share, shown=0.5, seed=seed))
    train, (known, hidden) = split.train_set(dataset), split.test(dataset)
    wanted = relevant(hidden, train.labelling)
    able = np.flatnonzero((known.scored().counts >= LEAST) & (wanted.counts > 0))[:most]
    known = known.take(able)
    key = np.random.default_rng(seed).random(len(known.item))
    shown = {level: known if level == "all" else drawn(known, int(level), key) for level in LEVELS}
    run = Run(seed=seed)
    baselines = Baselines(train, run)
    before = ease.fit(train, ease.Config(**PLAIN), run)
    ranker = slim.fit(train, slim.Config(), run) if arguments.ranker == "slim" else before
    models = (ranker, mf.fit(train, mf.Config(), run))
    return Held(known, shown, wanted.take(able), train, baselines, Ranker(baselines.blend(models)), before)


def former(people: Held, profiles: Profiles) -> F32:
    """The order before the circle."""
    order = people.ranker.blend
    ranker, rater = people.ease, order.models[1]
    code, taste = ranker.encode(profiles), rater.encode(profiles)
    many = profiles.keep(profiles.rating > order.labelling.scale.middle).counts
    sure = ranker.score(code, "rank") + (4 / (many + 10))[:, None] * (order.count / len(people.train.seen))
    loved, level = rater.score(taste, "rank"), rater.score(taste, "rank", np.array([-1], np.int32))[:, 0]
    spans = (order.span(sure, np.zeros(len(sure), np.float32), profiles), order.span(loved, level, profiles))
    scores = 0.8 * sure / spans[0][:, None] + 0.2 * (loved - level[:, None]) / spans[1][:, None]
    return scores.astype(np.float32)


def now(people: Held, profiles: Profiles) -> F32:
    return people.ranker.blend.weigh(profiles, Dials()).total


def ranker_alone(people: Held, profiles: Profiles) -> F32:
    return people.ranker.blend.weigh(profiles, Dials()).terms[0].normal


def circle_alone(people: Held, profiles: Profiles) -> F32:
    order = people.ranker.blend
    return order.circle.around(profiles, order.known).score


@contextmanager
def moved(module: Any, name: str, value: Any) -> Iterator[None]:
    usual = getattr(module, name)
    setattr(module, name, value)
    yield
    setattr(module, name, usual)


def measured(people: Held, order: Callable[[Held, Profiles], F32]) -> dict[Any, dict[str, Any]]:
    """Level → the metrics of each person, and the overlap."""
    found = {}
    for level, shown in people.shown.items():
        lists = []
        for start, stop in blocks(len(shown), BLOCK):
            some, known = shown.slice(start, stop), people.known.slice(start, stop)
            scores = order(people, some)
            scores[known.user, known.item] = np.nan
            lists.append(people.ranker.pick(scores, some, list_length(), open_to_all(people.ranker.blend.items)).items)
        who = np.arange(len(shown), dtype=np.int32)
        ranked = measure_lists(who, np.concatenate(lists), people.wanted, people.baselines.item_facts)
        own = {"overlap": ranked.metrics["overlap@10"], "lists": np.concatenate(lists)[:, :10]}
        found[level] = {**{key: ranked.each[key] for key in KEYS}, **own}
    return found


def table(name: str, results: list[dict[Any, dict[str, Any]]], against: list[dict[Any, dict[str, Any]]]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for level in LEVELS:
        each = {key: np.concatenate([one[level][key] for one in results]) for key in KEYS}
        base = {key: np.concatenate([one[level][key] for one in against]) for key in KEYS}
        row = [f"{each[key].mean():.4f}" for key in KEYS]
        if results is not against:
            for n, key in enumerate(KEYS):
                gain = each[key] - base[key]
                share = f", {100 * gain.mean() / base[key].mean():+.1f} %" if n else ""
                row[n] += f" ({gain.mean():+.4f} ± {gain.std() / len(gain) ** 0.5:.4f}{share})"
        overlap = float(np.mean([one[level]["overlap"] for one in results]))
        rows[str(level)] = {**dict(zip(KEYS, row, strict=True)), "overlap": round(overlap, 3)}
    return {name: rows}


def titles(dataset: Dataset, share: float, seeds: list[int], most: int) -> dict[str, Any]:
    """Number of titles with lifts → level → the share of a list that stays the same, and how far NDCG@10 is above."""
    rows: dict[str, Any] = {}
    with moved(lifts_file, "MOST", TITLES[0]):
        groups = [held(dataset, share, seed, most) for seed in seeds]
        base = [measured(each, now) for each in groups]
    for n in TITLES[1:]:
        with moved(lifts_file, "MOST", n):
            fewer = [replace(each.ranker.blend, lifts=lifts(each.train, Run())) for each in groups]
        found = [measured(replace(each, ranker=Ranker(blend)), now) for each, blend in zip(groups, fewer, strict=True)]
        rows[f"{n:,}"] = row = {}
        for level in LEVELS:
            pairs = [(one[level], other[level]) for one, other in zip(found, base, strict=True)]
            same = np.concatenate([[len(np.intersect1d(a, b)) / 10 for a, b in zip(x["lists"], y["lists"], strict=True)]
                                   for x, y in pairs])  # fmt: skip
            gain = np.concatenate([x["ndcg@10"] - y["ndcg@10"] for x, y in pairs])
            row[str(level)] = f"{100 * same.mean():.1f} %; {gain.mean():+.4f} ± {gain.std() / len(gain) ** 0.5:.4f}"
    return rows


def study(dataset: Dataset, share: float, seeds: list[int], most: int, constants: bool) -> dict[str, Any]:
    groups = [held(dataset, share, seed, most) for seed in seeds]
    base = [measured(each, former) for each in groups]
    found = {"people": [len(each.known) for each in groups], **table("former", base, base)}
    for name, order in {"ranker alone": ranker_alone, "circle alone": circle_alone, "as it is": now}.items():
        found |= table(name, [measured(each, order) for each in groups], base)
    for name, values in MOVED.items() if constants else ():
        for value in values:
            with moved(circle_file, name, value):
                found |= table(f"{name} = {value:g}", [measured(each, now) for each in groups], base)
    for half in (4.0, 15.0) if constants else ():
        with moved(blend_file, "HALF", {True: half, False: half}):
            found |= table(f"HALF = {half:g}", [measured(each, now) for each in groups], base)
    return found


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
parser.add_argument("--ranker", choices=("slim", "ease"), default="slim")
parser.add_argument("--people", type=int, default=350)
parser.add_argument("--constants", action="store_true")
parser.add_argument("--titles", action="store_true")
arguments = parser.parse_args()
data = {"anime": caserec(RATINGS, CATALOGUE)[0], "films": prepare(read_source(None, [FILMS], ReadOptions(), Run()))}
asked = arguments.seeds, arguments.people
if arguments.titles:
    save("circle-titles", {name: titles(dataset, HELD_OUT[name], *asked) for name, dataset in data.items()})
else:
    save("circle", {name: study(dataset, HELD_OUT[name], *asked, arguments.constants) for name, dataset in data.items()})
