"""Commands that write to random places of a tree with files of others in it: see attack.py.

A command is done or refused, never more. Where it is refused, everything is as it was. Where it is done, nothing that was there
has changed but an older result of the same command that is none of its inputs.
"""

import os
import random
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attack_ground import CRASHED, DONE, REFUSED, changes, ground, here, made, state

COMMANDS, TREES = 400, 4
PATIENCE = 60  # seconds of a command
ODD = (
    "a b",
    "x[1]",
    "*",
    "?",
    "[ab]",
    "line\nbreak",
    "tab\there",
    "ünï 好み",
    "-o",
    "--help",
    "~",
    "$HOME",
    "{a,b}",
    "'\"",
    "\udcff",
)
OWN: dict[str, tuple[str, ...]] = {
    "dataset": ("data-0", "data-1"),
    "bundle": ("model",),
    "report": ("report",),
    "table": ("recs.csv",),
    "synth": ("ratings-0", "ratings-1"),
}
"""The results in the tree that each kind of command may replace."""

CATALOGUE = "item_id,title\n1,Mine\n"


def path_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """(the command, how it ended, what is wrong) of each."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole"
        whole.mkdir()
        ground(whole)
        made("recommend", whole / "model", "--all", "-o", whole / "recs.csv")
        made("compare", whole / "data-0", "-m", "popular", "--task", "interaction", "-o", whole / "report")
        for n in range(rounds * TREES):
            root = Path(place) / f"tree-{n}"
            _plant(root, whole, draw)
            os.chdir(root)
            try:
                for _ in range(COMMANDS // TREES):
                    yield _command(root, draw)
            finally:
                os.chdir(before)
            shutil.rmtree(root)


def _plant(root: Path, whole: Path, draw: random.Random) -> None:
    """A tree: results of Konomi's, files and folders of others with odd names, links to and from anywhere, loops."""
    shutil.copytree(whole, root)
    folders = [root]
    for name in ODD:
        folder = draw.choice(folders) / name
        folder.mkdir()
        folders.append(folder)
        for file in draw.sample(["movies.csv", "manifest.json", "current", "notes", f"{name}.csv"], 3):
            (folder / file).write_text(CATALOGUE)
    for n in range(12):
        target = draw.choice([*folders, *root.iterdir(), root / "nowhere", root / f"loop-{n}"])
        link = draw.choice([root, root / f"link-{n - 1}"])
        link = (link if link.is_dir() and link.resolve().is_relative_to(root) else root) / f"link-{n}"
        if not link.resolve().parent.is_relative_to(root / "model") and not os.path.lexists(link):
            link.symlink_to(os.path.relpath(target, link.parent) if draw.random() < 0.5 else target)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(root)
        bound.bind("socket")


def _place(root: Path, draw: random.Random) -> str:
    """Somewhere in the tree, said in some way."""
    paths = [path for path in root.rglob("*")]
    some = str(draw.choice(paths).relative_to(root))
    said = draw.choice([
        *("{}", "{}", "{}", "{}/", "./{}", "{}/.", "{}/..", "{}/new", "{}.new", "new/deeper/{}"),
        *("NEW/../{}", "link-1/../{}", "{}/../../x", "new", "new.csv", "new.parquet", "{}/new.csv", "{}.csv"),
    ]).format(draw.choice([some, some, draw.choice(ODD), f"link-{draw.randrange(12)}", *sum(OWN.values(), ())]))  # fmt: skip
    said = draw.choice([said] * 20 + ["", "/", ".", "..", "x" * 300, "x/" * 3000, "a\0b"])
    return str(root / said) if draw.random() < 0.3 else said


def _command(root: Path, draw: random.Random) -> tuple[str, str, str]:
    place: Callable[[], str] = lambda: _place(root, draw)  # noqa: E731
    rejects = ["--on-bad-rows", "skip", "--rejects", place()]
    kinds: dict[str, list[Any]] = {
        "dataset": [
            "prepare",
            "ratings-1",
            *(rejects if draw.random() < 0.4 else []),
            "--scale",
            draw.choice(["1:10:1", "1:9:1"]),
        ],
        "bundle": ["train", "data-0", "-m", "popular"],
        "report": ["compare", "data-0", "-m", "popular", "--task", "interaction"],
        "table": ["recommend", "model", "--all", "-k", "3"],
        "synth": ["synth", "--ratings", "500", "--users", "40", "--items", "60"],
    }
    inputs = {
        "dataset": ("ratings-1",),
        "bundle": ("data-0",),
        "report": ("data-0",),
        "table": ("model", "data-0"),
        "synth": (),
    }
    kind = draw.choice(sorted(kinds))
    words = [*kinds[kind], f"--output={place()}"]
    before = state(root)
    code, said = _limited(words)
    after, shown = state(root), " ".join(map(ascii, words))
    changed = changes(before, after)
    for path in sorted((path for path in changed if path not in before), reverse=True):  # new: take it away again
        (root / path).rmdir() if (root / path).is_dir() and not (root / path).is_symlink() else (root / path).unlink()
    if code not in (DONE, REFUSED):
        return shown, "crashed", f"exit code {code}: {said[-300:]}"
    lost = [path for path in changed if path in before]
    if code == REFUSED:
        return shown, "refused", f"refused, and changed: {changed[:5]}" if changed else ""
    wrong = [path for path in lost if not _replaceable(path, kind, before) or path.split("/")[0] in inputs[kind]]
    return shown, "replaced" if lost else "new", f"lost: {wrong[:5]}" if wrong else ""


def _limited(words: list[Any]) -> tuple[int, str]:
    """Exit code and stderr of a command that may not take for ever."""

    def too_long(number: int, frame: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE)
    try:
        return here(*words)
    except BaseException as error:
        return CRASHED, repr(error)
    finally:
        signal.alarm(0)


def _replaceable(path: str, kind: str, before: dict[str, str]) -> bool:
    """Whether a path belongs to a result that the command may replace."""
    top = path.split("/")[0]
    return top in OWN[kind] and (path == top or not any(name in path for name in ODD))
