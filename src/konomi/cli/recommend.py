"""konomi recommend: what to see next, for a known user, a list, titles typed by hand, genre wishes, or nobody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json
from konomi.cli.filters import with_filters
from konomi.cli.lookup import recommended, titles_table
from konomi.cli.options import BundlePath, Count, Data, Json, Memory, Threads
from konomi.errors import RequestError

if TYPE_CHECKING:
    from konomi.data.dataset import Dataset
    from konomi.data.profiles import Profiles
    from konomi.lists.matching import Matched
    from konomi.ranking.dials import Dials
    from konomi.recommend.answer import Answer
    from konomi.recommend.filters import Where
    from konomi.recommend.recommender import Given, Recommender
    from konomi.runtime import Run

WHO = "For whom"
UNSURE = 0.8  # matches below this confidence are shown
SHOWN = 10  # titles that were not matched, at most
SITES = {
    "mal": "MyAnimeList",
    "anilist": "AniList",
    "kitsu": "Kitsu",
    "letterboxd": "Letterboxd",
    "imdb": "IMDb",
    "trakt": "Trakt",
    "plain": "CSV",
}
"""What the kinds of lists are called."""


@with_filters
def recommend(
    bundle: BundlePath,
    where: "Where",
    dials: "Dials",
    user: Annotated[str | None, typer.Option(metavar="ID", help="Somebody in the dataset.", rich_help_panel=WHO)] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A list from MyAnimeList, AniList, Kitsu, Letterboxd, IMDb or Trakt, or a CSV file: title or item id, rating.",
            rich_help_panel=WHO,
        ),
    ] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(metavar='"TITLE=9"', help="A title and its rating; give several.", rich_help_panel=WHO),
    ] = None,
    genre: Annotated[
        list[str] | None,
        typer.Option(metavar='"GENRE=9"', help="How much of a genre is wanted; give several.", rich_help_panel=WHO),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody in the dataset, into a file: -o.", rich_help_panel=WHO)
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="With --all: a .parquet or .csv file.")
    ] = None,
    k: Count = 10,
    why: Annotated[int, typer.Option(min=0, help="Reasons for each title, and against it, at most.")] = 3,
    data: Data = None,
    threads: Threads = None,
    memory: Memory = None,
    json: Json = False,
) -> None:
    """The titles to see next, best first, and why.

    For somebody in the dataset, for a list, ratings and genre wishes, or, without any of these, for anybody.
    """
    from konomi.bundle.origin import dataset_of
    from konomi.data.profiles import Profiles
    from konomi.recommend.recommender import Recommender

    if everybody != (output is not None):
        raise RequestError("Recommendations for everybody go into a file.", "Give both --all and -o FILE, or neither.")
    if everybody and (user is not None or profile or rate or genre):
        raise RequestError("--all is for everybody in the dataset.", "Leave out --user, --profile, --rate and --genre.")
    if user is not None and (profile or rate):
        raise RequestError("Somebody in the dataset has a profile.", "Give --user ID, or --profile and --rate.")
    recommender = Recommender.load(bundle)
    if output is not None:
        with running(threads=threads, memory=memory) as run:
            rows = _write_all(recommender, dataset_of(recommender.bundle, data), k, where, dials, output, run)
        show_json({"path": str(output), "rows": rows}) if json else say(f"{rows:,} recommendations are written to {output}.")
        return
    wishes = _pairs(genre or (), "--genre", "Action=9")
    given, matched = recommender.understand(dict(_pairs(rate or (), "--rate", "Cowboy Bebop=9").items())), None
    if user is not None:
        person = dataset_of(recommender.bundle, data).profile(user)
    else:
        matched = _match(recommender, profile) if profile else None
        typed = Profiles.of([{one.match.row: one.rating for one in given}])
        person = _joined(matched.profile, typed) if matched else typed
    answer = recommender.recommend(person, k, where, dials, wishes, why)
    if json:
        show_json({**_given(recommender, given, matched), "recommendations": answer.to_dicts(), "note": answer.note})
        return
    _say_given(recommender, given, matched)
    show_answer(answer, recommender, where, bool(len(person.item) or wishes))


def _write_all(
    recommender: "Recommender", dataset: "Dataset", k: int, where: "Where", dials: "Dials", path: Path, run: "Run"
) -> int:
    """A row for each of the k titles of everybody; how many rows."""
    import polars as pl

    from konomi.recommend.bulk import recommend_all, table, write_table

    items, people = recommender.bundle.items, len(dataset.users)
    best = recommender.best(dataset.profiles, k, where, dials)
    ids = pl.Series("user_id", dataset.users.ids)
    lists = recommend_all(best, people, len(items), min(k, len(items)), run)
    return write_table(path, (table(start, ranking, ids, items) for start, ranking in lists))


def show_answer(answer: "Answer", recommender: "Recommender", where: "Where", known: bool) -> None:
    """The table of an answer to somebody who asked so; known: whether anything is known of the person."""
    if not len(answer):
        left = int((recommender.passing(where) & recommender.blend.known).sum())
        say(f"There is nothing left to recommend: of the {left:,} titles that pass the filters none is new or comes next.")
        say("Try --all-parts, which offers specials and any part of a series, or --again.")
        return
    if not known:
        say('Nothing is known of you: this is for anybody. Say something: --rate "TITLE=9", --genre "GENRE=9", --profile FILE.')
    heading = recommended(recommender.bundle)
    show(titles_table(heading, answer, "predicted", "90 %", "probability"))
    note(answer.note)


def _match(recommender: "Recommender", path: Path) -> "Matched":
    from konomi.lists.matching import match_list
    from konomi.lists.personal_list import read_list

    return match_list(read_list(path), recommender.titles, recommender.bundle.scale)


def _joined(listed: "Profiles", typed: "Profiles") -> "Profiles":
    """One person's profile from a list and from what was typed, which goes before the list."""
    import numpy as np

    from konomi.data.profiles import Profiles

    rest = listed.keep(~np.isin(listed.item, typed.item))
    status = None
    if rest.status is not None:
        status = np.concatenate([rest.status, np.zeros(len(typed.item), np.uint8)])
    user = np.zeros(len(rest.item) + len(typed.item), np.int32)
    return Profiles.from_entries(
        1, user, np.concatenate([rest.item, typed.item]), np.concatenate([rest.rating, typed.rating]), status
    )


