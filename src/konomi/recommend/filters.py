"""Where: the filters that a title must pass to be offered. Each one narrows the rest; fewer than k may be left."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import get_args

import numpy as np
import polars as pl

from konomi.arguments import is_number
from konomi.arrays import Bools
from konomi.catalogue.tags import genre_names
from konomi.errors import RequestError
from konomi.ranking.offer import Planned
from konomi.recommend.expression.reader import fulfilling
from konomi.settings import closest

Range = tuple[float | None, float | None]
"""(low, high), both included; None = no bound."""

ANY: Range = (None, None)


@dataclass(frozen=True)
class Where:
    """Filters over the catalogue and the person's list. A title whose value the catalogue does not know fits no bound."""

    any_genre: tuple[str, ...] = ()  # at least one of these
    all_genres: tuple[str, ...] = ()  # all of these
    no_genre: tuple[str, ...] = ()  # none of these
    types: tuple[str, ...] = ()  # TV, Movie, …
    years: Range = ANY  # of first airing
    episodes: Range = ANY
    score: Range = ANY  # the community's
    ratings: int = 0  # of training, at least
    only: tuple[int | str, ...] = ()  # item ids that alone are offered
    without: tuple[int | str, ...] = ()  # item ids that are not offered
    expression: str | tuple[str, ...] = ()  # a condition over the columns, or several: see `expression/reader.py`
    sensitive: bool = False  # Hentai and Erotica, too
    ecchi: bool = True
    planned: Planned = "hide"  # titles that the person plans to see: not offered, offered as well, or offered alone
    again: bool = False  # offer also what the person has seen
    parts: bool = False  # offer every part of a franchise, not only the next one

    def __repr__(self) -> str:
        said = [f"{each.name}={value!r}" for each in fields(self) if (value := getattr(self, each.name)) != each.default]
        return f"Where({', '.join(said)})"

    def __post_init__(self) -> None:
        for name in ("any_genre", "all_genres", "no_genre", "types", "only", "without"):
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise RequestError(f"{name}: {given!r} is not several.", f"Give a tuple or a list: {name}=({given!r},).", name)
            object.__setattr__(self, name, tuple(given))  # a list will do
        if not isinstance(self.ratings, int):
            raise RequestError(f"ratings is {self.ratings!r}.", "Give a whole number.", "ratings")
        object.__setattr__(self, "expression", _conditions(self.expression))
        if not isinstance(self.planned, str) or self.planned not in get_args(Planned):
            raise RequestError(
                f'planned cannot be "{self.planned}".', f"It is one of: {', '.join(get_args(Planned))}.", "planned"
            )
        for name in ("years", "episodes", "score"):
            span = getattr(self, name)
            if not isinstance(span, tuple | list) or len(span) != 2 or not all(map(_is_bound, span)):
                raise RequestError(
                    f"{name}: {span!r} is not two bounds.", f"Write {name}=(low, high), None for no bound.", name
                )
            object.__setattr__(self, name, tuple(span))
            low, high = span
            if low is not None and high is not None and low > high:
                raise RequestError(f"{name}: {low:g} to {high:g} is empty.", "Give the lower bound first.", name)


def _conditions(given: object) -> tuple[str, ...]:
    """One condition, or several, as several."""
    conditions = tuple(given) if isinstance(given, list | tuple) else () if isinstance(given, str) and not given else (given,)
    if not all(isinstance(each, str) for each in conditions):
        raise RequestError(f"expression is {given!r}.", "Give text, such as \"year > 2000 and type = 'TV'\", or several.")
    return conditions


def _is_bound(end: object) -> bool:
    return end is None or (is_number(end) and not math.isnan(end))


def allowed(where: Where, items: pl.DataFrame) -> Bools:
    """bool[I]: the items of a bundle's catalogue that pass the filters; what a person has seen is not considered here.

    RequestError for a genre, type or id that no item has, or a condition that cannot be read.
    """
    where = _spelt(where, items)
    has = pl.col("genres").list
    conditions = [
        *([has.set_intersection(list(where.any_genre)).list.len() > 0] if where.any_genre else []),
        *(has.contains(genre) for genre in where.all_genres),
        *(~has.contains(genre).fill_null(False) for genre in where.no_genre),
        *([pl.col("type").is_in(where.types)] if where.types else []),
        *(pl.col(column) >= low for column, (low, _) in _bounds(where) if low is not None),
        *(pl.col(column) <= high for column, (_, high) in _bounds(where) if high is not None),
        pl.col("ratings") >= where.ratings,
        *([] if where.sensitive else [~pl.col("sensitive")]),
        *([] if where.ecchi else [~has.contains("Ecchi").fill_null(False)]),
        *([_ids(where.only, items)] if where.only else []),
        *([~_ids(where.without, items)] if where.without else []),
    ]
    mask = items.select(pl.all_horizontal(condition.fill_null(False) for condition in conditions)).to_series()
    passing = np.array(mask.to_numpy(), bool)
    for condition in where.expression:
        passing &= fulfilling(condition, items)
    return passing


def _spelt(where: Where, items: pl.DataFrame) -> Where:
    """The filters with genres and types spelt as in the catalogue; RequestError for a genre or type that no title has."""
    genres = {name: getattr(where, name) for name in ("any_genre", "all_genres", "no_genre")}
    changed: dict[str, tuple[str, ...]] = {}
    if any(genres.values()):
        known = genre_names(items)
        changed |= {name: tuple(named("genre", each, known) for each in given) for name, given in genres.items()}
    if where.types:
        kinds = items["type"].drop_nulls().unique().sort().to_list()
        changed["types"] = tuple(named("type", each, kinds) for each in where.types)
    return replace(where, **changed)  # type: ignore[arg-type]


def named(what: str, given: str, known: Sequence[str]) -> str:
    """The known name that equals a given one but for case; RequestError where none does."""
    found = next((name for name in known if name.casefold() == str(given).casefold()), None)
    if found is None:
        some = f"There are: {', '.join(known)}." if known else f"This catalogue knows no {what} of any title."
        raise RequestError(f'No title has the {what} "{given}".{closest(str(given), known)}', some)
    return found


def _bounds(where: Where) -> list[tuple[str, Range]]:
    return [("year", where.years), ("episodes", where.episodes), ("score", where.score)]


def _ids(ids: tuple[int | str, ...], items: pl.DataFrame) -> pl.Expr:
    column = items["item_id"]
    all_ids, texts = set(column.cast(pl.String)), [str(one) for one in ids]
    for text in texts:
        if text not in all_ids:
            raise RequestError(f"{text}: no item has this id.", "Give ids of the catalogue.")
    return pl.col("item_id").cast(pl.String).is_in(texts)
