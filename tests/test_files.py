"""Whole files and folders, versions with a pointer, and where output may go: nothing is lost, and no kill leaves nothing."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest

from konomi.errors import DataError
from konomi.files import (
    check_file,
    check_folder,
    current,
    hash_manifest,
    held,
    kind_of,
    new_version,
    open_current,
    read_manifest,
    whole_file,
    whole_folder,
    write_manifest,
)

KIND = "konomi thing"


def put(write, target, text):
    """Write a folder of one file, with `new_version` or `whole_folder`."""
    with write(target, KIND, DataError) as folder:
        (folder / "text").write_text(text)
        write_manifest(folder, {"kind": KIND, "format": 1})


def text_of(folder: Path) -> str:
    def read(version: Path) -> str:
        try:
            return (version / "text").read_text()
        except OSError as cause:
            raise DataError(f"{version}: {cause}", "") from cause

    return open_current(folder, read)


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture(params=[new_version, whole_folder])
def write(request):
    return request.param


# ---- where output may go


@pytest.mark.parametrize("spelt", ["NEW/../X", "X", "X/", "./X/.", "link", "link/../X", "X/sub/.."])
def test_a_folder_of_others_is_left_alone_however_it_is_spelt(tmp_path, monkeypatch, write, spelt):
    monkeypatch.chdir(tmp_path)
    Path("X/sub").mkdir(parents=True)
    Path("X/thesis.txt").write_text("years of work")
    Path("link").symlink_to("X")
    with pytest.raises(DataError, match="already exists and is not a konomi thing"):
        put(write, Path(spelt), "new")
    assert tree(tmp_path) == ["X/thesis.txt"] and Path("link").is_symlink()


@pytest.mark.parametrize(
    ("spelt", "message"),
    [
        (".", "holds the folder that you are in"),
        ("..", "holds the folder that you are in"),
        ("/", "holds the folder that you are in"),
        ("", "holds the folder that you are in"),
        ("loop", "cannot be written: Too many levels of symbolic links"),
        ("loop/deeper", "cannot be written: Too many levels of symbolic links"),
        ("file/below", "cannot be written: Not a directory"),
        ("file", "already exists and is not a konomi thing"),
        ("n" * 300, "cannot be written: File name too long"),
        ("n" * 300 + "/deeper", "cannot be written: File name too long"),
        ("a\0b", "no file can be called that"),
        ("/proc/x", "cannot be written"),
        ("ours/in", "lies in .*/ours, a konomi thing"),
        ("ours/versions/1/deep/in", "lies in .*/ours.*, a konomi thing"),
        ("input", "is read by this command, and would be lost"),
        ("to-input", "is read by this command, and would be lost"),
        ("holder", "is read by this command, and would be lost"),
    ],
)
def test_places_that_are_refused_before_any_work(tmp_path, monkeypatch, spelt, message):
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    Path("file").write_text("mine")
    put(new_version, Path("ours"), "ours")
    put(whole_folder, Path("input"), "input")
    Path("to-input").symlink_to("input")
    Path("holder").mkdir()
    before = tree(tmp_path)
    with pytest.raises(DataError, match=message) as caught:
        check_folder(Path(spelt), KIND, DataError, [Path("input"), Path("holder/ratings.csv")])
    assert "`path`" in caught.value.hint and tree(tmp_path) == before


def test_a_folder_that_was_removed_while_one_stood_in_it(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(DataError, match="cannot be written"):
        check_folder(Path("x"), KIND, DataError)
    assert check_folder(tmp_path / "x", KIND, DataError) == tmp_path / "x"


def test_through_a_link_to_another_file_system(tmp_path, write):
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as elsewhere:
        (tmp_path / "link").symlink_to(Path(elsewhere) / "data")  # which is not there yet
        for n in "12":
            put(write, tmp_path / "link", n)
            assert text_of(tmp_path / "link") == n and (tmp_path / "link").is_symlink()
            assert os.listdir(elsewhere) == ["data"] and os.listdir(tmp_path) == ["link"]


def test_files_that_may_be_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("older").write_text("ours 1")
    Path("mine").write_text("dear diary")
    os.link("older", "same")
    older = ("a note", lambda path: path.read_text().startswith("ours"))
    assert check_file(Path("older"), DataError, older=older) == tmp_path / "older"
    assert check_file(Path("new/../other"), DataError) == tmp_path / "other"
    for path, inputs, message in [
        ("mine", (), "mine: already exists and is not a note"),
        ("new/../mine", (), "mine: already exists and is not a note"),
        ("older", ("older",), "is read by this command"),
        ("same", ("older",), "is read by this command"),
        (".", (), "is a folder"),
        ("loop", (), "Too many levels"),
    ]:
        Path("loop").unlink(missing_ok=True)
        Path("loop").symlink_to("loop")
        with pytest.raises(DataError, match=message):
            check_file(Path(path), DataError, map(Path, inputs), older=older)
    with pytest.raises(DataError, match=r"older: already exists\."):
        check_file(Path("older"), DataError)


def test_what_somebody_put_into_a_folder_of_ours_is_not_lost(tmp_path, write):
    put(write, tmp_path / "ours", "1")
    for place in ("notes.txt", "versions/notes.txt", f"{current(tmp_path / 'ours').relative_to(tmp_path / 'ours')}/notes.txt"):
        notes = tmp_path / "ours" / place
        notes.parent.mkdir(exist_ok=True)
        notes.write_text("mine")
        with pytest.raises(DataError, match=r"holds more than a konomi thing: .*notes\.txt"):
            put(write, tmp_path / "ours", "2")
        assert notes.read_text() == "mine"
        notes.unlink()
    put(write, tmp_path / "ours", "2")
    assert text_of(tmp_path / "ours") == "2"


# ---- versions


def test_versions_follow_each_other_and_only_the_current_one_stays(tmp_path):
    for n in range(1, 4):
        put(new_version, tmp_path / "deep" / "data", str(n))
        here = f"deep/data/versions/{n}"
        assert tree(tmp_path) == ["deep/data/current", f"{here}/manifest.json", f"{here}/text"]
    assert (tmp_path / "deep/data/current").read_text() == "versions/3\n"
    assert text_of(tmp_path / "deep" / "data") == "3" and kind_of(tmp_path / "deep" / "data") == KIND


def test_a_folder_without_versions_gets_them(tmp_path):
    put(whole_folder, tmp_path / "data", "plain")
    assert text_of(tmp_path / "data") == "plain"
    put(new_version, tmp_path / "data", "first")
    assert tree(tmp_path) == ["data/current", "data/versions/1/manifest.json", "data/versions/1/text"]
    assert text_of(tmp_path / "data") == "first"


def test_a_failure_leaves_what_was_there(tmp_path, write):
    for before in (False, True):
        if before:
            put(write, tmp_path / "data", "old")
        names = tree(tmp_path)
        for error in (KeyboardInterrupt, ValueError, OSError(28, "No space left on device")):
            with pytest.raises((KeyboardInterrupt, ValueError, DataError)), write(tmp_path / "data", KIND, DataError) as folder:
                (folder / "text").write_text("new")
                raise error
            assert tree(tmp_path) == names and sorted(p.name for p in tmp_path.iterdir()) == ["data"] * before


def test_a_pointer_that_says_nothing_is_refused(tmp_path):
    put(new_version, tmp_path / "data", "1")
    for text in ("", "versions/../../x", "versions/0", "versions/1\n\n", "/etc", "versions/1\n" * 9, "\xff"):
        (tmp_path / "data" / "current").write_bytes(text.encode("latin-1"))
        assert current(tmp_path / "data") == tmp_path / "data" and kind_of(tmp_path / "data") is None
        with pytest.raises(DataError, match="already exists and is not"):
            put(new_version, tmp_path / "data", "2")


def test_a_reader_begins_anew_where_its_version_went(tmp_path):
    put(new_version, tmp_path / "data", "1")
    seen = []

    def read(version):
        seen.append(version.name)
        if len(seen) == 1:
            put(new_version, tmp_path / "data", "2")
            raise DataError("vanished", "")
        return (version / "text").read_text()

    assert open_current(tmp_path / "data", read) == "2" and seen == ["1", "2"]
    with pytest.raises(DataError, match="damaged"):
        open_current(tmp_path / "data", lambda _: (_ for _ in ()).throw(DataError("damaged", "")))


def test_two_who_save_for_the_first_time_at_once(tmp_path):
    with new_version(tmp_path / "data", KIND, DataError) as folder:
        (folder / "text").write_text("slow")
        write_manifest(folder, {"kind": KIND, "format": 1})
        put(new_version, tmp_path / "data", "quick")
    assert text_of(tmp_path / "data") == "slow" and tree(tmp_path)[0] == "data/current"
    assert [path.name for path in (tmp_path / "data" / "versions").iterdir()] == ["2"]


def test_what_others_put_there_meanwhile_is_not_lost(tmp_path, write):
    with pytest.raises(DataError, match="already exists"), write(tmp_path / "data", KIND, DataError) as folder:
        write_manifest(folder, {"kind": KIND, "format": 1})
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "mine").write_text("mine")
    assert tree(tmp_path) == ["data/mine"]


SAVE = """
    import os, sys
    from pathlib import Path
    from konomi.errors import DataError
    from konomi.files import new_version, whole_folder, write_manifest

    def put(write, target, text):
        with write(target, {kind!r}, DataError) as folder:
            (folder / "text").write_text(text)
            write_manifest(folder, {{"kind": {kind!r}, "format": 1}})
