"""Training again, on everything, what was chosen and measured on a part."""

from collections.abc import Sequence
from dataclasses import fields, replace
from statistics import median_high
from typing import Any

from konomi.models.api import Model, criterion
from konomi.neural.stopping import best_epoch
from konomi.runtime import Run


def has_epochs(config: Any) -> bool:
    """Whether a model with this config is trained in epochs, so that something has to say when to stop."""
    return any(each.name == "epochs" for each in fields(config))


def settled(config: Any, models: Sequence[Model]) -> Any:
    """The config of a model that was trained once or several times, with the epoch that was kept as the last one, whatever the
    errors are; of several the middle one."""
    if not has_epochs(config) or not all(len(model.history) for model in models):
        return config
    kept = int(median_high(best_epoch(model.history, criterion(model).higher) + 1 for model in models))
    return replace(config, epochs=kept, **({"patience": 0} if any(each.name == "patience" for each in fields(config)) else {}))


def again(run: Run) -> Run:
    """The run of the second training: its checkpoint is a file of its own beside the first."""
    place = run.checkpoint
    return run if place is None else replace(run, checkpoint=place.with_name(f"{place.name}.refit"))
