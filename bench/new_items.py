"""How well items are placed that no model has learnt: held out with all their ratings, then said to the bundle by their facts.

    python bench/new_items.py DATASET [--items 300] [--people 600] [--native genre,two_tower] [--choose]

300 items with 10 ratings or more are drawn, half of them to choose the constants, half to report, and 600 people with 20 or
more entries: nothing of either is learnt. Of each of these people four fifths of the entries on known items are shown; what
they like of the rest, and of the new items, is to be found. Models: slim and bayes (40 epochs), grown (`bundle/grown.py`);
and the native models of contents, which are fitted with the new items in their catalogue, without ratings.

AUC: of a new item that somebody likes, over those that they have not; then with each of the others as often as people like it,
where knowing how popular an item will be is worth nothing: ½ is chance. Lists of ten, as served: NDCG@10 with the new items
and without, the share of places that new ones have, and of how many places the title is liked: of new ones, of the tenth
place, of all. `--choose` prints these for the first half and values of each constant.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi import Bundle, Dataset, Profiles, Recommender, Run, Where, load_bundle, save_bundle, train_model
from konomi.bundle.grown import with_items
from konomi.catalogue import kin
from konomi.data.gains import hits, ndcg
from konomi.data.table import ITEM_COLUMNS
from konomi.models.api import Model

F32 = npt.NDArray[np.float32]
BAYES = {"epochs": 40, "burn_in": 10, "samples": 12}
EVERYWHERE = Where()
LEAST, SHOWN = 20, 5  # entries; one in so many of what is known is hidden
CHOICES = {
    "NEAREST": (8, 16, 64),
    "SPREAD": (0.01, 0.02, 0.06, 0.1),
    "SAME_WORK": (0.0, 0.3, 1.0),
}
FEW = 3  # entries of people who have told little


class Held:
    """A dataset without some items and people, and what is asked of these."""

    def __init__(self, dataset: Dataset, n_items: int, n_people: int, seed: int) -> None:
        draw = np.random.default_rng(seed)
        profiles = dataset.profiles.scored()
        many = np.bincount(profiles.item, minlength=len(dataset.items))
        self.new = np.sort(draw.choice(np.flatnonzero(many >= 10), n_items, replace=False))
        able = np.flatnonzero(profiles.counts >= LEAST)
        self.people = np.sort(draw.choice(able, min(n_people, len(able) // 2), replace=False))
        ids, catalogue = dataset.items["item_id"], dataset.items.select(n for n in ITEM_COLUMNS if n in dataset.items.columns)
        self.facts = catalogue[self.new.tolist()]
        self.half = draw.permutation(n_items) < n_items // 2
        learnt = ~np.isin(profiles.item, self.new) & ~np.isin(profiles.user, self.people)
        frame = pl.DataFrame(
            {
                "user_id": profiles.user[learnt],
                "item_id": ids.gather(profiles.item[learnt].tolist()),
                "rating": profiles.rating[learnt],
            }
        )
        rest = catalogue.filter(~pl.Series(np.isin(np.arange(len(catalogue)), self.new)))
        self.known = Dataset.from_frame(frame, scale=dataset.scale, items=rest)
        self.whole = Dataset.from_frame(frame, scale=dataset.scale, items=catalogue)
        self.entries = profiles.take(self.people)
        self.ids, self.labelling = ids, dataset.labelling
        self.hidden = np.isin(self.entries.item, self.new) | (draw.random(len(self.entries.item)) < 1 / SHOWN)

    def asked(self, items: pl.DataFrame) -> tuple[Profiles, Profiles]:
        """What is shown of the people and what they like of the rest, by the rows of a catalogue."""
        row = {one: n for n, one in enumerate(items["item_id"].to_list())}
        place = np.array([row.get(one, -1) for one in self.ids.to_list()])[self.entries.item]
        liked = self.labelling.of(self.entries) == 1
        shown, wanted = (_moved(self.entries, some & (place >= 0), place) for some in (~self.hidden, self.hidden & liked))
        return shown, wanted


def _moved(profiles: Profiles, some: npt.NDArray[np.bool_], place: npt.NDArray[np.int64]) -> Profiles:
    """Some of the entries, with other item rows."""
    kept, rows = profiles.keep(some), place[some]
    people = [dict(zip(rows[a:b].tolist(), kept.rating[a:b].tolist(), strict=True)) for a, b in _bounds(kept)]
    return Profiles.of(people)


def _bounds(profiles: Profiles) -> Iterator[tuple[int, int]]:
    return zip(profiles.indptr[:-1].tolist(), profiles.indptr[1:].tolist(), strict=True)


def auc(scores: F32, wanted: Profiles, rows: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The AUC of the new items of `rows` by scores f32[B, len(rows)]; the same with negatives as often as they are liked."""
    place = {row: n for n, row in enumerate(rows.tolist())}
    likes = np.bincount([place[row] for row in wanted.item.tolist() if row in place], minlength=len(rows)) + 1e-9
    plain, weighed = [], []
    for b, (start, stop) in enumerate(_bounds(wanted)):
        own = [place[row] for row in wanted.item[start:stop].tolist() if row in place]
        rest = np.setdiff1d(np.arange(len(rows)), own)
        for one in own:
            above = (scores[b, one] > scores[b, rest]) + 0.5 * (scores[b, one] == scores[b, rest])
            plain.append(above.mean())
            weighed.append(np.average(above, weights=likes[rest]))
    return float(np.mean(plain)), float(np.mean(weighed))


