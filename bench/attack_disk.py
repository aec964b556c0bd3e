"""A disk that is full: see attack.py. No file of a command may grow beyond a random size below that of its result.

The command says so and ends with exit code 2, or was done; what was there before is still there, and nothing lies beside it.
"""

import random
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attack_ground import DONE, REFUSED, begin, changes, ground, made, state
from attack_kills import VICTIMS

LIMITS = 6  # of each command


def disk_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """(the command and the largest file it could write, how it ended, what is wrong) of each."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        ground(root)
        for name, victim in VICTIMS.items():
            for n in range(2):
                made(*victim.words(root, n), "-o", root / f"whole-{name}-{n}" / victim.name)
            whole = root / f"whole-{name}-1" / victim.name
            largest = max(path.stat().st_size for path in (whole, *whole.rglob("*")) if path.is_file())
            for _ in range(rounds * LIMITS):
                over, limit = draw.random() < 0.5, draw.randrange(largest)
                folder = Path(tempfile.mkdtemp(dir=root))
                if over:
                    older = root / f"whole-{name}-0" / victim.name
                    (shutil.copytree if older.is_dir() else shutil.copy)(older, folder / victim.name)
                before = state(folder)
                child = begin(
                    *victim.words(root, 1),
                    *("-o", folder / victim.name),
                    before=lambda size=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
                )
                said = child.communicate()[1].decode(errors="replace")
                shown = f"{name}, {'over an older one' if over else 'over none'}, at most {limit} bytes"
                yield shown, *_judged(child.returncode, said, changes(before, state(folder)))
                shutil.rmtree(folder)


def _judged(code: int, said: str, changed: list[str]) -> tuple[str, str]:
    if code == DONE:
        return "done", ""
    if code != REFUSED or "cannot be written" not in said:
        return "crashed", f"exit code {code}: {said[-300:]}"
    return "refused", f"changed: {changed[:5]}" if changed else ""
