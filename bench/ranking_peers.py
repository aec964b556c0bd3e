"""Konomi's rankers beside those of irspack, implicit, cornac, LightFM and RecTools, tuned and measured in the same way.

    python bench/ranking_peers.py [films|lastfm|citeulike|anime|lists …] [--seconds 120] [--only irspack.IALS,konomi.slim,…]

The data and splits of rankers.py, seed 0. All models are tuned by NDCG@10 on the validation entries, then trained with what was
chosen on training and validation entries together, and measured on the test entries: their own order of the whole catalogue
without what is shown, test entries that are liked are hits. Lists come from the models, everything that is measured from
Konomi's metrics. Differences have a paired bootstrap over people.

A peer has `trials` settings from the ranges in bench/peers/rank_*.py: the usual ones, then as many from anywhere as from around
the best so far; and so many seconds of CPU for all of them, the lists of the people who choose, 2,048 at most, included. What
it learns, everything that people have consumed or only what they like, is one of its settings. Those that hold a matrix of
items × items leave out the same rare items as `ease`. Konomi's rankers choose by themselves, as they do for everybody.
--only tunes some of them; the others are as they were left in bench/out/ranking by earlier runs.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
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

    def own(self, model: Model, run: Run) -> I32:
        """The lists of a model's own order."""
        return own_order(model)(self.seen.take(self.people), K, run.threads)

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
    """A tuned model: what was chosen, of how many trials, NDCG@10 on validation entries, and the seconds of CPU in all."""

    chosen: dict[str, Any]
    trials: int
    valid: float
    seconds: float


@dataclass(frozen=True)
class Kept:
    """Tuned models in a folder, name.json and name.npy: those of Konomi's are called konomi.slim, the others package.family."""

    folder: Path

    def add(self, name: str, found: Found, lists: I32) -> None:
        """Keep what was found, and the lists in the end i32[P, K]."""
        (self.folder / f"{name}.json").write_text(json.dumps(asdict(found)))
        np.save(self.folder / f"{name}.npy", lists)
        print(self.folder.name, name, found, file=sys.stderr, flush=True)

    def all(self, test: Part) -> dict[str, tuple[Found, Ranked]]:
        """By name, with the metrics of their lists."""
        return {
            (name := path.name.removesuffix(".json")): (
                Found(**json.loads(path.read_text())), test.measured(np.load(self.folder / f"{name}.npy"))
            )
            for path in sorted(self.folder.glob("*.json"))
        }  # fmt: skip


def parts(dataset: Dataset, split: Split) -> tuple[Part, Part]:
    """To tune: training entries learnt and shown, validation entries hidden. To test: both learnt and shown."""
    both = replace(split, role=np.where(split.role == VALID, np.uint8(TRAIN), split.role))
    first = Part.of("valid", split.train_set(dataset), *split.validation(dataset), PEOPLE)
    return first, Part.of("test", both.train_set(dataset), *both.test(dataset))


def rankers_of_konomi(data: str) -> dict[str, Callable[[Part, Part, int], tuple[Found, I32]]]:
    """By name, what tunes and trains, and makes the lists of `test`; a blend of several is one more of these functions."""
    configs = {
        "popular": popular.Config(),
        "ease": ease.Config(least=LEAST.get(data, 3)),
        "slim": slim.Config(),
        "mf": mf.Config(task="interaction"),
        "bayes": bayes.Config(),
    }
    return {name: partial(chosen_by_itself, name, config) for name, config in configs.items()}


def chosen_by_itself(name: str, config: Any, tune: Part, test: Part, threads: int) -> tuple[Found, I32]:
    """One of Konomi's models, which chooses what its Config leaves open; FitError where it cannot learn such data."""
    tried, start = 0, time.process_time()

    def progress(stage: Stage) -> None:
        nonlocal tried
        tried += stage.what.startswith("choose")

    run = Run(threads=threads, progress=progress)
    first = fit(name, config, tune.train, run).model
    again = fit(name, settled(config, [first]), test.train, Run(threads=threads)).model
    seconds, chosen = time.process_time() - start, first.chosen if isinstance(first, HasChosen) else {}
    return Found(chosen, max(tried, 1), tune.measured(tune.own(first, run)).metrics["ndcg@10"], seconds), test.own(again, run)


