"""How far to trust the vectors of items with few ratings: do the ten nearest titles have genres in common?

    python bench/similar.py

Real MyAnimeList ratings with the catalogue of 2020, and ml-latest-small, the data beside the checkout. Mean genre overlap
(Jaccard) of the 300 most rated titles with their ten nearest, cosine shrunk by n / (n + C) with n the neighbour's training
ratings, for several C.
"""

from pathlib import Path

import numpy as np

from konomi.catalogue.tags import genre_matrix
from konomi.data.prepare import prepare
from konomi.pipeline.train import train_model
from konomi.reading.catalogues import read_catalogue
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from measure import BENCH, save

DATA = BENCH.parent.parent / "shared" / "data"
TITLES, NEAREST = 300, 10


def overlap(paths: list[Path], catalogue: Path | None) -> dict[str, float]:
    table = read_source(None, paths, ReadOptions(), Run())
    if catalogue:
        table = table.__class__(**{**vars(table), "items": read_catalogue(catalogue)})
    bundle = train_model(prepare(table), "mf")
    vectors, count = bundle.models["mf"].item_vectors(), bundle.items["ratings"].to_numpy()
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    genres = genre_matrix(bundle.items).astype(np.int64)
    rows = np.argsort(-count, kind="stable")[:TITLES]
    cosine = unit[rows] @ unit.T
    cosine[np.arange(TITLES), rows] = -np.inf
    found = {}
    for prior in (0, 10, 25, 50, 100):
        shrunk = np.where(count > 0, cosine * (count / np.maximum(count + prior, 1)), -np.inf)
        near = np.argsort(-shrunk, axis=1, kind="stable")[:, :NEAREST]
        both = (genres[rows][:, None] & genres[near]).sum(axis=2)
        either = (genres[rows][:, None] | genres[near]).sum(axis=2)
        found[f"C = {prior}"] = round(float((both / np.maximum(either, 1)).mean()), 3)
    random = np.random.default_rng(0).permutation(rows)
    pairs = (genres[rows] & genres[random]).sum(axis=1) / np.maximum((genres[rows] | genres[random]).sum(axis=1), 1)
    return {**found, "pairs at random": round(float(pairs.mean()), 3)}


anime = overlap([DATA / "anime-caserec-2016" / "rating_mal_ids.csv"], DATA / "anime-meta-2020" / "anime.csv")
save("similar", {"anime": anime, "films": overlap([DATA / "ml-latest-small-2018"], None)})
