"""The filters and dials of several commands, declared once: `@with_filters` adds their options to a command."""

import inspect
import math
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from konomi.errors import RequestError

if TYPE_CHECKING:
    from konomi.ranking.dials import Dials
    from konomi.recommend.filters import Where

WHICH, HOW = "Which titles", "How the list is to be"
LARGEST = 1 << 16  # characters of a file with a condition that are read; a condition may not have so many


def _which(help: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel=WHICH)


def _dial(help: str) -> Any:
    return typer.Option(help=help, min=0, max=1, metavar="0…1", rich_help_panel=HOW)


def _options(
    any_genre: Annotated[list[str] | None, _which("Of at least one of these genres; give several.", metavar="GENRE")] = None,
    all_genres: Annotated[list[str] | None, _which("Of every one of these genres.", metavar="GENRE")] = None,
    no_genre: Annotated[list[str] | None, _which("Of none of these genres.", metavar="GENRE")] = None,
    type: Annotated[list[str] | None, _which("Of one of these types: TV, Movie, …", metavar="TYPE")] = None,
    years: Annotated[str, _which("First aired from one year to another: 2000:2010, 2015: or 1998.", metavar="FROM:TO")] = "",
    episodes: Annotated[str, _which("So many episodes, such as :26.", metavar="FROM:TO")] = "",
    score: Annotated[str, _which("The community's score, such as 7.5:.", metavar="FROM:TO")] = "",
    ratings: Annotated[int, _which("At least so many ratings in training.")] = 0,
    only: Annotated[list[str] | None, _which("None but these item ids.", metavar="ID")] = None,
    without: Annotated[list[str] | None, _which("Not these item ids, or those in a file.", metavar="ID")] = None,
    where: Annotated[
        list[str] | None,
        _which("A condition over the catalogue, such as \"year > 2000 and 'Comedy' in genres\".", metavar="CONDITION"),
    ] = None,
    where_file: Annotated[Path | None, _which("A file with such a condition.", metavar="FILE")] = None,
    allow_sensitive: Annotated[bool, _which("Do not leave out Hentai and Erotica.", "--allow-sensitive")] = False,
    hide_ecchi: Annotated[bool, _which("Leave out Ecchi.", "--hide-ecchi")] = False,
    planned: Annotated[Literal["hide", "show", "only"], _which("What the person plans to watch.")] = "hide",
    again: Annotated[bool, _which("What the person has seen, too.", "--again")] = False,
    all_parts: Annotated[bool, _which("Every part of a franchise, not its next one alone.", "--all-parts")] = False,
    no_sequels: Annotated[bool, _which("Nothing of a series that the person has begun.", "--no-sequels")] = False,
    love: Annotated[float | None, _dial("0 = surely liked, 1 = might be loved.  [default: 0]")] = None,
    niche: Annotated[float, _dial("How far popular titles are held back.")] = 0.0,
    diverse: Annotated[float, _dial("How far titles like those above are held back.")] = 0.0,
    calibrate: Annotated[float, _dial("How closely to keep to the person's own mix of genres.")] = 0.0,
) -> None:
    """The options, as a signature for `with_filters`."""


def with_filters(command: Callable[..., None], lacking: tuple[str, ...] = ()) -> Callable[..., None]:
    """The command with the options above, except those named in `lacking`, instead of its parameters `where` and `dials`."""
    signature = inspect.signature(command)
    every = inspect.signature(_options).parameters
    added = {name: parameter for name, parameter in every.items() if name not in lacking}

    @wraps(command)
    def filtered(**values: Any) -> None:
        options = {name: values.pop(name) if name in added else parameter.default for name, parameter in every.items()}
        command(**values, where=where_of(**options), dials=dials_of(**options))

    kept = [parameter for name, parameter in signature.parameters.items() if name not in ("where", "dials")]
    filtered.__signature__ = signature.replace(parameters=[*kept, *added.values()])  # type: ignore[attr-defined]
    filtered.__annotations__ = {name: parameter.annotation for name, parameter in filtered.__signature__.parameters.items()}  # type: ignore[attr-defined]
    return filtered


def where_of(**options: Any) -> "Where":
    """The filters from the options."""
    from konomi.recommend.filters import Where

    return Where(
        any_genre=tuple(options["any_genre"] or ()),
        all_genres=tuple(options["all_genres"] or ()),
        no_genre=tuple(options["no_genre"] or ()),
        types=tuple(options["type"] or ()),
        years=span(options["years"], "--years"),
        episodes=span(options["episodes"], "--episodes"),
        score=span(options["score"], "--score"),
        ratings=options["ratings"],
        only=tuple(options["only"] or ()),
        without=tuple(one for word in options["without"] or () for one in _ids_of(word)),
        expression=(*(options["where"] or ()), *([_read(options["where_file"])] if options["where_file"] else ())),
        sensitive=options["allow_sensitive"],
        ecchi=not options["hide_ecchi"],
        planned=options["planned"],
        again=options["again"],
        parts=options["all_parts"],
        sequels=not options["no_sequels"],
    )


def dials_of(**options: Any) -> "Dials":
    """The dials from the options."""
    from konomi.ranking.dials import Dials

    turned = {name: options[name] for name in ("love", "niche", "diverse", "calibrate") if options[name] is not None}
    return Dials(**turned)


def span(text: str, option: str) -> tuple[float | None, float | None]:
    """(from, to) of "2000:2010", "2000:", ":2010" or "2005"; None = no bound."""
    low, colon, high = text.partition(":")
    bounds = [_bound(end, text, option) if end.strip() else None for end in (low, high if colon else low)]
    return bounds[0], bounds[1]


def _bound(end: str, text: str, option: str) -> float:
    try:
        value = float(end)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RequestError(f'{option} "{text}": "{end.strip()}" is not a number.', "Write FROM:TO, such as 2000:2010.")
    return value


def _ids_of(word: str) -> list[str]:
    """The ids in a file, the first word of every line, or the one id that is written there."""
    path = Path(word)
    try:
        if not path.is_file():
            return [word]
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError, ValueError) as cause:
        raise RequestError(
            f"--without {word}: cannot be read: {cause}.", "Give ids, or a text file with one on each line."
        ) from None
    return [found[0].strip("\"'") for line in lines if (found := re.split(r"[,;\t|]", line.strip())) and found[0]]


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(LARGEST).strip()
    except OSError as cause:
        raise RequestError(f"{path}: cannot be read: {cause.strerror}.", "Give a text file with a condition.") from cause
    except UnicodeDecodeError:
        raise RequestError(f"{path}: not UTF-8 text.", "Give a text file with a condition.") from None
    if not text:
        raise RequestError(f"{path}: is empty.", "Write a condition in it, such as year > 2000.")
    return text
