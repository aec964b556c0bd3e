"""Ways to damage files, and how opening a damaged one ends."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from konomi.errors import KonomiError

Files = dict[str, bytes]
Damaged = tuple[str, Files]
"""What was done, and the files then."""

ODD = (None, True, False, -1, 0, 7, 2**63, 1e300, float("inf"), float("nan"), "", "x", "\ud800", [], {}, [[]], {"a": 1}, "\0")
DEEP = ("[" * 9_999 + "]" * 9_999, '{"a":' * 9_999 + "1" + "}" * 9_999, "1" * 9_999)


def cuts(files: Files, draw: random.Random) -> Damaged:
    """One file, its bytes damaged."""
    name = draw.choice(sorted(files))
    content = bytearray(files[name])
    a, b = sorted(draw.randrange(len(content) + 1) for _ in "ab")
    what = draw.choice(("flip", "flips", "truncate", "extend", "zero", "random", "swap", "drop", "double", "empty"))
    if what in ("flip", "flips"):
        for _ in range(1 if what == "flip" else draw.randrange(2, 9)):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif what == "truncate":
        del content[a:]
    elif what == "extend":
        content += draw.randbytes(draw.randrange(1, 99))
    elif what == "zero":
        content[a:b] = bytes(b - a)
    elif what == "random":
        content[a:b] = draw.randbytes(b - a)
    elif what == "swap":
        content[a:b] = content[a:b][::-1]
    elif what == "drop":
        del content[a:b]
    elif what == "double":
        content[a:a] = content[a:b]
    else:
        content.clear()
    return f"{what} {name}", {**files, name: bytes(content)}


def names(files: Files, draw: random.Random) -> Damaged:
    """Whole files: gone, or in each other's place."""
    one, other = draw.sample(sorted(files), 2)
    if draw.random() < 0.3:
        return f"delete {one}", {name: content for name, content in files.items() if name != one}
    if draw.random() < 0.3:
        return f"{one} by {other}", {**files, one: files[other]}
    return f"{one} and {other} swapped", {**files, one: files[other], other: files[one]}


def words(text: bytes, draw: random.Random) -> tuple[str, bytes]:
    """A JSON text with one value replaced, gone or nested too deep."""
    value = json.loads(text)
    places = [path for path in _paths(value) if path]
    path = draw.choice(places)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    shown = "/".join(map(str, path))
    if (chance := draw.random()) < 0.2:
        del holder[path[-1]]
        return f"without {shown}", json.dumps(value).encode()
    holder[path[-1]] = "DEEP" if chance < 0.3 else draw.choice(ODD)
    said = f"{shown} = {holder[path[-1]]!r}"
    return said, json.dumps(value).replace('"DEEP"', draw.choice(DEEP), 1).encode()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield from _paths(value[key], (*path, key))


def outcome(
    opened: Callable[[], Any], unchanged: Callable[[Any], bool], use: Callable[[Any], None] | None = None, forged: bool = False
) -> str:
    """What opening something damaged ends in; what is forged may differ, but must work."""
    try:
        found = opened()
        if forged and use:
            use(found)
            return "works"
        return "harmless" if unchanged(found) else "silent"
    except KonomiError:
        return "refused"
    except (Exception, pl.exceptions.PanicException) as error:
        return f"traceback: {type(error).__name__}: {error}"[:160]
