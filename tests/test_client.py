"""konomi.client: a method for each route, typed both ways, light to import, and what it refuses by itself."""

import json
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import get_args, get_type_hints

import httpx
import msgspec
import pytest

from konomi.client import Client, NotThere, ServiceError, asked, calls, items, keys, person, rows
from konomi.errors import RequestError
from konomi.ranking.offer import Planned
from konomi.serve import bodies, item_bodies, people_bodies
from konomi.serve.app import routes
from konomi.serve.guards.bodies import LARGER
from konomi.serve.people_replies import RowOutcome
from konomi.serve.store import clock
from konomi.serve.store.keys import SCOPES
from konomi.serve.store.people_store import PeopleStore
from served import Client as Service
from served import InProcess

ELSEWHERE = {("GET", "/live"), ("GET", "/v1/people/{id}/recommend")}  # for orchestrators; POST does all that GET does
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def service(place, tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    yield Service(place / "bundle", store=store, shelf=tmp_path / "models")
    store.close()


@pytest.fixture
def konomi(service):
    with Client("http://localhost", transport=InProcess(service)) as made:
        yield made


def everything(konomi):
    """All that a client can be asked, once; (what was asked, answer)."""
    ann, profile = konomi.person("ann"), {10: 9, "Mushishi": None}
    yield "put", ann.put(10, rating=9)
    yield "put_many", ann.put_many([{"item": 11, "rating": 2}, {"item": "none", "status": "planned"}])
    yield "take_back", ann.take_back("none")
    yield "entries", tuple(ann.entries())
    yield "settings", ann.set_settings({"Drama": 7}, {"niche": 0.5})
    yield "settings", ann.settings()
    yield "recommend to", ann.recommend(k=2, where={"types": ["TV"]}, after=[15])
    yield "why for", ann.why(12)
    yield "taste of", ann.taste()
    yield "import", ann.import_list(b"title,rating\nMushishi,8\n", dry_run=True)
    yield "export", json.loads(ann.export())
    yield "export", ann.export("csv")
    yield "recommend", konomi.recommend(profile, k=3, exclude=[12, 99], dials={"love": 0.2}, wishes={"Action": 9}, why=1)
    yield "together", konomi.together([{"profile": {10: 9}}, {"profile": {12: 8}, "wishes": {"Drama": 8}}], k=2)
    yield "rank", konomi.rank([15, 12, 10], [{"item": 10, "rating": 9, "status": "dropped"}], why=2, language="ja")
    yield "predict", konomi.predict([12, "nowhere"], profile)
    yield "ask", konomi.ask([(10, 9), (11, None)])
    yield "why", konomi.why("Mushishi", {10: 9}, where={"years": [1990, None]})
    yield "taste", konomi.taste({10: 9, 12: 3})
    yield "similar", konomi.similar([10, 12], k=2, by="content")
    yield "similar to", konomi.similar_to(10, k=2, any_genre=["Mystery", "Action"])
    yield "item", konomi.item(12)
    yield "search", konomi.search("mushi")
    yield "popular", konomi.popular(k=2, from_year=1990, sensitive=True)
    yield "new", konomi.new(k=2)
    yield "ready", konomi.ready()
    yield "metrics", konomi.metrics()
    yield "session", konomi.session()
    yield "erase", ann.erase()
    yield "erase", ann.erase()
    yield "items", konomi.items.put_many([{"item": 77, "title": "Planetes", "genres": ["Sci-Fi"]}, {"item": 78, "year": 1999}])
    yield "item", konomi.items.put(77, title="Planetes", genres=["Sci-Fi"], related=[10])
    yield "item", konomi.items.change(77, genres=None, year=2003)
    yield "found", konomi.search("planetes")
    yield "item", konomi.items.withdraw(78)
    yield "train", konomi.models.train("whole")
    yield "trainings", konomi.models.trainings()
    yield "training", konomi.models.training(1)
    yield "cancel", konomi.models.cancel(1)
    (model,) = konomi.models.list()
    yield "activate", konomi.models.activate(model.id)
    yield "model", model
    try:
        konomi.models.roll_back()
    except ServiceError as error:
        yield "no model before", error
    operator = konomi.keys.add("operator", ["admin"], expires=datetime.now(UTC) + timedelta(days=1))
    yield "key", operator
    konomi._http.headers["authorization"] = f"Bearer {operator.key}"
    yield "keys", konomi.keys.list()
    yield "no key", konomi.keys.remove("aaaaaaaa")
    yield "remove", konomi.keys.remove(operator.id)
    del konomi._http.headers["authorization"]
    yield "begin", konomi.begin_session()


def test_every_route_has_a_method(konomi, service):
    told = dict(everything(konomi))
    paths = {
        (method.upper(), path) for path, methods in routes(service.service).openapi()["paths"].items() for method in methods
    }
    called = {(line["method"], line["route"]) for line in map(json.loads, service.said.getvalue().splitlines())}
    assert paths - called == ELSEWHERE
    assert told["put"] == RowOutcome("10", "stored") and told["put_many"].counts == {"stored": 1, "unknown item": 1}
    assert [entry.item for entry in told["entries"]] == ["10", "11"] and told["settings"].dials["niche"] == 0.5
    assert told["recommend"].titles[0].why and told["recommend"].unknown.exclude == 1
    assert told["taste"].histogram == {3.0: 1, 9.0: 1} and told["search"].hits[0].item_id == 15
    assert told["ready"].ready and "konomi_requests" in told["metrics"] and b"10,Cowboy Bebop" in told["export"]
    assert told["erase"] is None and told["remove"] is True and told["no key"] is False
    assert told["items"].counts == {"stored": 2} and told["found"].hits[0].year == 2003
    assert told["train"].state == "waiting" and told["trainings"] == (told["training"],) and told["cancel"].cancelled
    assert told["model"].serving and told["activate"].id == told["model"].id and told["no model before"].status == 404
    assert told["keys"][0].name == "operator" and told["begin"].person.startswith("anonymous-")


def test_records_say_what_the_service_said(konomi, service):
    """Nothing of an answer is lost on the way: written again, it is the same JSON."""
    konomi.person("ann").put(10, rating=9)
    for record, said in (
        (konomi.recommend({10: 9}, k=3), service.answer("/v1/recommend", {"profile": {"10": 9}, "k": 3})),
        (konomi.item(13), service.get("/v1/items/13").json()),
        (konomi.why(14, {10: 9}), service.answer("/v1/why", {"profile": {"10": 9}, "item": 14})),
        (konomi.person("ann").taste(), service.get("/v1/people/ann/taste").json()),
        (konomi.person("ann").settings(), service.get("/v1/people/ann/settings").json()),
    ):
        assert {**msgspec.json.decode(msgspec.json.encode(record)), "id": 0} == {**said, "id": 0}


@pytest.mark.parametrize(
    ("told", "model"),
    [
        (asked.Entry, bodies.Entry), (asked.Row, people_bodies.EntryRow), (asked.Filters, bodies.Filters),
        (asked.Dials, bodies.Turned), (asked.Member, bodies.Member), (asked.Listed, bodies.Listed), (asked.Near, bodies.Near),
        (asked.Wanted, bodies.Recommend), (asked.Wanted, people_bodies.RecommendTo), (asked.Wanted, bodies.Together),
        (asked.Facts, item_bodies.ItemBody), (asked.ItemRow, item_bodies.ItemRow),
        (asked.Ordered, bodies.Rank), (asked.Asked, bodies.Why), (asked.Like, bodies.Similar),
    ],
)  # fmt: skip
def test_what_may_be_asked_is_what_the_service_takes(told, model):
    given = {"profile", "people", "items", "item"}  # by the arguments of a method
    given |= {"wishes"} if model is bodies.Together else set()  # of each of the people
    assert set(get_type_hints(told)) - given == set(model.model_fields) - given


def test_words_and_limits_are_those_of_the_service():
    assert get_type_hints(asked.Filters)["planned"] == Planned and get_args(keys.Scope) == SCOPES
    assert rows.MOST_ROWS == people_bodies.MOST_ROWS
    for most, of in ((person.MOST_BYTES, "/v1/people/ann/entries"), (items.MOST_BYTES, "/v1/items")):
        assert most == next(size for path, size in LARGER if path.fullmatch(of))


def test_importing_is_light():
    code = "import sys, konomi.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "polars", "numba", "scipy", "sqlalchemy", "alembic", "fastapi", "starlette", "pydantic", "uvicorn"}
    assert "konomi.client" in loaded and not heavy & set(loaded)


def test_refusals_are_told_whole(konomi):
    with pytest.raises(ServiceError) as caught:
        konomi.recommend(where={"any_genres": ["Drama"]}, k=0)
    error = caught.value
    assert (error.status, error.code, error.field) == (422, "validation", "k")
    assert error.hint and len(error.request) == 16 and [each.field for each in error.wrong] == ["k", "where.any_genres"]
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error) and type(again) is ServiceError
    with pytest.raises(NotThere, match="no item has this id") as caught:
        konomi.item(99)
    assert caught.value.code == "unknown"
    with pytest.raises(NotThere, match="Nobody has this id"):
        konomi.person("nobody").taste()


