"""A folder of immutable versions and a pointer to the current one, which a single rename replaces.

    DATA/
    ├── current         "versions/3"
    └── versions/3/     manifest.json and what it lists; never changed once it is there

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
    """A folder to write into; it becomes the current version of `target` when the block ends well, else it vanishes.

    The block writes the manifest last. Anything at `target` that is not a folder of this `kind` is refused before the work
    begins, as `check_folder` says. Several may save at once: the last to end is current.
    """
    place = check_folder(target, kind, error)
    try:
        if place.exists():
            collect(place)  # what was left of making it
        with workplace(place / VERSIONS if place.exists() else place) as work:
            (work / NEW).mkdir()
            yield work / NEW
            sync_all(work / NEW)
            if place.exists() or not _first(place, work):
                check_folder(target, kind, error)  # again: the writing has taken its time
                _next(place, work)
    except OSError as cause:
        raise unwritable(target, cause, error) from cause


def _first(place: Path, work: Path) -> bool:
    """Make `place` with `work / NEW` as its only version, in one step; False where somebody else was quicker."""
    whole, new = work / "whole", work / NEW
    (whole / VERSIONS).mkdir(parents=True)
    _write_pointer(whole / CURRENT, 1)
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
    """Make `work / NEW` the current version of `place`, and clear the others away."""
    with alone(place):
        versions = place / VERSIONS
        versions.mkdir(exist_ok=True)
        taken = [int(name) for name in (*os.listdir(versions), current(place).name) if NUMBER.fullmatch(name)]
        number = max(taken, default=0) + 1
        _write_pointer(work / CURRENT, number)
        (work / NEW).rename(versions / str(number))
        sync(versions)
        (work / CURRENT).replace(place / CURRENT)
        sync(place)
        _clear(place, number, work)


def _clear(place: Path, number: int, work: Path) -> None:
    """Move what the version `number` supersedes into the workplace, which goes away; a folder without versions likewise.

    What cannot be moved is left to the next save.
    """
    old = work / "superseded"
    old.mkdir()
    past = [version for version in (place / VERSIONS).iterdir() if version.name != str(number)]
    unversioned = [place / name for name in (*listed(place), MANIFEST)]  # the manifest last: it tells whose the others are
    for n, each in enumerate((*past, *unversioned)):
        with suppress(OSError):
            each.rename(old / str(n))


def _write_pointer(path: Path, number: int) -> None:
    path.write_text(f"{VERSIONS}/{number}\n", encoding="ascii")
    sync(path)


def open_current(folder: Path, read: Callable[[Path], T]) -> T:
    """read(version) of the current version of a folder (of `folder` itself where it has none); anew where another took its
    place meanwhile."""
    while True:
        version = current(folder)
        try:
            return read(version)
        except KonomiError:
            if current(folder) == version:
                raise
