"""The service answers what the Recommender says in this process."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.ranking.dials import Dials
from konomi.recommend.filters import Where
from konomi.recommend.interview import answered, next_question, questions_of, start
from konomi.recommend.recommender import Recommender
from konomi.serve.current import Served
from served import Client

ALL = Where(again=True, planned="show", parts=True, sensitive=True)


@pytest.fixture(scope="module")
def client(place):
    return Client(place / "bundle")


def same(answer, expected, language="en"):
    """Whether an answer over HTTP is one of the library."""
    told = expected.to_dict()
    for row, row_told, own in zip(answer["titles"], told["recommendations"], expected.rows, strict=True):
        why = row.pop("why")
        assert (why["pro"], why["contra"]) == expected.why(own, language)
        assert plain(row) == plain(row_told)
    assert plain(answer["common"]) == plain(told["common"])
    assert answer["remarks"] == expected.remarks(language)
    assert (answer["note"], answer["doubtful"], answer["parts"]) == (told["note"], told["doubtful"], told["parts"])


def plain(value):
    """Tuples as lists, as JSON has them."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def ids(answer):
    return [row["item_id"] for row in answer["titles"]]


def test_recommend(client):
    answer = client.answer("/v1/recommend", {"profile": {"Mushishi": 9, "10": 3}, "k": 3})
    same(answer, client.recommender.recommend({"Mushishi": 9, 10: 3}, 3))
    assert answer["titles"] and answer["model"] == client.service.current.served.id
    assert answer["understood"] == [{"text": "Mushishi", "item_id": 15, "title": "Mushishi", "also": []}]
    assert answer["unknown"] == {"exclude": 0, "include": 0, "candidates": 0}


def test_nobody(client):
    same(client.answer("/v1/recommend", {}), client.recommender.recommend())


def test_every_answer_has_its_id(client):
    first, second = (client.answer("/v1/recommend", {}) for _ in range(2))
    assert first["id"] != second["id"]


def test_filters_dials_wishes_and_language(client):
    body = {
        "profile": {"15": 9},
        "k": 5,
        "where": {"any_genre": ["action"], "years": [1990, None], "sequels": True, "parts": True},
        "dials": {"love": 0.5, "niche": 0.25},
        "wishes": {"Action": 9},
        "why": 1,
        "language": "ja",
    }
    where = Where(any_genre=("action",), years=(1990, None), parts=True)
    expected = client.recommender.recommend({15: 9}, 5, where, Dials(0.5, 0.25), {"Action": 9}, 1)
    same(client.answer("/v1/recommend", body), expected, "ja")
    assert len(expected.rows) == 3


def test_entries_have_statuses(client):
    said = ["seen", "watching", "dropped", "planned"]
    entries = [{"item": n, "status": status} for n, status in enumerate(said, 10)] + [{"item": 15, "rating": 9}]
    codes = [STATUS["completed"], STATUS["watching"], STATUS["dropped"], STATUS["plan to watch"], 0]
    rating = np.array([math.nan] * 4 + [9], np.float32)
    rows = np.array([0, 1, 2, 3, 5], np.int32)
    profile = Profiles.from_entries(1, np.zeros(5, np.int32), rows, rating, np.array(codes, np.uint8))
    answer = client.answer("/v1/recommend", {"profile": entries, "where": {"again": True, "planned": "show", "parts": True}})
    same(answer, client.recommender.recommend(profile, where=Where(again=True, planned="show", parts=True)))


def test_an_id_comes_before_a_title(client, place):
    served = client.service.current.served
    items = served.recommender.bundle.items.with_columns(title=pl.Series(["13", "12", "Ten", "Eleven", "10", "Fifteen"]))
    other = Client(place / "bundle")
    bundle = replace(served.recommender.bundle, items=items)
    other.service.current._served = Served("titled", Recommender(bundle), served.questions, bundle)
    assert other.get("/v1/items/13").json()["title"] == "Eleven"
    assert other.get("/v1/items/Ten").status_code == 404
    answer = other.answer("/v1/recommend", {"profile": {"13": 9, "ten": 8}})
    same(answer, other.recommender.recommend({13: 9, 12: 8}))
    assert [each["item_id"] for each in answer["understood"]] == [12]
    assert other.answer("/v1/predict", {"items": ["10", "Ten"]})["ratings"][0]["title"] == "13"


