"""Dataset: prepared ratings on disk and in memory; see docs/dataset-format.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arguments import as_path
from konomi.arrays import F32, I8, I32, I64, U8, Bools
from konomi.data.dataset_folder import KIND as KIND
from konomi.data.dataset_folder import OPTIONAL, REMEDY, Contents, read_folder, write_folder
from konomi.data.dataset_folder import parquet as parquet
from konomi.data.features import Feature, categories_of, features_of
from konomi.data.labels import Labelling
from konomi.data.profiles import MORE, Profiles
from konomi.data.scale import Scale
from konomi.data.validity import wrong_entries
from konomi.data.vocab import Vocab
from konomi.errors import DataError


@dataclass(frozen=True)
class Dataset:
    """Ratings of U users on I items: N entries in compressed rows, sorted by user and item.

    items: the catalogue (`table.ITEM_COLUMNS`, then ratings, mean, bayes), one row each; users: their ids; indptr i64[U+1];
    item i32[N]; stored u8[N] or f32[N] (see `Scale`); status u8[N], time i64[N], weight f32[N] or None each; manifest: the
    source, and what was left out; people: a column of text for each feature of the users, or None; since i32[N]: the number of
    the addition that put an entry, negative where that changed it, 0 = the first preparation, or None. Arrays are memory-mapped
    when read from disk.
    """

    items: pl.DataFrame
    users: Vocab
    indptr: I64
    item: I32
    stored: npt.NDArray[Any]
    status: U8 | None
    time: I64 | None
    scale: Scale
    manifest: dict[str, Any]
    weight: F32 | None = None
    people: pl.DataFrame | None = None
    since: I32 | None = None

    from_frame: ClassVar[Callable[..., "Dataset"]]  # from any table; set by `reading/frame.py`, a higher layer

    def __repr__(self) -> str:
        size = f"{len(self.item):,} entries, {len(self.users):,} users × {len(self.items):,} items"
        return f"Dataset({self.manifest['source']}: {size})"

    @property
    def density(self) -> float:
        """The share of all user-item pairs that are entries."""
        return len(self.item) / (len(self.users) * len(self.items))

    @cached_property
    def item_ids(self) -> Vocab:
        """The ids of the item rows."""
        return Vocab(self.items["item_id"])

    @property
    def profiles(self) -> Profiles:
        """Every user's whole profile."""
        decoded = self.scale.decode(self.stored)
        return Profiles(self.indptr, self.item, decoded, self.status, self.time, self.weight, self.user_features)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The features of the users."""
        return () if self.people is None else features_of(self.people)

    @cached_property
    def user_features(self) -> I32 | None:
        """Every user's category of each feature, i32[U, F], −1 = unknown; None without features."""
        return None if self.people is None else categories_of(self.people, self.features)

    def profile(self, user_id: int | str) -> Profiles:
        """One user's profile, or a `RequestError` where nobody has this id."""
        row = self.users.row(user_id, "user")
        people = (row, row + 1)
        if wrong := wrong_entries(self.indptr, self.item, self.stored, self.status, len(self.items), self.scale, people):
            raise DataError(f"The profile of user {user_id} is damaged: {wrong}.", REMEDY)
        entries = slice(self.indptr[row], self.indptr[row + 1])
        more = {name: None if (array := getattr(self, name)) is None else np.asarray(array[entries]) for name in MORE}
        return Profiles(
            np.array([0, self.indptr[row + 1] - self.indptr[row]]),
            np.asarray(self.item[entries]),
            self.scale.decode(self.stored[entries]),
            **more,
            features=None if self.user_features is None else self.user_features[row : row + 1],
        )

    @property
    def labelling(self) -> Labelling:
        """The rule that the dataset was prepared with."""
        rules = self.manifest["rules"]
        return Labelling(self.scale, rules["labels"], rules.get("liked"))

    def labels(self) -> I8:
        """Interactions i8[N] by the rule that the dataset was prepared with."""
        return self.labelling.of(self.profiles)

    @cached_property
    def contents(self) -> Contents:
        """What its folder holds, without the manifest."""
        optional = {name: array for name in OPTIONAL if (array := getattr(self, name)) is not None}
        arrays = {"indptr": self.indptr, "item": self.item, "rating": self.stored, **optional}
        return Contents(self.items, self.users.ids, arrays, self.scale, self.people)

    @property
    def sha256(self) -> str:
        """One hash of all entries and ids."""
        noted = self.manifest.get("sha256")
        return str(noted["all"] if noted else self.contents.hashes["all"])

    @property
    def signal(self) -> str:
        """What says that somebody likes something: "ratings", "presence" or "counts"."""
        return str(self.manifest.get("signal", "ratings"))

    @property
    def lineage(self) -> tuple[str, ...]:
        """The hash of the dataset before each addition, the oldest first."""
        return tuple(self.manifest.get("lineage", ()))

    def known_to(self, sha256: str) -> Bools | None:
        """bool[N]: the entries that an earlier state of the dataset, of this hash, had as they are; None if it is none."""
        if sha256 == self.sha256:
            return np.ones(len(self.item), np.bool_)
        if sha256 not in self.lineage or self.since is None:
            return None
        known: Bools = np.abs(self.since) <= self.lineage.index(sha256)
        return known

    def added_to(self, sha256: str) -> Bools | None:
        """bool[N]: the entries that were put to an earlier state of the dataset, of this hash, and never changed; None if it is
        none. Whatever was changed is neither known to it nor surely new: it may have had the pair with another rating."""
        known = self.known_to(sha256)
        if known is None or self.since is None:
            return None if known is None else ~known
        added: Bools = ~known & (self.since > 0)
        return added

    def of_items(self, n: int) -> "Dataset":
        """The dataset with the first n items alone, such as those of a bundle that was trained before others were added."""
        if n >= len(self.items):
            return self
        kept = np.asarray(self.item) < n
        bounds = np.concatenate([[0], np.cumsum(kept)])[self.indptr]
        more: dict[str, Any] = {name: None if (a := getattr(self, name)) is None else a[kept] for name in OPTIONAL}
        return replace(self, items=self.items.head(n), indptr=bounds, item=self.item[kept], stored=self.stored[kept], **more)

    def save(self, path: Path | str) -> None:
        """Write the folder whole or not at all; an older dataset there is replaced, anything else is refused.

        A process that has the older one open can go on reading it, see `konomi.files.versions`.
        """
        write_folder(as_path(path, "a dataset", DataError), self.contents, self.manifest)

    @classmethod
    def open(cls, path: Path | str, check: bool = True) -> "Dataset":
        """A dataset that `save` wrote, its arrays mapped; DataError where it is missing, altered, cut short or inconsistent.

        With `check`, everything is read once, compared with its hash and validated. Without, only dtypes and lengths of the
        arrays are checked, and `profile` validates each profile that it returns: for reading a few people.
        """
        contents, manifest = read_folder(as_path(path, "a dataset", DataError), check)
        array = contents.arrays
        return cls(
            contents.items,
            Vocab(contents.users),
            array["indptr"],
            array["item"],
            array["rating"],
            array.get("status"),
            array.get("time"),
            contents.scale,
            manifest,
            array.get("weight"),
            contents.people,
            array.get("since"),
        )

    def titles(self, rows: Sequence[int]) -> list[str]:
        """The name of each of these item rows: the title, else the id."""
        names = self.items.select(pl.coalesce("title", pl.col("item_id").cast(pl.String)).alias("name"))["name"]
        return names.gather(list(rows)).to_list()
