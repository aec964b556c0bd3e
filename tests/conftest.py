"""What several tests stand on: small people whose taste is obvious, and the real ratings where they are at hand."""

import math
import shutil
import signal
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import settings

from command_line import CATALOGUE, konomi, ratings, write
from konomi.bundle.format import save_bundle
from konomi.cli import progress
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from loopback import Server

# however the tests were started (in the background, under nohup): their child processes hear signals
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
progress.SOON = math.inf  # however slow the machine, a command says what it has to say, and no lines of progress
settings.register_profile("konomi", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("konomi")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real ratings beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("no real ratings beside this checkout")
    return SHARED


def table_of(rows, **more) -> Table:
    """A Table of (user id, item id, rating or None) rows on the scale 1 to 10."""
    users, items, ratings = zip(*rows, strict=True)
    rating = np.array([np.nan if r is None else r for r in ratings], np.float32)
    return Table(pl.Series(users), pl.Series(items), rating, **{"scale": Scale(1, 10, 1), "source": "test", **more})


@pytest.fixture(scope="session")
def checkerboard() -> Dataset:
    """30 people, 20 items: even people rate even items 9 and odd ones 2, odd people the other way; one in seven is missing."""
    rows = [(100 + u, 10 * i, 9 if (u + i) % 2 == 0 else 2) for u in range(30) for i in range(20) if (3 * u + 5 * i) % 7]
    return prepare(table_of(rows))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with ratings.csv, catalogue.csv, and the dataset and the bundles made of them."""
    folder = tmp_path_factory.mktemp("cli")
    write(folder / "ratings.csv", ratings())
    write(folder / "catalogue.csv", CATALOGUE)
    prepare = (
        "prepare",
        folder / "ratings.csv",
        "--items",
        folder / "catalogue.csv",
        "--scale",
        "1:10:1",
        "-o",
        folder / "data",
    )
    konomi(*prepare)
    konomi("train", folder / "data", "-m", "mf", "-o", folder / "bundle", "--set", "dim=4", "--set", "epochs=20", "--no-refit")
    konomi("train", folder / "data", "-o", folder / "bias", "-m", "bias", "--no-refit")
    return folder


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> Path:
    """A folder with a dataset, and bundles that were trained on it."""
    rows = [(100 + u, 10 * i, 9 if (u + i) % 2 == 0 else 2) for u in range(60) for i in range(20) if (3 * u + 5 * i) % 7]
    mf = {"mf": {"dim": 2, "epochs": 6, "rate": 0.2}}
    folder = tmp_path_factory.mktemp("given")
    prepare(table_of(rows)).save(folder / "data")
    save_bundle(folder / "bundle", train_model(folder / "data", {**mf, "ease": {"l2": 10.0}}, run=Run(threads=1)))
    save_bundle(folder / "other", train_model(folder / "data", "ease", run=Run(threads=1)))
    return folder


@pytest.fixture
def bundle(place, tmp_path):
    """A copy of the bundle, to be spoilt."""
    return shutil.copyfile(place / "bundle", tmp_path / "bundle")


@pytest.fixture
def server(monkeypatch):
    """A server on the loopback, to which no proxy leads."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()
