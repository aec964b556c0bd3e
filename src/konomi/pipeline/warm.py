"""Training from an earlier bundle: what it has learnt stays training data, and only what is new to it measures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from konomi.arguments import as_path, expect
from konomi.arrays import Bools
from konomi.bundle.format import Bundle, load_bundle
from konomi.data.dataset import Dataset
from konomi.data.split import TRAIN, Split, SplitConfig, TrainSet, continued, made_again, make_split
from konomi.errors import BeginAnew, BundleError, ConfigError, DataError
from konomi.models import module
from konomi.models.api import WarmStart
from konomi.pipeline.arguments import models_from
from konomi.pipeline.refit import settled
from konomi.pipeline.splits import lasts
from konomi.pipeline.steps import Training, fit
from konomi.runtime import Run


@dataclass(frozen=True)
class Start:
    """An earlier bundle beside the dataset as it is now.

    split: in which its training entries still are; learnt bool[N]: what it has learnt; whole: whether all of that is still as
    it was, none gone and none corrected.
    """

    bundle: Bundle
    split: Split
    learnt: Bools
    whole: bool

    @classmethod
    def of(cls, given: Any, dataset: Dataset, split: Any, run: Run) -> "Start":
        """From a bundle or the path of one. split: a SplitConfig, for what is new to it (None: as it was split before).

        DataError where the dataset is not the bundle's, grown, or nothing was put to it; ConfigError where what the bundle has
        learnt cannot stay in its part.
        """
        bundle = given if isinstance(given, Bundle) else load_bundle(as_path(given, "a bundle", BundleError))
        facts = bundle.facts
        known, added = dataset.known_to(facts.data.sha256), dataset.added_to(facts.data.sha256)
        if known is None or added is None:
            raise DataError(
                "The dataset is not the one that the earlier model learnt from, and nothing else, with additions.",
                "Put what is new to that one with `add`, or train anew.",
            )
        expect(split, SplitConfig | None, "a way to split", ConfigError, "Give a konomi.SplitConfig, or leave it out.", "split")
        if split is not None and split.folds:
            raise ConfigError("Folds test on what the earlier model has learnt.", "Leave out `folds`.", "folds")
        spec, refitted = facts.split.spec, facts.refitted
        if not refitted and (split is not None or spec["kind"] == "predefined" or not lasts(spec)):
            raise ConfigError(
                "The earlier model has not learnt its test entries, and only in the same split do they stay apart.",
                "Leave out what splits, take a model that was trained on everything in the end, or train anew.",
            )
        if refitted:
            drawn = make_split(dataset, split or _as_before(spec, run.seed))
            found, learnt = continued(drawn, dataset, facts.data.sha256), known
        else:
            found = made_again(dataset, spec)
            learnt = known & (found.role == TRAIN)
        before = facts.split.entries if refitted else {"train": facts.split.entries["train"]}
        whole = int(np.count_nonzero(learnt)) == sum(before.values())
        if whole and known.all():
            raise DataError("Nothing was put to the dataset since the earlier model learnt from it.", "Use that one as it is.")
        return cls(bundle, found, learnt, whole)

    @property
    def configs(self) -> dict[str, Any]:
        """The settings of its models."""
        return models_from(self.bundle.configs)

    def fit(self, name: str, config: Any, train: TrainSet, dataset: Dataset, run: Run) -> tuple[Training, str]:
        """A training that goes on from the bundle's model where there is a way and it pays, else anew, for as many epochs as
        before; and what was done, in a sentence."""
        earlier = self.bundle.models[name]
        if not isinstance(module(name), WarmStart):
            return fit(name, settled(config, [earlier]), train, run), f"{name} was trained anew, as it always is."
        train = replace(train, learnt=dataset.profiles.keep(self.learnt) if self.whole else None)
        try:
            return fit(name, config, train, run, earlier), f"{name} went on from the earlier model."
        except BeginAnew as reason:
            return fit(name, settled(config, [earlier]), train, run), str(reason)


def _as_before(spec: Mapping[str, Any], seed: int) -> SplitConfig:
    """How a bundle's entries were split, without folds; as usual, where files said it."""
    if spec["kind"] == "predefined":
        return SplitConfig(seed=seed)
    return SplitConfig(**{name: value for name, value in spec.items() if name not in ("after", "folds", "fold")})
