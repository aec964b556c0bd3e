"""Training again, on everything, what was chosen and measured on a part."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from statistics import median_high
from typing import Any

from konomi.data.dataset import Dataset
from konomi.data.split import Split, with_validation
from konomi.models import module
from konomi.models.api import HasChosen, Model, criterion
from konomi.models.choice import left_open
from konomi.neural.stopping import best_epoch
from konomi.runtime import Run, Stage

VALIDATION = 0.1  # the share that chooses the epoch where none was asked for and all is learnt in the end
AGAIN = "again"


def has_epochs(config: Any) -> bool:
    """Whether a model with this config is trained in epochs, so that something has to say when to stop."""
    return any(each.name == "epochs" for each in fields(config))


def settled(config: Any, models: Sequence[Model]) -> Any:
    """The config of a model that was trained once or several times, with what it left open as it was chosen, and with the epoch
    that was kept as the last one, whatever the errors are; of several the middle one."""
    made = [model.chosen for model in models if isinstance(model, HasChosen)]
    if made:
        names = [name for name in left_open(config) if name in made[0]]
        config = replace(config, **{name: median_high(chosen[name] for chosen in made) for name in names})
    if not has_epochs(config) or not all(len(model.history) for model in models):
        return config
    kept = int(median_high(best_epoch(model.history, criterion(model).higher) + 1 for model in models))
    return replace(config, epochs=kept, **({"patience": 0} if any(each.name == "patience" for each in fields(config)) else {}))


def choosing(split: Split, dataset: Dataset, configs: Mapping[str, Any]) -> Split:
    """The split of the first training: where there are epochs, settings are left open, or several models only rank and have
    to be weighed, it has validation entries, which say when to stop and what to take. configs: by the names of the models."""
    chooses = any(has_epochs(config) or left_open(config) for config in configs.values())
    weighs = sum(not module(name).TASKS for name in configs) > 1
    return with_validation(split, dataset, VALIDATION) if (chooses or weighs) and not split.counts()["valid"] else split


def again(run: Run) -> Run:
    """The run of the second training: it says that it is one, and its checkpoint is a file of its own."""

    def progress(stage: Stage) -> None:
        run.progress(stage._replace(what=f"{stage.what} {AGAIN}"))

    return replace(run, progress=progress, checkpoint=None if run.checkpoint is None else second(run.checkpoint))


def second(checkpoint: Path) -> Path:
    """The checkpoint of the second training, beside that of the first, which stays until both are done."""
    return checkpoint.with_name(f"{checkpoint.name}.refit")