def by_model(model: Model, items: pl.DataFrame, held: Held, half: pl.DataFrame) -> tuple[float, float]:
    shown, wanted = held.asked(items)
    rows = np.flatnonzero(items["item_id"].is_in(half["item_id"].implode()).to_numpy())
    output = "rating" if "rating" in model.outputs else "rank"
    return auc(model.score(model.encode(shown), output, rows.astype(np.int32)), wanted, rows)


def lists(bundle: Bundle, held: Held, old: int, few: int = 0, where: Where = EVERYWHERE) -> dict[str, float]:
    """What lists of ten of these people are worth."""
    shown, wanted = held.asked(bundle.items)
    if few:
        draw = np.random.default_rng(0).random(len(shown.item))
        shown = shown.keep(np.array([r in np.sort(draw[a:b])[:few] for a, b in _bounds(shown) for r in draw[a:b]]))
    found = Recommender(bundle).best(shown, 10, where)(0, len(shown)).items
    hit, some = hits(found, wanted), wanted.counts > 0
    new = found >= old
    return {
        "NDCG@10": float(ndcg(hit[some], wanted.counts[some], 10).mean()),
        "new": float(new.mean()),
        "liked of new": float(hit[new].mean()) if new.any() else float("nan"),
        "of the tenth": float(hit[:, 9].mean()),
        "of all": float(hit.mean()),
    }


def line(name: str, figures: Any) -> None:
    print(f"{name:<28}", "  ".join(f"{figure:8.4f}" for figure in figures), flush=True)


@contextmanager
def constant(name: str, value: float) -> Iterator[None]:
    before = getattr(kin, name)
    setattr(kin, name, value)
    try:
        yield
    finally:
        setattr(kin, name, before)


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("dataset", type=Path)
    said.add_argument("--items", type=int, default=300)
    said.add_argument("--people", type=int, default=600)
    said.add_argument("--seed", type=int, default=0)
    said.add_argument("--native", default="genre")
    said.add_argument("--bundle", type=Path, help="where the trained bundle is kept")
    said.add_argument("--choose", action="store_true")
    said = said.parse_args()
    run = Run(seed=said.seed, threads=2)
    held = Held(Dataset.open(said.dataset), said.items, said.people, said.seed)
    if said.bundle and said.bundle.exists():
        bundle = load_bundle(said.bundle)
    else:
        bundle = train_model(held.known, {"slim": {}, "bayes": BAYES}, run=run, measured=300)
    if said.bundle:
        save_bundle(said.bundle, bundle)
    chosen, reported = held.facts.filter(pl.Series(held.half)), held.facts.filter(pl.Series(~held.half))
    old = len(bundle.items)

    def told(name: str, half: pl.DataFrame, where: Where = EVERYWHERE) -> None:
        more = with_items(bundle, half)
        areas = [figure for model in more.models.values() for figure in by_model(model, more.items, held, half)]
        line(name, (*areas, *lists(more, held, old, 0, where).values(), *lists(more, held, old, FEW, where).values()))

    names = [f"{name} {which}" for name in bundle.models for which in ("AUC", "weighed")]
    print(f"{'':<28}", "  ".join(f"{each[:8]:>8}" for each in (*names, "NDCG@10", "new", "of new", "tenth", "all")))
    half = chosen if said.choose else reported
    told("not offered", half, Where(without=tuple(half["item_id"])))
    if said.choose:
        told("as it is", chosen)
        for name, values in CHOICES.items():
            for value in values:
                with constant(name, value):
                    told(f"{name} {value:g}", chosen)
        return
    told("grown", reported)
    for name in filter(None, said.native.split(",")):
        native = train_model(held.whole, name, run=run, measured=0 or 100)
        line(name, by_model(native.models[name], native.items, held, reported))


if __name__ == "__main__":
    main()
