"""`konomi serve` many times over: each a process of its own, forked from one that has imported what it needs.

Importing is most of a start, and starting is most of a kill. No thread is begun before the fork.
"""

import os
import re
import sys
import time
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

WANTED = ["konomi.cli.main", "konomi.cli.commands", "konomi.cli.serve", "konomi.serve.running", "konomi.models.popular"]
WANTED += ["uvloop", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "warm_kernels"]
ANSWERS = re.compile(r"answers at (http://\S+);.*\n")
PATIENCE = 60  # seconds for a start


@cache
def _nursery():
    made = get_context("forkserver")
    made.set_forkserver_preload(WANTED)
    return made


def _serve(words: list[str], said: str, home: str) -> None:
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.environ["XDG_DATA_HOME"] = home
    sys.argv = ["konomi", "serve", *words, "--port", "0"]
    from konomi.cli.main import main

    main()


def start(home: Path, *words: object) -> tuple[BaseProcess, str]:
    """A service, and its URL; home: the folder of its user's data, and of what it says."""
    said = home / "said"
    said.unlink(missing_ok=True)
    child = _nursery().Process(target=_serve, args=([*map(str, words)], str(said), str(home)), daemon=True)
    child.start()
    end = time.monotonic() + PATIENCE
    while (found := ANSWERS.search(said.read_text() if said.exists() else "")) is None:
        if not child.is_alive() or time.monotonic() > end:
            pytest.fail(f"the service did not start: {said.read_text() if said.exists() else child.exitcode}")
        time.sleep(0.005)
    return child, found[1]


def kill(child: BaseProcess) -> None:
    """kill -9."""
    child.kill()
    child.join()


@contextmanager
def forked(home: Path, *words: object):
    """The same for a block: the process and its URL. It is killed in the end."""
    child, url = start(home, *words)
    try:
        yield child, url
    finally:
        kill(child)
