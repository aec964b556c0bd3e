"""One fold of a protocol: what is learnt, shown and hidden by its rule, and how a model is measured on it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, Split, TrainSet
from konomi.errors import DataError
from konomi.evaluate.held_out import Baselines, HeldOut
from konomi.evaluate.metrics import entry_values
from konomi.evaluate.predict import predict
from konomi.evaluate.records import Predictions, Report
from konomi.models.api import Model
from konomi.pipeline.protocol import RATING, Protocol, Rule
from konomi.runtime import Run

HINT = "Give the data that the protocol is meant for."


@dataclass(frozen=True)
class Fold:
    """One fold: what is learnt, shown and hidden by the rule."""

    protocol: Protocol
    rule: Rule
    dataset: Dataset
    split: Split
    run: Run

    @cached_property
    def choosing(self) -> TrainSet:
        """What models are fitted on first: something chooses their epoch and settings."""
        if self.rule.picked == "test":
            return replace(self._with(TRAIN).train_set(self.dataset), valid=self.hidden)
        return self.split.train_set(self.dataset)

    @cached_property
    def everything(self) -> TrainSet | None:
        """What they are fitted on again, validation entries too; None where the first is what is measured."""
        twice = self.rule.picked == "valid" and self.rule.learnt == "train and valid" and self.split.counts()["valid"]
        return self._with(TRAIN).train_set(self.dataset) if twice else None

    def _with(self, role: int) -> Split:
        """The split with its validation entries in another role."""
        roles = self.split.role
        return replace(self.split, role=np.where(roles == VALID, np.uint8(role), roles))

    @cached_property
    def hidden(self) -> Profiles:
        """The test entries."""
        return self._having(TEST)

    def _having(self, *roles: int) -> Profiles:
        return self.dataset.profiles.keep(np.isin(self.split.role, roles))

    @cached_property
    def held(self) -> HeldOut:
        """The test entries, and what is shown of the people."""
        shown = (TRAIN, SHOWN) if self.rule.picked == "valid" and self.rule.shown == "train" else (TRAIN, SHOWN, VALID)
        baselines = Baselines(self.everything or self.choosing, self.run)
        return HeldOut(self._having(*shown), self.hidden, baselines, self.protocol.metrics)

    def measure(self, model: Model) -> Report:
        """The report of a model on the test entries. DataError where these test nothing."""
        if self.protocol.task == RATING:
            rated = self.hidden.scored()
            if not len(rated.item):
                raise DataError(f"{self.protocol.name}: no test entry is rated.", HINT)
            guess = predict(model, self.held.seen, rated, [RATING], self.dataset.scale, self.run)[RATING]
            return self._of(Predictions(rated.user, rated.item, rated.rating, guess))
        ranked = self.held.rank_with(model) if "rank" in model.outputs else None
        if ranked is None:
            raise DataError(f"{self.protocol.name}: no test entry is liked.", HINT)
        return Report(ranked.metrics, {}, ranked)

    def _of(self, found: Predictions) -> Report:
        return Report(entry_values(RATING, found, self.protocol.metrics), {RATING: found})

    @cached_property
    def baselines(self) -> dict[str, Report]:
        """The reports of the baselines."""
        if self.protocol.task == RATING:
            return {name: self._of(found) for name, found in self.held.guesses(RATING).items()}
        popular = self.held.baselines.popular
        return {} if popular is None else {"popular": self.measure(popular)}
