"""Every command and every program of the README runs as it stands, in order, in one folder."""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from typer.testing import CliRunner

import konomi
from konomi.cli.commands import app
from pandas_like import like_pandas
from readme_files import anime_frames, write_animelist, write_movielens, write_new, write_pairs

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```|^((?: {4}[^\n]*\n)+)", re.M | re.S)
NOT_RUN = ("make demo", "make test")  # they install from the registry and run this very test
TREE = re.compile(r"src/konomi/$|[├│└]")  # lines of the drawing of the source
ANSWERS = "4\n\n2\n5\nq\n"  # to `konomi ask`: a rating, not seen, two ratings, done


class Step(NamedTuple):
    """A command line, or a program."""

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text.partition("\n")[0] if self.kind == "command" else "the program in Python"


def steps(text: str) -> list[Step]:
    """All that can be run in a page: programs, and lines of other blocks; below a line with "$ " stands what it prints."""
    found = []
    for language, fenced, indented in BLOCK.findall(text):
        lines = [line.strip() for line in (fenced or indented).splitlines() if line.strip()]
        if language == "python":
            found.append(Step("program", fenced))
            continue
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        found += [Step("command", line) for line in typed or lines if not TREE.match(line)]
    return found


STEPS = steps(README)


class Ran(NamedTuple):
    """What became of a step."""

    printed: str
    error: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[Step, Ran]]]:
    """The folder in which everything was run, and what became of each step."""
    folder = tmp_path_factory.mktemp("readme")
    write_movielens(folder / "ml-latest-small.zip")
    write_new(folder / "new.csv")
    write_pairs(folder / "pairs.csv")
    write_animelist(folder / "animelist.xml.gz")
    ratings, catalogue = anime_frames()
    first = konomi.train_model(konomi.Dataset.from_frame(ratings, items=catalogue), "ease,mf", run=konomi.Run(seed=0))
    konomi.save_bundle(folder / "model", first)  # the README begins with what a model answers
    found: dict[Step, Ran] = {}
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr("konomi.cli.ask.at_terminal", lambda: True)
        for step in STEPS:
            if step.kind == "program":
                found[step] = _program(step.text, {"ratings": like_pandas(ratings), "catalogue": like_pandas(catalogue)})
            elif not step.text.startswith(NOT_RUN):
                found[step] = _command(step.text)
    yield folder, found


def _program(text: str, frames: dict[str, object]) -> Ran:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "README.md", "exec"), frames)
    except Exception as error:
        return Ran(printed.getvalue(), repr(error))
    return Ran(printed.getvalue(), "")


def _command(line: str) -> Ran:
    name, *words = shlex.split(line, comments=True)
    if name != "konomi":
        return Ran("", f"{name}: neither a command of Konomi nor one of {NOT_RUN}")
    result = CliRunner().invoke(app, words, input=ANSWERS if words[0] == "ask" else None)
    failed = result.exit_code != 0
    return Ran(result.stdout + result.stderr, f"{result.stderr}{result.exception!r}" if failed else "")


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_it_runs(ran: tuple[Path, dict[Step, Ran]], step: Step) -> None:
    if step.text.startswith(NOT_RUN):
        return
    assert not ran[1][step].error and ran[1][step].printed


def test_the_readme_has_commands_and_a_program() -> None:
    assert sum(step.kind == "command" for step in STEPS) > 10 and sum(step.kind == "program" for step in STEPS) == 1
    blocks = (
        "    konomi info data  # so\n    rm -rf /\n",
        "```\n$ konomi demo\nprinted\n```\n",
        "    src/konomi/\n    ├── cli/\n",
    )
    text = "\n".join(("word\n", *blocks))
    assert [step.text for step in steps(text)] == ["konomi info data  # so", "rm -rf /", "konomi demo"]
    assert "neither a command" in _command("rm -rf /").error and _command("konomi nonsense").error


def test_what_is_made_is_there(ran: tuple[Path, dict[Step, Ran]]) -> None:
    folder, found = ran
    assert (folder / "report" / "report.html").is_file() and (folder / "people" / "manifest.json").is_file()
    recommended = pl.read_parquet(folder / "recs.parquet")
    assert recommended["user_id"].n_unique() == 63
    assert (folder / "me.csv").read_text().count("\n") == 4  # a header and three ratings
    model = konomi.Recommender.load(folder / "model")
    assert "Sci-Fi" in {genre for genres in model.bundle.items["genres"] for genre in genres}  # the films', not the anime's
    (films,) = (ran.printed for step, ran in found.items() if "--type Movie" in step.text)
    assert films.count("Movie)") == 10 and not re.search(r"\((19[0-8]\d), Movie\)", films)
    (program,) = (ran.printed for step, ran in found.items() if step.kind == "program")
    assert 0 < float(program.split("\n")[0]) < 9
