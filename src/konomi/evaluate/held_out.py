"""The hidden entries of an evaluation, and the baselines that are measured on them."""

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
    """The baselines of one training set, each fitted once, when it is first used."""

    train: TrainSet
    run: Run

    @cached_property
    def bias(self) -> bias.Bias:
        """The baseline of ratings."""
        return bias.fit(self.train, bias.Config(), self.run)

    @cached_property
    def popular(self) -> Model | None:
        """The baseline of recommendations; None where there is no training entry to count."""
        try:
            return popular.fit(self.train, popular.Config(), self.run)
        except FitError:
            return None

    @cached_property
    def liked_share(self) -> float:
        """The share of likes among the training interactions; ½ where there are none."""
        label = self.train.labelling.of(self.train.seen)
        known = label[label != LEFT_OUT]
        return float(known.mean(dtype=np.float64)) if len(known) else 0.5

    @cached_property
    def item_facts(self) -> ItemFacts:
        """Popularity and genres of the items."""
        return ItemFacts.of(self.train.seen, self.train.items)

    @cached_property
    def item_ratings(self) -> I32:
        """How many training ratings each item has, i64[I+1], the last 0 for an unknown item."""
        return np.append(np.bincount(self.train.seen.scored().item, minlength=len(self.train.items)), 0)


@dataclass(frozen=True)
class HeldOut:
    """Hidden entries, the seen entries of the same people, and the metrics.

    Every model of a run is measured on the same `HeldOut`, so that the baselines are computed once.
    """

    seen: Profiles
    hidden: Profiles
    baselines: Baselines
    metrics: tuple[Metric, ...]

    @property
    def train(self) -> TrainSet:
        """The training set of the models."""
        return self.baselines.train

    @property
    def run(self) -> Run:
        """The run of the baselines."""
        return self.baselines.run

    @cached_property
    def wanted(self) -> Profiles:
        """The relevant hidden entries: those that recommendations are to find."""
        return relevant(self.hidden, self.train.labelling)

    @cached_property
    def rating_guesses(self) -> dict[str, F32]:
        """Each baseline's predictions of the hidden entries that have a rating, f32[N]."""
        rated, model, scale = self.hidden.scored(), self.baselines.bias, self.train.scale
        return {
            "global mean": np.full(len(rated.item), scale.clip(model.mean)[0]),
            "bias": predict(model, self.seen, rated, ["rating"], scale, self.run)["rating"],
        }

    @cached_property
    def popular_ranked(self) -> Ranked | None:
        """The metrics of `popular`; None where it cannot be fitted, or nothing hidden is relevant."""
        return None if self.baselines.popular is None else self.rank_with(self.baselines.popular)

    def rank_with(self, model: Model) -> Ranked | None:
        """The metrics of a model's recommendations; None where nothing hidden is relevant."""
        return measure_recommendations(model, self.seen, self.wanted, self.baselines.item_facts, self.run, self.metrics)

    def metrics_of(self, kind: str) -> list[Metric]:
        """The metrics of a kind."""
        return metrics_of(kind, self.metrics)
