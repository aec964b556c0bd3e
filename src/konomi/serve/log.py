"""The log: a JSON object a line. It has no bodies, no ids of people and no secrets."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from konomi.text import visible


class Log(logging.Handler):
    """Writes lines to a stream, by default stderr as it is at that moment; also as a handler of Python's own log records."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(logging.INFO)
        self.stream = stream

    def __call__(self, **said: Any) -> None:
        """Write one line. A log that nobody can read any more is no reason to answer nobody."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = msgspec.json.encode({"time": now, **said}).decode()
        try:
            print(line, file=self.stream or sys.stderr, flush=True)
        except (OSError, ValueError):
            pass

    def emit(self, record: logging.LogRecord) -> None:
        """A record of Python's log; without its traceback."""
        self(level=record.levelname.lower(), message=visible(record.getMessage()))
