"""Bundle: trained models in one checked, mapped file; see docs/bundle-format.md. It holds nobody's ratings."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors import SafetensorError

from konomi.arguments import as_path, expect
from konomi.bundle.contents import check_arrays, check_catalogue, check_people, checked_lifts, try_out, typed
from konomi.bundle.facts import Facts, Metrics
from konomi.bundle.layout import write
from konomi.bundle.records import record
from konomi.bundle.stored import FORMAT, ITEMS, KIND, LIFTS, PEOPLE, REMEDY, Stored, manifest_text, read_file, read_folder
from konomi.data.dataset import parquet
from konomi.data.labels import Labelling
from konomi.data.lifts import Lifts
from konomi.data.scale import Scale
from konomi.errors import BundleError, DataError
from konomi.files import check_file, kind_of, whole_file
from konomi.models import module
from konomi.models.api import Model, first_giving, ordering, tasks

LONGEST = 300  # characters of a reason in an error, at most


@dataclass(frozen=True)
class Bundle:
    """Models of the same items, and what is needed to use them.

    models: by name; each output comes from the first that has it; configs: their settings; items: the catalogue, a row per item
    row of the models, with `ratings`, `mean` and `bayes` of the training entries, `franchise` and `part`; scale: of the
    ratings; facts: origin and metrics; people: what was measured of each person with test entries, without ids, see
    `evaluate/people.py`, empty where nothing was; lifts: of the best known items, none in bundles of format 4 or before.
    """

    models: dict[str, Model]
    configs: dict[str, dict[str, Any]]
    items: pl.DataFrame
    scale: Scale
    facts: Facts
    people: pl.DataFrame = field(default_factory=pl.DataFrame)
    lifts: Lifts = field(default_factory=Lifts)

    def __repr__(self) -> str:
        return f"Bundle({', '.join(self.models)}: {len(self.items):,} items, rated {self.scale})"

    @property
    def metrics(self) -> dict[str, Metrics]:
        """The metrics on the "test" and the "valid" entries, where there are any."""
        return self.facts.metrics

    @property
    def labelling(self) -> Labelling:
        """What is liked."""
        return Labelling(self.scale, self.facts.data.labels or "scored", self.facts.data.liked)

    @property
    def order(self) -> str:
        """What orders titles, in words, as in "slim" or "slim 80 %, ease 20 %"."""
        able = ordering(self.models.values())
        names = [name for name, model in self.models.items() if any(model is each for each in able)]
        if self.facts.weights is not None:
            return self.facts.weights.said(names)
        return next((name for name in names if not tasks(self.models[name])), names[0])

    def giving(self, output: str) -> Model | None:
        """The first model that has an output; None where none has it."""
        return first_giving(self.models.values(), output)


def save_bundle(path: Path | str, bundle: Bundle) -> None:
    """Write the file whole or not at all. An older one is replaced by one rename, so that readers find the old or the new one.

    BundleError where something else is at the path, where it cannot be written, or where the bundle could not be loaded again.
    The same bundle gives the same bytes.
    """
    target = as_path(path, "a bundle", BundleError)
    expect(bundle, Bundle, "a bundle", BundleError, "Give what konomi.train_model gave, after the path.")
    place = check_target(target)
    with _understood(target):
        states = {name: model.state() for name, model in bundle.models.items()}
        items = typed(bundle.items)
        check_catalogue(items)
        for name, state in states.items():
            check_arrays(name, state, len(items), values=True)
        text = manifest_text(bundle.configs, {"scale": asdict(bundle.scale), **bundle.facts.to_json()})
        arrays = {f"{name}/{key}": array for name, state in states.items() for key, array in state.items()}
        arrays |= {f"{LIFTS}{key}": array for key, array in vars(checked_lifts(vars(bundle.lifts), len(items))).items()}
        arrays[ITEMS] = np.frombuffer(parquet(items), np.uint8)
        if bundle.people.width:
            check_people(bundle.people)
            arrays[PEOPLE] = np.frombuffer(parquet(bundle.people), np.uint8)
        with whole_file(place, BundleError) as partial:
            write(partial, {"kind": KIND, "format": str(FORMAT), "manifest": text}, arrays)
            check_target(target)  # again, since writing takes a while


def load_bundle(path: Path | str, check: bool = True) -> Bundle:
    """A bundle that `save_bundle` wrote, or a folder of format 2. The arrays of a file are mapped, so processes share them.

    With `check`, every hash is compared, every number checked and each model tried out. Without, a large file opens at once:
    header, catalogue, types, shapes and arrays of whole numbers are still checked, but not arrays of floats. BundleError where
    it is missing, cut short, altered, of an unknown format, or has contents that do not fit.
    """
    place = as_path(path, "a bundle", BundleError)
    with _understood(place):
        return _bundle(read_folder(place) if place.is_dir() else read_file(place, check), check)


def check_target(path: Path, inputs: Iterable[Path] = ()) -> Path:
    """The resolved path for a new bundle. A command calls it before its work.

    BundleError where anything but the file of a bundle is at `path`, and as in `check_file`.
    """
    if os.path.isdir(path) and kind_of(path) == KIND:
        raise BundleError(
            f"{path}: already exists and is a folder, a {KIND} of an older format; now it is a file.",
            "Move the folder away or delete it, or choose another place with `path`.",
        )
    return check_file(path, BundleError, inputs, older=(f"a {KIND}", lambda place: kind_of(place) == KIND))


def _bundle(stored: Stored, check: bool) -> Bundle:
    """The bundle from its stored form; ValueError and the like where its contents do not fit each other."""
    manifest = dict(stored.manifest)
    scale = record(Scale, manifest.pop("scale", None), "scale")
    facts = Facts.from_json(manifest)
    items = pl.read_parquet(io.BytesIO(stored.catalogue))
    check_catalogue(items)
    models = {}
    for name, state in stored.states.items():
        check_arrays(name, state, len(items), check)
        models[name] = module(name).load(state)
        if check:
            try_out(name, models[name], items, scale)
    people = pl.read_parquet(io.BytesIO(stored.people)) if stored.people else pl.DataFrame()
    check_people(people)
    if facts.weights is not None and len(facts.weights.shares[0]) != len(ordering(models.values())):
        raise ValueError("the weights are not of as many models as order titles")
    configs = {model.name: model.config for model in stored.models}
    return Bundle(models, configs, items, scale, facts, people, checked_lifts(stored.lifts, len(items)))


@contextmanager
def _understood(place: Path) -> Iterator[None]:
    """Turn errors of reading or writing a bundle into a BundleError that names the place."""
    try:
        yield
    except FileNotFoundError as cause:
        raise BundleError(f"{place}: no such file.", REMEDY) from cause
    except OSError as cause:
        raise BundleError(f"{place}: cannot be read: {cause.strerror}.", REMEDY) from cause
    except (
        *(ValueError, KeyError, TypeError, AttributeError, RecursionError, DataError, SafetensorError),
        *(pl.exceptions.PolarsError, pl.exceptions.PanicException),
    ) as cause:
        raise BundleError(f"{place}: not a bundle that can be used: {_reason(cause)}.", REMEDY) from cause


def _reason(cause: BaseException) -> str:
    """The reason of an error, in one line that a terminal can show."""
    if isinstance(cause, RecursionError):
        return "its JSON is nested too deeply"
    text = f"{cause.args[0]!r} is missing" if isinstance(cause, KeyError) and cause.args else str(cause)
    line = " ".join(text.split()).rstrip(".")[:LONGEST]
    return "".join(letter if letter.isprintable() else "?" for letter in line) or type(cause).__name__
