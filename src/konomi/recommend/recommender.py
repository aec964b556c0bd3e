"""Recommender: a saved model, ready to answer people."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from operator import index
from pathlib import Path

import numpy as np
import numpy.typing as npt

from konomi.bundle import Bundle, load_bundle
from konomi.data.profiles import Profiles
from konomi.data.vocab import Vocab
from konomi.errors import RequestError
from konomi.models import tasks
from konomi.recommend.answer import Answer, answer
from konomi.recommend.rank import rank
from konomi.recommend.similar import similar
from konomi.recommend.titles import Match, TitleIndex


@dataclass(frozen=True)
class Given:
    """A rating as it was typed, and the item that it was understood to be of."""

    text: str
    rating: float
    match: Match
    title: str


@dataclass(frozen=True)
class Recommender:
    """Answers from a bundle.

    >>> recommender = Recommender.load("demo/bundle")                    # doctest: +SKIP
    >>> recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})      # doctest: +SKIP
    """

    bundle: Bundle

    @classmethod
    def load(cls, path: Path | str) -> "Recommender":
        """From a folder that `konomi train` wrote; BundleError where it is missing, altered or of another format."""
        return cls(load_bundle(path))

    @cached_property
    def titles(self) -> TitleIndex:
        """Every title of the catalogue."""
        return TitleIndex(self.bundle.items)

    @cached_property
    def item_ids(self) -> Vocab:
        """The ids of the item rows."""
        return Vocab(self.bundle.items["item_id"])

    @property
    def note(self) -> str:
        """What has to be shown with every answer, such as "simulated ratings"."""
        return str(self.bundle.facts.get("data", {}).get("note", ""))

    def find(self, title: int | str) -> Match:
        """The item of a title as people write it, or of an item id; RequestError where there is none, or it is neither."""
        if isinstance(title, str):
            return self.titles.find(title)
        try:
            return Match(self.item_ids.row(index(title), "item"))
        except TypeError:
            raise RequestError(f"{title!r} is neither a title nor an item id.", "Give text or a whole number.") from None

    def understand(self, ratings: Mapping[int | str, float]) -> list[Given]:
        """Typed ratings, each with the item it is of: keys are titles as people write them, or item ids.

        RequestError where a title is unknown (with what may have been meant), a rating is not on the scale, or two of them are
        of one item.
        """
        scale, given = self.bundle.scale, list[Given]()
        for text, rating in ratings.items():
            match = self.find(text)
            if not _is_number(rating):
                raise RequestError(f'"{text}": {rating!r} is not a number.', f"Ratings go from {scale}.")
            one = Given(str(text), float(rating), match, self.titles.name(match.row))
            with np.errstate(over="ignore"):  # 1e300 is infinite, and so off the scale
                on_scale = scale.valid(np.array([one.rating], np.float32))[0]
            if np.isnan(one.rating) or not on_scale:
                raise RequestError(
                    f'"{text}": {one.rating:g} is not a rating on the scale of this model.', f"Ratings go from {scale}."
                )
            if same := next((g for g in given if g.match.row == match.row), None):
                raise RequestError(f'"{same.text}" and "{text}" are the same title: {one.title}.', "Rate it once.")
            given.append(one)
        return given

    def recommend(
        self,
        profile: Mapping[int | str, float] | Profiles,
        k: int = 10,
        allow_sensitive: bool = False,
        hide_ecchi: bool = False,
    ) -> Answer:
        """The k titles to see next, for ratings {title or item id: rating} or for a profile (one); see `allowed`.

        Nothing of the profile is ever among them. RequestError where the profile cannot be understood, or is not one person's.
        """
        model, scale = self.bundle.model, self.bundle.scale
        if not isinstance(profile, Profiles):
            profile = Profiles.of([{given.match.row: given.rating for given in self.understand(profile)}])
        if len(profile) != 1:
            raise RequestError(f"Profiles of {len(profile):,} people.", "Give one person's, or use konomi.rank for many.")
        if len(profile.item) and not 0 <= profile.item.min() <= profile.item.max() < len(self.bundle.items):
            raise RequestError(
                "The profile has an item row that is not in the catalogue.",
                f"Rows go from 0 to {len(self.bundle.items) - 1:,}.",
            )
        ranking = rank(model, profile, self._places(k), self.allowed(allow_sensitive, hide_ecchi))
        rows = ranking.items[0][ranking.items[0] >= 0]
        codes = np.repeat(model.encode(profile), len(rows), axis=0)
        predicted = {task: model.score_pairs(codes, rows, task) for task in tasks(model)}
        if "rating" in predicted:
            predicted["rating"] = scale.clip(predicted["rating"])
        return answer(self.bundle.items, ranking, predicted, self.note)

    def similar(
        self,
        title: int | str,
        k: int = 10,
        metric: str = "cosine",
        allow_sensitive: bool = False,
        hide_ecchi: bool = False,
    ) -> Answer:
        """The k titles nearest to one (a title or an item id), by the item vectors of the model; see `allowed`.

        RequestError where the model has no vector of this one, since nobody in its training part rated it.
        """
        row, ratings = self.find(title).row, self.bundle.items["ratings"].to_numpy()
        if not ratings[row]:
            raise RequestError(f"{self.titles.name(row)} has no training rating, so nothing is near it.", "Take another title.")
        found = similar(self.bundle.model, row, self._places(k), self.allowed(allow_sensitive, hide_ecchi), ratings, metric)
        return answer(self.bundle.items, found, {}, self.note)

    def _places(self, k: int) -> int:
        """k, but no more than there are items; RequestError below 1."""
        if k < 1:
            raise RequestError(f"k is {k}.", "Ask for one title or more.")
        return min(k, len(self.bundle.items))

    def allowed(self, allow_sensitive: bool = False, hide_ecchi: bool = False) -> npt.NDArray[np.bool_]:
        """bool[I]: the items that may be shown at all.

        Those of which the model knows something: from their entries in training, or from their features. Sensitive ones
        (Hentai, Erotica) only by wish, those of the genre Ecchi unless they are to be hidden.
        """
        items = self.bundle.items
        allowed = self.bundle.model.item_known[:-1] > 0
        if not allow_sensitive:
            allowed &= ~items["sensitive"].to_numpy()
        if hide_ecchi:
            allowed &= ~items["genres"].list.contains("Ecchi").fill_null(False).to_numpy()
        return allowed


def _is_number(value: object) -> bool:
    return isinstance(value, Real)
