"""Items over HTTP: what clients say of them is kept, shown, offered at once, withdrawn and taken back."""

import asyncio
import json
from threading import Event

import pytest

from konomi.errors import StoreError
from konomi.serve import current
from konomi.serve.current import load
from konomi.serve.sharing import Shared
from konomi.serve.store.backup import backup, restore
from konomi.serve.store.people_store import PeopleStore
from served import Client, problem
from stores import KINDS, new_place

NEW = {"title": "Kitchen of Steel", "titles": ["鋼の厨房"], "genres": ["Action", "Adventure"], "year": 2026, "type": "TV"}


@pytest.fixture(params=KINDS)
def where(request, tmp_path):
    return new_place(request.param, tmp_path), tmp_path / "erased"


@pytest.fixture
def client(where, place):
    store = PeopleStore.open(*where)
    yield Client(place / "bundle", store=store)
    store.close()


def said(client, method, path, body=None, status=200, **more):
    sent = {} if body is None else {"json": body}
    response = client.request(method, f"/v1/items{path}", **sent, **more)
    assert response.status_code == status, response.text
    return response.json()


def titles(client, path, body):
    return [each["title"] for each in client.answer(path, body)["titles"]]


def found(client, text):
    return [each["title"] for each in client.get("/v1/search", params={"q": text}).json()["hits"]]


def test_a_new_item_is_offered_at_once(client):
    assert client.get("/v1/items/900").status_code == 404 and found(client, "kitchen") == []
    assert said(client, "PUT", "/900", NEW) == {"item": "900", "outcome": "stored"}
    assert said(client, "PUT", "/900", NEW)["outcome"] == "same"
    shown = client.get("/v1/items/900").json()
    assert {name: shown[name] for name in NEW} == NEW
    assert shown["known"] and not shown["ratings"] and not shown["withdrawn"] and not shown["sensitive"]
    assert found(client, "kitch") == found(client, "厨房") == [NEW["title"]]
    fan = {"profile": {"10": 9, "12": 9}, "k": 50}
    (row,) = [each for each in client.answer("/v1/recommend", fan)["titles"] if each["item_id"] == 900]
    assert row["like"] and "nobody has rated it yet" in row["why"]["pro"] and row["rating"]
    assert titles(client, "/v1/recommend", {**fan, "candidates": [900]}) == [NEW["title"]]
    assert titles(client, "/v1/recommend", {"where": {"years": [2027, None]}, "include": [900]}) == [NEW["title"]]
    assert NEW["title"] in titles(client, "/v1/rank", {**{"profile": {"10": 9}}, "items": [900, 11, 13]})
    predicted = client.answer("/v1/predict", {"profile": {"10": 9, "12": 9}, "items": [900]})["ratings"][0]
    assert predicted["rating"] == row["rating"] and predicted["interval"] == row["interval"]
    assert NEW["title"] in titles(client, "/v1/similar", {"items": [10], "k": 50})
    assert client.get("/v1/new").json()["titles"][0]["title"] == NEW["title"]
    people = [{"profile": {"10": 9}}, {"profile": {"12": 8}}]
    assert NEW["title"] in titles(client, "/v1/together", {"people": people, "candidates": [900]})
    assert client.answer("/v1/why", {"profile": {"10": 9}, "item": 900})["kept"] == []


def test_what_is_withdrawn_is_offered_no_more(client):
    said(client, "PUT", "/900", NEW)
    for id, name in ((900, NEW["title"]), (10, client.get("/v1/items/10").json()["title"])):
        assert name in found(client, name)
        assert said(client, "DELETE", f"/{id}")["outcome"] == "stored"
        assert said(client, "DELETE", f"/{id}")["outcome"] == "same"
        assert client.get(f"/v1/items/{id}").json()["withdrawn"]
        every = {"profile": {"13": 9}, "k": 50, "where": {"parts": True, "sensitive": True}}
        assert name not in titles(client, "/v1/recommend", every)
        assert name not in titles(client, "/v1/recommend", {**every, "include": [id]})
        assert titles(client, "/v1/recommend", {**every, "candidates": [id]}) == []
        assert name not in titles(client, "/v1/rank", {"profile": {"13": 9}, "items": [id, 11]})
        assert name not in titles(client, "/v1/similar", {"items": [11], "k": 50, "where": {"parts": True}})
        people = {"people": [{"profile": {"13": 9}}], "k": 50}
        assert name not in titles(client, "/v1/together", people)
        assert name not in found(client, name)
        for chart in ("new", "popular"):
            assert name not in [each["title"] for each in client.get(f"/v1/{chart}?k=50").json()["titles"]]
        assert client.answer("/v1/why", {"profile": {"13": 9}, "item": id})["kept"] == ["withdrawn"]
    assert 10 not in _asked(client)
    assert client.answer("/v1/recommend", {"profile": {"10": 9}, "k": 50})["titles"]  # what people say of it counts
    assert said(client, "PATCH", "/10", {"year": 1990})["outcome"] == "stored"
    assert client.get("/v1/items/10").json()["withdrawn"]
    said(client, "PUT", "/10", {})
    shown = client.get("/v1/items/10").json()
    assert not shown["withdrawn"] and shown["year"] != 1990 and shown["title"] in found(client, shown["title"])


