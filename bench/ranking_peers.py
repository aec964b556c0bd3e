"""Konomi's rankers beside those of irspack, implicit, cornac, LightFM and RecTools, tuned and measured in the same way.

    python bench/ranking_peers.py [films|lastfm|citeulike|anime|lists …] [--trials 20] [--seconds 180] [--only irspack.IALS,…]
    python bench/ranking_peers.py films --kept

The data and splits of rankers.py, seed 0. All models are tuned by NDCG@10 on the validation entries, then trained with what was
chosen on training and validation entries together, and measured on the test entries: their own order of the whole catalogue
without what is shown, test entries that are liked are hits. Lists come from the models, everything that is measured from
Konomi's metrics. Differences have a paired bootstrap over people.

A peer has `trials` settings from the ranges in bench/peers/rank_*.py: the usual ones, then as many from anywhere as from around
the best so far; and so many seconds of CPU for all of them, the lists of the people who choose, 2,048 at most, included. What
it learns, everything that people have consumed or only what they like, is one of its settings. Those that hold a matrix of
items × items leave out the same rare items as `ease`. Konomi's rankers choose by themselves, as they do for everybody.
--kept measures the peers' lists of earlier runs again, beside Konomi's of now, --only renews some of them.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arrays import I32, Bools
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import TRAIN, VALID, Split, TrainSet
from konomi.errors import FitError
from konomi.evaluate.bootstrap import Interval, ranking_standing
from konomi.evaluate.metrics import metrics_named
from konomi.evaluate.recommendations import measure_lists, measured_people, own_order, relevant
from konomi.evaluate.records import ItemFacts, Ranked
from konomi.models import bayes, ease, mf, popular, slim
from konomi.models.api import HasChosen, Model
from konomi.pipeline.refit import settled
from konomi.pipeline.steps import fit
from konomi.runtime import Run, Stage
from measure import OUT, save
from peers.ranges import one_of
from rankers import LEAST, loaded
from tuned_peers import Served, searched

PEERS = {"irspack": "ranking", "implicit": "ranking", "cornac": "ranking", "lightfm": "ranking", "rectools": "rectools"}
METRICS = metrics_named(["ndcg@10", "recall@20"])
K, PEOPLE = 20, 2048  # places of a list; people whose lists choose, at most


@dataclass(frozen=True)
class Part:
    """What is learnt, what people are shown, and what they like of what is hidden, in one step: "valid" or "test"."""

    name: str
    train: TrainSet
    seen: Profiles
    wanted: Profiles
    people: I32

    @classmethod
    def of(cls, name: str, train: TrainSet, seen: Profiles, hidden: Profiles, most: int | None = None) -> "Part":
        wanted = relevant(hidden, train.labelling)
        return cls(name, train, seen, wanted, measured_people(wanted, most))

    def measured(self, lists: I32) -> Ranked:
        """The metrics of lists i32[P, K] of the people."""
        facts = ItemFacts.of(self.train.seen, self.train.items)
        return measure_lists(self.people, lists, self.wanted.take(self.people), facts, METRICS)

    def own(self, model: Model, run: Run) -> Ranked:
        """Those of a model's own order."""
        return self.measured(own_order(model)(self.seen.take(self.people), K, run.threads))

    def positives(self) -> dict[str, Bools]:
        """The entries that a peer may learn, by what they are called; one where both are the same."""
        consumed, liked = self.train.seen.consumed, self.train.labelling.of(self.train.seen) == 1
        return {"all": consumed} if np.array_equal(consumed, liked) else {"all": consumed, "liked": liked}

    def write(self, folder: Path) -> None:
        """The files that peers/rank.py reads."""
        np.save(folder / f"{self.name}_people.npy", self.people)
        for which, kept in {**self.positives(), "seen": np.ones(len(self.seen.item), bool)}.items():
            given = self.seen if which == "seen" else self.train.seen.keep(kept)
            np.save(folder / f"{self.name}_{which}_indptr.npy", given.indptr)
            np.save(folder / f"{self.name}_{which}_item.npy", given.item)


@dataclass(frozen=True)
class Found:
    """A tuned model: what was chosen, of how many trials, seconds of CPU with the last training, and how good it is."""

    chosen: dict[str, Any]
    trials: int
    seconds: float
    valid: float
    test: Ranked


def parts(dataset: Dataset, split: Split) -> tuple[Part, Part]:
    """To tune: training entries learnt and shown, validation entries hidden. To test: both learnt and shown."""
    both = replace(split, role=np.where(split.role == VALID, np.uint8(TRAIN), split.role))
    first = Part.of("valid", split.train_set(dataset), *split.validation(dataset), PEOPLE)
    return first, Part.of("test", both.train_set(dataset), *both.test(dataset))


def rankers_of_konomi(data: str) -> dict[str, Callable[[Part, Part, int], Found]]:
    """By name, what tunes, trains and measures; a blend of several is one more of these functions."""
    configs = {
        "popular": popular.Config(),
        "ease": ease.Config(least=LEAST.get(data, 3)),
        "slim": slim.Config(),
        "mf": mf.Config(task="interaction"),
        "bayes": bayes.Config(),
    }
    return {name: partial(chosen_by_itself, name, config) for name, config in configs.items()}


def chosen_by_itself(name: str, config: Any, tune: Part, test: Part, threads: int) -> Found:
    """One of Konomi's models, which chooses what its Config leaves open; FitError where it cannot learn such data."""
    tried, start = 0, time.process_time()

    def progress(stage: Stage) -> None:
        nonlocal tried
        tried += stage.what.startswith("choose")

    run = Run(threads=threads, progress=progress)
    first = fit(name, config, tune.train, run).model
    again = fit(name, settled(config, [first]), test.train, replace(run, progress=lambda stage: None)).model
    seconds = time.process_time() - start
    chosen = first.chosen if isinstance(first, HasChosen) else {}
    return Found(chosen, max(tried, 1), seconds, tune.own(first, run).metrics["ndcg@10"], test.own(again, run))