def tuned(served: Served, family: str, tune: Part, test: Part, least: int, said: Any) -> tuple[Found, I32 | str]:
    """What a search chose for a peer, and its lists in the end, or why there are none."""
    total, why = 0.0, ""
    ranges = {**served.ranges[family], "positives": one_of(*tune.positives())}
    least = least if served.dense[family] else 1

    def lists(part: Part, settings: dict[str, Any], **limit: float) -> tuple[I32 | str, float]:
        nonlocal total
        others = {name: value for name, value in settings.items() if name != "positives"}
        trial = {"family": family, "part": part.name, "settings": others, "positives": settings["positives"], "least": least}
        found, taken = served.lists(**trial, **limit)
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
    return Found(chosen or {}, tried, valid, total), last


def renew(kept: Kept, data: str, tune: Part, test: Part, said: Any) -> None:
    """Tune what --only names, or everything, and keep it."""
    wanted = [f"konomi.{name}" for name in rankers_of_konomi(data)] + [*PEERS] if said.only is None else said.only
    for name, ranker in rankers_of_konomi(data).items():
        if f"konomi.{name}" in wanted:
            try:
                kept.add(f"konomi.{name}", *ranker(tune, test, said.threads))
            except FitError as error:
                print(data, name, error, file=sys.stderr)
    for part in (tune, test):
        part.write(kept.folder)
    np.save(kept.folder / "items.npy", len(tune.train.items))
    for package in {name.partition(".")[0]: None for name in wanted if not name.startswith("konomi.")}:
        served = Served(package, PEERS[package], kept.folder, said.threads)
        for family in served.ranges:
            if package in wanted or f"{package}.{family}" in wanted:
                found, lists = tuned(served, family, tune, test, LEAST.get(data, 3), said)
                if isinstance(lists, str):
                    print(data, package, family, lists, file=sys.stderr, flush=True)
                else:
                    kept.add(f"{package}.{family}", found, lists)
        served.end()


def beside(data: str, said: Any) -> dict[str, Any]:
    """The table of a data set, the best first, with each difference to what of Konomi's is best on the validation entries."""
    kept = Kept(OUT / "ranking" / data)
    kept.folder.mkdir(parents=True, exist_ok=True)
    tune, test = parts(*loaded(data, 0))
    renew(kept, data, tune, test, said)
    every = kept.all(test)
    ours, theirs = ([name for name in every if name.startswith("konomi.") == mine] for mine in (True, False))
    differences = ranking_standing({name: ranked for name, (_, ranked) in every.items()}, metrics=METRICS).differences
    best, verdicts, rows = max(ours, key=lambda name: every[name][0].valid), {}, {}
    for metric in METRICS:
        pair = [max(names, key=lambda name: every[name][1].metrics[metric.key]) for names in (ours, theirs)]
        verdicts[f"{metric.key}: {pair[0]} is ahead of {pair[1]} by"] = shortly(differences[*pair, metric.key])
    for name, (found, ranked) in sorted(every.items(), key=lambda pair: -pair[1][1].metrics["ndcg@10"]):
        rows[name] = {**asdict(found), **{metric.key: round(ranked.metrics[metric.key], 4) for metric in METRICS}}
        if name != best:
            rows[name] |= {f"ahead, {metric.key}": shortly(differences[best, name, metric.key]) for metric in METRICS}
    sizes = {"people measured": len(test.people), "items": len(test.train.items), "entries learnt": len(test.train.seen.item)}
    return {**sizes, "best by validation entries": best, "verdicts": verdicts, "models": rows}


def shortly(difference: Interval) -> str:
    """`+0.0123 (0.0045 to 0.0201)`."""
    return f"{difference.value:+.4f} ({difference.low:.4f} to {difference.high:.4f})"


def table(data: str, found: dict[str, Any]) -> None:
    """Print it as Markdown, below the JSON."""
    best = found["best by validation entries"]
    print(
        f"\n{data}, {found['people measured']:,} people:", ", ".join(f"{what} {by}" for what, by in found["verdicts"].items())
    )
    print(f"\n| | trials | seconds | valid | NDCG@10 | recall@20 | {best} is ahead by |  | chosen |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, row in found["models"].items():
        ahead = [row.get(f"ahead, {metric.key}", "") for metric in METRICS]
        chosen = ", ".join(f"{setting} {value}" for setting, value in row["chosen"].items())
        figures = [f"{row[key]:.4f}" for key in ("valid", "ndcg@10", "recall@20")]
        print("|", " | ".join([name, str(row["trials"]), f"{row['seconds']:.0f}", *figures, *ahead, chosen]), "|")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=["films", "lastfm", "citeulike", "anime", "lists"])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", type=lambda text: text.split(","), help="packages, package.family, konomi.slim")
    said = parser.parse_args()
    for data in said.data:
        found = beside(data, said)
        save(f"ranking-peers-{data}", found)
        table(data, found)
