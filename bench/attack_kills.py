"""Processes that are killed while they write: see attack.py.

Half of them at any moment, half just after the hidden folder appears in which they write, where a kill can do most. Then the
place has the whole older result, the whole new one, or nothing where nothing was; what is there opens with all its checks; the
same command, let through, leaves the new result and nothing beside it; what belongs to others has not been touched.
"""

import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from attack_ground import State, begin, changes, ground, here, made, state
from konomi.bundle.format import load_bundle
from konomi.data.dataset import Dataset
from konomi.errors import DataError
from konomi.files import read_manifest
from konomi.neural import checkpoint

KILLS = 20  # of each command
WRITING = 0.02  # seconds after the hidden folder appears in which it is killed
FOREIGN = (".out.notes.partial", ".out.12345678.part", "out.bak", ".other.12345678.partial")  # names like our own


def a_report(path: Path) -> None:
    found = read_manifest(path, "konomi report", 1, ("files",), DataError, "")
    json.loads((path / "metrics.json").read_text())
    assert set(found["files"]) <= {file.name for file in path.iterdir()}


def a_checkpoint(path: Path) -> None:
    checkpoint.load(path.read_bytes())


@dataclass(frozen=True)
class Victim:
    """A command that writes to a place: its words for an older and for a newer result, and what opens a result."""

    words: Callable[[Path, int], list[Any]]
    opened: Callable[[Path], Any]
    name: str = "out"


VICTIMS = {
    "prepare": Victim(lambda root, n: ["prepare", root / f"ratings-{n}"], Dataset.open),
    "train": Victim(
        lambda root, n: ["train", root / "data-0", "-m", "ease,mf", "--set", "mf.epochs=2", "--seed", n], load_bundle
    ),
    "compare": Victim(lambda root, n: ["compare", root / f"data-{n}", "-m", "popular", "--task", "interaction"], a_report),
    "parquet": Victim(lambda root, n: ["recommend", root / "model", "--all", "-k", n + 3], pl.read_parquet, "out.parquet"),
    "csv": Victim(lambda root, n: ["recommend", root / "model", "--all", "-k", n + 3], pl.read_csv, "out.csv"),
}


def kill_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """(what was killed and when, what was there then, what is wrong) of each kill."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        ground(root)
        for name, victim in VICTIMS.items():
            older, newer = (_result(victim, root, n) for n in range(2))
            begun = time.monotonic()
            child = begin(*victim.words(root, 1), "-o", root / "trial" / victim.name)
            child.communicate()
            whole = time.monotonic() - begun
            shutil.rmtree(root / "trial")
            for _ in range(rounds * KILLS):
                yield _kill(name, victim, root, older, newer, whole, draw)


def _result(victim: Victim, root: Path, n: int) -> Path:
    """A whole result of the command."""
    path = root / f"whole-{n}" / victim.name
    if path.exists():
        shutil.rmtree(path.parent)
    made(*victim.words(root, n), "-o", path)
    return path


def _kill(
    name: str, victim: Victim, root: Path, older: Path, newer: Path, whole: float, draw: random.Random
) -> tuple[str, str, str]:
    folder = Path(tempfile.mkdtemp(dir=root))
    out = folder / victim.name
    if over := draw.random() < 0.7:
        (shutil.copytree if older.is_dir() else shutil.copy)(older, out)
    for foreign in FOREIGN:
        (folder / foreign).mkdir()
        (folder / foreign / "mine").write_text("mine")
    before, had = state(folder), contents(out)
    writing = draw.random() < 0.5
    wait = draw.uniform(0, WRITING if writing else whole)
    child = begin(*victim.words(root, 1), "-o", out)
    while writing and child.poll() is None and not _hidden(folder):
        time.sleep(0.0005)
    time.sleep(wait)
    child.kill()
    child.communicate()
    said = f"{name}, {'over an older one' if over else 'over none'}, {'writing' if writing else 'at'} + {wait:.4f} s"
    try:
        found = contents(out)
        end = "new" if found == contents(newer) else "old" if over and found == had else "none" if not found else "mixed"
        if end == "mixed" or (over and not found):
            return said, "mixed", "the place has neither the older nor the newer result"
        if found:
            victim.opened(out)
        code, told = here(*victim.words(root, 1), "-o", out)
        if code or contents(out) != contents(newer):
            return said, end, f"the next save fails: {told}"
        victim.opened(out)
        others = [path for path in changes(before, state(folder)) if path.split("/")[0] != victim.name]
        return said, end, f"changed beside it: {others[:5]}" if others else ""
    except Exception as error:
        return said, "traceback", f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder)


def contents(path: Path) -> State:
    """What the files of a result hold, whatever the number of its version and the time it took."""
    current = path / "current"
    within = state(path / current.read_text().strip() if current.is_file() else path)
    return {name: "" if name in ("metrics.json", "tables.md", "report.html") else content for name, content in within.items()}


def _hidden(folder: Path) -> bool:
    return any(path.name.startswith(".out") and path.name not in FOREIGN for path in folder.iterdir())
