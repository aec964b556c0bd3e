"""Outside ids ↔ dense rows. Nothing else in the package translates between them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arguments import integer
from konomi.arrays import I32
from konomi.errors import DataError, RequestError
from konomi.kernels.ids import extremes, look_up, mark_present
from konomi.settings import shown

UNKNOWN = -1  # the row of an unknown id
TABLE_SPAN = 1 << 27  # integer ids in a range smaller than this are looked up in a table, others by bisection


@dataclass(frozen=True)
class Vocab:
    """Distinct ids (int64 or string); an id's place among them is its row.

    Those of a first preparation ascend, and ids that are added later follow, so that no row ever moves.
    """

    ids: pl.Series

    @classmethod
    def of(cls, ids: pl.Series) -> "Vocab":
        """The vocabulary of a column of ids, in any order, repeated or not."""
        if not ids.dtype.is_integer():
            return cls(ids.cast(pl.String).unique().sort())
        chunks = _chunks(ids)
        bounds = [extremes(chunk) for chunk in chunks]
        low, high = int(min((b[0] for b in bounds), default=0)), int(max((b[1] for b in bounds), default=0))
        if high - low < TABLE_SPAN:
            found = np.zeros(high - low + 1, np.bool_)
            for chunk in chunks:
                mark_present(chunk, low, found)
            return cls(pl.Series(np.flatnonzero(found) + low, dtype=pl.Int64))
        return cls(ids.cast(pl.Int64).unique().sort())

    def extended(self, ids: pl.Series) -> "Vocab":
        """The vocabulary with those of other ids that it lacks after its own, in ascending order.

        DataError for ids of text where it has whole numbers.
        """
        if self.integer and not ids.dtype.is_integer():
            numbers = ids.cast(pl.Int64, strict=False)
            if numbers.null_count() > ids.null_count():
                raise DataError("There are ids of text, and those of the dataset are whole numbers.", "Prepare all files anew.")
            ids = numbers
        found = Vocab.of(ids.cast(self.ids.dtype))
        new = found.ids.filter(pl.Series(self.rows(found.ids) == UNKNOWN))
        return self if not len(new) else Vocab(pl.concat([self.ids, new]))

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The lowest and the highest id."""
        known = self.ids.to_numpy()
        return int(known.min()), int(known.max())

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[np.int64], I32]:
        """The ids in ascending order, and their rows."""
        known = self.ids.to_numpy()
        order = np.argsort(known, kind="stable")
        return known[order], order.astype(np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def integer(self) -> bool:
        """Whether the ids are int64 (else strings)."""
        return self.ids.dtype == pl.Int64

    def rows(self, ids: pl.Series) -> I32:
        """ids → their rows, i32[N]; −1 for an unknown id."""
        if not self.integer:
            codes = ids.cast(pl.String).cast(pl.Enum(self.ids), strict=False).to_physical()
            return codes.cast(pl.Int32).fill_null(UNKNOWN).to_numpy().astype(np.int32)
        if not ids.dtype.is_integer():
            ids = ids.cast(pl.Int64, strict=False).fill_null(np.iinfo(np.int64).min)
        known = self.ids.to_numpy()
        if len(known) == 0:
            return np.full(len(ids), UNKNOWN, np.int32)
        low, high = self._bounds
        if high - low < TABLE_SPAN:
            table = np.full(high - low + 1, UNKNOWN, np.int32)
            table[known - low] = np.arange(len(known), dtype=np.int32)
            rows, done = np.empty(len(ids), np.int32), 0
            for chunk in _chunks(ids):
                look_up(chunk, low, table, rows[done : done + len(chunk)])
                done += len(chunk)
            return rows
        values, (ascending, row) = ids.to_numpy(), self._sorted
        place = np.minimum(np.searchsorted(ascending, values), len(known) - 1)
        return np.where(ascending[place] == values, row[place], UNKNOWN).astype(np.int32)

    def row(self, id: int | str, what: str) -> int:
        """The row of one id, or a `RequestError` that names it; `what` is "user" or "item"."""
        number = integer(id)
        known = isinstance(id, str) or (number is not None and -(2**63) <= number < 2**63)
        row = int(self.rows(pl.Series([id if number is None else number]))[0]) if known else UNKNOWN
        if row == UNKNOWN:
            example = ", ".join(str(i) for i in self.ids.head(3))
            said = id if isinstance(id, str) else shown(id)
            raise RequestError(f'Unknown {what} "{said}".', f"There are {len(self):,} {what}s, such as {example}.")
        return row


def _chunks(ids: pl.Series) -> list[npt.NDArray[np.integer]]:
    """The chunks of a column of integers as arrays, without copying them into one."""
    return [chunk.to_numpy() for chunk in ids.get_chunks() if len(chunk)]
