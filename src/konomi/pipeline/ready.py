"""Bundles in a comparison: measured as they are, beside models that are trained for it."""

from collections.abc import Sequence
from pathlib import Path

from konomi.bundle.format import Bundle, load_bundle
from konomi.bundle.origin import dataset_of
from konomi.errors import ConfigError, DataError
from konomi.evaluate.evaluate import evaluate_together
from konomi.pipeline.comparison import Combination
from konomi.pipeline.steps import Experiment


def check_ready(name: str, path: Path, experiments: Sequence[Experiment]) -> Bundle:
    """The bundle, where its models have learnt the training entries of this comparison and nothing else.

    BundleError for anything but a bundle, ConfigError where there are folds, DataError where it has learnt something else, such
    as the test entries.
    """
    experiment, bundle = experiments[0], load_bundle(path)
    if len(experiments) > 1:
        raise ConfigError(f"{name} was trained once, and folds are several trainings.", "Leave out `folds`.", "folds")
    dataset_of(bundle, experiment.dataset)
    facts, split = bundle.facts, experiment.split
    again = f"Train it with `refit`=False and the same split: {_shown(split.spec)}."
    if facts.refitted:
        raise DataError(f"{name} has learnt the test entries: it was trained again on everything.", again)
    if (facts.data.sha256, facts.split.sha256) != (experiment.dataset.sha256, split.sha256):
        raise DataError(f"{name} was trained with another split, so that it may have learnt test entries.", again)
    return bundle


def _shown(spec: dict[str, object]) -> str:
    """What a split is asked for by, as in: kind random, valid 0.1, test 0.1, seed 0."""
    return ", ".join(f"{key} {spec[key]}" for key in ("kind", "valid", "test", "seed") if key in spec)


def ready(name: str, bundle: Bundle, experiment: Experiment, compared: tuple[str, ...]) -> Combination:
    """A bundle on the test entries: the lists that people get of it, and what it predicts of the tasks that are compared."""
    blend = experiment.test.baselines.weighed(bundle.models.values(), bundle.facts.weights)
    report = evaluate_together(blend.models, experiment.test, blend)
    tasks = tuple(task for task in compared if report.tests(task))
    return Combination(name, tuple(bundle.models), report, None, tasks)
