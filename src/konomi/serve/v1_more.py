"""More routes under /v1 that need nothing but a bundle: groups, verdicts, tastes, search and charts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from konomi.recommend.taste import TasteFigures
from konomi.serve import bodies, more_answers, replies
from konomi.serve.current import Served
from konomi.serve.routes import WITHOUT_BODY, JsonRoute, answered, documented
from konomi.serve.understanding import Reader, asker, where_of
from konomi.serve.v1 import Listed, filters

router = APIRouter(prefix="/v1", route_class=JsonRoute)

Text = Annotated[str, Query(max_length=bodies.LONGEST, description="what was typed so far")]
Few = Annotated[int, Query(ge=1, le=50, description="titles, at most")]


@router.post("/together", tags=["answers"], **documented(replies.Group))
async def together(request: Request, body: bodies.Together) -> Response:
    """What to see next, for several people together: what all of them like and nobody dislikes, and how it stands for each."""
    return await answered(request, more_answers.together, body)


@router.post("/why", tags=["answers"], **documented(replies.Verdict))
async def why(request: Request, body: bodies.Why) -> Response:
    """What speaks for one title and against it, for somebody; and what keeps it from their list, if anything does."""
    return await answered(request, more_answers.why, body)


@router.post("/taste", tags=["answers"], **documented(TasteFigures))
async def taste(request: Request, body: bodies.Person) -> Response:
    """A taste in figures, beside others who have rated the same titles."""
    return await answered(request, lambda served: served.recommender.taste(asker(body.profile, {}, Reader(served))))


@router.get("/search", tags=["items"], **documented(replies.Hits, WITHOUT_BODY))
async def search(request: Request, q: Text, k: Few = 10, sensitive: bool = False) -> Response:
    """Titles that a text may be the beginning of, in any script and with typing errors."""
    return await answered(request, more_answers.search, q, k, sensitive)


@router.get("/popular", tags=["items"], **documented(replies.Answer, WITHOUT_BODY))
async def popular(request: Request, query: Listed) -> Response:
    """What most people like."""

    def found(served: Served) -> replies.Answer:
        return more_answers.listed(served, served.recommender.popular(query.k, where_of(filters(query))))

    return await answered(request, found)


@router.get("/new", tags=["items"], **documented(replies.Answer, WITHOUT_BODY))
async def new(request: Request, query: Listed) -> Response:
    """The titles of the latest years, the best known of a year first."""

    def found(served: Served) -> replies.Answer:
        return more_answers.listed(served, served.recommender.newest(query.k, where_of(filters(query))))

    return await answered(request, found)