def test_an_id_is_no_path(konomi):
    konomi.person("ann").put(10, rating=9)
    for id in ("ann/entries/10", "", ".", ".."):
        with pytest.raises(RequestError, match="cannot stand in an address"):
            konomi.person(id)
    for id in ("a b", "?", "#", "%2F", "é", "100%", "a;b", "a&b=c"):
        konomi.person(id).put(id, rating=9)
        assert [entry.item for entry in konomi.person(id).entries()] == [id]
    assert len(list(konomi.person("ann").entries())) == 1


def test_each_entry_has_its_own_time(konomi, service):
    """Also that which is taken back; a time without a zone is none."""
    before = clock.now()
    ann = konomi.person("ann")
    ann.put(10, rating=9)
    ann.put_many([{"item": 11, "rating": 5}, {"item": 12, "rating": 5, "at": datetime(2020, 1, 1, tzinfo=UTC)}])
    times = {entry.item: entry.at for entry in ann.entries()}
    assert times.pop("12") == LONG_AGO and all(before <= clock.parsed(at) <= clock.now() for at in times.values())
    assert ann.take_back(10, at=LONG_AGO).outcome == "older"
    with pytest.raises(RequestError, match="has no zone"):
        ann.put(10, rating=8, at=datetime(2020, 1, 1))


