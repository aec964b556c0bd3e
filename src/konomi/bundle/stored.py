"""Reads the stored form of a bundle, file or folder; see docs/bundle-format.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors.numpy import load_file

from konomi.bundle.layout import map_file
from konomi.bundle.records import is_a, record
from konomi.errors import BundleError, ConfigError, RequestError
from konomi.files import MANIFEST, hash_file, hash_manifest, read_manifest, read_metadata, read_regular
from konomi.models import MODELS, module, package

KIND = "konomi bundle"
FORMAT, OLDER = 6, 2  # formats: a file; a folder, which is only read
READ = ("3", "4", "5", str(FORMAT))  # formats of a file; what later ones have more may be absent
ITEMS, PEOPLE, LIFTS = "items.parquet", "people.parquet", "lifts."  # what is of no model
REMEDY = "Make one with `train_model`."
UPGRADE = f"This Konomi reads formats {OLDER} to {FORMAT}: upgrade it, or train again."
OLD_KEYS = ("models", "scale", "data", "split", "seed", "metrics", "history", "sha256")

State = dict[str, npt.NDArray[Any]]


Plain = str | int | float | bool | None
"""The type of a setting of Konomi's own models; those of other packages may have lists and the like."""


@dataclass(frozen=True)
class Trained:
    """A model's name, its settings, and the package that offers it, None = Konomi."""

    name: str
    config: dict[str, Any]
    package: str | None = None


@dataclass(frozen=True)
class Stored:
    """A stored bundle. models: in order; manifest: the rest of it; catalogue: a Parquet file; states: model → its arrays;
    people: a Parquet file of what was measured of people, empty where there is none; lifts: the arrays of a `Lifts`."""

    models: list[Trained]
    manifest: dict[str, Any]
    catalogue: bytes
    states: dict[str, State]
    people: bytes = b""
    lifts: State = field(default_factory=dict)


def read_file(file: Path, check: bool) -> Stored:
    """A bundle of format 3 to 6, its arrays mapped. With `check` all hashes are compared, else those of header and catalogue.

    BundleError where it is no bundle, or of another format; OSError or ValueError where it cannot be read.
    """
    if file.exists() and (kind := read_metadata(file).get("kind")) != KIND:
        raise BundleError(f"{file}: not a {KIND}{f' but {kind[:60]!r}' if kind else ', or cut short'}.", REMEDY)
    mapped = map_file(file)
    if mapped.metadata.get("format") not in READ:
        raise BundleError(f"{file}: {KIND} format {mapped.metadata.get('format', '')[:60]!r} is not known here.", UPGRADE)
    arrays = dict(mapped.arrays)
    if altered := mapped.altered(arrays if check else [name for name in (ITEMS, PEOPLE) if name in arrays]):
        raise ValueError(f"{altered[0]!r} has been altered: its hash is not the one noted")
    catalogue, people = arrays.pop(ITEMS).tobytes(), arrays.pop(PEOPLE).tobytes() if PEOPLE in arrays else b""
    lifts = {name.removeprefix(LIFTS): arrays.pop(name) for name in list(arrays) if name.startswith(LIFTS)}
    manifest = json.loads(mapped.metadata["manifest"])
    models = _trained(file, manifest.pop("models"))
    states: dict[str, State] = {model.name: {} for model in models}
    for name, array in arrays.items():
        model, _, key = name.partition("/")
        if model not in states:
            raise ValueError(f"{name!r} is of no model in it")
        states[model][key] = array
    return Stored(models, manifest, catalogue, states, people, lifts)


def read_folder(folder: Path) -> Stored:
    """A bundle of format 2: a manifest, the catalogue and a file of arrays for each model. Errors as in `read_file`."""
    manifest = read_manifest(folder, KIND, OLDER, OLD_KEYS, BundleError, REMEDY)
    if manifest["format"] != OLDER:
        raise BundleError(f"{folder}: {KIND} format {manifest['format']} is not known here.", UPGRADE)
    hashes = dict(manifest["sha256"])
    if hash_manifest(manifest) != hashes.pop(MANIFEST):
        raise ValueError(f"{MANIFEST} has been altered: its hash is not the one noted in it")
    models = _trained(folder, manifest.pop("models"))
    files = {model.name: folder / f"{model.name}.safetensors" for model in models}
    for file in (*files.values(), folder / ITEMS):
        if hash_file(file) != hashes[file.name]:
            raise ValueError(f"{file.name} has been altered or cut short: its hash is not the one in the manifest")
    rest = {name: value for name, value in manifest.items() if name not in ("kind", "format", "sha256", "files")}
    states = {name: load_file(file) for name, file in files.items()}
    return Stored(models, rest, read_regular(folder / ITEMS), states)


def _trained(place: Path, models: Any) -> list[Trained]:
    """The models of a manifest; ValueError unless they are a list of distinct names with settings. BundleError for a model that
    is unknown or cannot be used."""
    found = [record(Trained, each, "models") for each in models]
    for model in found:
        _check_known(place, model)
        if model.name in MODELS and not is_a(dict[str, Plain], model.config):
            raise ValueError(f'"config" of models cannot be {str(model.config)[:60]}')
    if not found or len({model.name for model in found}) < len(found):
        raise ValueError("it has no model, or one twice")
    return found


def _check_known(place: Path, model: Trained) -> None:
    try:
        module(model.name)
    except RequestError:
        if model.package:
            raise BundleError(
                f'{place}: holds a model "{model.name}" of the package {model.package}, which is not installed.',
                f"pip install {model.package}",
            ) from None
        known = f"This Konomi has {', '.join(MODELS)}: upgrade it, or register the model first (konomi.register_model)."
        raise BundleError(f'{place}: holds a model "{model.name}" that is not known here.', known) from None
    except ConfigError as error:
        raise BundleError(f"{place}: {error}", error.hint) from error


def manifest_text(models: Mapping[str, dict[str, Any]], rest: Mapping[str, Any]) -> str:
    """The manifest of models (name → settings) and the rest of it, in JSON; ValueError for values that JSON does not have."""
    named = [{"name": name, "config": config, **_owner(name)} for name, config in models.items()]
    return json.dumps({"models": named, **rest}, ensure_ascii=False, allow_nan=False)


def _owner(name: str) -> dict[str, str]:
    """{"package": the package that offers a model}; empty for Konomi's own."""
    return {"package": owner} if (owner := package(name)) else {}
