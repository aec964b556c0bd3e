"""Several bundles in one folder, one of them current, for a service that takes new ones over while it answers.

    STORE/
    ├── 1, 2, …       bundles, numbered as they were published; never changed once they are there
    ├── current       the number of the one to answer with, replaced by one rename
    └── lock          held by whoever publishes, selects or collects; the system lets go of it when a process ends

Whoever reads takes no lock: a bundle is there before the pointer names it, and what is collected was not current. A bundle that
is open stays usable when its file is gone. A kill leaves the pointer at the old number or at the new one.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from konomi.arguments import as_path, whole
from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.errors import BundleError
from konomi.files import whole_file

KEPT = 3  # newest ones that `collect` leaves


@dataclass(frozen=True)
class Store:
    """The bundles of a folder, which the first `publish` makes. Every method may be called by many processes at once."""

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", as_path(self.folder, "a store", BundleError))  # text will do

    def publish(self, bundle: Bundle | Path | str) -> int:
        """Add a bundle, or the checked one of a file, and make it current; returns its number. BundleError where it cannot be
        read or written: then nothing has changed."""
        if not isinstance(bundle, Bundle):
            bundle = load_bundle(bundle)
        with self._alone():
            number = max(self._taken(), default=0) + 1
            save_bundle(self.folder / str(number), bundle)
            self._point(number)
            return number

    def current(self) -> int:
        """The number of the current bundle; BundleError where nothing was published."""
        try:
            return int((self.folder / "current").read_text("ascii"))
        except FileNotFoundError:
            raise BundleError(f"{self.folder}: nothing was published here.", "Publish a bundle first.") from None
        except (OSError, ValueError) as cause:
            raise BundleError(f"{self.folder / 'current'}: cannot be read.", "Select a bundle again.") from cause

    def versions(self) -> list[int]:
        """The numbers of the bundles that are there, in ascending order."""
        names = [file.name for file in self.folder.iterdir()] if self.folder.exists() else []
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal())

    def open(self, number: int | None = None, check: bool = True) -> Bundle:
        """The bundle of a number, or the current one; see `load_bundle`. BundleError where it is not there or damaged."""
        if number is not None:
            return load_bundle(self.folder / str(number), check)
        while True:
            now = self.current()
            try:
                return load_bundle(self.folder / str(now), check)
            except BundleError:
                if self.current() == now:
                    raise  # it is not that another took its place and it was collected

    def select(self, number: int) -> None:
        """Make a bundle current that was published before; BundleError where it is not there, or is none."""
        with self._alone():
            load_bundle(self.folder / str(number), check=False)
            self._point(number)

    def rollback(self) -> int:
        """Make the one before the current bundle current; returns its number. BundleError where there is none."""
        with self._alone():
            now = self.current()
            before = [number for number in self.versions() if number < now]
            if not before:
                raise BundleError(f"{self.folder}: there is no bundle before {now}.", "Publish another one.")
            self._point(before[-1])
            return before[-1]

    def collect(self, keep: int = KEPT) -> list[int]:
        """Remove all bundles but the current one and the `keep` newest, at least one; returns the numbers of the removed. What
        a publisher that was killed left over goes, too."""
        with self._alone():
            past = self.versions()[: -max(whole("keep", keep, 0), 1)]
            removed = [number for number in past if number != self.current()]
            for number in removed:
                (self.folder / str(number)).unlink(missing_ok=True)
            for left_over in self.folder.glob(".*.partial"):  # nobody else is writing now
                shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
            return removed

    def _taken(self) -> list[int]:
        """The numbers that are no longer free."""
        return [*self.versions(), *([self.current()] if (self.folder / "current").exists() else [])]

    def _point(self, number: int) -> None:
        with whole_file(self.folder / "current", BundleError) as partial:
            partial.write_text(f"{number}\n", "ascii")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process or thread at a time."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as cause:
            raise BundleError(f"{self.folder}: cannot be written: {cause.strerror}.", "Choose another place.") from cause
