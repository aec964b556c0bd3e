"""Item ids that a request names, however many: which rows they are, and what they let through."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from konomi.arrays import I32, Bools
from konomi.data.vocab import UNKNOWN, Vocab
from konomi.errors import RequestError


def rows_of(ids: Sequence[object], vocab: Vocab) -> I32:
    """The row of each id, i32[N]; −1 where no item has it. A whole number may be text. 100,000 take about ten milliseconds."""
    kinds = set(map(type, ids))
    if vocab.integer and kinds == {int}:
        try:
            return vocab.rows(pl.Series(np.array(ids, np.int64)))
        except OverflowError:  # larger than any id; the text of it is none either
            pass
    texts = ids if kinds == {str} else [str(one) for one in ids]
    try:
        return vocab.rows(pl.Series(texts, dtype=pl.String))
    except UnicodeEncodeError:  # half a character, which no id has
        return vocab.rows(pl.Series([text.encode("utf-8", "backslashreplace").decode() for text in map(str, ids)]))


def among(ids: Sequence[object], vocab: Vocab, refuse: bool = False) -> Bools:
    """bool[I]: the items that have one of the ids. refuse: RequestError for an id that no item has; else it is ignored."""
    rows = rows_of(ids, vocab)
    if refuse and (rows == UNKNOWN).any():
        raise RequestError(f"{ids[int(np.argmin(rows))]}: no item has this id.", "Give ids of the catalogue.")
    found = np.zeros(len(vocab), np.bool_)
    found[rows[rows != UNKNOWN]] = True
    return found
