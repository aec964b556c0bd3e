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

TYPE_CHECKING = False  # as `typing` has it, which takes as long to import as all else here
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

ENDING = {"SIGINT": "interrupted.", "SIGTERM": "terminated.", "SIGHUP": "", "SIGPIPE": ""}
"""signal → the message printed for it."""

REFUSED = 2  # exit code
PATIENCE = 2.0  # seconds in which a second signal does not disturb the taking away
AGAIN = 0.05  # seconds until `Ended` is raised once more where it was lost: in a bare `except`, a callback of C code, `__del__`


class Ended(BaseException):
    """A signal has ended the command."""


class Ending:
    """The first signal that came, and when; and what was being handled then."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.since = 0.0
        self.handled: BaseException | None = None

    def listen(self) -> None:
        """Handle the signals of `ENDING`, except those that the parent process ignores, as with `nohup`."""
        for name in ENDING:
            number = getattr(signal, name, None)
            plain = (signal.SIG_IGN,) if name == "SIGPIPE" else (signal.SIG_DFL, signal.default_int_handler)  # of Python
            if number is not None and signal.getsignal(number) in plain:
                signal.signal(number, self.end)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self.end_again)
        sys.unraisablehook = self.lost

    def end(self, number: int, frame: "FrameType | None") -> None:
        """Raise `Ended`."""
        if self.signal is None:
            self.signal, self.since, self.handled = signal.Signals(number), time.monotonic(), sys.exc_info()[1]
        elif time.monotonic() - self.since < PATIENCE:
            return
        self.remind(AGAIN)
        raise Ended

    def end_again(self, number: int, frame: "FrameType | None") -> None:
        """Raise `Ended` where it was lost: where neither it nor what it became is on its way."""
        self.remind(AGAIN)
        if sys.exc_info()[1] in (None, self.handled):
            raise Ended

    def remind(self, seconds: float) -> None:
        """Call `end_again` after so long, or never (0)."""
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def arrived(self) -> None:
        """Listen no more: the command is done, and Python on its way out. A signal that waits to be handled is still raised."""
        self.remind(0)
        for name in (*ENDING, "SIGALRM"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)

    def lost(self, what: "Any") -> None:
        """An error where none can be raised: Python tells of it, and after a signal it is of no interest."""
        if self.signal is None:
            sys.__unraisablehook__(what)

    def leave(self) -> None:
        """End the process with the exit code of the signal."""
        assert self.signal is not None
        try:
            if message := ENDING[self.signal.name]:
                print(f"\n{message}", file=sys.stderr, flush=True)
        finally:
            os._exit(128 + self.signal)


def open_streams() -> None:
    """Stand-ins for standard streams that the parent has closed: else the next file to be opened would take their place."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))


def main() -> None:
    """Run the command that was typed."""
    ending = Ending()
    ending.listen()
    open_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # no error for a title that the terminal cannot show
    failed: BaseException | None = None
    try:
        try:
            from konomi.cli.commands import app

            try:
                app()
            finally:
                sys.stdout.flush()
        except BaseException as error:
            failed = error
        ending.arrived()
    except Ended:  # the write that failed comes before the signal of it
        ending.arrived()
    if ending.signal is not None:
        failed = None  # whatever became of `Ended` on its way goes, and with its frames all that was to be taken away
        ending.leave()
    if isinstance(failed, OSError):  # of the streams: commands tell of all others themselves
        try:
            print(f"error: what is printed cannot be written: {failed.strerror}.", file=sys.stderr, flush=True)
        finally:
            os._exit(REFUSED)  # Python itself would try again to write what is left
    if failed is not None:
        raise failed
