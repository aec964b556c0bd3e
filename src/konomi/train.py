"""split → fit → measure → bundle, in one call."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from konomi.bundle import Bundle
from konomi.config import Run
from konomi.data.dataset import Dataset
from konomi.data.features import add_statistics
from konomi.data.split import Split, SplitConfig, make_split
from konomi.evaluate.evaluate import evaluate, truths
from konomi.models import module


def train(
    dataset: Dataset,
    model: str = "mf",
    config: Any = None,
    split: Split | SplitConfig | None = None,
    run: Run | None = None,
    path: Path | str | None = None,
) -> Bundle:
    """Fit a model on the training part of a dataset and measure it on the validation and test parts.

    `model` is a name of `MODELS` and `config` its Config (the defaults, where None); `split` a split or how to make one (a
    tenth each, where None); `path` where the dataset lies, which the bundle notes, to look up known users again. The catalogue
    of the bundle has the statistics of the training part only. RequestError for an unknown model; FitError where training
    cannot go on.
    """
    run = run or Run()
    if not isinstance(split, Split):
        split = make_split(dataset, split or SplitConfig(seed=run.seed))
    config = config or module(model).Config()
    parts = split.train_set(dataset)
    fitted = module(model).fit(parts, config, run)
    seen, hidden = split.test(dataset)
    measured = {
        name: part for name, part in (("test", hidden), ("valid", parts.valid)) if truths(fitted, part, parts.labelling)
    }
    facts = {
        "data": {
            "path": str(Path(path).resolve()) if path else "",
            "sha256": dataset.sha256,
            "source": dataset.manifest["source"],
            "note": dataset.manifest["note"],
        },
        "split": {**split.spec, "sha256": split.sha256, "entries": split.counts()},
        "seed": run.seed,
        "metrics": {name: evaluate(fitted, seen, part, parts, run).metrics for name, part in measured.items()},
        "history": [[None if math.isnan(error) else error for error in epoch] for epoch in fitted.history.tolist()],
    }
    items = add_statistics(parts.items, parts.seen, dataset.scale)
    return Bundle(fitted, model, asdict(config), items, dataset.scale, facts)
