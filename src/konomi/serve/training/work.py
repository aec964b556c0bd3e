"""One training, step by step: each step leaves a file in the training's folder, so that one that was ended goes on there.

store → dataset (`growing.py`) → twin, trained without the test → judgement (`gate.py`) → model, trained on everything
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.data.dataset import Dataset
from konomi.data.split import SplitConfig
from konomi.errors import BundleError, StoreError
from konomi.files.whole import whole_file
from konomi.models import module
from konomi.models.api import keeps_checkpoints
from konomi.pipeline.splits import split_of
from konomi.pipeline.train import learn_all, train_model
from konomi.runtime import Run
from konomi.serve.status import How
from konomi.serve.training.gate import MEASURED, judged, rival
from konomi.serve.training.growing import Grown, grow
from konomi.serve.training.shelf import Shelf

SPLIT = SplitConfig(valid=0.1, test=0.1)


@dataclass(frozen=True)
class Order:
    """What a training is to do. place: of the store, with its password; erased: the file of who was erased; models: the folder
    of the service's models; served: the id of the one that answers; made: when its training began."""

    job: int
    how: How
    place: str
    erased: str
    models: str
    served: str
    made: int


@dataclass(frozen=True)
class Outcome:
    """What a training has made. bundle, twin: files; seq: the last change that it has learnt; began: the time of the store that
    it knows; passed: whether it may answer by itself; report: JSON, for people."""

    bundle: str
    twin: str
    seq: int
    began: int
    passed: bool
    report: dict[str, Any]


def train(order: Order, run: Run) -> Outcome:
    """Train the models of the served bundle again, with what the store has. KonomiError where that cannot be done."""
    shelf = Shelf(Path(order.models))
    work = shelf.work(order.job)
    work.mkdir(exist_ok=True)
    served = load_bundle(shelf.bundle(order.served))
    grown = _grown(work / "grown.json", lambda: grow(order.place, Path(order.erased), shelf, served, run))
    dataset = Dataset.open(shelf.data)
    if dataset.sha256 != grown.dataset:
        raise StoreError(f"{shelf.data}: is not the dataset that this training has begun with.", "Train again.")
    earlier = _if_whole(shelf.twin(order.served))
    forgets = grown.erased > order.made  # what somebody erased has left in a model goes only with the model
    warm = order.how == "warm" and not forgets and earlier is not None and _goes_on(earlier, dataset)

    def first() -> Bundle:
        of_one = replace(run, checkpoint=_checkpoint(work, served))
        if warm:
            return train_model(dataset, None, None, of_one, shelf.data, refit=False, measured=MEASURED, start=earlier)
        return train_model(dataset, served.configs, SPLIT, of_one, shelf.data, refit=False, measured=MEASURED)

    twin = _bundle(work / "twin", first)
    split = split_of(twin, dataset, run)
    before = earlier if earlier is not None and _goes_on(earlier, dataset) else None
    old = _bundle(work / "rival", lambda: rival(served, before, dataset, split, run))
    judgement = judged(twin, old, dataset, split, run)
    again = replace(run, checkpoint=_checkpoint(work, served))
    _bundle(work / "model", lambda: learn_all(twin, dataset, again, served if warm else None))
    report = {
        "how": "warm" if warm else "whole",
        **{name: value for name, value in asdict(grown).items() if name in ("entries", "people")},
        **{name: value for name, value in asdict(judgement).items() if name != "passed"},
    }
    return Outcome(str(work / "model"), str(work / "twin"), grown.seq, grown.began, judgement.passed, report)


def _if_whole(twin: Path) -> Bundle | None:
    """The bundle of a file; None where there is none, as of a model that was given, or where it is damaged."""
    try:
        return load_bundle(twin)
    except BundleError:
        return None


def _goes_on(twin: Bundle, dataset: Dataset) -> bool:
    """Whether a dataset is that of an earlier twin, grown."""
    return twin.facts.data.sha256 in dataset.lineage


def _checkpoint(work: Path, served: Bundle) -> Path | None:
    """Where a training is kept, if exactly one of the models keeps any."""
    keeping = [name for name in served.models if keeps_checkpoints(module(name))]
    return work / "checkpoint" if len(keeping) == 1 else None


def _bundle(path: Path, make: Callable[[], Bundle]) -> Bundle:
    """The bundle of a file, which is made where there is none."""
    if not path.is_file():
        save_bundle(path, make())
        for checkpoint in path.parent.glob("checkpoint*"):
            checkpoint.unlink()
    return load_bundle(path)


def _grown(path: Path, make: Callable[[], Grown]) -> Grown:
    """What a file says of the dataset, which is grown where there is none."""
    if path.is_file():
        return Grown(**json.loads(path.read_text()))
    made = make()
    with whole_file(path, StoreError) as partial:
        partial.write_text(json.dumps(asdict(made)))
    return made
