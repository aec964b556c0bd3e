"""Several bundles in one folder, one of them current, for a service that changes to new bundles while it answers.

    STORE/
    ├── 1, 2, …       bundles, numbered as they were published; never changed once they are there
    └── current       the number of the one to answer with, replaced by one rename

Whoever publishes, selects or collects locks the folder; the system lets go of it when a process ends. Whoever reads takes no
lock: a bundle is there before the pointer names it, and what is collected was not current. A bundle that is open stays usable
when its file is gone. A kill leaves the pointer at the old number or at the new one. See `konomi.files.versions`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from konomi.arguments import as_path, whole
from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.errors import BundleError
from konomi.files import (
    CURRENT,
    alone,
    collect,
    current_number,
    next_number,
    numbers,
    open_current,
    pointing,
    unwritable,
    workplace,
)

KEPT = 3  # the number of newest bundles that `collect` keeps by default


@dataclass(frozen=True)
class Store:
    """The bundles of a folder, which the first `publish` makes. Many processes may call any method at once."""

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", as_path(self.folder, "a store", BundleError))  # text will do

    def publish(self, bundle: Bundle | Path | str) -> int:
        """Add a bundle, or the bundle in a file, which is checked, and make it current; returns its number. BundleError where
        it cannot be read or written; then nothing has changed."""
        if not isinstance(bundle, Bundle):
            bundle = load_bundle(bundle)
        with self._alone() as work:
            number = next_number(self.folder, self.folder)
            with pointing(self.folder, str(number), work):
                save_bundle(self.folder / str(number), bundle)
            return number

    def current(self) -> int:
        """The number of the current bundle; BundleError where nothing was published."""
        if number := current_number(self.folder):
            return number
        if not (self.folder / CURRENT).exists():
            raise BundleError(f"{self.folder}: nothing was published here.", "Publish a bundle first.")
        raise BundleError(f"{self.folder / CURRENT}: cannot be read.", "Select a bundle again.")

    def versions(self) -> list[int]:
        """The numbers of the bundles that are there, in ascending order."""
        return numbers(self.folder)

    def open(self, number: int | None = None, check: bool = True) -> Bundle:
        """The bundle of a number, by default the current one; see `load_bundle`. BundleError where it is missing or damaged."""
        if number is not None:
            return load_bundle(self.folder / str(whole("number", number, 1)), check)
        self.current()  # there is one
        return open_current(self.folder, lambda file: load_bundle(file, check))

    def select(self, number: int) -> None:
        """Make a bundle current that was published before; BundleError where it is not there, or is none."""
        name = str(whole("number", number, 1))
        with self._alone() as work, pointing(self.folder, name, work):
            load_bundle(self.folder / name, check=False)

    def rollback(self) -> int:
        """Make the one before the current bundle current; returns its number. BundleError where there is none."""
        with self._alone() as work:
            now = self.current()
            before = [number for number in self.versions() if number < now]
            if not before:
                raise BundleError(f"{self.folder}: there is no bundle before {now}.", "Publish another one.")
            with pointing(self.folder, str(before[-1]), work):
                return before[-1]

    def collect(self, keep: int = KEPT) -> list[int]:
        """Remove all bundles but the current one and the `keep` (at least one) newest; returns the removed numbers. Leftovers
        of killed publishers are removed, too."""
        with self._alone():
            now, past = self.current(), self.versions()[: -max(whole("keep", keep, 0), 1)]
            removed = [number for number in past if number != now]
            for number in removed:
                (self.folder / str(number)).unlink(missing_ok=True)
            collect(self.folder)
            return removed

    @contextmanager
    def _alone(self) -> Iterator[Path]:
        """A workplace, and the folder for one process or thread at a time."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with alone(self.folder), workplace(self.folder / CURRENT) as work:
                yield work
        except OSError as cause:
            raise unwritable(self.folder, cause, BundleError, "folder") from cause
