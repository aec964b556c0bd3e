"""Splits given by files, and the split of a bundle, made again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from konomi.bundle.format import Bundle
from konomi.data.dataset import Dataset
from konomi.data.split import Split, SplitConfig, make_split, predefined, rebuild
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import SOURCES, read_source
from konomi.runtime import Run
from konomi.settings import settings


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
        return make_split(dataset, SplitConfig(**spec)) if grown else rebuild(dataset, spec, sha256)
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
