"""What says that somebody likes something: ratings, or presence alone, or counts of how often."""

import dataclasses

import numpy as np

from konomi.arrays import F32, U8
from konomi.data.labels import STATUS
from konomi.data.scale import PRESENCE
from konomi.data.table import Table

COMPLETED = np.uint8(STATUS["completed"])
MOST = 100  # the highest rating of a scale that people use; counts have higher ones, and most are far below


def with_signal(table: Table, counts: bool, implicit: bool, scaled: bool = False) -> Table:
    """The table as its signal says. counts, implicit: whoever reads it has said so; scaled: or has said which scale it has.

    Ratings that are all the same, or none, are presence alone. Whole numbers from 1 to above `MOST`, of which half are below a
    tenth of the highest, are counts.
    """
    if implicit or counts:
        return _counted(table) if counts else _present(table)
    if scaled:
        return table
    values = table.rating[~np.isnan(table.rating)]
    if len(values) == 0 or values.min() == values.max():
        return _present(table)
    most = values.max()
    if values.min() >= 1 and most > MOST and np.median(values) < most / 10 and np.equal(np.mod(values, 1), 0).all():
        return _counted(table)
    return table


def _present(table: Table) -> Table:
    return dataclasses.replace(table, rating=_unrated(table), scale=PRESENCE, status=_status(table), signal="presence")


def _counted(table: Table) -> Table:
    weight = np.where(np.isnan(table.rating), 1, table.rating).astype(np.float32)
    return dataclasses.replace(_present(table), weight=weight, signal="counts")


def _unrated(table: Table) -> F32:
    return np.full(len(table), np.nan, np.float32)


def _status(table: Table) -> U8:
    """Completed, where no status is known."""
    known = np.zeros(len(table), np.uint8) if table.status is None else table.status
    return np.where(known == 0, COMPLETED, known)