def _given(recommender: "Recommender", given: "list[Given]", matched: "Matched | None") -> dict[str, Any]:
    """What was understood, for machines."""
    titles = recommender.titles
    typed = [{"text": g.text, "title": g.title, "item_id": _id(recommender, g.match.row), "rating": g.rating} for g in given]
    if matched is None:
        return {"given": typed}
    listed = [
        {
            "text": found.entry.name,
            "title": titles.name(found.row),
            "item_id": _id(recommender, found.row),
            "rating": found.entry.rating,
            "confidence": round(found.confidence, 3),
            "how": found.how,
        }
        for found in matched.matched
    ]
    missed = [{"text": miss.entry.name, "suggestions": list(miss.suggestions)} for miss in matched.unmatched]
    doubles = [{"text": double.entry.name, "kept": double.kept.name} for double in matched.doubles]
    kind = matched.personal.kind
    return {"given": typed, "list": {"kind": kind, "matched": listed, "unmatched": missed, "doubles": doubles,
                                     "notes": list(matched.notes)}}  # fmt: skip


def _say_given(recommender: "Recommender", given: "list[Given]", matched: "Matched | None") -> None:
    """What was understood, for people."""
    for one in given:
        others = ", ".join(recommender.titles.name(row) for row in one.match.also[:3])
        say(f"{one.text} → {one.title}: {one.rating:g}" + (f" (not: {others})" if others else ""))
    if matched is None:
        return
    total = len(matched.personal.entries)
    say(f"{SITES[matched.personal.kind]}: {len(matched.matched):,} of {total:,} entries matched.")
    for line in matched.notes:
        say(line)
    for found in matched.matched:
        if found.confidence < UNSURE:
            name = recommender.titles.name(found.row)
            say(f"  {found.entry.name} → {name}, by {found.how} ({found.confidence:.0%} sure)")
    for double in matched.doubles:
        say(f"  {double.entry.name}: the same title as {double.kept.name}, which is used")
    if matched.unmatched:
        missed = "; ".join(miss.entry.name for miss in matched.unmatched[:SHOWN])
        more = len(matched.unmatched) - SHOWN
        say(f"Not in this catalogue: {missed}{f'; and {more:,} more' if more > 0 else ''}. With --json: all, with guesses.")


def _id(recommender: "Recommender", row: int) -> int | str:
    found: int | str = recommender.bundle.items["item_id"][row]
    return found


def _pairs(texts: "list[str] | tuple[()]", option: str, example: str) -> dict[str, float]:
    """{"Cowboy Bebop": 9.0} from "Cowboy Bebop=9"."""
    pairs: dict[str, float] = {}
    for text in texts:
        name, sign, value = text.rpartition("=")
        if not sign or not name.strip():
            raise RequestError(f'{option} "{text}": no name and number.', f'Write it as {option} "{example}".')
        if name.strip() in pairs:
            raise RequestError(f'"{name.strip()}" is given twice.', "Give it once.")
        try:
            pairs[name.strip()] = float(value.strip().replace(",", "."))
        except ValueError:
            said = f'{option} "{text}": "{value.strip()}" is not a number.'
            raise RequestError(said, f'Write it as {option} "{example}".') from None
    return pairs
