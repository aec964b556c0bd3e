"""Answers that store nothing, and what the catalogue knows."""

from collections.abc import Iterable, Sequence
from typing import Unpack

from konomi.client.asked import Asked, Id, Like, Listed, Member, Near, Ordered, Profile, Wanted
from konomi.client.calls import Calls
from konomi.client.rows import segment
from konomi.recommend.records import TasteFigures
from konomi.serve.replies import Answer, Group, Hits, Item, Predictions, Question, Verdict

NOBODY: Profile = {}


class Answers:
    """A method for each route; docs/service.md and /v1/openapi.json say what they take."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def recommend(self, profile: Profile = NOBODY, **wanted: Unpack[Wanted]) -> Answer:
        """What to see next, and why."""
        return self._calls.post("/v1/recommend", Answer, {"profile": profile, **wanted})

    def together(self, people: Sequence[Member], **wanted: Unpack[Wanted]) -> Group:
        """What to see next for several people: what all of them like and nobody dislikes. Each has wishes of their own."""
        return self._calls.post("/v1/together", Group, {"people": people, **wanted})

    def rank(self, items: Sequence[Id], profile: Profile = NOBODY, **ordered: Unpack[Ordered]) -> Answer:
        """Items in the order that suits somebody."""
        return self._calls.post("/v1/rank", Answer, {"items": items, "profile": profile, **ordered})

    def predict(self, items: Sequence[Id], profile: Profile) -> Predictions:
        """How somebody would rate items."""
        return self._calls.post("/v1/predict", Predictions, {"items": items, "profile": profile})

    def ask(self, answers: Iterable[tuple[Id, float | None]] = ()) -> Question:
        """What to ask somebody new, after (item, rating) so far; None: "I do not know it"."""
        return self._calls.post("/v1/ask", Question, {"answers": [{"item": item, "rating": said} for item, said in answers]})

    def why(self, item: Id, profile: Profile = NOBODY, **asked: Unpack[Asked]) -> Verdict:
        """What speaks for an item and against it, and what keeps it from somebody's list."""
        return self._calls.post("/v1/why", Verdict, {"item": item, "profile": profile, **asked})

    def taste(self, profile: Profile) -> TasteFigures:
        """A taste in figures."""
        return self._calls.post("/v1/taste", TasteFigures, {"profile": profile})

    def similar(self, items: Sequence[Id], **like: Unpack[Like]) -> Answer:
        """Titles like several."""
        return self._calls.post("/v1/similar", Answer, {"items": items, **like})

    def similar_to(self, item: Id, **near: Unpack[Near]) -> Answer:
        """Titles like one."""
        return self._calls.get(f"/v1/items/{segment(item, 'item')}/similar", Answer, near)

    def item(self, item: Id) -> Item:
        """What the catalogue knows of an item; `NotThere` where there is none."""
        return self._calls.get(f"/v1/items/{segment(item, 'item')}", Item)

    def search(self, text: str, k: int = 10, sensitive: bool = False) -> Hits:
        """Titles that a text may be the beginning of, the likeliest first."""
        return self._calls.get("/v1/search", Hits, {"q": text, "k": k, "sensitive": sensitive})

    def popular(self, **listed: Unpack[Listed]) -> Answer:
        """What most people like."""
        return self._calls.get("/v1/popular", Answer, listed)

    def new(self, **listed: Unpack[Listed]) -> Answer:
        """The titles of the latest years."""
        return self._calls.get("/v1/new", Answer, listed)
