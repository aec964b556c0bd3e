"""The routes that answer people by all that is stored of them."""

from collections.abc import Callable, Mapping

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from konomi.recommend.filters import Where
from konomi.recommend.person import Person
from konomi.recommend.taste import TasteFigures
from konomi.serve import answers, more_answers, people, replies
from konomi.serve import people_bodies as bodies
from konomi.serve.current import Served
from konomi.serve.problems import Unknown
from konomi.serve.routes import WITHOUT_BODY, JsonRoute, documented, encoded, service_of, store_of
from konomi.serve.understanding import Reader, dials_of
from konomi.serve.v1 import Listed, filters
from konomi.serve.v1_people import Id, Item, settings_of

router = APIRouter(prefix="/v1/people", route_class=JsonRoute, tags=["people"])


@router.post("/{id}/recommend", **documented(replies.Answer))
async def recommend(request: Request, id: Id, body: bodies.RecommendTo) -> Response:
    """What to see next, and why: by all that was acknowledged before, with the wishes and dials that are kept."""
    return await _recommended(request, id, body)


@router.get("/{id}/recommend", **documented(replies.Answer, WITHOUT_BODY))
async def recommend_simply(request: Request, id: Id, query: Listed) -> Response:
    """The same, with what an address can say."""
    return await _recommended(request, id, bodies.RecommendTo(k=query.k, where=filters(query)))


@router.get("/{id}/taste", **documented(TasteFigures, WITHOUT_BODY))
async def taste(request: Request, id: Id) -> Response:
    """A person's taste in figures."""
    return await _of_person(request, id, lambda served, person, _: served.recommender.taste(person))


@router.get("/{id}/why/{item}", **documented(replies.Verdict, WITHOUT_BODY))
async def why(request: Request, id: Id, item: Item, language: str = "en") -> Response:
    """What speaks for an item and against it, and what keeps it from their list, if anything does."""

    def found(served: Served, person: Person, kept: bodies.Settings) -> replies.Verdict:
        row = Reader(served).known([item])[0]
        if not row:
            raise Unknown("No item has this id.", "Give an id of the catalogue.", "item")
        return more_answers.why_for(served, person, row[0], Where(), dials_of(kept.dials), language)

    return await _of_person(request, id, found)


async def _recommended(request: Request, id: str, body: bodies.RecommendTo) -> Response:
    def found(served: Served, person: Person, kept: bodies.Settings) -> replies.Answer:
        return answers.recommend_to(served, body, person, dials_of(body.dials or kept.dials), Reader(served))

    return await _of_person(request, id, found, body.wishes)


async def _of_person(
    request: Request,
    id: str,
    work: Callable[[Served, Person, bodies.Settings], object],
    wishes: Mapping[str, float] | None = None,
) -> Response:
    """The answer work(served, person, settings), by all that is stored of somebody; wishes: None = those that are kept."""
    store, served = store_of(request), service_of(request).current.served

    def found() -> bytes:
        kept = bodies.Settings(**settings_of(store, id))
        person = people.person_of(store.entries(id), kept.wishes if wishes is None else wishes, served)
        return msgspec.json.encode(work(served, person, kept))

    return encoded(await service_of(request).pool.run(found), served)
