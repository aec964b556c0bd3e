"""Splits given by files, the split of a bundle, made again, and what of a dataset tests it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.bundle.format import Bundle
from konomi.data.dataset import Dataset
from konomi.data.split import SHOWN, TEST, TRAIN, Split, made_again, predefined, rebuild
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import SOURCES, read_source
from konomi.runtime import Run
from konomi.settings import settings

ADDED = "added since"  # the kind of a split whose test entries are those that a model cannot have learnt


def read_like(dataset: Dataset, path: Path, run: Run) -> Table:
    """A ratings file, read with the source and options of a dataset."""
    source = dataset.manifest["source"]
    options = settings(ReadOptions, dataset.manifest.get("read", {}), f"{path}")
    known = source if source in SOURCES and source != "sample" else None
    return read_source(known, [path], replace(options, scale=dataset.scale), run)


def check_files(test: Path | None, valid: Path | None, said: Mapping[str, object]) -> None:
    """ConfigError where files that give a split go together neither with each other nor with what else is `said` of it: values
    of `kind`, `valid` and `test`, None where nothing is."""
    if valid and not test:
        raise ConfigError("A validation file needs a test file.", "Give both, or `valid` and `test`.", "valid_file")
    more = [name for name in ("kind", "test", "folds", *(["valid"] if valid else [])) if said.get(name) is not None]
    if test and more:
        raise ConfigError(
            "The test and validation files say which entries those are.",
            "Leave out `split`, `test` and such a `valid`.",
            more[0],
        )


def split_by_files(dataset: Dataset, test: Path, valid: Path | None, share: float, seed: int, run: Run) -> Split:
    """The split whose test and validation entries are given by files; it keeps their paths, so that it can be made again.

    Without a validation file, a share of the entries that are not test entries is drawn.
    """
    validated = read_like(dataset, valid, run) if valid else None
    split = predefined(dataset, read_like(dataset, test, run), validated, share, seed)
    files = {"test_file": str(test.resolve()), **({"valid_file": str(valid.resolve())} if valid else {})}
    return replace(split, spec={**split.spec, **files})


def split_of(bundle: Bundle, dataset: Dataset, run: Run) -> Split:
    """The split that a bundle was trained with, made again; DataError where it differs."""
    spec, sha256 = bundle.facts.split.spec, bundle.facts.split.sha256
    grown = dataset.sha256 != bundle.facts.data.sha256  # the entries that it had keep their roles
    if spec["kind"] != "predefined":
        return made_again(dataset, spec) if grown else rebuild(dataset, spec, sha256)
    if "test_file" not in spec:
        raise DataError(
            "This model was tested on a table that is not noted.",
            "Train it again with a split that is drawn, or given by files.",
        )
    valid = Path(spec["valid_file"]) if "valid_file" in spec else None
    split = split_by_files(dataset, Path(spec["test_file"]), valid, spec.get("valid", 0), spec.get("seed", 0), run)
    if split.sha256 != sha256 and not grown:
        raise DataError(f"{spec['test_file']}: not the file that this model was tested on: its split differs.", "Train again.")
    return split


def measuring_split(bundle: Bundle, dataset: Dataset, run: Run, own: bool) -> Split:
    """The split that a bundle is measured on: test entries are none that it has learnt, training entries all that it has.

    What a refitted bundle has not learnt is what was added to its dataset since. Another keeps its test entries, and has new
    ones, if roles last while its dataset grows. own: whether entries of the dataset test it; else all that was added is as new
    to it as any rating that the dataset does not have. Whatever else was added or changed since is shown: nobody has learnt it,
    and of what was changed the pair may have been.

    DataError where a split cannot be made again.
    """
    before, spec = bundle.facts.data.sha256, bundle.facts.split.spec
    known, added = dataset.known_to(before), dataset.added_to(before)
    if known is None or added is None:
        raise DataError("Nothing says which entries this model has learnt.", "Train again on this dataset.")
    if bundle.facts.refitted or not (known.all() or lasts(spec)):
        role, kind = np.where(known, np.uint8(TRAIN), np.uint8(SHOWN)), {"kind": ADDED if added.any() else "everything"}
        return Split(np.where(added, np.uint8(TEST), role), kind, dataset.sha256)
    split = split_of(bundle, dataset, run)
    tests = added & (split.role == TEST) if own else added
    return replace(split, role=np.where(known, split.role, np.where(tests, np.uint8(TEST), np.uint8(SHOWN))))


def lasts(spec: Mapping[str, Any]) -> bool:
    """Whether entries keep their roles while the dataset grows: they follow from ids or points in time, not from counts."""
    counts = [spec.get(name, 0) for name in ("valid", "test")]
    return spec["kind"] not in ("per-user", "last") and (spec["kind"] == "time" or max(counts) < 1)
