"""Where the disk or the database fails under a running service: it says so, recovers by itself, and has lost nothing."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from command_line import konomi
from forked import forked
from killing import tiny_bundle
from konomi.client import Client, Unreachable, calls
from konomi.serve.store import erased
from konomi.serve.store.erased import Erased
from konomi.serve.store.people_store import PeopleStore
from served import MAIN, serving
from stores import KINDS, new_place, stopped

MOUNTED = 'mount -t tmpfs -o size=4m none "$0" && {} exec "$@"'


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_bundle(tmp_path_factory.mktemp("bundle"))


def mounted(folder: Path, then: str = "") -> tuple[str, ...]:
    """What runs a command with a small file system of its own at a folder; then: what is done first."""
    folder.mkdir()
    within = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED.format(then), str(folder))
    try:
        able = subprocess.run([*within, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        able = False
    if not able:
        pytest.skip("file systems cannot be mounted here")
    return within


def entries(konomi, person):
    return {entry.item: entry.rating for entry in konomi.person(person).entries()}


@pytest.fixture
def once(monkeypatch):
    """Clients do not repeat what the service cannot do now."""
    monkeypatch.setattr(calls, "BUSY", ())


@pytest.mark.slow
def test_a_disk_that_is_full_and_has_room_again(bundle, tmp_path, once):
    disk, known = tmp_path / "disk", {}
    with serving(bundle, "--store", disk / "store.db", within=mounted(disk)) as (child, url), Client(url) as konomi:
        inside = Path(f"/proc/{child.pid}/root{disk}")
        konomi.person("first").put("0", rating=5)
        (inside / "filler").write_bytes(bytes(1_500_000))
        for size in (1_000, 100, 10, 1):  # what is left at the end has room for less and less
            with pytest.raises(Unreachable) as caught:
                while True:
                    rows = {f"{len(known)}-{n}-{'x' * 150}": 5.0 for n in range(size)}
                    konomi.person("ann").put_many({"item": item, "rating": rating} for item, rating in rows.items())
                    known |= rows
            assert caught.value.status == 503 and caught.value.code == "store" and known
        while (said := konomi.ready()).ready:
            pass
        assert "full" in said.checks["store"] and said.checks["model"] == "ok"
        with pytest.raises(Unreachable):
            konomi.person("first").erase()
        assert entries(konomi, "ann") == known and len(konomi.person("ann").recommend(k=3).titles) == 3  # it still answers
        (inside / "filler").unlink()
        assert konomi.person("bob").put("1", rating=5).outcome == "stored" and konomi.ready().ready
        assert entries(konomi, "ann") == known and konomi.person("first").erase().entries == 1


@pytest.mark.slow
def test_a_disk_that_cannot_be_written(bundle, tmp_path):
    """The service does not start, and says why."""
    disk = tmp_path / "disk"
    within = mounted(disk, 'mount -o remount,ro "$0" &&')
    words = ("serve", bundle, "--port", "0", "--store", disk / "store.db")
    ended = subprocess.run([*within, sys.executable, "-c", MAIN, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2 and "Read-only file system" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_database_that_is_gone_and_comes_back(bundle, tmp_path, monkeypatch):
    with forked(tmp_path, bundle, "--store", new_place("postgresql", tmp_path)) as (_, url), Client(url) as konomi:
        known = {str(n): float(n % 10 + 1) for n in range(30)}
        for item, rating in known.items():
            konomi.person("ann").put(item, rating=rating)
        with stopped(), monkeypatch.context() as patch:
            patch.setattr(calls, "BUSY", ())  # a client would wait until it is back
            for asked in (lambda: konomi.person("ann").put("0", rating=1), lambda: entries(konomi, "ann")):
                with pytest.raises(Unreachable) as caught:
                    asked()
                assert caught.value.status == 503 and caught.value.code == "store"
            said = konomi.ready()
            assert not said.ready and said.checks["model"] == "ok" and "cannot be used now" in said.checks["store"]
        assert konomi.person("ann").put("30", rating=1).outcome == "unknown item"
        assert entries(konomi, "ann") == {**known, "30": 1.0} and konomi.ready().ready


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_while_clients_write(kind, bundle, tmp_path, monkeypatch):
    """It has what was acknowledged before it began, and of each body all or nothing."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    place, told, ended = new_place(kind, tmp_path), list[str](), threading.Event()

    def write(client, url):
        with Client(url) as made:
            n = 0
            while not ended.is_set():
                made.person(f"c{client}-{n}").put_many({"item": str(item), "rating": 5} for item in range(10))
                told.append(f"c{client}-{n}")
                n += 1

    with forked(tmp_path, bundle, "--store", place) as (_, url):
        writers = [threading.Thread(target=write, args=(n, url)) for n in range(8)]
        for writer in writers:
            writer.start()
        while len(told) < 40:
            time.sleep(0.005)
        before = list(told)
        try:
            konomi("backup", "--store", place, "-o", tmp_path / "backup")
        finally:
            ended.set()
            for writer in writers:
                writer.join()
    konomi("restore", tmp_path / "backup", "--store", tmp_path / "copy.db")
    copy = PeopleStore.open(tmp_path / "copy.db")
    assert len(told) > len(before) and {len(copy.entries(id)) for id in before} == {10}
    assert {len(copy.entries(id)) for id in told} <= {0, 10}
    copy.close()


def test_a_line_that_the_disk_has_no_room_for(tmp_path, monkeypatch):
    """Half of it is taken back, so the list of who was erased can be read, and goes on."""

    gone, write = Erased(tmp_path / "erased"), erased.os.write
    gone.add("ann", 1)
    monkeypatch.setattr(erased.os, "write", lambda handle, line: write(handle, line[:20]))
    with pytest.raises(OSError, match="No space left"):
        gone.add("bob", 2)
    monkeypatch.undo()
    gone.add("cat", 3)
    again = Erased(tmp_path / "erased")
    assert [again.since(id) for id in ("ann", "bob", "cat")] == [1, -1, 3] and again.order == gone.order
