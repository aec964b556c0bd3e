"""Tags: the genres, the type and the era of each item of a catalogue."""

from typing import Any

import numpy as np
import polars as pl

from konomi.arrays import F32, U8

ERA = 5  # years that make an era


def genre_names(items: pl.DataFrame) -> list[str]:
    """The genres that occur in a catalogue, in alphabetical order."""
    return items["genres"].explode().drop_nulls().unique().sort().to_list()


def genre_matrix(items: pl.DataFrame) -> U8:
    """u8[I, G], 1 where an item has a genre of `genre_names`, by exact name: "Shoujo" is not "Shoujo Ai"."""
    column = {name: g for g, name in enumerate(genre_names(items))}
    matrix = np.zeros((len(items), len(column)), np.uint8)
    pairs = items.select(pl.int_range(pl.len()).alias("row"), "genres").explode("genres").drop_nulls()
    if column:
        matrix[pairs["row"].to_numpy(), pairs["genres"].replace_strict(column, return_dtype=pl.Int64).to_numpy()] = 1
    return matrix


def item_tags(items: pl.DataFrame) -> U8:
    """u8[I, T], 1 where an item has a tag: the genres of `genre_matrix`, then each type, then each era of `ERA` years.

    A type or era that all items have, such as MovieLens' films, is no tag.
    """
    flags = [(column == value).fill_null(False).to_numpy() for column, known in _kinds(items) for value in known]
    return np.column_stack([genre_matrix(items), *flags]).astype(np.uint8)


def tag_names(items: pl.DataFrame) -> list[str]:
    """The names of the tags of `item_tags`, in their order: "Action" … "TV" … "1995–1999" …; the first are `genre_names`."""
    (_, types), (_, eras) = _kinds(items)
    return [*genre_names(items), *types, *(f"{ERA * era}–{ERA * era + ERA - 1}" for era in eras)]


def _kinds(items: pl.DataFrame) -> list[tuple[pl.Series, list[Any]]]:
    """Type and era of each item, and the values that are tags, in ascending order; no tags where all items have one value."""
    columns = (items["type"], items["year"] // ERA)
    return [(column, [] if column.n_unique() == 1 else column.drop_nulls().unique().sort().to_list()) for column in columns]


def content_vectors(items: pl.DataFrame) -> F32:
    """The contents of each item as a vector of length 1, f32[I, T]: its `item_tags`, rare ones weighing more.

    A tag that m of I items have weighs log(I / m) (Spärck Jones 1972); an item without a tag is 0.
    """
    tags = item_tags(items).astype(np.float32)
    weighed = tags * np.log(np.maximum(len(items), 1) / np.maximum(tags.sum(axis=0), 1)).astype(np.float32)
    length = np.linalg.norm(weighed, axis=1, keepdims=True)
    vectors: F32 = np.divide(weighed, length, out=np.zeros_like(weighed), where=length > 0)
    return vectors
