"""The output of commands. Results go to stdout, as tables or with --json as JSON; everything else goes to stderr.

Titles, names and messages may have any characters, so all text goes through `konomi.text.visible`: one text, one line.
"""

import json
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from konomi.text import visible, visible_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from konomi.runtime import Run

WIDTH, NARROWEST = 80, 20  # columns where nobody says how many there are, or says what cannot be
SHORT = WIDTH // 2  # columns of a title that a table is made wide enough for
BAR = 30  # the longest bar of a histogram, in characters

_live: "list[Console]" = []  # the console of the progress bar, while there is one


def console(stderr: bool = False) -> "Console":
    """A console; plain text where the stream is no terminal, 80 columns wide unless COLUMNS is set."""
    from rich.console import Console

    # titles such as "[Oshi no Ko]" are no markup
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if made.width < NARROWEST:  # COLUMNS=0, for one
        made.width = WIDTH
    return made


def show(*results: "RenderableType") -> None:
    """Print results for people: lines of text, and tables with a blank line after each."""
    for result in results:
        if isinstance(result, str):
            console().print(visible(result))
        else:
            console().print(result)
            console().print()


def say(*lines: str) -> None:
    """Print lines that are no result to stderr, above the progress bar if there is one."""
    for line in lines:
        (_live[-1] if _live else console(stderr=True)).print(visible(line), soft_wrap=True)


def called() -> str:
    """How this program is called from here: by its name or, in a virtual environment that is not activated, by its path."""
    return "konomi" if shutil.which("konomi") else shell(sys.argv[0])


def shell(word: object) -> str:
    """A word such as a path as a shell takes it, in quotes where it has to be."""
    return shlex.quote(str(word))


def show_json(value: Any) -> None:
    """Print a result for machines."""
    narrow = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(visible_json(json.dumps(value, indent=2, ensure_ascii=narrow, allow_nan=False)) + "\n")


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], numbers: Iterable[str] = ()) -> "Table":
    """A table of text; the columns named in `numbers` are aligned to the right and never wrapped.

    A cell is a text, a number, None, or a tuple of lines.
    """
    from rich import box
    from rich.table import Table

    look = {
        "title_justify": "left",
        "title_style": "bold",
        "box": box.SIMPLE_HEAD,
        "show_edge": False,
        "collapse_padding": True,
    }
    columns, numbers = list(columns), set(numbers)
    width = len(title) if len(title) <= min(SHORT, console().width) else 0  # a narrow table does not break a short title
    grid = Table(title=visible(title) or None, show_header=any(columns), min_width=width, **look)  # type: ignore[arg-type]
    for column in columns:
        right = column in numbers
        grid.add_column(
            visible(column), justify="right" if right else "left", no_wrap=right, overflow="ellipsis" if right else "fold"
        )
    for row in rows:
        grid.add_row(*map(_cell, row))
    return grid


def _cell(cell: object) -> str:
    lines = cell if isinstance(cell, tuple) else ("" if cell is None else cell,)
    return "\n".join(visible(str(line)) for line in lines)


def histogram(title: str, counts: dict[str, int]) -> "Table":
    """Counts as bars."""
    most = max(counts.values(), default=0) or 1
    bars = [(name, f"{count:,}", "█" * -(-count * BAR // most)) for name, count in counts.items()]
    return table(title, ("", "count", "bar"), bars, ("", "count"))


def note(text: str) -> None:
    """Print a note on the data, such as "simulated ratings", if there is one."""
    if text:
        show(f"Note: {text}.")


@contextmanager
def running(
    seed: int = 0,
    threads: int | None = None,
    device: Literal["cpu", "cuda"] = "cpu",
    checkpoint: Path | None = None,
    memory: str | None = None,
    json: bool = False,
) -> "Iterator[Run]":
    """A `Run` whose progress goes to stderr: bars on a terminal, elsewhere lines, unless what is wanted is JSON."""
    from konomi.cli.progress import Lines, bars
    from konomi.machine import available_cores
    from konomi.runtime import Run
    from konomi.settings import byte_size

    run = Run(seed, threads or available_cores(), device=device, checkpoint=checkpoint)
    if memory is not None:
        run = replace(run, memory=byte_size(memory, "--memory"))
    screen = console(stderr=True)
    if not screen.is_interactive:
        yield run if json else replace(run, progress=Lines(say))
        return
    with bars(screen) as progress:
        _live.append(screen)
        try:
            yield replace(run, progress=progress)
        finally:
            _live.pop()
