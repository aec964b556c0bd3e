"""Training again, on everything, what was chosen and measured on a part."""

from dataclasses import fields, replace
from typing import Any

from konomi.models.api import Model, criterion
from konomi.neural.stopping import best_epoch
from konomi.runtime import Run


def has_epochs(config: Any) -> bool:
    """Whether a model with this config is trained in epochs, so that something has to say when to stop."""
    return any(each.name == "epochs" for each in fields(config))


def settled(config: Any, model: Model) -> Any:
    """The config of a trained model, with the epoch that was kept as the last one, whatever the errors are."""
    if not has_epochs(config) or not len(model.history):
        return config
    kept = best_epoch(model.history, criterion(model).higher) + 1
    return replace(config, epochs=kept, **({"patience": 0} if any(each.name == "patience" for each in fields(config)) else {}))


def again(run: Run) -> Run:
    """The run of the second training: its checkpoint is a file of its own beside the first."""
    place = run.checkpoint
    return run if place is None else replace(run, checkpoint=place.with_name(f"{place.name}.refit"))
