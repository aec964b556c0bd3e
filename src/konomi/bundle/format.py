"""Bundle: trained models as a folder that can be trusted; see docs/bundle-format.md. It holds nobody's ratings."""

import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from safetensors import SafetensorError
from safetensors.numpy import load_file
from safetensors.numpy import save as pack

from konomi.data.dataset import parquet
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.errors import BundleError, ConfigError, DataError, RequestError
from konomi.files import MANIFEST, hash_bytes, hash_file, hash_manifest, read_manifest, whole_folder, write_manifest
from konomi.models import MODELS, module, package
from konomi.models.api import Model, ModelModule, first_giving

KIND = "konomi bundle"
FORMAT = 2
REMEDY = "Make one with `train_model`."
KEYS = ("models", "scale", "data", "split", "seed", "metrics", "history", "sha256")
WRITTEN_WITH = ("konomi", "numpy", "numba", "polars", "safetensors")


@dataclass(frozen=True)
class Bundle:
    """Models of the same items, and what is needed to use them.

    models: by name, the first named that has an output gives it; configs: their settings; items: the catalogue, a row per item
    row of the models, with `ratings`, `mean` and `bayes` of the training entries, `franchise` and `part`; scale: of the
    ratings; facts: data (path, sha256, source, note), split, seed, metrics, history.
    """

    models: dict[str, Model]
    configs: dict[str, dict[str, Any]]
    items: pl.DataFrame
    scale: Scale
    facts: dict[str, Any]

    def giving(self, output: str) -> Model | None:
        """The model that an output is taken from; None where none has it."""
        return first_giving(self.models.values(), output)


def save_bundle(path: Path | str, bundle: Bundle) -> None:
    """Write the folder whole or not at all; an older bundle there is replaced, anything else is refused with a BundleError."""
    with whole_folder(Path(path), KIND, BundleError) as folder:
        parts = {_arrays(name): pack(model.state()) for name, model in bundle.models.items()}
        parts["items.parquet"] = parquet(bundle.items)
        for name, content in parts.items():
            (folder / name).write_bytes(content)
        written_with = [*WRITTEN_WITH, *(["torch"] if "torch" in sys.modules else [])]
        manifest = {
            "kind": KIND,
            "format": FORMAT,
            "models": [{"name": name, "config": bundle.configs[name], **_owner(name)} for name in bundle.models],
            "scale": {**vars(bundle.scale)},
            **bundle.facts,
            "versions": {"python": platform.python_version(), **{name: version(name) for name in written_with}},
        }
        hashes = {name: hash_bytes(content) for name, content in parts.items()}
        write_manifest(folder, {**manifest, "sha256": {**hashes, MANIFEST: hash_manifest(manifest)}})


def load_bundle(path: Path | str) -> Bundle:
    """A bundle that `save_bundle` wrote; BundleError where it is missing, cut short, altered, or of a format not known here."""
    folder = Path(path)
    manifest = read_manifest(folder, KIND, FORMAT, KEYS, BundleError, REMEDY)
    try:
        hashes = dict(manifest["sha256"])
        if hash_manifest(manifest) != hashes.pop(MANIFEST):
            raise BundleError(f"{folder / MANIFEST}: has been altered: its hash is not the one noted in it.", REMEDY)
        configs = {model["name"]: model["config"] for model in manifest["models"]}
        modules = {model["name"]: _module(folder, model["name"], model.get("package")) for model in manifest["models"]}
        for file in (*map(_arrays, configs), "items.parquet"):
            _check(folder / file, hashes[file])
        models = {name: each.load(load_file(folder / _arrays(name))) for name, each in modules.items()}
        items, scale = pl.read_parquet((folder / "items.parquet").read_bytes()), Scale(**manifest["scale"])
        rows = _rows(models.values())
    except (KeyError, TypeError, ValueError, SafetensorError, DataError, pl.exceptions.PolarsError) as cause:
        raise BundleError(f"{folder}: a part of the bundle is missing or does not fit: {cause}.", REMEDY) from cause
    if rows != {len(items)}:
        raise BundleError(f"{folder}: its model has {max(rows, default=0):,} items and its catalogue {len(items):,}.", REMEDY)
    own = {"kind", "format", "models", "scale", "files"}
    return Bundle(models, configs, items, scale, {k: v for k, v in manifest.items() if k not in own})


def _arrays(name: str) -> str:
    """The file of a model's arrays."""
    return f"{name}.safetensors"


def _owner(name: str) -> dict[str, str]:
    """The package that a model is of, where it is not Konomi's own."""
    return {"package": owner} if (owner := package(name)) else {}


def _module(folder: Path, name: str, owner: str | None) -> ModelModule:
    """The file of a model of a bundle; BundleError where it is not known here, or cannot be used."""
    try:
        return module(name)
    except RequestError:
        if owner:
            raise BundleError(
                f'{folder}: holds a model "{name}" of the package {owner}, which is not installed.', f"pip install {owner}"
            ) from None
        known = f"This Konomi has {', '.join(MODELS)}: upgrade it, or register the model first (konomi.register_model)."
        raise BundleError(f'{folder}: holds a model "{name}" that is not known here.', known) from None
    except ConfigError as error:
        raise BundleError(f"{folder}: {error}", error.hint) from error


def _rows(models: Iterable[Model]) -> set[int]:
    """How many items the models score, one number where they fit each other."""
    strangers = [(model, model.encode(Profiles.of([{}]))) for model in models]
    return {model.score(stranger, output).shape[1] for model, stranger in strangers for output in model.outputs}


def _check(file: Path, sha256: str) -> None:
    try:
        found = hash_file(file)
    except OSError as cause:
        raise BundleError(f"{file}: cannot be read: {cause.strerror}.", REMEDY) from cause
    if found != sha256:
        raise BundleError(f"{file}: has been altered or cut short: its hash is not the one in the manifest.", REMEDY)
