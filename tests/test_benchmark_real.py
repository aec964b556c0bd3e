"""Protocols on the real ratings beside the checkout: the files are those of the protocols, and known figures come out."""

import pytest

from konomi.pipeline.benchmark import benchmark
from konomi.pipeline.protocol_data import find_data, open_protocol
from konomi.pipeline.protocol_file import load_protocol
from konomi.runtime import Run

pytestmark = pytest.mark.data

RUN = Run(threads=1)
KNOWN = {
    "ml-100k-u1": ("bias", "rmse", 0.9573),
    "ml-100k-surprise": ("bias", "rmse", 0.9424),  # Surprise prints 0.944 for its baseline on these folds
    "founding": ("bias", "rmse", 1.2153),
    "lastfm-plays": ("popular", "recall@20", 0.0367),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_figures(shared, name):
    model, key, value = KNOWN[name]
    found = benchmark(name, shared, model, RUN, by_ids=True)
    (row,) = [each for each in found.rows if each.name == model]
    assert found.unchecked == () and row.values[key] == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("name", ["ml-100k", "citeulike", "founding-lists"])
def test_files_are_those_of_the_protocol(shared, name):
    assert find_data(load_protocol(name), shared).unchecked == ()


def test_the_five_test_files_of_movielens_part_it(shared):
    dataset, splits = open_protocol("ml-100k", shared, RUN, by_ids=True)
    assert [split.counts()["test"] for split in splits] == [20_000] * 5
    assert (sum((split.role == 2).astype(int) for split in splits) == 1).all() and len(dataset.item) == 100_000