def test_null_is_seen_and_hidden_is_never_offered(client):
    assert 12 in ids(client.answer("/v1/recommend", {}))
    answer = client.answer("/v1/recommend", {"profile": {"12": None}})
    one, code = np.zeros(1, np.int32), np.array([STATUS["completed"]], np.uint8)
    seen = Profiles.from_entries(1, one, one + 2, np.array([math.nan], np.float32), code)
    same(answer, client.recommender.recommend(seen))
    assert 12 not in ids(answer) and 13 in ids(answer)  # the next of its title
    assert 12 not in ids(client.answer("/v1/recommend", {"profile": [{"item": 12, "status": "hidden"}]}))
    again = {"profile": [{"item": 12, "status": "hidden"}], "where": {"again": True}, "include": [12]}
    assert 12 not in ids(client.answer("/v1/recommend", again))


def test_exclude_include_and_candidates(client):
    answer = client.answer("/v1/recommend", {"exclude": [10, "11", 99, "Mushishi"], "include": ["x"], "candidates": None})
    assert answer["unknown"] == {"exclude": 2, "include": 1, "candidates": 0}
    assert not {10, 11} & set(ids(answer)) and 15 in ids(answer)
    assert ids(client.answer("/v1/recommend", {"candidates": [15, 98]})) == [15]
    assert 14 not in ids(client.answer("/v1/recommend", {}))  # it is sensitive
    assert 14 in ids(client.answer("/v1/recommend", {"include": [14]}))
    assert ids(client.answer("/v1/recommend", {"include": [14], "where": {"types": ["OVA"], "sensitive": True}})) == [14]
    nothing = client.answer("/v1/recommend", {"candidates": [98, 99]})
    assert nothing["titles"] == [] and nothing["unknown"]["candidates"] == 2
    assert client.answer("/v1/recommend", {"candidates": []})["titles"] == []
    assert client.answer("/v1/recommend", {"candidates": [15], "exclude": [15]})["titles"] == []


def test_rank(client):
    answer = client.answer("/v1/rank", {"profile": {"15": 9, "13": 9}, "items": [10, 14, 15, 77], "why": 2})
    expected = client.recommender.recommend({15: 9, 13: 9}, 3, Where(only=(10, 14, 15), **vars_of(ALL)), why=2)
    same(answer, expected)
    assert set(ids(answer)) == {10, 14, 15} and answer["unknown"]["candidates"] == 1
    assert client.answer("/v1/rank", {"items": [77]})["titles"] == []


def vars_of(where):
    return {name: getattr(where, name) for name in ("again", "planned", "parts", "sensitive")}


def test_similar(client):
    same(client.answer("/v1/similar", {"items": ["Mushishi", 10], "k": 3}), client.recommender.similar([15, 10], 3))
    same(
        client.get("/v1/items/15/similar", params={"k": 2, "by": "content"}).json(),
        client.recommender.similar(15, 2, by="content"),
    )
    answer = client.answer("/v1/similar", {"items": [15], "exclude": [10, 99]})
    assert 10 not in ids(answer) and answer["unknown"]["exclude"] == 1


def test_predict(client):
    answer = client.answer("/v1/predict", {"profile": {"Mushishi": 9}, "items": [13, "12", "nothing"]})
    expected = client.recommender.predict([({"Mushishi": 9}, 13), ({"Mushishi": 9}, 12)])
    assert [each["rating"] for each in answer["ratings"]] == [*np.round(expected.astype(float), 4), None]
    assert [each["item_id"] for each in answer["ratings"]] == [13, 12, None]
    assert [each["item"] for each in answer["ratings"]] == [13, "12", "nothing"]


def test_predict_says_as_much_as_recommend(client):
    row = client.answer("/v1/recommend", {"profile": {"15": 9}, "k": 1})["titles"][0]
    told = client.answer("/v1/predict", {"profile": {"15": 9}, "items": [row["item_id"]]})["ratings"][0]
    assert told["rating"] == pytest.approx(row["rating"], abs=1e-3) and told["interval"] == row["interval"]


