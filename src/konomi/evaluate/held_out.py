"""Entries that are held out, and the baselines that every model is measured beside on them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from konomi.arrays import F32, I32
from konomi.data.labels import LEFT_OUT
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import FitError
from konomi.evaluate.metrics import Metric, metrics_of
from konomi.evaluate.predict import predict
from konomi.evaluate.recommendations import measure_recommendations, relevant
from konomi.evaluate.records import ItemFacts, Ranked
from konomi.models import bias, popular
from konomi.models.api import Model
from konomi.runtime import Run


@dataclass(frozen=True)
class Baselines:
    """What models have to beat, fitted on one training set: each of them once, when it is first asked for."""

    train: TrainSet
    run: Run

    @cached_property
    def bias(self) -> bias.Bias:
        """Means of users and items."""
        return bias.fit(self.train, bias.Config(), self.run)

    @cached_property
    def popular(self) -> Model | None:
        """What most people have; None where no training entry tells of it."""
        try:
            return popular.fit(self.train, popular.Config(), self.run)
        except FitError:
            return None

    @cached_property
    def liked_share(self) -> float:
        """The share of liked ones among the training interactions; ½ where there are none."""
        label = self.train.labelling.of(self.train.seen)
        known = label[label != LEFT_OUT]
        return float(known.mean(dtype=np.float64)) if len(known) else 0.5

    @cached_property
    def item_facts(self) -> ItemFacts:
        """What the training entries and the catalogue say of items."""
        return ItemFacts.of(self.train.seen, self.train.items)

    @cached_property
    def item_ratings(self) -> I32:
        """How many training ratings each item has, and at the end 0 for an unknown one: i64[I+1]."""
        return np.append(np.bincount(self.train.seen.scored().item, minlength=len(self.train.items)), 0)


@dataclass(frozen=True)
class HeldOut:
    """Hidden entries, what a model is shown of the same people, and the metrics that it is measured by.

    Every model of a run is measured on the same `HeldOut`, so that what the baselines do is computed once.
    """

    seen: Profiles
    hidden: Profiles
    baselines: Baselines
    metrics: tuple[Metric, ...]

    @property
    def train(self) -> TrainSet:
        """What the models were fitted on."""
        return self.baselines.train

    @property
    def run(self) -> Run:
        """How the work runs."""
        return self.baselines.run

    @cached_property
    def wanted(self) -> Profiles:
        """The relevant ones of the hidden entries: what recommendations are to find."""
        return relevant(self.hidden, self.train.labelling)

    @cached_property
    def rating_guesses(self) -> dict[str, F32]:
        """What each baseline predicts of the hidden entries that have a rating, f32[N]."""
        rated, model, scale = self.hidden.scored(), self.baselines.bias, self.train.scale
        return {
            "global mean": np.full(len(rated.item), scale.clip(model.mean)[0]),
            "bias": predict(model, self.seen, rated, ["rating"], scale, self.run)["rating"],
        }

    @cached_property
    def popular_ranked(self) -> Ranked | None:
        """How good it is to recommend what is popular to everybody; None where that is not known, or nothing is relevant."""
        return None if self.baselines.popular is None else self.rank_with(self.baselines.popular)

    def rank_with(self, model: Model) -> Ranked | None:
        """How good the recommendations of a model are; None where nothing hidden is relevant."""
        return measure_recommendations(model, self.seen, self.wanted, self.baselines.item_facts, self.run, self.metrics)

    def metrics_of(self, kind: str) -> list[Metric]:
        """Those of a kind."""
        return metrics_of(kind, self.metrics)
