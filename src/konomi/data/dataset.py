"""Dataset: prepared ratings on disk and in memory; see docs/dataset-format.md."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import I8, I32, I64, U8
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.vocab import Vocab
from konomi.errors import DataError
from konomi.files import hash_array, hash_bytes, read_manifest, whole_folder, write_manifest

KIND = "konomi dataset"
FORMAT = 1
REMEDY = "Make one with `konomi prepare PATH -o DATA`."
OPTIONAL = ("status", "time")
KEYS = ("entries", "scale", "source", "note", "rules", "report", "histogram", "labels", "items_with_title", "sha256")


@dataclass(frozen=True)
class Dataset:
    """Ratings of U users on I items: N entries in compressed rows, sorted by user and item.

    items: the catalogue (`table.ITEM_COLUMNS`, then ratings, mean, bayes), one row each; users: their ids; indptr i64[U+1];
    item i32[N]; stored u8[N] or f32[N] (see `Scale`); status u8[N] or None; time i64[N] or None; manifest: where it comes
    from and what was left out. Arrays are memory-mapped when read from disk.
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

    from_frame: ClassVar[Callable[..., "Dataset"]]  # of any table; `reading/frame.py`, which stands above, gives it

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
        return Profiles(self.indptr, self.item, self.scale.decode(self.stored), self.status)

    def profile(self, user_id: int | str) -> Profiles:
        """One user's profile, or a `RequestError` where nobody has this id."""
        row = self.users.row(user_id, "user")
        entries = slice(self.indptr[row], self.indptr[row + 1])
        return Profiles(
            np.array([0, self.indptr[row + 1] - self.indptr[row]]),
            np.asarray(self.item[entries]),
            self.scale.decode(self.stored[entries]),
            None if self.status is None else np.asarray(self.status[entries]),
        )

    @property
    def labelling(self) -> Labelling:
        """The rule that the dataset was prepared with."""
        return Labelling(self.scale, self.manifest["rules"]["labels"])

    def labels(self) -> I8:
        """Interactions i8[N] by the rule that the dataset was prepared with."""
        return self.labelling.of(self.profiles)

    @cached_property
    def sha256(self) -> str:
        """One hash for all of the entries and their ids."""
        if "sha256" in self.manifest:
            return str(self.manifest["sha256"]["all"])
        return str(_hashes(self)["all"])

    def save(self, path: Path | str) -> None:
        """Write the folder whole or not at all; an older dataset there is replaced, anything else is refused."""
        with whole_folder(Path(path), KIND, DataError) as folder:
            for name in ("indptr", "item", "stored", *OPTIONAL):
                if (array := getattr(self, name)) is not None:
                    np.save(folder / f"{'rating' if name == 'stored' else name}.npy", array, allow_pickle=False)
            (folder / "items.parquet").write_bytes(parquet(self.items))
            (folder / "users.parquet").write_bytes(parquet(pl.DataFrame({"user_id": self.users.ids})))
            size = {"users": len(self.users), "items": len(self.items), "entries": len(self.item), "density": self.density}
            scale = {"low": self.scale.low, "high": self.scale.high, "step": self.scale.step}
            head = {"kind": KIND, "format": FORMAT, **size, "scale": scale}
            write_manifest(folder, {**head, **self.manifest, "sha256": _hashes(self)})

    @classmethod
    def open(cls, path: Path | str) -> "Dataset":
        """A dataset that `save` wrote; DataError where it is missing, of an unknown format, cut short or inconsistent."""
        folder = Path(path)
        manifest = read_manifest(folder, KIND, FORMAT, KEYS, DataError, REMEDY)
        try:
            items, users = pl.read_parquet(folder / "items.parquet"), pl.read_parquet(folder / "users.parquet")
            arrays = {name: _map(folder / f"{name}.npy") for name in ("indptr", "item", "rating")}
            optional = {name: _map(folder / f"{name}.npy") for name in OPTIONAL if name in manifest["sha256"]}
            scale = Scale(**manifest["scale"])
            dataset = cls(
                items,
                Vocab(users["user_id"]),
                arrays["indptr"],
                arrays["item"],
                arrays["rating"],
                optional.get("status"),
                optional.get("time"),
                scale,
                manifest,
            )
        except (OSError, ValueError, KeyError, TypeError, EOFError, pl.exceptions.PolarsError) as cause:
            raise DataError(f"{folder}: a part of the dataset is missing or damaged: {cause}.", REMEDY) from cause
        entries = manifest["entries"]
        lengths = [len(a) for a in (dataset.item, dataset.stored, *optional.values())]
        if dataset.indptr[-1] != entries or any(n != entries for n in lengths):
            raise DataError(f"{folder}: its arrays do not have the {entries:,} entries of its manifest.", REMEDY)
        bounds = np.diff(dataset.indptr)
        rows = (dataset.item.min(), dataset.item.max()) if entries else (0, 0)
        if len(bounds) != len(users) or (bounds < 0).any() or rows[0] < 0 or rows[1] >= len(items):
            raise DataError(f"{folder}: its arrays do not fit its users and items.", REMEDY)
        return dataset

    def titles(self, rows: Sequence[int]) -> list[str]:
        """What to call these item rows: the title, else the id."""
        names = self.items.select(pl.coalesce("title", pl.col("item_id").cast(pl.String)).alias("name"))["name"]
        return names.gather(list(rows)).to_list()


def _map(path: Path) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False) if path.stat().st_size > 128 else np.load(path)
    return array


def parquet(frame: pl.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file. Written by us: polars' writer tells of a full disk in its own way."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _hashes(dataset: Dataset) -> dict[str, str]:
    ids = [*map(str, dataset.users.ids), "", *map(str, dataset.items["item_id"])]
    parts = {name: getattr(dataset, name) for name in ("indptr", "item", "stored", *OPTIONAL)}
    each = {"rating" if name == "stored" else name: hash_array(a) for name, a in parts.items() if a is not None}
    each["ids"] = hash_bytes("\n".join(ids).encode())
    each["all"] = hash_bytes("".join(each.values()).encode(), str(dataset.scale).encode())
    return each