"""
KILL = """
    TOUCHING = ("os.", "open", "shutil.", "ctypes.call", "fcntl.")

    def dies(place, at):
        count = 0

        def step(event, _):
            nonlocal count
            count += event.startswith(TOUCHING)
            if count == at:
                os.kill(os.getpid(), 9)

        sys.addaudithook(step)
        put({write}, place, "new")
        os._exit(0)

    os.fsync = lambda _: None
    at, code = 0, 9
    while code:
        at += 1
        place = Path(sys.argv[1]) / str(at) / "data"
        place.parent.mkdir()
        if {older}:
            put({write}, place, "old")
        child = os.fork() or dies(place, at)
        code = os.waitpid(child, 0)[1]
        assert code in (0, 9), code
    print(at)
"""


def run(code, *words, **more):
    script = textwrap.dedent(SAVE.format(kind=KIND)) + textwrap.dedent(code.format(**more))
    return subprocess.run([sys.executable, "-c", script, *map(str, words)], capture_output=True, text=True)


@pytest.mark.parametrize("older", [False, True])
def test_killed_at_any_step_the_old_or_the_new_is_there(tmp_path, monkeypatch, write, older):
    """Every call that touches the disk is tried as the last one; the next save finds nothing in its way, and cleans up."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # which is for a loss of power, and slow
    done = run(KILL, tmp_path, write=write.__name__, older=older)
    assert done.returncode == 0, done.stderr
    tries, found = int(done.stdout), []
    for place in (tmp_path / str(at) / "data" for at in range(1, tries + 1)):
        found.append(text_of(place) if place.exists() else None)
        put(write, place, "next")
        assert text_of(place) == "next"
        assert [path.name for path in place.parent.iterdir()] == ["data"]
        assert len(tree(place)) == (3 if write is new_version else 2)
    before = "old" if older else None
    change = found.index("new")
    assert change > 10 and found == [before] * change + ["new"] * (tries - change)


