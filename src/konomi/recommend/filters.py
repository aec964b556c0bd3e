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
from konomi.data.vocab import UNKNOWN, Vocab
from konomi.errors import RequestError
from konomi.ranking.offer import Planned
from konomi.recommend.expression.reader import fulfilling
from konomi.recommend.ids import among, rows_of
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
    without: tuple[int | str, ...] = ()  # item ids that are not offered; ids that no item has are ignored
    known_only: bool = False  # such ids are ignored in `only`, too, and not refused; `unknown_ids` counts them
    expression: str | tuple[str, ...] = ()  # a condition over the columns, or several: see `expression/reader.py`
    sensitive: bool = False  # Hentai and Erotica, too
    ecchi: bool = True
    planned: Planned = "hide"  # titles that the person plans to see: not offered, offered as well, or offered alone
    again: bool = False  # offer also what the person has seen
    parts: bool = False  # offer every part of a franchise, not only the next one
    sequels: bool = True  # of franchises that the person has begun, too

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
        self._check_contradictions()

    @property
    def of_the_catalogue(self) -> "Where":
        """The same filters without ids: what passes these is kept by whoever is asked often, lists of ids are not."""
        return replace(self, only=(), without=()) if self.only or self.without else self

    def _check_contradictions(self) -> None:
        """RequestError where two filters leave nothing of each other."""
        unwanted = {str(genre).casefold() for genre in self.no_genre}
        both = [genre for genre in self.all_genres if str(genre).casefold() in unwanted]
        if self.any_genre and all(str(genre).casefold() in unwanted for genre in self.any_genre):
            both = [*both, *self.any_genre]
        if both:
            wanting = "all_genres" if both[0] in self.all_genres else "any_genre"
            raise RequestError(
                f"{both[0]} is wanted and not wanted.", f"Leave it out of `{wanting}`, or of `no_genre`.", wanting
            )
        if self.only and self.without and {str(one) for one in self.only} <= {str(one) for one in self.without}:
            raise RequestError("Nothing but these ids is wanted, and none of them.", "Leave out `only` or `without`.", "only")
        if self.parts is True and self.sequels is False:
            raise RequestError("Every part of a franchise, and no sequels.", "Leave one of the two out.", "sequels")


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

    RequestError for a genre or type that no item has, an id of `only`, or a condition that cannot be read; ids of `without`
    that no item has are ignored.
    """
    masks = [mask for _, mask in masks_of(where, items)]
    passing: Bools = np.logical_and.reduce(masks) if masks else np.ones(len(items), np.bool_)
    return passing


def by_ids(where: Where, vocab: Vocab) -> list[tuple[str, Bools]]:
    """What passes `only` and `without`, bool[I] each, with its name; vocab: the ids of the items."""
    masks = []
    if where.only:
        masks.append(("`only`", among(where.only, vocab, refuse=not where.known_only)))
    if where.without:
        masks.append(("`without`", ~among(where.without, vocab)))
    return masks


def nothing_passes(where: Where, items: pl.DataFrame) -> str:
    """Which filter lets no title pass, or after which others one lets none: a sentence; "" where some title passes all."""
    passing, before = np.ones(len(items), np.bool_), list[str]()
    masks = masks_of(where, items)
    for name, mask in masks:
        if not mask.any():
            return f"No title passes {name}."
    for name, mask in masks:
        if not (passing & mask).any():
            return f"Of the titles that pass {' and '.join(before)} none passes {name}."
        if not mask.all():
            before.append(name)
        passing &= mask
    return ""


def masks_of(where: Where, items: pl.DataFrame) -> list[tuple[str, Bools]]:
    """What passes each filter, bool[I], with what it is called and says."""
    where = _spelt(where, items)
    has = pl.col("genres").list
    conditions: dict[str, pl.Expr] = {}
    if where.any_genre:
        conditions[f"`any_genre` {', '.join(where.any_genre)}"] = has.set_intersection(list(where.any_genre)).list.len() > 0
    conditions |= {f"`all_genres` {genre}": has.contains(genre) for genre in where.all_genres}
    conditions |= {f"`no_genre` {genre}": ~has.contains(genre).fill_null(False) for genre in where.no_genre}
    if where.types:
        conditions[f"`types` {', '.join(where.types)}"] = pl.col("type").is_in(where.types)
    for name, column, (low, high) in _bounds(where):
        if low is not None:
            conditions[f"`{name}` from {low:g}"] = pl.col(column) >= low
        if high is not None:
            conditions[f"`{name}` to {high:g}"] = pl.col(column) <= high
    if where.ratings:
        conditions[f"`ratings` {where.ratings:,}"] = pl.col("ratings") >= where.ratings
    if "withdrawn" in items.columns:
        conditions["what is withdrawn"] = ~pl.col("withdrawn")
    if not where.sensitive:
        conditions["`sensitive`: Hentai and Erotica are left out"] = ~pl.col("sensitive")
    if not where.ecchi:
        conditions["`ecchi`: it is left out"] = ~has.contains("Ecchi").fill_null(False)
    names = list(conditions)
    columns = items.select(conditions[name].fill_null(False).alias(str(n)) for n, name in enumerate(names))
    masks = [(name, np.array(columns[str(n)].to_numpy(), bool)) for n, name in enumerate(names)]
    masks = by_ids(where, Vocab(items["item_id"])) + masks
    return [*masks, *((f'the condition "{each}"', fulfilling(each, items)) for each in where.expression)]


def unknown_ids(where: Where, items: pl.DataFrame) -> int:
    """How many ids of `without` and `only` no item has."""
    return int((rows_of((*where.without, *where.only), Vocab(items["item_id"])) == UNKNOWN).sum())


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


def _bounds(where: Where) -> list[tuple[str, str, Range]]:
    return [("years", "year", where.years), ("episodes", "episodes", where.episodes), ("score", "score", where.score)]
