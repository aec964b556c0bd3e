"""The entry point of `konomi`: handles signals and exit codes. It imports the commands only after signals are handled.

A signal that ends a command (Ctrl-C, a closed terminal, `kill`, a pipe that `head` has closed) is raised as `Ended`, which no
library catches, so that half-written files are removed. Then the process ends with 128 + the signal's number, without waiting
for threads and without a traceback.
"""

import io
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

ENDING = {"SIGINT": "interrupted.", "SIGTERM": "terminated.", "SIGHUP": "", "SIGPIPE": ""}
"""signal → the message printed for it."""

PATIENCE = 2.0  # seconds after a signal in which another one is ignored, so that the clean-up is not disturbed
AGAIN = 0.01  # seconds until `Ended` is raised again, where Python could not raise it


class Ended(BaseException):
    """A signal has ended the command."""


class Ending:
    """Handles the signals. signal: the first that came; since: its time, seconds of `time.monotonic`."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.since = 0.0

    def listen(self) -> None:
        """Handle the signals of `ENDING`, except those that the parent process ignores, as with `nohup`."""
        for name in ENDING:
            number = getattr(signal, name, None)
            plain = (signal.SIG_IGN,) if name == "SIGPIPE" else (signal.SIG_DFL, signal.default_int_handler)  # of Python
            if number is not None and signal.getsignal(number) in plain:
                signal.signal(number, self.end)
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self.end_again)
            sys.unraisablehook = self.swallowed

    def end(self, number: int, frame: FrameType | None) -> None:
        """Raise `Ended`."""
        if self.signal is None:
            self.signal, self.since = signal.Signals(number), time.monotonic()
        elif time.monotonic() - self.since < PATIENCE:
            return
        raise Ended

    def end_again(self, number: int, frame: FrameType | None) -> None:
        """Raise `Ended` again, for an earlier signal."""
        raise Ended

    def swallowed(self, what: Any) -> None:
        """Called where `Ended` was raised in a callback of C code or in `__del__`, from which Python cannot raise it."""
        if self.signal is None:
            sys.__unraisablehook__(what)
        else:
            signal.setitimer(signal.ITIMER_REAL, AGAIN)

    def leave(self) -> None:
        """End the process with the exit code of the signal."""
        assert self.signal is not None
        try:
            if message := ENDING[self.signal.name]:
                print(f"\n{message}", file=sys.stderr, flush=True)
        finally:
            os._exit(128 + self.signal)


def main() -> None:
    """Run the command that was typed."""
    ending = Ending()
    ending.listen()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # no error for a title that the terminal cannot show
    try:
        try:
            from konomi.cli.commands import app

            app()
        finally:
            sys.stdout.flush()
    finally:
        if ending.signal is not None:  # even if `Ended` was replaced by another exception
            ending.leave()
        for name in ENDING:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)  # the command is done, and Python is exiting
