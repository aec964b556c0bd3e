"""The features that `bayes` learns effects of: who has rated what on both sides, contents of items, features of people."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from konomi.arrays import F32, I32, I64
from konomi.catalogue.tags import genre_matrix
from konomi.data.features import Feature
from konomi.models.bayes_side import Design

YEARS = 3  # that make a bin
ENOUGH = 5  # titles of a studio, at least, for an effect of its own


def who_rated_what(indptr: I64, other: I32, n: int) -> sp.csr_matrix:
    """R × n, 1/√(entries of the row) where there is an entry: indptr i64[R+1], other i32[N]."""
    many = np.diff(indptr)
    return sp.csr_matrix((np.repeat(1 / np.sqrt(np.maximum(many, 1)), many).astype(np.float32), other, indptr), (len(many), n))


def contents(items: pl.DataFrame) -> list[sp.csr_matrix]:
    """A matrix for each field of the catalogue that tells items apart: genres, type, year, episodes and studios.

    An item with several genres or studios has 1/√(their number) of each. Scores and popularity are no contents. Older datasets
    have no column of studios. Source and age gain nothing: see docs/decisions.md.
    """
    genres = genre_matrix(items).astype(np.float32)
    genres /= np.sqrt(np.maximum(genres.sum(axis=1, keepdims=True), 1))
    length = items["episodes"].cast(pl.Float64).log1p() / np.log(2)  # bins that double
    fields = (items["type"], items["year"] // YEARS, length.round().cast(pl.Int32))
    matrices = [genres, *(one_of(field) for field in fields)]
    told = [sp.csr_matrix(matrix) for matrix in matrices]
    told += [made_by(items["studios"])] if "studios" in items.columns else []
    return [matrix for matrix in told if matrix.shape[1] > 1]


def made_by(studios: pl.Series) -> sp.csr_matrix:
    """I × n, 1/√(studios of the item) in the columns of those that made `ENOUGH` items of the catalogue, in alphabetical order.

    Hundreds of studios made one title or two. Such a column tells titles apart, not studios.
    """
    pairs = pl.DataFrame({"row": np.arange(len(studios)), "studio": studios}).explode("studio").drop_nulls().unique()
    pairs = pairs.filter(pl.len().over("studio") >= ENOUGH).sort("row", "studio")
    row, column = pairs["row"].to_numpy(), (pairs["studio"].rank("dense") - 1).to_numpy()
    value = (1 / np.sqrt(np.bincount(row, minlength=len(studios))[row])).astype(np.float32)
    return sp.csr_matrix((value, (row, column)), (len(studios), pairs["studio"].n_unique()))


def one_of(field: pl.Series) -> F32:
    """f32[I, n], 1 in the column of each row's value; a row of zeros where it is null."""
    values = field.drop_nulls().unique().sort()
    found: F32 = (field.to_numpy()[:, None] == values.to_numpy()).astype(np.float32)
    return found


def of_people(category: I32, features: Iterable[Feature]) -> list[sp.csr_matrix]:
    """A matrix for each feature of people, 1 in the column of their category: category i32[R, F], −1 = unknown."""
    return [one_hot(category[:, f], len(feature.categories)) for f, feature in enumerate(features)]


def one_hot(category: npt.NDArray[Any], n: int) -> sp.csr_matrix:
    """R × n, 1 in the column of each row's category; a row of zeros where it is −1."""
    return sp.csr_matrix((category[:, None] == np.arange(n)).astype(np.float32))


def design(implicit: sp.csr_matrix, groups: Iterable[sp.csr_matrix]) -> Design:
    """All of them side by side, each a group of its own."""
    parts = [implicit, *groups]
    return Design.of([(matrix, np.full(matrix.shape[1], g, np.int32)) for g, matrix in enumerate(parts)])
