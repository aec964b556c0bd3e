"""The log: a JSON object a line. It has no bodies, no ids of people and no secrets."""

import logging
import sys
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Thread
from typing import Any, TextIO

import msgspec

from konomi.text import visible

MOST = 10_000  # lines that wait to be written
GRACE = 1.0  # seconds that they have when the service ends


class Log(logging.Handler):
    """Writes lines to a stream, by default stderr as it is at that moment; also as a handler of Python's own log records."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(logging.INFO)
        self.stream = stream

    def __call__(self, **said: Any) -> None:
        """Write one line. A log that nobody can read any more is no reason to answer nobody."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.write(msgspec.json.encode({"time": now, **said}).decode())

    def write(self, line: str) -> None:
        """Write one line, now."""
        try:
            print(line, file=self.stream or sys.stderr, flush=True)
        except (OSError, ValueError):
            pass

    def emit(self, record: logging.LogRecord) -> None:
        """A record of Python's log; without its traceback."""
        self(level=record.levelname.lower(), message=visible(record.getMessage()))


class LogBehind(Log):
    """Writes on a thread of its own, so that a stream which nobody reads stops no request: then lines are left out, and their
    number is told when there is room again."""

    def __init__(self, stream: TextIO | None = None, most: int = MOST) -> None:
        super().__init__(stream)
        self._waiting, self._left_out = Queue[str | None](most), 0
        self._thread = Thread(target=self._work, name="konomi log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have a line written, if not too many wait."""
        try:
            self._waiting.put_nowait(line)
        except Full:
            self._left_out += 1

    def close(self) -> None:
        """Write what waits, as far as that takes no longer than `GRACE`."""
        try:
            self._waiting.put(None, timeout=GRACE)
        except Full:
            return
        self._thread.join(GRACE)
        super().close()

    def _work(self) -> None:
        while (line := self._waiting.get()) is not None:
            super().write(line)
            if self._left_out:
                left_out, self._left_out = self._left_out, 0
                super().write(msgspec.json.encode({"level": "warning", "left_out": left_out}).decode())
