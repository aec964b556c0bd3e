"""Bundles written anew with other contents and right hashes, such as a faulty program would write."""

import io
import json

import numpy as np
import polars as pl
from safetensors.numpy import save_file

from konomi.bundle.layout import map_file, write
from konomi.data.dataset import parquet
from konomi.files import hash_file, hash_manifest, write_manifest


def rewrite(path, **changes):
    """Change metadata={key: text}, manifest={key: value}, arrays={name: array}; None takes a key or an array away."""
    mapped = map_file(path)
    manifest = json.loads(mapped.metadata["manifest"])
    arrays = {name: array.copy() for name, array in mapped.arrays.items()}
    metadata = {**mapped.metadata, "manifest": json.dumps(changed(manifest, changes.get("manifest", {})))}
    path.unlink()
    write(path, changed(metadata, changes.get("metadata", {})), changed(arrays, changes.get("arrays", {})))
    return path


def rewrite_items(path, change):
    """Put change(catalogue) in the place of the catalogue."""
    items = pl.read_parquet(io.BytesIO(map_file(path).arrays["items.parquet"].tobytes()))
    return rewrite(path, arrays={"items.parquet": np.frombuffer(parquet(change(items)), np.uint8)})


def changed(values, changes):
    whole = {**values, **changes}
    return {key: value for key, value in whole.items() if value is not None}


def older(folder, bundle):
    """A bundle as a folder of format 2, as Konomi 0.1 wrote it."""
    folder.mkdir()
    for name, model in bundle.models.items():
        save_file(model.state(), folder / f"{name}.safetensors")
    (folder / "items.parquet").write_bytes(parquet(bundle.items))
    hashes = {file.name: hash_file(file) for file in folder.iterdir()}
    models = [{"name": name, "config": bundle.configs[name]} for name in bundle.models]
    head = {"kind": "konomi bundle", "format": 2, "models": models, "scale": vars(bundle.scale)}
    manifest = {**head, **bundle.facts.to_json()}
    write_manifest(folder, {**manifest, "sha256": {**hashes, "manifest.json": hash_manifest(manifest)}})
    return folder
