"""Profiles: what a model may know of people, in one record for one person or for millions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arguments import expect, integer, is_number, what_it_is
from konomi.arrays import F32, I32, I64, U8, Bools
from konomi.data.labels import STATUS
from konomi.errors import RequestError
from konomi.kernels.csr import kept_indptr
from konomi.settings import shown

UNKNOWN, MOST_ITEMS = -1, 1 << 31  # item rows are below that
MORE = {"status": 0, "time": 0, "weight": 1}  # what entries may have more, and the value that says nothing


@dataclass(frozen=True, repr=False)
class Profiles:
    """B profiles in compressed rows: profile b is the entries indptr[b] to indptr[b+1], in ascending order of item.

    indptr i64[B+1]; item i32[N], item rows (−1 = an item outside the catalogue, only among hidden entries); rating f32[N], on
    the source's scale, NaN = not scored. Where the source has them, else None: status u8[N], codes of `labels.STATUS`; time
    i64[N], seconds since 1970, 0 = unknown; weight f32[N] > 0, such as how often an item was played; features i32[B, F], the
    person's category of each `features.Feature`, −1 = unknown.
    """

    indptr: I64
    item: I32
    rating: F32
    status: U8 | None = None
    time: I64 | None = None
    weight: F32 | None = None
    features: I32 | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __repr__(self) -> str:
        return f"Profiles({len(self):,} × {len(self.item):,} entries)"

    @property
    def counts(self) -> I64:
        """Entries per profile, i64[B]."""
        return self.indptr[1:] - self.indptr[:-1]

    @property
    def user(self) -> I32:
        """The profile row of every entry, i32[N]."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.counts)

    @cached_property
    def planned(self) -> Bools:
        """bool[N]: the entries that a person only plans to see: interest, not consumption."""
        return self._with("plan to watch")

    @cached_property
    def dropped(self) -> Bools:
        """bool[N]: the entries that a person has given up."""
        return self._with("dropped")

    @cached_property
    def unfinished(self) -> Bools:
        """bool[N]: the entries that a person is watching, or has put off."""
        return self._with("watching") | self._with("on hold")

    @cached_property
    def consumed(self) -> Bools:
        """bool[N]: the entries that a person has seen at least in part: those with a rating or a status, but no planned ones,
        scored or not."""
        scored: Bools = ~np.isnan(self.rating)
        return scored if self.status is None else (scored | (self.status != 0)) & ~self.planned

    @cached_property
    def silent(self) -> Bools:
        """bool[B]: the people of whom no title is known that they have seen; planned entries do not count."""
        silent: Bools = np.bincount(self.user[~self.planned], minlength=len(self)) == 0
        return silent

    def _with(self, status: str) -> Bools:
        if self.status is None:
            return np.zeros(len(self.item), np.bool_)
        entries: Bools = self.status == STATUS[status]
        return entries

    def arrays(self) -> list[npt.NDArray[Any]]:
        """The arrays, without missing ones."""
        return [array for array in vars(self).values() if isinstance(array, np.ndarray) and array.dtype != bool]

    def keep(self, entries: Bools) -> "Profiles":
        """The same B profiles with only the entries marked True."""
        return self._chosen(kept_indptr(self.indptr, entries), entries)

    def scored(self) -> "Profiles":
        """The same profiles with only the entries that have a rating."""
        return self.keep(~np.isnan(self.rating))

    def take(self, profiles: I64 | I32) -> "Profiles":
        """The profiles of these rows, in this order."""
        start, count = self.indptr[profiles], self.counts[profiles]
        indptr = np.concatenate([[0], np.cumsum(count)])
        return self._chosen(indptr, np.repeat(start - indptr[:-1], count) + np.arange(indptr[-1]), profiles)

    def slice(self, start: int, stop: int) -> "Profiles":
        """Profiles start to stop, without copying their entries."""
        bounds = self.indptr[start : stop + 1]
        return self._chosen(bounds - bounds[0], slice(bounds[0], bounds[-1]), slice(start, stop))

    def _chosen(self, indptr: I64, entries: Any, people: Any = ...) -> "Profiles":
        """The chosen entries and people (anything that indexes an array) as profiles with these bounds."""
        more = {name: None if (array := getattr(self, name)) is None else array[entries] for name in MORE}
        features = None if self.features is None else self.features[people]
        return Profiles(indptr, self.item[entries], self.rating[entries], **more, features=features)

    @classmethod
    def of(cls, people: Sequence[dict[int, float]]) -> "Profiles":
        """Profiles from {item row: rating} of each person; entries are put in order of item, so their order does not matter.

        RequestError for what is none.
        """
        if isinstance(people, str | bytes | Mapping) or not isinstance(people, Iterable):
            raise RequestError(f"{what_it_is(people)} is not several people.", "Give a list of {item row: rating}.")
        pairs = [_pairs(person) for person in people]
        flat = [pair for person in pairs for pair in person]
        return cls(
            np.concatenate([[0], np.cumsum([len(person) for person in pairs])]).astype(np.int64),
            np.array([item for item, _ in flat], np.int32),
            np.array([rating for _, rating in flat], np.float32),
        )

    @classmethod
    def stacked(cls, people: Sequence["Profiles"]) -> "Profiles":
        """Several records as one, in this order.

        Where only some have statuses, times, weights or features, the others get the values that say nothing, `MORE`'s or −1.
        """
        counts = [each.counts for each in people]

        def joined(name: str, nothing: Any) -> Any:
            arrays = [getattr(each, name) for each in people]
            known = next((array for array in arrays if array is not None), None)
            if known is None:
                return None
            lengths = [len(each) if name == "features" else len(each.item) for each in people]
            filled = (np.full((n, *known.shape[1:]), nothing, known.dtype) for n in lengths)
            return np.concatenate([fill if array is None else array for array, fill in zip(arrays, filled, strict=True)])

        return cls(
            np.concatenate([[0], np.cumsum(np.concatenate([*counts, np.empty(0, np.int64)]))]).astype(np.int64),
            np.concatenate([*(each.item for each in people), np.empty(0, np.int32)]),
            np.concatenate([*(each.rating for each in people), np.empty(0, np.float32)]),
            **{name: joined(name, nothing) for name, nothing in MORE.items()},
            features=joined("features", -1),
        )

    @classmethod
    def from_entries(
        cls,
        n: int,
        user: I32,
        item: I32,
        rating: F32,
        status: U8 | None = None,
        time: I64 | None = None,
        weight: F32 | None = None,
        features: I32 | None = None,
    ) -> "Profiles":
        """Profiles from entries in any order: user i32[N] in [0, n); the rest as in `Profiles`, features i32[n, F]."""
        order = np.lexsort((item, user))
        indptr = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=n))]).astype(np.int64)
        return cls(indptr, item, rating, status, time, weight, features)._chosen(indptr, order)


def _pairs(person: object) -> list[tuple[int, float]]:
    """The entries of one person, in order of item; RequestError for what is none."""
    entries: Mapping[int, float] = expect(person, Mapping, "a profile", RequestError, "Give {item row: rating}.")
    for item, rating in entries.items():
        row = integer(item)
        if row is None or not UNKNOWN <= row < MOST_ITEMS or not is_number(rating):
            raise RequestError(f"{shown(item)}: {shown(rating)} is not an item row and a rating.", "Give {item row: rating}.")
    return sorted(entries.items())
