"""konomi ask: asks somebody new a few questions, then recommends."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, say, show, show_json, table
from konomi.cli.options import BundlePath, Count, Json
from konomi.cli.titles import show_answer
from konomi.errors import RequestError
from konomi.text import as_cell

if TYPE_CHECKING:
    from konomi.data.scale import Scale
    from konomi.recommend.interview import Questions
    from konomi.recommend.recommender import Recommender

KEYS = "a number rates it, Enter: not seen, q: done"
FACTS = ("item_id", "title", "year", "type", "genres")


def ask(
    bundle: BundlePath,
    number: Annotated[int, typer.Option("--questions", "-n", min=1, help="How many titles to ask about.")] = 10,
    k: Count = 10,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="Keep the answers as CSV, as `konomi recommend --profile` reads it."),
    ] = None,
    json: Json = False,
) -> None:
    """Ask about the titles that tell most, then say what to see next.

    Each answer decides what is asked next. Where there is no terminal, or with --json, it prints what to ask about first.
    """
    from konomi.data.profiles import Profiles
    from konomi.files import check_file
    from konomi.recommend.filters import Where
    from konomi.recommend.interview import first_questions, questions_of
    from konomi.recommend.recommender import Recommender

    talking = at_terminal() and not json
    if output and not talking:
        raise RequestError("There is nobody to ask, and so no answer to keep.", "Leave out -o, or run it in a terminal.")
    if output:  # older answers are never replaced
        check_file(output, RequestError, [bundle])
    recommender = Recommender.load(bundle)
    items, asking = recommender.bundle.items, questions_of(recommender.bundle)
    if not talking:
        first = [_facts(items.row(row, named=True)) for row in first_questions(asking, number).tolist()]
        if json:
            show_json({"questions": first, "note": recommender.note})
        else:
            rows = ((n, f["title"], f["year"], f["type"], ", ".join(f["genres"])) for n, f in enumerate(first, 1))
            show(table("What to ask about first", ("", *FACTS[1:]), rows, ("", "year", "type")))
            note(recommender.note)
        return
    ratings = _interview(recommender, asking, number)
    if output and ratings:
        _write(output, recommender, ratings)
    elif output:
        say(f"No title was rated, so {output} was not written.")
    show_answer(recommender.recommend(Profiles.of([ratings]), k), recommender, Where())


def at_terminal() -> bool:
    """Whether the command runs in a terminal, so that it can ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _interview(recommender: "Recommender", asking: "Questions", number: int) -> dict[int, float]:
    """{item row: rating} from the answers at the terminal; the end of the input counts as "q"."""
    from konomi.recommend.interview import answered, next_question, start

    interview, scale = start(asking), recommender.bundle.scale
    say(f"Ratings go from {scale}; {KEYS}.")
    while len(interview.answers) < number and (row := next_question(interview)) >= 0:
        facts = _facts(recommender.bundle.items.row(row, named=True))
        known = ", ".join(str(fact) for fact in (facts["year"], facts["type"], *facts["genres"]) if fact is not None)
        say("", f"{len(interview.answers) + 1}. {facts['title']}" + (f" ({known})" if known else ""))
        typed = _typed(scale)
        if typed == "q":
            break
        interview = answered(asking, interview, row, float(typed) if typed else None)
    say("")
    return interview.ratings


def _typed(scale: "Scale") -> str:
    """A rating on the scale, "" for not seen, or "q"; asks again until it is one of these."""
    import numpy as np

    while True:
        print("> ", end="", file=sys.stderr, flush=True)
        try:
            text = input().strip()
        except EOFError:
            return "q"
        if text.lower() in ("", "q"):
            return text.lower()
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            say(f'"{text}" is not a number; {KEYS}.')
            continue
        with np.errstate(over="ignore"):  # 1e300 is infinite, and so off the scale
            if number == number and scale.valid(np.array([number], np.float32))[0]:
                return str(number)
        say(f"{text} is not on the scale, which goes from {scale}; {KEYS}.")


def _write(path: Path, recommender: "Recommender", ratings: dict[int, float]) -> None:
    """Write a line per answer: a text that finds the item again, and the rating."""
    from konomi.files import whole_file

    with whole_file(path, RequestError) as whole, whole.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("title", "rating"))
        lines.writerows((as_cell(recommender.catalogue.handle(row)), f"{rating:g}") for row, rating in ratings.items())
    say(f"Written to {path}.")


def _facts(item: dict[str, Any]) -> dict[str, Any]:
    """The `FACTS` of an item."""
    named = {**item, "title": item["title"] or str(item["item_id"]), "genres": list(item["genres"] or ())}
    return {fact: named[fact] for fact in FACTS}
