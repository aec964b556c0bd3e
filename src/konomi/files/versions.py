"""Immutable versions with numbers, and a pointer to the current one, which a single rename replaces.

    DATA/               the way of a dataset: its older versions go as soon as there is a newer one
    ├── current         "versions/3"
    └── versions/3/     manifest.json and what it lists; never changed once it is there

`bundle/store.py` has several files beside such a pointer, and chooses among them.

Whoever reads has the version that the pointer named, whole, even while others are saved: mapped files outlive their names, and
`open_current` begins anew where a version went before it was open. Numbers only grow. A kill leaves the pointer at the old
version or at the new one, and what it left over is collected by the next save.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from konomi.errors import KonomiError
from konomi.files.locks import alone
from konomi.files.manifest import CURRENT, MANIFEST, NUMBER, VERSIONS, current, listed
from konomi.files.places import check_folder, unwritable
from konomi.files.whole import NEW, collect, sync, sync_all, workplace

T = TypeVar("T")


@contextmanager
def new_version(target: Path, kind: str, error: type[KonomiError]) -> Iterator[Path]:
    """A folder to write into. It becomes the current version of `target` if the block ends without error, else it is removed.

    The block writes the manifest last. Anything at `target` but a folder of this `kind` is refused before the block begins, see
    `check_folder`. Several processes may save at once; the last to end is current.
    """
    place = check_folder(target, kind, error)
    try:
        if place.exists():
            collect(place.parent, place.name)  # what was left of making it
        with workplace(place / VERSIONS if place.exists() else place) as work:
            (work / NEW).mkdir()
            yield work / NEW
            sync_all(work / NEW)
            if place.exists() or not _first(place, work):
                check_folder(target, kind, error)  # again, since writing takes a while
                _next(place, work)
    except OSError as cause:
        raise unwritable(target, cause, error) from cause


def _first(place: Path, work: Path) -> bool:
    """Make `place` with `work / NEW` as its only version, by one rename; False where another process was quicker."""
    whole, new = work / "whole", work / NEW
    (whole / VERSIONS).mkdir(parents=True)
    _write_pointer(whole / CURRENT, f"{VERSIONS}/1")
    new.rename(whole / VERSIONS / "1")
    sync(whole / VERSIONS)
    sync(whole)
    try:
        whole.rename(place)
    except OSError:
        if not place.exists():
            raise
        (whole / VERSIONS / "1").rename(new)
        return False
    sync(place.parent)
    return True


def _next(place: Path, work: Path) -> None:
    """Make `work / NEW` the current version of `place`, and remove the others."""
    with alone(place):
        versions = place / VERSIONS
        versions.mkdir(exist_ok=True)
        number = next_number(place, versions)
        with pointing(place, f"{VERSIONS}/{number}", work):
            (work / NEW).rename(versions / str(number))
            sync(versions)
        _clear(place, number, work)


def _clear(place: Path, number: int, work: Path) -> None:
    """Move the other versions, and files of a folder without versions, into the workplace, which is removed afterwards.

    What cannot be moved is left for the next save.
    """
    old = work / "superseded"
    old.mkdir()
    past = [version for version in (place / VERSIONS).iterdir() if version.name != str(number)]
    unversioned = [place / name for name in (*listed(place), MANIFEST)]  # the manifest last, since it lists the others
    for n, each in enumerate((*past, *unversioned)):
        with suppress(OSError):
            each.rename(old / str(n))


def numbers(versions: Path) -> list[int]:
    """The numbers of the versions in a folder, in ascending order; none where there is no folder."""
    names = os.listdir(versions) if versions.exists() else []
    return sorted(int(name) for name in names if NUMBER.fullmatch(name))


def current_number(place: Path) -> int:
    """The number of the version that the pointer of `place` names; 0 where it has none, or one that is damaged."""
    version = current(place)
    return 0 if version == place else int(version.name)


def next_number(place: Path, versions: Path) -> int:
    """A number above all that are in use; to be asked for while `alone` with the place."""
    return max([current_number(place), *numbers(versions)]) + 1


@contextmanager
def pointing(place: Path, version: str, work: Path) -> Iterator[None]:
    """The block puts `version`, a path within `place`, where it belongs, or finds it there; when it ends well, that is current.

    What can fail for want of space is done before the block, in the workplace `work`.
    """
    _write_pointer(work / CURRENT, version)
    yield
    (work / CURRENT).replace(place / CURRENT)
    sync(place)


def _write_pointer(path: Path, version: str) -> None:
    path.write_text(f"{version}\n", encoding="ascii")
    sync(path)


def open_current(folder: Path, read: Callable[[Path], T]) -> T:
    """read(version) of the current version of a folder, or of `folder` itself where it has no versions; called again if another
    version has become current meanwhile."""
    while True:
        version = current(folder)
        try:
            return read(version)
        except KonomiError:
            if current(folder) == version:
                raise
