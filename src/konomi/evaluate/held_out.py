"""The hidden entries of an evaluation, and the baselines that are measured on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from konomi.arrays import F32, I32
from konomi.catalogue.served import served_catalogue
from konomi.data.labels import LEFT_OUT
from konomi.data.lifts import Lifts, lifts
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import FitError
from konomi.evaluate.metrics import Metric
from konomi.evaluate.predict import predict
from konomi.evaluate.recommendations import BLOCK as RANKED_AT_ONCE
from konomi.evaluate.recommendations import Lists, as_served, blended_order, measure_recommendations, own_order, relevant
from konomi.evaluate.records import ItemFacts, Predictions, Ranked, Report, of_lists
from konomi.models import bias, popular
from konomi.models.api import Model
from konomi.ranking.blend import Blend
from konomi.ranking.rank import BLOCK
from konomi.ranking.ranker import Ranker
from konomi.ranking.weighing import fitted
from konomi.ranking.weights import Weights
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
    def catalogue(self) -> pl.DataFrame:
        """The catalogue that titles are served from."""
        return served_catalogue(self.train)

    @cached_property
    def lifts(self) -> Lifts:
        """The lifts of the best known titles."""
        return lifts(self.train, self.run)

    def blend(self, models: Iterable[Model]) -> Blend:
        """The blend by which these models serve, with weights by the validation entries; fitted once."""
        models = tuple(models)
        key = tuple(map(id, models))
        if key not in self._blends:
            self._blends[key] = fitted(self.weighed(models, None), self.train, self.run)
        return self._blends[key]

    def weighed(self, models: Iterable[Model], weights: Weights | None) -> Blend:
        """The blend of these models with these weights."""
        return Blend(tuple(models), self.catalogue, self.train.labelling, self.lifts, weights)

    @cached_property
    def _blends(self) -> dict[tuple[int, ...], Blend]:
        """By the identities of their models, which they keep alive."""
        return {}

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

    Every model of a run is measured on the same `HeldOut`, so that the baselines are computed once. most: how many people's
    lists are measured, at most; None = all.
    """

    seen: Profiles
    hidden: Profiles
    baselines: Baselines
    metrics: tuple[Metric, ...]
    most: int | None = None

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
    def tells_apart(self) -> bool:
        """Whether some entries are liked and some are not; where presence is liking, there is nothing to tell apart."""
        labels = np.concatenate([self.train.labelling.of(profiles) for profiles in (self.train.seen, self.hidden)])
        return len(np.unique(labels[labels != LEFT_OUT])) > 1

    @cached_property
    def rating_guesses(self) -> dict[str, F32]:
        """Each baseline's predictions of the hidden entries that have a rating, f32[N]."""
        rated, model, scale = self.hidden.scored(), self.baselines.bias, self.train.scale
        return {
            "global mean": np.full(len(rated.item), scale.clip(model.mean)[0]),
            "bias": predict(model, self.seen, rated, ["rating"], scale, self.run)["rating"],
        }

    def guesses(self, task: str) -> dict[str, Predictions]:
        """Each baseline's predictions of the hidden entries that have a true value, by name."""
        if task == "rating":
            rated = self.hidden.scored()
            guesses = self.rating_guesses.items()
            return {name: Predictions(rated.user, rated.item, rated.rating, guess) for name, guess in guesses}
        label = self.train.labelling.of(self.hidden)
        known, liked = self.hidden.keep(label != LEFT_OUT), label[label != LEFT_OUT].astype(np.float32)
        same_for_all = np.full(len(liked), self.baselines.liked_share, np.float32)
        return {"majority class": Predictions(known.user, known.item, liked, same_for_all)}

    @cached_property
    def popular_lists(self) -> Report | None:
        """The metrics of `popular`; None where it cannot be fitted, or nothing hidden is relevant."""
        model = self.baselines.popular
        return None if model is None else of_lists(self.rank_with(model), self.serve_with(self.baselines.blend([model])))

    def rank_with(self, model: Model) -> Ranked | None:
        """The metrics of a model's own order; None where nothing hidden is relevant."""
        return self._measured(own_order(model), RANKED_AT_ONCE)

    def rank_together(self, blend: Blend) -> Ranked | None:
        """The metrics of the own order of the models of a blend; None where nothing hidden is relevant."""
        return self._measured(blended_order(blend), BLOCK)

    def serve_with(self, blend: Blend) -> Ranked | None:
        """The metrics of the lists that people get by a blend; None where nothing hidden is relevant."""
        return self._measured(as_served(Ranker(blend)), BLOCK)

    def _measured(self, lists: Lists, size: int) -> Ranked | None:
        facts = self.baselines.item_facts
        return measure_recommendations(lists, self.seen, self.wanted, facts, self.run, self.metrics, size, self.most)
