"""Finds the dataset that a bundle was trained on."""

from pathlib import Path

from konomi.bundle.format import Bundle
from konomi.data.dataset import Dataset
from konomi.errors import DataError


def dataset_of(bundle: Bundle, data: Dataset | Path | str | None = None, check: bool = True) -> Dataset:
    """The dataset of a bundle: `data`, or the one at this path, by default at its old path. DataError where it is another.

    A dataset that has grown since is its dataset, with the items of the bundle alone. check: see `Dataset.open`.
    """
    noted = bundle.facts.data.path  # empty where the model was trained in Python, on a dataset in memory
    if data is None and not (noted and Path(noted).exists()):
        raise DataError(f"{noted or 'memory'}: the dataset of this model is not there.", "Say where it is: `data`.")
    dataset = data if isinstance(data, Dataset) else Dataset.open(data or noted, check)
    if bundle.facts.data.sha256 not in (dataset.sha256, *dataset.lineage):
        raise DataError(
            f"{dataset if isinstance(data, Dataset) else data or noted}: not the dataset that this model was trained on: "
            "its hash differs.",
            "Give that one with `data`, or train again.",
        )
    return dataset.of_items(len(bundle.items))