def _asked(client):
    """The ids of every question."""
    answers, ids = [], []
    while (item := client.answer("/v1/ask", {"answers": answers})["item"]) is not None:
        ids.append(item["item_id"])
        answers.append({"item": item["item_id"], "rating": None})
    return ids


def test_what_is_said_of_a_known_item(client):
    before = client.get("/v1/items/10").json()
    said(client, "PUT", "/10", {"title": "Another Name", "genres": ["Cookery"], "studios": ["A", "B"], "related": [11, "12"]})
    shown = client.get("/v1/items/10").json()
    assert (shown["title"], shown["genres"], shown["studios"], shown["related"]) == (
        *("Another Name", ["Cookery"]),
        *(["A", "B"], ["11", "12"]),
    )
    assert shown["year"] == before["year"] and shown["ratings"] == before["ratings"]
    assert {part["item_id"] for part in shown["franchise"]} >= {10, 11, 12}
    assert found(client, "another na") == ["Another Name"]
    only = {"where": {"any_genre": ["Cookery"]}, "k": 50}
    assert titles(client, "/v1/recommend", only) == ["Another Name"]
    said(client, "PATCH", "/10", {"title": None, "year": 2001})
    shown = client.get("/v1/items/10").json()
    assert (shown["title"], shown["genres"], shown["year"]) == (before["title"], ["Cookery"], 2001)
    assert said(client, "PATCH", "/10", {"age": None, "title": None})["outcome"] == "same"  # nothing of it was said
    said(client, "PUT", "/10", {"year": 2001})
    assert client.get("/v1/items/10").json() == {**before, "year": 2001}
    said(client, "PUT", "/10", {})
    assert client.get("/v1/items/10").json() == before


NO_FACTS = [
    {"title": " "}, {"title": ""}, {"title": "a\0b"}, {"genres": ["Action", "\n"]}, {"image": 'https://a"onload=x><'},
    {"image": "http://a b"}, {"image": "javascript:alert(1)"},
]  # fmt: skip


@pytest.mark.parametrize("facts", NO_FACTS)
def test_what_is_no_fact_is_refused(client, facts):
    problem(client.request("PUT", "/v1/items/901", json=facts), 422)


def test_many_at_once(client):
    rows = [
        {"item": 900, **NEW},
        {"item": "901", "title": "A", "genres": ["Drama"], "year": 2000},
        {"item": 901, "title": "B", "genres": ["Drama"]},
        {"item": 11, "withdrawn": True},
    ]
    told = said(client, "PUT", "", rows)
    assert told["counts"] == {"stored": 4} and [row["item"] for row in told["rows"]] == ["900", "901", "901", "11"]
    shown = client.get("/v1/items/901").json()
    assert (shown["title"], shown["year"]) == ("B", None) and client.get("/v1/items/11").json()["withdrawn"]
    lines = "\n".join(map(json.dumps, rows))
    answer = client.request("PUT", "/v1/items", content=lines, headers={"content-type": "application/x-ndjson"})
    assert answer.json()["counts"] == {"same": 2, "stored": 2}  # 901 is said twice, and changes both times


def test_what_is_refused(client):
    def refused(method, path, body, status, **more):
        sent = {} if body is None else {"json": body}
        return problem(client.request(method, f"/v1/items{path}", **sent, **more), status)

    assert "genres" in refused("PUT", "/900", {"genre": ["Action"]}, 422)["detail"]
    assert refused("PUT", "/900", {"year": "2026"}, 422)["field"] == "year"
    assert refused("PUT", "/900", {"image": "javascript:alert(1)"}, 422)["field"] == "image"
    assert refused("PUT", "", [{"item": 900}, {"item": 901, "titel": "A"}], 422)["field"] == "1.titel"
    for id in ("x1", "007", "1.5", "9" * 19):
        assert "whole number" in refused("PUT", f"/{id}", NEW, 422)["hint"]
    assert refused("PUT", "", [{"item": 900, **NEW}, {"item": "x"}], 422)
    assert client.get("/v1/items/900").status_code == 404  # nothing of it was stored
    for method, body in (("PATCH", {"year": 2000}), ("DELETE", None)):
        assert refused(method, "/900", body, 404)["code"] == "unknown"
    assert refused("PUT", "", [{"item": n} for n in range(10_001)], 422)
    assert refused("PUT", "/900", None, 415, content=b"{}", headers={"content-type": "text/plain"})


def test_an_item_of_which_nothing_tells_is_known_by_name_alone(client):
    said(client, "PUT", "/900", {"title": "Nothing But A Name"})
    assert found(client, "nothing but") and not client.get("/v1/items/900").json()["known"]
    assert "Nothing But A Name" not in titles(client, "/v1/recommend", {"profile": {"10": 9}, "k": 50})
    assert client.answer("/v1/why", {"profile": {"10": 9}, "item": 900})["kept"] == ["unknown"]


