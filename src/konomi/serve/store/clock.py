"""Points in time: microseconds since 1970, UTC, and RFC 3339 as people write them."""

import time
from datetime import UTC, datetime, timedelta

from konomi.errors import RequestError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """The time of this machine."""
    return time.time_ns() // 1000


def parsed(text: str) -> int:
    """Microseconds of a time such as 2026-11-28T20:15:00Z or 2026-11-28T21:15:00.5+01:00; RequestError for anything else."""
    try:
        at = datetime.fromisoformat(text) if len(text) <= 40 and "T" in text.upper() else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at < EPOCH:
        message = f'"{text[:60]}" is not a point in time since 1970.'
        raise RequestError(message, "Write it with its zone: 2026-11-28T20:15:00Z.", "at")
    return (at - EPOCH) // MICROSECOND


def written(at: int) -> str:
    """RFC 3339 of a point in time."""
    return (EPOCH + at * MICROSECOND).isoformat().replace("+00:00", "Z")
