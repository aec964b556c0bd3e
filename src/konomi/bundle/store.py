"""Several bundles in one folder, one of them current, for a service that changes to new bundles while it answers.

    STORE/
    ├── 1, 2, …       bundles, numbered in the order of publishing; never changed
    ├── current       the number of the current bundle, replaced by one rename
    └── lock          held while a process publishes, selects or collects; the system releases it when the process ends

Readers take no lock: a bundle is written before the pointer names it, and the current one is never collected. An open bundle
stays usable after its file is removed. After a kill the pointer has the old number or the new one.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.errors import BundleError
from konomi.files import whole_file

KEPT = 3  # the number of newest bundles that `collect` keeps by default


@dataclass(frozen=True)
class Store:
    """The bundles of a folder, which the first `publish` makes. Many processes may call any method at once."""

    folder: Path

    def publish(self, bundle: Bundle | Path | str) -> int:
        """Add a bundle, or the bundle in a file, which is checked, and make it current; returns its number. BundleError where
        it cannot be read or written; then nothing has changed."""
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
        """The numbers of the bundles in the folder, in ascending order."""
        names = [file.name for file in self.folder.iterdir()] if self.folder.exists() else []
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal())

    def open(self, number: int | None = None, check: bool = True) -> Bundle:
        """The bundle of a number, by default the current one; see `load_bundle`. BundleError where it is missing or damaged."""
        if number is not None:
            return load_bundle(self.folder / str(number), check)
        while True:
            now = self.current()
            try:
                return load_bundle(self.folder / str(now), check)
            except BundleError:
                if self.current() == now:
                    raise  # else another has become current and this one was collected: try again

    def select(self, number: int) -> None:
        """Make a bundle current that was published before; BundleError where it is missing or no bundle."""
        with self._alone():
            load_bundle(self.folder / str(number), check=False)
            self._point(number)

    def rollback(self) -> int:
        """Make the bundle before the current one current; returns its number. BundleError where there is none."""
        with self._alone():
            now = self.current()
            before = [number for number in self.versions() if number < now]
            if not before:
                raise BundleError(f"{self.folder}: there is no bundle before {now}.", "Publish another one.")
            self._point(before[-1])
            return before[-1]

    def collect(self, keep: int = KEPT) -> list[int]:
        """Remove all bundles but the current one and the `keep` (at least one) newest; returns the removed numbers. Leftovers
        of killed publishers are removed, too."""
        with self._alone():
            past = self.versions()[: -max(keep, 1)]
            removed = [number for number in past if number != self.current()]
            for number in removed:
                (self.folder / str(number)).unlink(missing_ok=True)
            for left_over in self.folder.glob(".*.partial"):  # nobody else is writing now
                shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()
            return removed

    def _taken(self) -> list[int]:
        """The numbers that are in use."""
        return [*self.versions(), *([self.current()] if (self.folder / "current").exists() else [])]

    def _point(self, number: int) -> None:
        with whole_file(self.folder / "current", BundleError) as partial:
            partial.write_text(f"{number}\n", "ascii")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock: one process or thread at a time."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as cause:
            raise BundleError(f"{self.folder}: cannot be written: {cause.strerror}.", "Choose another place.") from cause