def test_ask(client):
    asking, answers = questions_of(client.recommender.bundle), []
    state = start(asking)
    while (row := next_question(state)) >= 0:
        question = client.answer("/v1/ask", {"answers": answers})
        assert question["item"]["item_id"] == client.recommender.catalogue.ids[row]
        assert question["answered"] == len(answers) and (question["low"], question["high"], question["step"]) == (1, 10, 1)
        rating = 9 if len(answers) % 2 else None
        answers.append({"item": question["item"]["item_id"], "rating": rating})
        state = answered(asking, state, row, rating)
    assert client.answer("/v1/ask", {"answers": answers})["item"] is None and len(answers) >= 3


def test_an_item(client):
    item = client.get("/v1/items/10").json()
    assert (item["item_id"], item["title"], item["titles"]) == (10, "Cowboy Bebop", ["カウボーイビバップ"])
    assert (item["year"], item["type"], item["genres"], item["known"]) == (1998, "TV", ["Action", "Sci-Fi"], True)
    assert item["ratings"] == client.recommender.bundle.items["ratings"][0]


def test_popular(client):
    query = {"k": 2, "any_genre": ["Action", "Mystery"], "from_year": 1999}
    where = Where(any_genre=("Action", "Mystery"), years=(1999, None))
    same(client.get("/v1/popular", params=query).json(), client.recommender.popular(2, where))
    same(client.get("/v1/new", params=query).json(), client.recommender.newest(2, where))


def test_ready_live_metrics(client):
    assert client.get("/live").json() == {"status": "alive"}
    assert client.get("/ready").json() == {"ready": True, "model": client.service.current.served.id, "checks": {"model": "ok"}}
    client.get("/v1/items/10")
    counted = client.get("/metrics").text
    assert 'konomi_requests_total{method="GET",route="/v1/items/{id}",status="200"}' in counted
    assert f'konomi_model_info{{id="{client.service.current.served.id}"}} 1.0' in counted
    assert "konomi_answers_pending 0.0" in counted


def test_a_check_that_fails(place):
    client = Client(place / "bundle", checks={"store": lambda: "cannot be written"})
    response = client.get("/ready")
    assert response.status_code == 503 and response.json()["checks"] == {"store": "cannot be written", "model": "ok"}


def test_together(client):
    told = client.answer("/v1/together", {"people": [{"profile": {"11": 9}}, {"profile": {"12": 3}}], "k": 2})
    found = client.recommender.recommend_together([{11: 9}, {12: 3}], 2)
    assert [(one["item_id"], one["score"]) for one in told["titles"]] == [(one.item_id, one.score) for one in found]
    assert [len(one["each"]) for one in told["titles"]] == [2] * len(found) and told["titles"][0]["each"][0]["why"]["pro"]


def test_why(client):
    told = client.answer("/v1/why", {"profile": {"11": 9, "12": 3}, "item": 11})
    found = client.recommender.why({11: 9, 12: 3}, 11)
    assert told["kept"] == list(found.kept) == ["seen"] and told["title"]["rating"] == found.row.rating


def test_taste(client):
    told = client.answer("/v1/taste", {"profile": {"11": 9, "12": 3}})
    assert told["rated"] == 2 and told["histogram"] == {"9.0": 1, "3.0": 1}


def test_search(client):
    name = client.recommender.catalogue.names[0]
    hits = client.get("/v1/search", params={"q": name[:4]}).json()["hits"]
    assert hits[0]["title"] == name and client.get("/v1/search", params={"q": "\u202e \0"}).json()["hits"] == []
    assert client.get("/v1/search").status_code == 422


def test_the_next_page_has_none_of_what_was_shown(client):
    body = {"profile": {"11": 9}, "k": 2}
    first = [title["item_id"] for title in client.answer("/v1/recommend", body)["titles"]]
    second = [title["item_id"] for title in client.answer("/v1/recommend", {**body, "after": first})["titles"]]
    assert first and second and not set(first) & set(second)
    assert first + second == [title["item_id"] for title in client.answer("/v1/recommend", {**body, "k": 4})["titles"]]
