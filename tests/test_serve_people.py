"""People over HTTP: what they say is kept, merged, shown, taken back, handed out and erased, and counts at once."""

import csv
import io
import json
import threading

import pytest

from konomi.errors import StoreError
from konomi.recommend.recommender import Recommender
from konomi.serve import rows
from konomi.serve.store.people_store import PeopleStore
from served import Client, problem
from stores import KINDS, new_place

ANN = "/v1/people/ann"


@pytest.fixture(params=KINDS)
def client(request, place, tmp_path):
    store = PeopleStore.open(new_place(request.param, tmp_path), tmp_path / "erased")
    yield Client(place / "bundle", store=store)
    store.close()


@pytest.fixture
def ids(client):
    """The ids of the items, the best known first."""
    items = client.recommender.bundle.items.sort("ratings", descending=True)
    return [str(id) for id in items["item_id"]]


def put(client, path, body, **more):
    response = client.request("PUT", path, json=body, **more)
    assert response.status_code == 200, response.text
    return response.json()


def entries(client, path=ANN):
    response = client.get(f"{path}/entries?limit=1000")
    return {each["item"]: (each["rating"], each["status"]) for each in response.json()["entries"]}


def test_one_entry_and_many(client, ids):
    assert put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9})["outcome"] == "stored"
    rows = [
        {"item": ids[1], "rating": 3, "status": "dropped"},
        {"item": int(ids[2]), "status": "planned"},
        {"item": "none", "rating": 5},
    ]
    told = put(client, f"{ANN}/entries", rows)
    assert [row["outcome"] for row in told["rows"]] == ["stored", "stored", "unknown item"]
    assert told["counts"] == {"stored": 2, "unknown item": 1}
    assert entries(client) == {ids[0]: (9, None), ids[1]: (3, "dropped"), ids[2]: (None, "planned"), "none": (5, None)}


def test_lines_of_json(client, ids):
    rows = [{"item": ids[0], "rating": 9}, {"item": ids[0], "deleted": True}, {"item": ids[1], "rating": 2}]
    lines = "\r\n\n".join(map(json.dumps, rows))
    told = client.request("PUT", f"{ANN}/entries", content=lines, headers={"content-type": "application/x-ndjson"}).json()
    assert [row["outcome"] for row in told["rows"]] == ["stored"] * 3 and entries(client) == {ids[1]: (2, None)}


def test_the_newest_counts_whatever_the_order(client, ids):
    rows = [("2020-01-02T00:00:00Z", 2), ("2020-01-03T00:00:00+00:00", 3), ("2020-01-01T00:00:00Z", 1)]
    told = put(client, f"{ANN}/entries", [{"item": ids[0], "rating": rating, "at": at} for at, rating in rows])
    assert [row["outcome"] for row in told["rows"]] == ["stored", "stored", "older"] and entries(client) == {ids[0]: (3, None)}
    deleted = client.request("DELETE", f"{ANN}/entries/{ids[0]}?at=2020-01-02T12:00:00Z").json()
    assert deleted["outcome"] == "older" and entries(client) == {ids[0]: (3, None)}
    assert client.request("DELETE", f"{ANN}/entries/{ids[0]}?at=2020-01-04T00:00:00Z").json()["outcome"] == "stored"
    assert put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9, "at": "2020-01-03T12:00:00Z"})["outcome"] == "older"
    assert entries(client) == {}


def test_a_time_in_the_future_is_now_and_said(client, ids):
    assert put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9, "at": "2999-01-01T00:00:00Z"}) == {
        "item": ids[0], "outcome": "stored", "clamped": True,
    }  # fmt: skip
    assert put(client, f"{ANN}/entries/{ids[0]}", {"rating": 8})["outcome"] == "stored"  # so what is said now counts


def test_pages(client, ids):
    names = [*ids[:3], "a", "b", "c", "d"]
    put(client, f"{ANN}/entries", [{"item": id, "rating": 5} for id in names])
    found, after, pages = [], None, 0
    while pages == 0 or after:
        page = client.get(f"{ANN}/entries?limit=3" + (f"&after={after}" if after else "")).json()
        found, after, pages = found + [each["item"] for each in page["entries"]], page["after"], pages + 1
    assert pages == 3 and sorted(found) == sorted(names)
    for forged in ("3", "abc.def", "é"):
        assert problem(client.get(f"{ANN}/entries?after={forged}"), 422)["field"] == "after"


