"""Bundle: a trained model as a folder that can be trusted; see docs/bundle-format.md. It holds nobody's ratings."""

import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from safetensors import SafetensorError
from safetensors.numpy import load as unpack
from safetensors.numpy import save as pack

from konomi.data.dataset import parquet
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.errors import BundleError, DataError
from konomi.files import MANIFEST, hash_bytes, hash_manifest, read_manifest, whole_folder, write_manifest
from konomi.models import MODELS, Model, module

KIND = "konomi bundle"
FORMAT = 1
REMEDY = "Make one with `konomi train DATA -m mf -o BUNDLE`."
KEYS = ("model", "config", "scale", "data", "split", "seed", "metrics", "history", "sha256")
WRITTEN_WITH = ("konomi", "numpy", "numba", "polars", "safetensors")


@dataclass(frozen=True)
class Bundle:
    """A model and what is needed to use it.

    model, its name and config; items: the catalogue, a row per item row of the model, with `ratings`, `mean` and `bayes` of the
    training entries; scale: of the ratings; facts: data (path, sha256, source, note), split, seed, metrics, history.
    """

    model: Model
    name: str
    config: dict[str, Any]
    items: pl.DataFrame
    scale: Scale
    facts: dict[str, Any]


def save_bundle(path: Path | str, bundle: Bundle) -> None:
    """Write the folder whole or not at all; an older bundle there is replaced, anything else is refused with a BundleError."""
    with whole_folder(Path(path), KIND, BundleError) as folder:
        arrays = pack(bundle.model.state())
        (folder / "arrays.safetensors").write_bytes(arrays)
        items = parquet(bundle.items)
        (folder / "items.parquet").write_bytes(items)
        written_with = [*WRITTEN_WITH, *(["torch"] if "torch" in sys.modules else [])]
        manifest = {
            "kind": KIND,
            "format": FORMAT,
            "model": bundle.name,
            "config": bundle.config,
            "scale": {**vars(bundle.scale)},
            **bundle.facts,
            "versions": {"python": platform.python_version(), **{name: version(name) for name in written_with}},
        }
        hashes = {"arrays.safetensors": hash_bytes(arrays), "items.parquet": hash_bytes(items)}
        write_manifest(folder, {**manifest, "sha256": {**hashes, MANIFEST: hash_manifest(manifest)}})


def load_bundle(path: Path | str) -> Bundle:
    """A bundle that `save_bundle` wrote; BundleError where it is missing, cut short, altered, or of a format not known here."""
    folder = Path(path)
    manifest = read_manifest(folder, KIND, FORMAT, KEYS, BundleError, REMEDY)
    try:
        hashes = dict(manifest["sha256"])
        if hash_manifest(manifest) != hashes.pop(MANIFEST):
            raise BundleError(f"{folder / MANIFEST}: has been altered: its hash is not the one noted in it.", REMEDY)
        parts = {name: _checked(folder / name, sha256) for name, sha256 in hashes.items()}
        name = manifest["model"]
        if name not in MODELS:
            known = f"This Konomi has {', '.join(MODELS)}: upgrade it."
            raise BundleError(f'{folder}: holds a model "{name}" that is not known here.', known)
        model = module(name).load(unpack(parts["arrays.safetensors"]))
        items, scale = pl.read_parquet(parts["items.parquet"]), Scale(**manifest["scale"])
        stranger = model.encode(Profiles.of([{}]))
        rows = {model.score(stranger, output).shape[1] for output in model.outputs}
    except (KeyError, TypeError, ValueError, SafetensorError, DataError, pl.exceptions.PolarsError) as cause:
        raise BundleError(f"{folder}: a part of the bundle is missing or does not fit: {cause}.", REMEDY) from cause
    if rows != {len(items)}:
        raise BundleError(f"{folder}: its model has {max(rows):,} items and its catalogue {len(items):,}.", REMEDY)
    own = {"kind", "format", "model", "config", "scale", "files"}
    return Bundle(model, name, manifest["config"], items, scale, {k: v for k, v in manifest.items() if k not in own})


def _checked(file: Path, sha256: str) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as cause:
        raise BundleError(f"{file}: cannot be read: {cause.strerror}.", REMEDY) from cause
    if hash_bytes(content) != sha256:
        raise BundleError(f"{file}: has been altered or cut short: its hash is not the one in the manifest.", REMEDY)
    return content
