"""konomi recommend: titles to see next, for a known user, a list, typed titles, genre wishes, or anybody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from konomi.cli.console import running, say, show_json
from konomi.cli.filters import with_filters
from konomi.cli.options import BundlePath, Count, Data, Json, Memory, Threads
from konomi.cli.titles import show_answer
from konomi.errors import RequestError

if TYPE_CHECKING:
    from konomi.ranking.dials import Dials
    from konomi.recommend.filters import Where

WHO = "For whom"


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
    from konomi.recommend.bulk import check_table, write_recommendations
    from konomi.recommend.recommender import Recommender
    from konomi.recommend.understood import sentences

    if everybody != (output is not None):
        raise RequestError("Recommendations for everybody go into a file.", "Give both --all and -o FILE, or neither.")
    if everybody and (user is not None or profile or rate or genre):
        raise RequestError("--all is for everybody in the dataset.", "Leave out --user, --profile, --rate and --genre.")
    if user is not None and (profile or rate):
        raise RequestError("Somebody in the dataset has a profile.", "Give --user ID, or --profile and --rate.")
    if output is not None:
        check_table(output, [bundle, *([data] if data else [])])
    recommender = Recommender.load(bundle, data)
    if output is not None:
        with running(threads=threads, memory=memory, json=json) as run:
            rows = write_recommendations(recommender, output, k, where, dials, run)
        show_json({"path": str(output), "rows": rows}) if json else say(f"{rows:,} recommendations are written to {output}.")
        return
    ratings, wishes = _pairs(rate or (), "--rate", "Cowboy Bebop=9"), _pairs(genre or (), "--genre", "Action=9")
    person = recommender.person(ratings or None, user=user, list_file=profile, wishes=wishes)
    answer = recommender.recommend(person, k, where, dials, why=why)
    if json:
        show_json(answer.to_dict())
        return
    lines = sentences(person)
    if person.matched and person.matched.unmatched:
        lines[-1] += " With --json: all, with guesses."
    for line in lines:
        say(line)
    show_answer(answer, recommender, where)


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
            message = f'{option} "{text}": "{value.strip()}" is not a number.'
            raise RequestError(message, f'Write it as {option} "{example}".') from None
    return pairs
