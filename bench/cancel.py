"""How soon commands end after Ctrl-C or SIGTERM at a random moment, with which exit code, and what they leave behind.

    python bench/cancel.py [--rounds 20] [--ratings 3000000] [--seed 0] [--only train-mf] [--python PYTHONPATH]

Every command is run once to the end, then `rounds` times until a signal at a random share of that time. A round is wrong where
the exit code is neither 128 + the signal nor that of having finished before it came, where stderr tells of an error, or where
anything half-written is left. `slowest` says where the main thread was a tenth of a second after the signal.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import BENCH, median_and_range, save

TELL = 0.1  # seconds after the signal until a command that still runs is asked where it is
PATIENCE = 120.0  # seconds

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=20)
parser.add_argument("--ratings", type=int, default=3_000_000)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--only", nargs="*")
parser.add_argument("--python", default=str(BENCH.parent / "src"), help="where konomi is imported from")
arguments = parser.parse_args()

NOISE = ("Traceback", "Exception ignored", "panicked", "error:")
START = """import faulthandler, signal, sys
signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # once Python itself ends
import konomi.cli.main as entry
faulthandler.register(signal.SIGUSR1, open(sys.argv.pop(1), "w"), all_threads=False)
if sys.argv[1] == "imports":
    import importlib.util
    home = "konomi.cli.commands" if importlib.util.find_spec("konomi.cli.commands") else "konomi.cli.main"
    def app():
        import polars, numba, torch, scipy.linalg
    importlib.import_module(home).app = app
print("begun", flush=True)
entry.main()
"""

root = Path(tempfile.mkdtemp(prefix="cancel-"))
draw = random.Random(arguments.seed)


def start(words: list[str], where: Path) -> "subprocess.Popen[bytes]":
    """A command in a process that has just begun."""
    child = subprocess.Popen(
        [sys.executable, "-c", START, str(where), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": arguments.python},
    )
    assert child.stdout is not None
    child.stdout.readline()  # nothing can be promised of the moments in which Python itself starts
    return child


def tree() -> set[str]:
    """All that lies in the folder the commands work in."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.name != "where"}


def ended(words: list[str], number: signal.Signals, after: float) -> tuple[float, int, str, str]:
    """Seconds from the signal to the end, the exit code, stderr, and where it was a moment after the signal."""
    where = root / "where"
    child = start(words, where)
    try:
        child.wait(after)
    except subprocess.TimeoutExpired:
        pass
    begin = time.perf_counter()
    child.send_signal(number)
    try:
        child.wait(TELL)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGUSR1)
    try:
        _, said = child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        _, said = child.communicate()
    return (
        time.perf_counter() - begin,
        child.returncode,
        said.decode(errors="replace"),
        where.read_text() if where.exists() else "",
    )


def place(stack: str) -> str:
    """The innermost line of a stack, and the innermost of ours."""
    lines = [f"{Path(file).name}:{line} {name}" for file, line, name in re.findall(r'File "(.*?)", line (\d+) in (.*)', stack)]
    ours = [line for line, file in zip(lines, re.findall(r'File "(.*?)"', stack), strict=True) if "konomi" in file]
    return " < ".join(dict.fromkeys([*lines[:1], *ours[:2]]))


def measured(words: list[str], out: str) -> dict[str, Any]:
    """The figures of one command, whose result is the folder or file `out`."""

    def clean() -> None:
        subprocess.run(["rm", "-rf", str(root / out)], check=True)

    for _ in range(2):  # the first compiles what is compiled
        clean()
        child = start(words, root / "where")
        begin = time.perf_counter()
        _, said = child.communicate()
        whole = time.perf_counter() - begin
        if child.returncode:
            sys.exit(f"{words} failed:\n{said.decode()}")
    clean()
    before, seconds, wrong, finished, slow = tree(), [], [], 0, (0.0, "")
    for n in range(arguments.rounds):
        number = (signal.SIGINT, signal.SIGTERM)[n % 2]
        taken, code, said, where = ended(words, number, draw.uniform(0, whole))
        left = tree() - before
        if not (root / out).is_dir() or any((root / out / name).exists() for name in ("manifest.json", "current")):
            # a signal may come when all is written
            left = {name for name in left if name.split("/")[0] != out}
        if code == 0:
            finished += 1
        else:
            seconds.append(taken)
            slow = max(slow, (taken, place(where)))
        if code not in (0, 128 + number) or any(word in said for word in NOISE) or left:
            wrong.append({"signal": number.name, "code": code, "stderr": said[:800], "left": sorted(left)[:5]})
        for name in left:
            subprocess.run(["rm", "-rf", str(root / name)], check=True)
        clean()
    print(f"{words[:3]}: {max(seconds, default=0):.2f} s at worst, {len(wrong)} wrong", file=sys.stderr, flush=True)
    return {
        "whole": f"{whole:.1f} s",
        "until it ended": f"{median_and_range(seconds)}" if seconds else "always finished",
        "slowest": slow[1],
        "finished before": finished,
        "wrong": wrong,
    }


COMMANDS = {
    "imports": (["imports"], "nothing"),
    "prepare": (["prepare", "ratings", "-o", "out"], "out"),
    "train-mf": (["train", "data", "-m", "mf", "-o", "out", "--set", "epochs=4"], "out"),
    "train-ease": (["train", "data", "-m", "ease", "-o", "out"], "out"),
    "train-nn": (["train", "data", "-m", "nn", "-o", "out", "--set", "epochs=1"], "out"),
    "train-two_tower": (["train", "data", "-m", "two_tower", "-o", "out", "--set", "epochs=1"], "out"),
    "evaluate": (["evaluate", "bundle", "data", "--json"], "nothing"),
    "recommend-all": (["recommend", "bundle", "--all", "--data", "data", "-o", "out.parquet"], "out.parquet"),
    "synth": (["synth", "-o", "out", "--ratings", str(arguments.ratings)], "out"),
}


def make(*words: str) -> None:
    """Something that the commands need."""
    child = start(list(words), root / "where")
    _, said = child.communicate()
    if child.returncode:
        sys.exit(f"{words} failed:\n{said.decode()}")


users, items = max(arguments.ratings // 100, 100), 8000
make("synth", "-o", "ratings", "--ratings", str(arguments.ratings), "--users", str(users), "--items", str(items))
make("prepare", "ratings", "-o", "data")
make("train", "data", "-m", "mf", "-o", "bundle", "--set", "epochs=2", "--no-refit")  # evaluated on its test entries
chosen = arguments.only or list(COMMANDS)
save(
    "cancel", {"ratings": arguments.ratings, "rounds": arguments.rounds, **{name: measured(*COMMANDS[name]) for name in chosen}}
)
subprocess.run(["rm", "-rf", str(root)], check=True)
