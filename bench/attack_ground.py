"""What the attacks are made on: ratings, a dataset and a bundle, small, and Konomi's commands in this process or another."""

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from typer.testing import CliRunner

from konomi.cli.commands import app

START = "from konomi.cli.main import main; main()"
DONE, REFUSED, CRASHED = 0, 2, 99  # exit codes

State = dict[str, str]
"""What lies at each path below a folder: a file's hash, where a link leads, what else it is."""


def here(*words: object) -> tuple[int, str]:
    """Exit code and stderr of a command, run in this process; `CRASHED` where it ends in an exception."""
    found = CliRunner().invoke(app, [str(word) for word in words])
    odd = found.exception is not None and not isinstance(found.exception, SystemExit)
    return (CRASHED, repr(found.exception)[:300]) if odd else (found.exit_code, found.stderr)


def begin(*words: object, before: Callable[[], None] | None = None) -> "subprocess.Popen[bytes]":
    """A command in a process of its own; `before` runs in it first."""
    command = [sys.executable, "-c", START, *map(str, words)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(command, preexec_fn=before, **quiet)  # type: ignore[call-overload,no-any-return]


def made(*words: object) -> None:
    """A command that has to succeed: without it there is nothing to attack."""
    code, said = here(*words)
    if code:
        sys.exit(f"{' '.join(map(str, words))}: {said}")


def ground(root: Path) -> None:
    """ratings-0 and ratings-1, the datasets data-0 and data-1, the bundle `model` of data-0."""
    for n in range(2):
        made("synth", "-o", root / f"ratings-{n}", "--ratings", 1500, "--users", 60, "--items", 60, "--seed", n)
        made("prepare", root / f"ratings-{n}", "-o", root / f"data-{n}")
    made("train", root / "data-0", "-m", "ease,mf", "--set", "mf.epochs=2", "-o", root / "model")


def state(root: Path) -> State:
    """Everything at and below a path; nothing where there is nothing."""
    found: State = {}
    if root.is_symlink() or not root.is_dir():
        return {"": _of(root)} if os.path.lexists(root) else {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            found[str(path.relative_to(root))] = _of(path)
    return {"": "folder", **found}


def _of(path: Path) -> str:
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if path.is_file():
        return sha256(path.read_bytes()).hexdigest()
    return "folder" if path.is_dir() else "special"


def changes(before: State, after: State) -> list[str]:
    """The paths at which something else is, sorted."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