def test_what_was_acknowledged_is_in_the_next_answer(client, ids):
    rows = {ids[0]: 10.0, ids[1]: 2.0, ids[2]: 9.0}
    put(client, f"{ANN}/entries", [{"item": id, "rating": rating} for id, rating in rows.items()])
    told = client.get(f"{ANN}/recommend?k=20").json()
    alone = Recommender(client.recommender.bundle).recommend({int(id): rating for id, rating in rows.items()}, 20)
    assert [title["item_id"] for title in told["titles"]] == [row.item_id for row in alone]
    first = told["titles"][0]["item_id"]
    put(client, f"{ANN}/entries/{first}", {"status": "seen"})
    assert first not in [title["item_id"] for title in client.get(f"{ANN}/recommend?k=20").json()["titles"]]


def test_what_is_hidden_is_offered_no_more(client, ids):
    put(client, f"{ANN}/entries/{ids[0]}", {"rating": 10})
    first, second = (title["item_id"] for title in client.get(f"{ANN}/recommend?k=2").json()["titles"])
    put(client, f"{ANN}/entries/{first}", {"status": "hidden"})
    put(client, f"{ANN}/entries/{second}", {"status": "hidden franchise"})
    shown = [title["item_id"] for title in client.get(f"{ANN}/recommend?k=50").json()["titles"]]
    franchise, _ = client.recommender.ranker.franchise
    rows = client.service.current.served.rows
    assert first not in shown and franchise[rows[str(second)]] not in [franchise[rows[str(id)]] for id in shown]


def test_wishes_and_dials_are_kept(client, ids):
    genre = client.recommender.catalogue.genres[0]
    put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9})
    plain = client.post(f"{ANN}/recommend", {"k": 10}).json()["titles"]
    kept = put(client, f"{ANN}/settings", {"wishes": {genre: 10}, "dials": {"niche": 1}})
    assert client.get(f"{ANN}/settings").json() == kept and kept["dials"]["niche"] == 1
    turned = client.post(f"{ANN}/recommend", {"k": 10}).json()["titles"]
    asked = client.post("/v1/recommend", {"profile": {ids[0]: 9}, "wishes": {genre: 10}, "dials": {"niche": 1}, "k": 10}).json()
    assert turned == asked["titles"] != plain
    assert client.post(f"{ANN}/recommend", {"k": 10, "wishes": {}, "dials": {}}).json()["titles"] == plain
    assert "Isekaii" in problem(client.request("PUT", f"{ANN}/settings", json={"wishes": {"Isekaii": 9}}), 422)["detail"]


def test_all_that_is_kept_is_handed_out(client, ids):
    put(client, f"{ANN}/entries", [{"item": ids[0], "rating": 9}, {"item": "=1+1", "status": "planned"}])
    whole = client.get(f"{ANN}/export").json()
    assert whole["person"] == "ann" and [each["item"] for each in whole["entries"]] == [ids[0], "=1+1"]
    table = list(csv.DictReader(io.StringIO(client.get(f"{ANN}/export?format=csv").content.decode("utf-8-sig"))))
    assert table[0]["rating"] == "9.0" and table[1]["item"] == "'=1+1"  # no formula for a spreadsheet


def test_a_list_of_a_site(client, ids):
    name = client.recommender.catalogue.names[client.service.current.served.rows[ids[0]]]
    content = f"title,rating\n{name},9\nNo such title at all,5\n"
    tried = client.request("POST", f"{ANN}/import?dry_run=true", content=content).json()
    assert (tried["stored"], [each["item"] for each in tried["matched"]]) == (False, [ids[0]])
    assert client.get(f"{ANN}/entries").status_code == 404  # nothing was stored
    told = client.request("POST", f"{ANN}/import", content=content).json()
    assert told["stored"] and told["counts"] == {"stored": 1} and entries(client) == {ids[0]: (9, None)}
    assert [each["text"] for each in told["unmatched"]] == ["No such title at all"]
    wrong = problem(client.request("POST", f"{ANN}/import?name=../../etc/passwd", content=b"\0\1\2"), 422)
    assert "etc/" not in json.dumps(wrong)