def test_entries_count_once_the_item_is_known(client):
    path = "/v1/people/ann"
    client.request("PUT", f"{path}/entries/10", json={"rating": 9})
    answer = client.request("PUT", f"{path}/entries/900", json={"rating": 9})
    assert answer.json()["outcome"] == "unknown item"
    said(client, "PUT", "/900", NEW)
    (entry,) = [each for each in client.get(f"{path}/entries").json()["entries"] if each["item"] == "900"]
    assert entry["title"] == NEW["title"]
    offered = [each["item_id"] for each in client.get(f"{path}/recommend?k=50").json()["titles"]]
    assert 900 not in offered and len(offered) > 1  # it is seen
    assert client.get(f"{path}/why/900").json()["kept"] == ["seen"]
    assert client.request("PUT", f"{path}/entries/900", json={"rating": 8}).json()["outcome"] == "stored"


def test_what_was_said_outlives_a_restart_and_a_swap(client, place, where):
    said(client, "PUT", "", [{"item": 900, **NEW}, {"item": 11, "withdrawn": True}])
    client.service.current.swap(place / "bias")
    assert found(client, "kitchen") == [NEW["title"]] and client.get("/v1/items/11").json()["withdrawn"]
    client.service.store.close()
    store = PeopleStore.open(*where)
    again = Client(place / "bundle", served=load(place / "bundle"), store=store)
    try:
        assert found(again, "kitchen") == [NEW["title"]] and again.get("/v1/items/11").json()["withdrawn"]
        assert again.service.current.served.bundle.items.height < again.recommender.bundle.items.height
    finally:
        store.close()


def test_changes_at_once_share_a_growing_and_are_all_in_the_answers(client, monkeypatch):
    made = []
    grow = current.served_with
    monkeypatch.setattr(current, "served_with", lambda *given: made.append(1) or grow(*given))

    async def one(n):
        told = await client.asked("PUT", f"/v1/items/{900 + n}", json={**NEW, "title": f"Kitchen {n}"})
        shown = await client.asked("GET", f"/v1/items/{900 + n}")
        return told.status_code, shown.json().get("title")

    async def all_of_them():
        return await asyncio.gather(*(one(n) for n in range(12)))

    assert asyncio.run(all_of_them()) == [(200, f"Kitchen {n}") for n in range(12)]
    assert 1 <= len(made) < 12
    many = len(made)
    said(client, "PUT", "/900", {**NEW, "title": "Kitchen 0"})
    assert len(made) == many  # nothing has changed


def test_a_store_that_is_away_is_told_and_nothing_changes(client, monkeypatch):
    served = client.service.current.served

    def away(*_):
        raise StoreError("The store is away.", "Send it again.")

    monkeypatch.setattr(PeopleStore, "change_items", away)
    assert problem(client.request("PUT", "/v1/items/900", json=NEW), 503) and client.service.current.served is served
    monkeypatch.undo()
    monkeypatch.setattr(client.service.current, "_told", away)
    assert problem(client.request("PUT", "/v1/items/900", json=NEW), 503)  # it is on the disk, and not in the answers
    monkeypatch.undo()
    assert said(client, "PUT", "/900", NEW)["outcome"] == "same" and found(client, "kitchen") == [NEW["title"]]


def test_a_backup_has_what_is_said_of_items(client, where, tmp_path):
    said(client, "PUT", "", [{"item": 900, **NEW}, {"item": 11, "withdrawn": True}])
    backup(where[0], tmp_path / "backup", erased=where[1])
    restore(tmp_path / "backup", tmp_path / "again.db")
    store = PeopleStore.open(tmp_path / "again.db")
    assert store.told_items() == client.service.store.told_items() != []
    store.close()


def test_work_that_is_shared():
    begun, go, runs = Event(), Event(), []

    def work():
        begun.set()
        go.wait()
        runs.append(1)
        return len(runs)

    shared = Shared(work, "test")
    first = shared.soon()
    begun.wait()
    later = [shared.soon() for _ in range(5)]
    go.set()
    assert first.result() == 1 and {each.result() for each in later} == {2} and shared.soon().result() == 3


def test_so_many_genres_that_answers_would_not_fit_into_memory_are_refused(client):
    many = [{"item": 1000 + n, "title": f"Title {n}", "genres": [f"Genre {n} {g}" for g in range(100)]} for n in range(21)]
    refused = problem(client.request("PUT", "/v1/items", json=many), 422)
    assert refused["field"] == "genres" and "more than 2,000" in refused["detail"]
    types = [{"item": 1000 + n, "title": f"Title {n}", "type": f"Type {n}"} for n in range(2001)]
    problem(client.request("PUT", "/v1/items", json=types), 422)
    assert client.get("/v1/items/1000").status_code == 404
    said(client, "PUT", "/900", {**NEW, "genres": ["Kitchen"]})
    said(client, "PATCH", "/900", {"genres": None, "type": None})
