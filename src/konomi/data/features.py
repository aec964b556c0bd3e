"""Features of people: categories such as an age class, sex or occupation. They are optional in every profile."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from konomi.arrays import I32


@dataclass(frozen=True)
class Feature:
    """One feature: its name, such as "age", and its categories in ascending order; a person has one of them, or none known."""

    name: str
    categories: tuple[str, ...]


def features_of(people: pl.DataFrame) -> tuple[Feature, ...]:
    """The features in a frame with a column of text for each, null = unknown."""
    return tuple(Feature(name, tuple(people[name].drop_nulls().unique().sort())) for name in people.columns)


def categories_of(people: pl.DataFrame, features: tuple[Feature, ...]) -> I32:
    """Every person's category of each feature, i32[U, F], −1 where it is unknown or none of the feature's."""
    columns = [people[each.name].cast(pl.Enum(each.categories), strict=False).to_physical() for each in features]
    rows = [column.cast(pl.Int32).fill_null(-1).to_numpy() for column in columns]
    return np.stack(rows, axis=1) if rows else np.empty((len(people), 0), np.int32)
