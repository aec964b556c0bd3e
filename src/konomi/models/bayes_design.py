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
ENOUGH = 5  # titles of a studio, source or age, at least, for an effect of its own


def who_rated_what(indptr: I64, other: I32, n: int) -> sp.csr_matrix:
    """R × n, 1/√(entries of the row) where there is an entry: indptr i64[R+1], other i32[N]."""
    many = np.diff(indptr)
    return sp.csr_matrix((np.repeat(1 / np.sqrt(np.maximum(many, 1)), many).astype(np.float32), other, indptr), (len(many), n))


def contents(items: pl.DataFrame) -> list[sp.csr_matrix]:
    """A matrix for each field of the catalogue that tells items apart: genres, type, year, episodes, studios, source and age.

    An item with several genres or studios has 1/√(their number) of each. Scores and popularity are no contents. Fields that a
    dataset of before lacks are left out.
    """
    genres = genre_matrix(items).astype(np.float32)
    genres /= np.sqrt(np.maximum(genres.sum(axis=1, keepdims=True), 1))
    length = items["episodes"].cast(pl.Float64).log1p() / np.log(2)  # bins that double
    fields = (items["type"], items["year"] // YEARS, length.round().cast(pl.Int32))
    matrices = [genres, *(one_of(field) for field in fields)]
    told = [sp.csr_matrix(matrix) for matrix in matrices]
    told += [common(items, name) for name in ("studios", "source", "age") if name in items.columns]
    return [matrix for matrix in told if matrix.shape[1] > 1]


def common(items: pl.DataFrame, field: str) -> sp.csr_matrix:
    """I × n, 1/√(common values of the row) in the columns of these, in alphabetical order: values that `ENOUGH` rows have.

    Hundreds of studios made one title or two. Such a column tells titles apart, not studios.
    """
    pairs = (
        items.select(pl.int_range(pl.len()).alias("row"), value=pl.concat_list(field)).explode("value").drop_nulls().unique()
    )
    pairs = pairs.filter(pl.len().over("value") >= ENOUGH).sort("row", "value")
    row, column = pairs["row"].to_numpy(), (pairs["value"].rank("dense") - 1).to_numpy()
    value = (1 / np.sqrt(np.bincount(row, minlength=len(items))[row])).astype(np.float32)
    return sp.csr_matrix((value, (row, column)), (len(items), pairs["value"].n_unique()))


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
