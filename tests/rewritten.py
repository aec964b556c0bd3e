"""Bundles written anew with other contents and right hashes, such as a faulty program would write."""

import io
import json

import numpy as np
import polars as pl

from konomi.bundle.layout import map_file, write
from konomi.data.dataset import parquet


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
