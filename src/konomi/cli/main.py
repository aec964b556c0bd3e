"""The entry point of `konomi`: what ends a command, and with which exit code. Nothing is imported before that stands.

A signal that ends it (Ctrl-C, a terminal that closes, `kill`, a pipe that `head` has read enough of) is raised as `Ended`,
which no library catches, so whatever is half-written is taken away; then the process ends with 128 + the signal's number,
without waiting for threads and without a traceback.
"""

import io
import os
import signal
import sys
import time

TYPE_CHECKING = False  # as `typing` has it, which takes as long to import as all else here
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

ENDING = {"SIGINT": "interrupted.", "SIGTERM": "terminated.", "SIGHUP": "", "SIGPIPE": ""}
"""The signals, and what is said of them."""

PATIENCE = 2.0  # seconds in which a second signal does not disturb the taking away
AGAIN = 0.01  # seconds until a signal that was raised where nothing can be raised is raised once more


class Ended(BaseException):
    """A signal has ended the command."""


class Ending:
    """The first signal that came, and when."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.since = 0.0

    def listen(self) -> None:
        """Hear the signals of `ENDING`, but for those that the parent wants ignored, as `nohup` does."""
        for name in ENDING:
            number = getattr(signal, name, None)
            plain = (signal.SIG_IGN,) if name == "SIGPIPE" else (signal.SIG_DFL, signal.default_int_handler)  # of Python
            if number is not None and signal.getsignal(number) in plain:
                signal.signal(number, self.end)
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self.end_again)
            sys.unraisablehook = self.swallowed

    def end(self, number: int, frame: "FrameType | None") -> None:
        """Raise `Ended`."""
        if self.signal is None:
            self.signal, self.since = signal.Signals(number), time.monotonic()
        elif time.monotonic() - self.since < PATIENCE:
            return
        raise Ended

    def end_again(self, number: int, frame: "FrameType | None") -> None:
        """Raise `Ended` for a signal that came before."""
        raise Ended

    def swallowed(self, what: "Any") -> None:
        """`Ended` came up in a callback of C code or in `__del__`, where Python can only tell of it."""
        if self.signal is None:
            sys.__unraisablehook__(what)
        else:
            signal.setitimer(signal.ITIMER_REAL, AGAIN)

    def leave(self) -> None:
        """End the process as the signal wants it."""
        assert self.signal is not None
        try:
            if said := ENDING[self.signal.name]:
                print(f"\n{said}", file=sys.stderr, flush=True)
        finally:
            os._exit(128 + self.signal)


def main() -> None:
    """Run the command that was typed."""
    ending = Ending()
    ending.listen()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a title that the terminal cannot show is no reason to fail
    try:
        try:
            from konomi.cli.commands import app

            app()
        finally:
            sys.stdout.flush()
    finally:
        if ending.signal is not None:  # whatever became of `Ended` on its way
            ending.leave()
        for name in ENDING:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)  # it is done, and Python is on its way out
