"""konomi recommend: what to see next, for a known user, a profile file or titles typed by hand."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from konomi.cli.console import note, say, show, show_json
from konomi.cli.lookup import LIKELY, RECOMMENDED, dataset_of, titles_table
from konomi.cli.options import BundlePath, Count, Data, Ecchi, Json, Sensitive
from konomi.errors import RequestError

if TYPE_CHECKING:
    from konomi.recommend.recommender import Given, Recommender

HEADERS = ({"title", "name", "item", "item_id", "id", "anime_id", "movie_id", "movieid"}, {"rating", "score"})
"""First lines of a profile file that are no rating: the names of its two columns."""


def recommend(
    bundle: BundlePath,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Somebody in the dataset.")] = None,
    profile: Annotated[Path | None, typer.Option(metavar="FILE", help="A CSV file: title or item id, rating.")] = None,
    rate: Annotated[list[str] | None, typer.Option(metavar='"TITLE=9"', help="A title and its rating; give several.")] = None,
    k: Count = 10,
    allow_sensitive: Sensitive = False,
    hide_ecchi: Ecchi = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """The titles to see next: unseen ones, best first."""
    from konomi.data.profiles import Profiles
    from konomi.recommend.recommender import Recommender

    if (user is None) == (not profile and not rate):
        raise RequestError(
            "Recommendations for whom?", 'Give --user ID, or --profile FILE and --rate "TITLE=9" as often as you like.'
        )
    recommender = Recommender.load(bundle)
    if user is not None:
        given: list[Given] = []
        person = dataset_of(recommender.bundle, data).profile(user)
    else:
        typed = [*(_read_profile(profile) if profile else ()), *map(_typed, rate or ())]
        given = recommender.understand(_once(typed))
        person = Profiles.of([{one.match.row: one.rating for one in given}])
    answer = recommender.recommend(person, k, allow_sensitive, hide_ecchi)
    if json:
        matched = [
            {"text": g.text, "title": g.title, "item_id": _id(recommender, g.match.row), "rating": g.rating} for g in given
        ]
        show_json({"given": matched, "recommendations": answer.to_dicts(), "note": answer.note})
        return
    for one in given:
        others = ", ".join(recommender.titles.name(row) for row in one.match.also[:3])
        say(f"{one.text} → {one.title}: {one.rating:g}" + (f" (not: {others})" if others else ""))
    if not len(answer):
        say("There is nothing left to recommend.")
        return
    heading = LIKELY if answer[0].rating is None else RECOMMENDED
    show(titles_table(heading, answer, "predicted", "probability"))
    note(answer.note)


def _id(recommender: "Recommender", row: int) -> int | str:
    found: int | str = recommender.bundle.items["item_id"][row]
    return found


def _typed(text: str) -> tuple[str, float]:
    """("Cowboy Bebop", 9.0) from "Cowboy Bebop=9"."""
    title, sign, rating = text.rpartition("=")
    if not sign or not title.strip():
        raise RequestError(f'--rate "{text}": no title and rating.', 'Write it as --rate "Cowboy Bebop=9".')
    return title.strip(), _number(rating, f'--rate "{text}"')


def _read_profile(path: Path) -> list[tuple[str, float]]:
    """The lines of a profile file; its first may name the columns."""
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = ([field.strip() for field in fields] for fields in reader)
            for n, fields in enumerate(filter(any, lines)):
                where = f"{path}, line {reader.line_num}"
                if n == 0 and any(field.lower() in names for field, names in zip(fields, HEADERS, strict=False)):
                    continue
                if len(fields) != 2:
                    raise RequestError(
                        f"{where}: {len(fields)} columns, not two.", 'Write title or id, rating; "quote" a title with a comma.'
                    )
                rows.append((fields[0], _number(fields[1], where)))
    except OSError as cause:
        raise RequestError(
            f"{path}: cannot be read: {cause.strerror}.", "Give a CSV file: title or item id, rating."
        ) from cause
    except (UnicodeDecodeError, csv.Error) as cause:
        raise RequestError(f"{path}: not a CSV file in UTF-8: {cause}.", "Save it as CSV in UTF-8.") from cause
    if not rows:
        raise RequestError(f"{path}: there is no rating in it.", "Write a line per title: title or item id, rating.")
    return rows


def _number(text: str, where: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise RequestError(f'{where}: "{text.strip()}" is not a rating.', "Give a number, such as 9.") from None


def _once(typed: list[tuple[str, float]]) -> dict[int | str, float]:
    ratings: dict[int | str, float] = {}
    for text, rating in typed:
        if text in ratings:
            raise RequestError(f'"{text}" is rated twice.', "Rate it once.")
        ratings[text] = rating
    return ratings