def tuned(served: Served, family: str, tune: Part, test: Part, least: int, said: Any) -> tuple[dict[str, Any], I32 | str]:
    """What a search chose for a peer, and its lists in the end, or why there are none."""
    total, why = 0.0, ""
    ranges = {**served.ranges[family], "positives": one_of(*tune.positives())}
    least = least if served.dense[family] else 1

    def lists(part: Part, settings: dict[str, Any], **limit: float) -> tuple[I32 | str, float]:
        nonlocal total
        others = {name: value for name, value in settings.items() if name != "positives"}
        positives = settings["positives"]
        found, taken = served.lists(**limit, family=family, part=part.name, settings=others, positives=positives, least=least)
        total += taken
        return found, taken

    def figure(settings: dict[str, Any], left: float) -> tuple[float | None, float]:
        nonlocal why
        found, taken = lists(tune, settings, seconds=left)
        if isinstance(found, str):
            why = found
            return None, taken
        return tune.measured(found).metrics["ndcg@10"], taken

    chosen, valid, tried = searched(ranges, figure, said.trials, said.seconds)
    last = why if chosen is None else lists(test, chosen)[0]
    return {"chosen": chosen, "trials": tried, "seconds": total, "valid": valid}, last


def peers(folder: Path, tune: Part, test: Part, least: int, said: Any) -> dict[str, Found]:
    """The peers, tuned; what each chose and its lists are left in the folder, from which --kept takes them."""
    for part in (tune, test):
        part.write(folder)
    np.save(folder / "items.npy", len(tune.train.items))
    only = [] if said.kept else said.only.split(",")
    for package in dict.fromkeys(name.partition(".")[0] for name in only):
        served = Served(package, PEERS[package], folder, said.threads)
        for family in served.ranges:
            if package not in only and f"{package}.{family}" not in only:
                continue
            chosen, lists = tuned(served, family, tune, test, least, said)
            name = f"{package} {served.version} {family}"
            print(folder.name, name, lists if isinstance(lists, str) else chosen, file=sys.stderr, flush=True)
            if not isinstance(lists, str):
                (folder / f"{package}.{family}.json").write_text(json.dumps({"name": name, **chosen}))
                np.save(folder / f"{package}.{family}.npy", lists)
        served.end()
    kept = {path: json.loads(path.read_text()) for path in sorted(folder.glob("*.*.json"))}
    return {
        known.pop("name"): Found(**known, test=test.measured(np.load(at.with_suffix(".npy")))) for at, known in kept.items()
    }


def beside(data: str, said: Any) -> dict[str, Any]:
    """The table of a data set, the best first; `best` of Konomi's by the validation entries, and each difference to it."""
    folder = OUT / "ranking" / data
    folder.mkdir(parents=True, exist_ok=True)
    tune, test = parts(*loaded(data, 0))
    ours: dict[str, Found] = {}
    for name, ranker in rankers_of_konomi(data).items():
        try:
            ours[name] = ranker(tune, test, said.threads)
            print(data, name, ours[name].test, file=sys.stderr, flush=True)
        except FitError as error:
            print(data, name, error, file=sys.stderr)
    every = {**ours, **peers(folder, tune, test, LEAST.get(data, 3), said)}
    best = max(ours, key=lambda name: ours[name].valid)
    differences = ranking_standing({name: found.test for name, found in every.items()}, metrics=METRICS).differences
    rows = {}
    for name, found in sorted(every.items(), key=lambda pair: -pair[1].test.metrics["ndcg@10"]):
        rows[name] = {"valid ndcg@10": round(found.valid, 4), "chosen": found.chosen, "trials": found.trials}
        rows[name]["seconds"] = round(found.seconds, 1)
        for metric in METRICS:
            rows[name][metric.key] = round(found.test.metrics[metric.key], 4)
            if name != best:
                rows[name][f"{metric.key}: {best} is ahead by"] = shortly(differences[best, name, metric.key])
    sizes = {"people measured": len(test.people), "items": len(test.train.items), "entries learnt": len(test.train.seen.item)}
    return {**sizes, "best of Konomi's by validation entries": best, "models": rows}


def shortly(difference: Interval) -> str:
    """`+0.0123 (0.0045 to 0.0201)`."""
    return f"{difference.value:+.4f} ({difference.low:.4f} to {difference.high:.4f})"


def table(data: str, found: dict[str, Any]) -> None:
    """Print it as Markdown, below the JSON."""
    best = found["best of Konomi's by validation entries"]
    print(f"\n{data}: {found['people measured']:,} people\n")
    print(f"| | chosen | trials | seconds | valid | NDCG@10 | recall@20 | `{best}` is ahead by, NDCG@10 | recall@20 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, row in found["models"].items():
        ahead = [row.get(f"{metric.key}: {best} is ahead by", "") for metric in METRICS]
        chosen = ", ".join(f"{setting} {value}" for setting, value in row["chosen"].items())
        figures = [f"{row[key]:.4f}" for key in ("valid ndcg@10", "ndcg@10", "recall@20")]
        print("|", " | ".join([name, chosen, str(row["trials"]), f"{row['seconds']:.0f}", *figures, *ahead]), "|")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=["films", "lastfm", "citeulike", "anime", "lists"])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default=",".join(PEERS), help="packages")
    parser.add_argument("--kept", action="store_true")
    said = parser.parse_args()
    for data in said.data:
        found = beside(data, said)
        save(f"ranking-peers-{data}", found)
        table(data, found)