def test_rows_go_in_bodies_that_the_service_takes(konomi, service, monkeypatch):
    """As they come from an iterator; each body is whole, and where a later one is refused, a note says what is stored."""
    monkeypatch.setattr(rows, "MOST_ROWS", 3)
    told = konomi.person("ann").put_many({"item": f"i{n}", "rating": 5} for n in range(8))
    assert [row.item for row in told.rows] == [f"i{n}" for n in range(8)] and told.counts == {"unknown item": 8}
    assert service.said.getvalue().count("/v1/people/{id}/entries") == 3
    monkeypatch.setattr(person, "MOST_BYTES", 100)
    assert [before for before, _ in rows.bodies(({"item": "x" * 60, "rating": 5} for _ in range(3)), 100)] == [0, 1, 2]
    with pytest.raises(ServiceError) as caught:
        konomi.person("bob").put_many({"item": "x" * 60 + str(n), "rating": 5 if n < 2 else 99} for n in range(3))
    assert caught.value.__notes__ == ["The 2 rows before these are stored."]
    assert len(list(konomi.person("bob").entries())) == 2 and list(rows.bodies([], 100)) == []


def test_rows_of_many_people(konomi):
    said = [(f"p{n % 3}", {"item": f"i{n}", "rating": 5}) for n in range(10)]
    assert konomi.put_many(iter(said)) == {"unknown item": 10}
    assert [entry.item for entry in konomi.person("p1").entries()] == ["i1", "i4", "i7"]


def test_what_is_not_this_service():
    with Client("http://localhost", transport=httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))) as other:
        with pytest.raises(ServiceError, match="not answered as expected"):
            other.ready()


def test_answers_that_no_service_gives(monkeypatch):
    monkeypatch.setattr(calls, "LARGEST", 1000)
    packed = {"Content-Encoding": "gzip"}
    for strange in (httpx.Response(200, stream=Sent(b"no gzip"), headers=packed), httpx.Response(200, content=b"0" * 1001)):
        with Client("http://localhost", transport=httpx.MockTransport(lambda _, strange=strange: strange)) as other:
            with pytest.raises(ServiceError, match="not answered as expected"):
                other.ready()


class Sent(httpx.SyncByteStream):
    """Bytes as they are sent."""

    def __init__(self, content):
        self.content = content

    def __iter__(self):
        yield self.content
