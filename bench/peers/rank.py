"""A package's rankers on given entries. Run by ranking_peers.py, in the peers' environment.

    python rank.py PACKAGE FOLDER

First prints a line of JSON: the package's version, and the families of `rank_PACKAGE.py` with the ranges of their settings.
Then each line on standard input is one training, in JSON: family, settings, part ("valid" or "test"), positives (which entries
count as 1: "all" or "liked"), least (items of fewer positives are left out), seconds (of CPU, after which the process ends).
FOLDER has the entries as {part}_{positives}_indptr.npy and …_item.npy, what is never listed as {part}_seen_…, whose lists are
wanted as {part}_people.npy, and the number of items in items.npy. The lists, i32[P, 20], best first, go to lists.npy; the
answer is a line of JSON: seconds of CPU, or an error.
"""

import importlib
import json
import os
import resource
import sys
import time
import warnings
from importlib.metadata import packages_distributions, version
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

K, AT_ONCE = 20, 512

warnings.simplefilter("ignore")
out = os.fdopen(os.dup(1), "w")  # what packages print goes elsewhere
os.dup2(2, 1)
package, folder = sys.argv[1], Path(sys.argv[2])
families = importlib.import_module(f"rank_{package}").FAMILIES
n_items = int(np.load(folder / "items.npy"))


def say(answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


def entries(part: str, which: str) -> Any:
    """f32[U, I]: 1 for the entries."""
    indptr, item = (np.load(folder / f"{part}_{which}_{array}.npy") for array in ("indptr", "item"))
    return csr_matrix((np.ones(len(item), np.float32), item, indptr), shape=(len(indptr) - 1, n_items))


def lists(family: str, settings: dict[str, Any], part: str, positives: str, least: int) -> Any:
    """The K items with the highest scores for each of the people, without those they have seen, i32[P, K]."""
    X, seen, people = entries(part, positives), entries(part, "seen"), np.load(folder / f"{part}_people.npy")
    kept = np.flatnonzero(np.bincount(X.indices, minlength=n_items) >= least)
    scores = families[family].fit(X[:, kept], settings)
    seen, found = seen[:, kept], np.empty((len(people), K), np.int32)
    for start in range(0, len(people), AT_ONCE):
        rows = people[start : start + AT_ONCE]
        score = np.nan_to_num(np.array(scores(rows), np.float32), nan=-np.inf)
        score[seen[rows].nonzero()] = -np.inf
        best = np.argpartition(-score, K, axis=1)[:, :K]
        order = np.argsort(-np.take_along_axis(score, best, 1), axis=1, kind="stable")
        found[start : start + AT_ONCE] = kept[np.take_along_axis(best, order, 1)]
    return found


ranges = {name: {"ranges": {s: vars(r) for s, r in f.ranges.items()}, "dense": f.dense} for name, f in families.items()}
say({"version": version(packages_distributions()[package][0]), "families": ranges})
for line in sys.stdin:
    start, trial = time.process_time(), json.loads(line)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(start + trial.pop("seconds")), resource.RLIM_INFINITY))
    try:
        np.save(folder / "lists.npy", lists(**trial))
        answer = {}
    except Exception as error:  # whatever a package raises is one trial lost
        answer = {"error": f"{type(error).__name__}: {error}"}
    say({**answer, "seconds": time.process_time() - start})
