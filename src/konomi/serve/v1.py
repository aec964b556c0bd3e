"""The routes under /v1 that need nothing but a bundle: stateless answers, and what the catalogue knows."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from konomi.serve import answers, bodies, replies
from konomi.serve.bodies import LONGEST
from konomi.serve.current import Served
from konomi.serve.problems import Unknown
from konomi.serve.routes import WITHOUT_BODY, JsonRoute, answered, documented

router = APIRouter(prefix="/v1", route_class=JsonRoute)

Id = Annotated[str, Path(min_length=1, max_length=LONGEST, description="an item id")]
Listed = Annotated[bodies.Listed, Query()]
SAME = {"any_genre", "all_genres", "no_genre", "types", "sensitive"}  # of a query's filters, as in a body
Near = Annotated[bodies.Near, Query()]


@router.post("/recommend", tags=["answers"], **documented(replies.Answer))
async def recommend(request: Request, body: bodies.Recommend) -> Response:
    """What to see next, and why. Nothing of the profile is stored."""
    return await answered(request, answers.recommend, body)


@router.post("/rank", tags=["answers"], **documented(replies.Answer))
async def rank(request: Request, body: bodies.Rank) -> Response:
    """Given items in the order that suits somebody. Ids that no item has are counted; what no model knows is left out."""
    return await answered(request, answers.rank, body)


@router.post("/predict", tags=["answers"], **documented(replies.Predictions))
async def predict(request: Request, body: bodies.Predict) -> Response:
    """How somebody would rate items."""
    return await answered(request, answers.predict, body)


@router.post("/ask", tags=["answers"], **documented(replies.Question))
async def ask(request: Request, body: bodies.Ask) -> Response:
    """The item whose rating would tell most of somebody new, after the answers so far."""
    return await answered(request, answers.ask, body)


@router.post("/similar", tags=["items"], **documented(replies.Answer))
async def similar(request: Request, body: bodies.Similar) -> Response:
    """Titles like several together."""
    return await answered(request, answers.similar, body)


@router.get("/items/{id}", tags=["items"], **documented(replies.Item, WITHOUT_BODY))
async def item(request: Request, id: Id) -> Response:
    """What the catalogue knows of an item."""
    return await answered(request, lambda served: answers.item_of(served, _row(served, id)))


@router.get("/items/{id}/similar", tags=["items"], **documented(replies.Answer, WITHOUT_BODY))
async def similar_to(request: Request, id: Id, query: Near) -> Response:
    """Titles like this one."""

    def found(served: Served) -> replies.Answer:
        _row(served, id)
        return answers.similar(served, bodies.Similar(items=[id], k=query.k, where=filters(query), by=query.by))

    return await answered(request, found)


def _row(served: Served, id: str) -> int:
    """The item row of an id in a path, where no title is read; `Unknown` where no item has it."""
    row = served.rows.get(id)
    if row is None:
        raise Unknown(f'"{id}": no item has this id.', "Give an id of the catalogue.", "id")
    return row


def filters(query: bodies.Listed) -> bodies.Filters:
    """The filters of a query."""
    years = [None if year is None else float(year) for year in (query.from_year, query.to_year)]
    return bodies.Filters(**query.model_dump(include=SAME), years=years)