def test_an_erased_person_is_nobody(client, ids):
    put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9, "at": "2020-01-01T00:00:00Z"})
    put(client, f"{ANN}/settings", {"dials": {"niche": 1}})
    told = client.request("DELETE", ANN).json()
    assert told["entries"] == 1 and "trained" in told["models"]
    for path in ("entries", "settings", "export", "recommend"):
        assert problem(client.get(f"{ANN}/{path}"), 404)["code"] == "unknown"
    assert problem(client.request("DELETE", ANN), 404)
    late = put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9, "at": "2020-01-01T00:00:00Z"})
    assert late["outcome"] == "older" and client.get(f"{ANN}/entries").status_code == 404
    put(client, f"{ANN}/entries/{ids[1]}", {"rating": 8})
    assert entries(client) == {ids[1]: (8, None)}


def test_what_is_refused_is_refused_whole(client, ids):
    good = {"item": ids[0], "rating": 9}
    for row, field in (
        ({"item": ids[1], "rating": 11}, "rating"),
        ({"item": ids[1]}, "rating"),
        ({"item": ids[1], "rating": 5, "status": "planned"}, "status"),
        ({"item": ids[1], "rating": 5, "at": "yesterday"}, "at"),
        ({"item": "", "rating": 5}, "1.item"),
        ({"item": "a\nb", "rating": 5}, "item"),
        ({"item": ids[1], "ratings": 5}, "1.ratings"),
        ({"item": ids[1], "status": "Watched"}, "1.status"),
    ):
        told = problem(client.request("PUT", f"{ANN}/entries", json=[good, row]), 422)
        assert told["field"].startswith(field), told
        assert client.get(f"{ANN}/entries").status_code == 404
    many = [{"item": str(n), "rating": 5} for n in range(10_001)]
    assert problem(client.request("PUT", f"{ANN}/entries", json=many), 422)
    assert problem(client.request("PUT", f"{ANN}/entries", content="{", headers={"content-type": "application/json"}), 400)
    assert problem(client.request("PUT", f"/v1/people/{'x' * 201}/entries/1", json={"rating": 5}), 422)


def test_a_store_that_is_not_there_is_told_and_may_be_asked_again(client, ids, monkeypatch):
    def broken(*_):
        raise StoreError("The disk is full.", "Send it again.")

    monkeypatch.setattr(client.service.store.ledger, "apply", broken)
    told = client.request("PUT", f"{ANN}/entries/{ids[0]}", json={"rating": 5})
    assert problem(told, 503)["code"] == "store" and told.headers["retry-after"]
    monkeypatch.undo()
    assert put(client, f"{ANN}/entries/{ids[0]}", {"rating": 5})["outcome"] == "stored"


def test_nothing_of_people_is_logged(client, ids):
    put(client, f"{ANN}/entries/{ids[0]}", {"rating": 9})
    client.request("PUT", "/v1/people/secret-person/entries/secret-item", json={"rating": 99})
    said = client.said.getvalue()
    assert "/v1/people/{id}/entries/{item}" in said and not any(word in said for word in ("ann", "secret", f'"{ids[0]}"'))


def test_ready_says_whether_the_store_can_be_written(client, monkeypatch):
    assert client.get("/ready").json()["checks"] == {"model": "ok", "store": "ok"}

    def broken(*_):
        raise StoreError("The disk is full.", "Send it again.")

    monkeypatch.setattr("konomi.serve.store.people_store._set_meta", broken)
    answer = client.get("/ready")
    assert answer.status_code == 503 and answer.json()["checks"]["store"] == "The disk is full."


def test_a_large_body_is_read_on_a_thread(client, monkeypatch):
    threads, read = [], rows._rows
    monkeypatch.setattr(rows, "_rows", lambda *words: threads.append(threading.current_thread()) or read(*words))
    for size in (1, 3_000):
        put(client, f"{ANN}/entries", [{"item": f"i{n}", "rating": 5} for n in range(size)])
    assert threads[0] is threading.main_thread() is not threads[1]