def test_where_folders_cannot_be_swapped_a_kill_is_mended_by_the_next_save(tmp_path, monkeypatch):
    monkeypatch.setattr("konomi.files.whole._swap", lambda *_: False)
    put(whole_folder, tmp_path / "data", "old")
    put(whole_folder, tmp_path / "data", "new")
    assert text_of(tmp_path / "data") == "new"
    work = tmp_path / ".data.0123abcd.partial"  # what a kill between the two renames leaves
    work.mkdir()
    (tmp_path / "data").rename(work / "old")
    with pytest.raises(ValueError, match="stop"), whole_folder(tmp_path / "data", KIND, DataError):
        raise ValueError("stop")
    assert text_of(tmp_path / "data") == "new" and [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_workplace_of_somebody_who_lives_is_not_collected(tmp_path):
    with whole_folder(tmp_path / "data", KIND, DataError) as mine:
        put(whole_folder, tmp_path / "data", "other")
        assert mine.is_dir()
        (mine / "text").write_text("mine")
        write_manifest(mine, {"kind": KIND, "format": 1})
    assert text_of(tmp_path / "data") == "mine"


MANY = """
    for n in range(int(sys.argv[2])):
        put(new_version, Path(sys.argv[1]), f"{{sys.argv[3]}} {{n}}" * 999)
"""


def test_readers_beside_two_who_save_never_fail_and_see_no_mixture(tmp_path):
    put(new_version, tmp_path / "data", "first" * 999)
    savers = [threading.Thread(target=run, args=(MANY, tmp_path / "data", 75, name)) for name in "ab"]
    for saver in savers:
        saver.start()
    seen, reads = set(), 0
    while any(saver.is_alive() for saver in savers):
        text, reads = text_of(tmp_path / "data"), reads + 1
        assert text == text[: len(text) // 999] * 999
        seen.add(text)
    assert len(seen) > 20 and reads > 100
    assert text_of(tmp_path / "data") in ("a 74" * 999, "b 74" * 999)
    assert len(tree(tmp_path)) == 3 and [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (tmp_path / "data" / "current").read_text() == "versions/151\n"


# ---- files, locks, manifests


def test_a_file_is_whole_or_not_there(tmp_path):
    for before in (None, "old"):
        if before:
            (tmp_path / "a").write_text(before)
        with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "a", DataError) as file:
            file.write_text("half")
            raise KeyboardInterrupt
        assert tree(tmp_path) == (["a"] if before else [])
    (tmp_path / "link").symlink_to("a")
    with whole_file(tmp_path / "new" / ".." / "link", DataError) as file:
        file.write_text("whole")
    assert (tmp_path / "a").read_text() == "whole" and (tmp_path / "link").is_symlink()
    with pytest.raises(DataError, match="the disk is full") as caught, whole_file(tmp_path / "a", DataError, "--to"):
        raise OSError("5 requested and 3 written")
    assert "--to" in caught.value.hint and (tmp_path / "a").read_text() == "whole"


def test_a_lock_is_held_by_one_and_ends_with_its_holder(tmp_path):
    lock = tmp_path / ".lock"
    with held(lock):
        with pytest.raises(BlockingIOError), held(lock):
            pytest.fail("two have it")
        assert lock.exists()
    assert not lock.exists()
    code = "from konomi.files import held\n    with held(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    assert run(f"\n    {code}\n", lock).returncode == -9 and lock.exists()
    with held(lock):
        pass
    assert not lock.exists()


def test_manifests_that_are_none(tmp_path):
    for content in (b"", b"{", b"[]", b"7", b"null", b'{"kind": 7}', b"[" * 99_999, b'{"a":' * 9_999, b"\xff", b"1" * 9_999):
        (tmp_path / "manifest.json").write_bytes(content)
        assert kind_of(tmp_path) is None
        with pytest.raises(DataError, match=r"not readable as JSON|not a konomi thing but"):
            read_manifest(tmp_path, KIND, 1, (), DataError, "")
    for number in (0, 2, 1.0, True, "1", None):
        (tmp_path / "manifest.json").write_text(json.dumps({"kind": KIND, "format": number}))
        with pytest.raises(DataError, match="is not known here"):
            read_manifest(tmp_path, KIND, 1, (), DataError, "")
    with pytest.raises(DataError, match="cannot be read: Not a directory"):
        read_manifest(tmp_path / "manifest.json", KIND, 1, (), DataError, "")


def test_a_file_name_that_is_no_text_can_be_noted(tmp_path):
    manifest = {"kind": KIND, "format": 1, "name": os.fsdecode(b"caf\xe9")}
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path, KIND, 1, (), DataError, "")["name"] == manifest["name"]
    assert hash_manifest(manifest) == hash_manifest({**manifest, "files": ["x"]})
