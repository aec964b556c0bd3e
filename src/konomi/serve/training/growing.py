"""What the store has, as a dataset: that of the served bundle, with what people have said put to it.

Who is known to that dataset by the same id is the same person; all others are in it by a pseudonym that only the store can
make: HMAC-SHA256 of id and time of creation. Whoever was erased is taken out of it, with what the dataset had of them before.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from konomi.arrays import I64, Bools
from konomi.bundle.format import Bundle
from konomi.data.add import add
from konomi.data.dataset import Dataset
from konomi.data.prepare import Rules, prepare
from konomi.data.table import Table
from konomi.errors import DataError
from konomi.runtime import Run
from konomi.serve.catalogue import training_items
from konomi.serve.store.clock import now
from konomi.serve.store.erased import Erased
from konomi.serve.store.items import Told, as_facts
from konomi.serve.store.people_store import secret_of
from konomi.serve.store.reading import Contents, People, read_store
from konomi.serve.store.tables import HIDDEN, TAKEN_BACK
from konomi.serve.training.shelf import Seen, Shelf

SECOND = 1_000_000  # microseconds


@dataclass(frozen=True)
class Grown:
    """What became of the dataset. dataset: its hash; seq, erased: see `Seen`; began: when the store was read; entries, people:
    how many changes were put to it, and of how many."""

    dataset: str
    seq: int
    erased: int
    began: int
    entries: int
    people: int


def grow(place: str, gone: Path, shelf: Shelf, served: Bundle, run: Run) -> Grown:
    """Put what was said since the last training to the dataset, and write it to the shelf.

    The first time it is the dataset of the served bundle, where that is still there, else one of the store alone. DataError
    where nothing can be put to that.
    """
    began, (dataset, seen) = now(), _so_far(shelf, served)
    store = read_store(place, seen.seq, run.progress, run.cancel)
    names = _Names.of(store.people, secret_of(place), dataset, seen.base, Erased(gone, alone=False))
    said, forgotten = _said(store, names, dataset, served), names.forgotten()
    before = None if dataset is None else dataset.sha256
    if dataset is None and not len(said):
        hint = "Train when people have rated something, or put the dataset of the model back to where it was."
        raise DataError("There is nothing to learn from: nobody has said anything.", hint)
    if dataset is None:
        facts = served.facts.data
        grown = prepare(said, Rules(labels=facts.labels or "scored", liked=facts.liked), run)
    else:
        grown = add(dataset, said) if len(said) else dataset
        grown = grown if forgotten is None else add(grown, forgotten)
    noted = Seen(store.seq, seen.base, began if forgotten is not None else seen.erased)
    shelf.note(grown.sha256, noted, before)
    grown.save(shelf.data)
    people = len(np.unique(store.entries.person))
    return Grown(grown.sha256, noted.seq, noted.erased, began, len(said), people)


def _so_far(shelf: Shelf, served: Bundle) -> tuple[Dataset | None, Seen]:
    """The dataset of the last training, if the served model has learnt from it or from an earlier state; else that of the
    served model; else none."""
    noted = Path(served.facts.data.path) if served.facts.data.path else None
    for path in (shelf.data, noted):
        if path is None or not path.exists():
            continue
        try:
            dataset = Dataset.open(path)
        except DataError:
            continue
        if served.facts.data.sha256 not in (dataset.sha256, *dataset.lineage):
            continue
        if path != shelf.data:
            return dataset, Seen(0, len(dataset.users), 0)
        if (seen := shelf.seen(dataset.sha256)) is not None:
            return dataset, seen
    return None, Seen(0, 0, 0)


@dataclass(frozen=True)
class _Names:
    """The people of the store as a dataset has them. ids: by their place in the reading; lost: of the dataset's users those who
    are nobody in the store any more, or were erased."""

    ids: pl.Series
    dataset: Dataset | None
    lost: I64

    @classmethod
    def of(cls, people: People, key: bytes, dataset: Dataset | None, base: int, erased: Erased) -> "_Names":
        number = dataset is not None and dataset.users.integer
        hidden = [_pseudonym(key, id, at, number) for id, at in zip(people.id, people.created.tolist(), strict=True)]
        kind = pl.Int64 if number else pl.String
        pseudonyms = pl.Series(hidden, dtype=kind)
        if dataset is None:
            return cls(pseudonyms, None, np.zeros(0, np.int64))
        own = pl.Series(people.id, dtype=pl.String)
        numbers = own.cast(pl.Int64, strict=False) if number else own
        plain = (numbers.cast(pl.String) == own).fill_null(False).to_numpy()  # 007 is not 7
        row = np.where(plain, dataset.users.rows(numbers.fill_null(0) if number else own), -1)
        known = (row >= 0) & (row < base) & np.array([erased.since(id) < 0 for id in people.id], np.bool_)
        ids = pl.select(pl.when(pl.Series(known)).then(numbers.cast(kind)).otherwise(pseudonyms)).to_series()
        entries = dataset.profiles.counts > 0
        alive = np.zeros(len(dataset.users), np.bool_)
        alive[:base] = _never(erased, dataset, base)
        there = dataset.users.rows(pseudonyms)
        alive[there[there >= base]] = True
        return cls(ids, dataset, np.flatnonzero(entries & ~alive))

    def forgotten(self) -> Table | None:
        """Rows that take out all that the dataset has of the lost; None where it has nothing."""
        if self.dataset is None or not len(self.lost):
            return None
        of_theirs = np.isin(self.dataset.profiles.user, self.lost)
        user, item = self.dataset.profiles.user[of_theirs], np.asarray(self.dataset.item)[of_theirs]
        return Table(
            self.dataset.users.ids.gather(user),
            self.dataset.item_ids.ids.gather(item),
            np.full(len(item), np.nan, np.float32),
            self.dataset.scale,
            "erased",
            status=np.zeros(len(item), np.uint8),
            time=np.zeros(len(item), np.int64),  # newer than all that is there
            deleted=np.ones(len(item), np.bool_),
        )


def _pseudonym(key: bytes, id: str, created: int, number: bool) -> int | str:
    digest = hmac.new(key, f"{created} {id}".encode(), sha256).digest()
    return -1 - (int.from_bytes(digest[:8], "big") >> 2) if number else "~" + digest[:16].hex()


def _never(erased: Erased, dataset: Dataset, base: int) -> Bools:
    """Which of the first users were never erased."""
    if not erased.order:
        return np.ones(base, np.bool_)
    return np.array([erased.since(str(id)) < 0 for id in dataset.users.ids.head(base).to_list()], np.bool_)


def _said(store: Contents, names: _Names, dataset: Dataset | None, served: Bundle) -> Table:
    """The changes as rows of a table. An item of another kind of id than the catalogue's is in no catalogue; what is hidden and
    not rated says nothing of how somebody likes it."""
    scale, entries = served.scale if dataset is None else dataset.scale, store.entries
    own = pl.Series(store.items.id, dtype=pl.String)
    ids = own.cast(served.items["item_id"].dtype, strict=False)
    plain = (ids.cast(pl.String) == own).fill_null(False).to_numpy()
    person, item = np.searchsorted(store.people.row, entries.person), np.searchsorted(store.items.row, entries.item)
    unrated, hidden = np.isnan(entries.rating), entries.status >= HIDDEN
    gone = (entries.status == TAKEN_BACK) | (hidden & unrated)
    told = [Told(*one) for one in zip(store.items.id, map(as_facts, store.items.facts), store.items.withdrawn, strict=True)]
    rows = np.flatnonzero(plain[item] & (gone | unrated | scale.valid(entries.rating)))
    status = np.where(hidden | gone, 0, entries.status).astype(np.uint8)
    return Table(
        names.ids.gather(person[rows]),
        ids.gather(item[rows]),
        np.where(gone, np.nan, entries.rating).astype(np.float32)[rows],
        scale,
        "store" if dataset is None else dataset.manifest["source"],
        status=status[rows],
        time=np.maximum(entries.at[rows] // SECOND, 1),
        items=training_items(served.items if dataset is None else dataset.items, told),
        signal="presence" if dataset is None and unrated.all() else "ratings",
        deleted=gone[rows],
    )
