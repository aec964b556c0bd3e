"""How far work has come, on stderr: a bar on a terminal; elsewhere, as in a log, a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from konomi.runtime import Progress, Stage
from konomi.text import visible

if TYPE_CHECKING:
    from rich.console import Console

SOON = 1.0  # seconds; no line tells of a stage that is done by then
PAUSE = 5.0  # seconds between two lines, at least; in long stages it grows
SHARE = 0.05  # of the time that a stage has taken: so long is the pause there


@contextmanager
def bars(screen: "Console") -> Iterator[Progress]:
    """A bar for each stage, as wide as there is room, with the rate, the time left and what else is known."""
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(None, table_column=Column(ratio=1)),
        TextColumn("{task.fields[so_far]}", markup=False),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[error]}", markup=False),
    )
    with Bars(*columns, console=screen, expand=True) as shown:
        tasks: dict[str, TaskID] = {}

        def update(stage: Stage) -> None:
            if stage.what not in tasks:
                tasks[stage.what] = shown.add_task(visible(stage.what), total=stage.total, so_far=_so_far(stage), error="")
            task = shown.tasks[tasks[stage.what]]
            if stage.done < task.completed:  # it begins again, with another model or fold
                shown.reset(task.id)
            so_far = _so_far(stage) + (f" {_short(task.speed)}/s" if task.speed else "")
            shown.update(task.id, completed=stage.done, total=stage.total, so_far=so_far, error=stage.error)

        yield update


class Lines:
    """Progress as lines, such as "train mf: 9 of 60 epochs, 1.4 epochs/s, 0:00:36 left, valid RMSE 1.1340"."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last = say, Stage("", 0, 0, "")
        self._first, self._begun, self._next = 0.0, 0.0, 0.0

    def __call__(self, stage: Stage) -> None:
        """Say it, if it is time to."""
        now, last, self._last = monotonic(), self._last, stage
        if stage == last:
            return
        if stage.what != last.what or stage.done < last.done:
            self._first, self._begun, self._next = stage.done, now, now + SOON
        seconds, done = now - self._begun, stage.done - self._first
        if seconds < SOON or not done:
            return
        rate, left = done / seconds, seconds / done * (stage.total - stage.done)
        if left and (now < self._next or left < PAUSE):  # the last line is near
            return
        self._next = now + max(PAUSE, SHARE * seconds)
        words = [f"{stage.what}: {_so_far(stage)}", f"{_short(rate)} {stage.unit}/s"]
        words.append(f"{_clock(left)} left" if left else f"{_clock(seconds)} in all")
        with suppress(OSError):  # a log that cannot be written ends no work
            self._say(", ".join([*words, *filter(None, [stage.error])]))


def _so_far(stage: Stage) -> str:
    """Such as "9.4 of 60 epochs"."""
    done = f"{stage.done:,}" if stage.done == int(stage.done) else f"{stage.done:,.1f}"
    return f"{done} of {stage.total:,} {stage.unit}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}"


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
