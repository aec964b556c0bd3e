"""Everything that a client can do wrong is told as a problem, in the words of a request, and nothing of it is a 5xx."""

import json

import pytest

from konomi.serve.hints import as_field, as_sent
from served import Client, problem

RECOMMEND = "/v1/recommend"


@pytest.fixture(scope="module")
def client(place):
    return Client(place / "bundle")


@pytest.fixture(scope="module")
def unpredicting(place):
    from command_line import konomi

    konomi("train", place / "data", "-o", place / "popular", "-m", "popular", "--no-refit")
    return Client(place / "popular")


@pytest.mark.parametrize(
    ("path", "body", "field", "said"),
    [
        (RECOMMEND, {"profil": {}}, "profil", 'Did you mean "profile"?'),
        (RECOMMEND, {"where": {"any_gnre": []}}, "where.any_gnre", 'Did you mean "any_genre"?'),
        (RECOMMEND, {"where": {"expression": "year > 2000"}}, "where.expression", "no such field"),
        (RECOMMEND, {"where": {"only": [1]}}, "where.only", "no such field"),
        (RECOMMEND, {"k": 0}, "k", "greater than or equal to 1"),
        (RECOMMEND, {"k": 201}, "k", "less than or equal to 200"),
        (RECOMMEND, {"k": "10"}, "k", "integer"),
        (RECOMMEND, {"k": True}, "k", "integer"),
        (RECOMMEND, {"why": "without"}, "why", "integer"),
        (RECOMMEND, {"profile": {"15": 11}}, "profile.15", "not a rating on the scale"),
        (RECOMMEND, {"profile": {"15": 1e300}}, "profile.15", "not a rating on the scale"),
        (RECOMMEND, {"profile": {"15": 8.5}}, "profile.15", "not a rating on the scale"),
        (RECOMMEND, {"profile": {"15": "9"}}, "profile.15", "number"),
        (RECOMMEND, {"profile": {"15": 9, "Mushishi": 8}}, "profile.Mushishi", "twice"),
        (RECOMMEND, {"profile": [{"item": 15}, {"item": "15"}]}, "profile.1", "twice"),
        (RECOMMEND, {"profile": [{"item": 15, "status": "liked"}]}, "profile.0.status", "'hidden'"),
        (RECOMMEND, {"profile": [{"itm": 15}]}, "profile.0.itm", 'Did you mean "item"?'),
        (RECOMMEND, {"profile": [{"item": 1.5}]}, "profile.0.item", "no id"),
        (RECOMMEND, {"profile": [{"item": 2**63}]}, "profile.0.item", "no id"),
        (RECOMMEND, {"profile": [{"item": ""}]}, "profile.0.item", "no id"),
        (RECOMMEND, {"profile": 7}, "profile", "dict"),
        (RECOMMEND, {"where": {"years": [2000, 1990]}}, "where.years", "empty"),
        (RECOMMEND, {"where": {"years": [2000]}}, "where.years", "2 items"),
        (RECOMMEND, {"where": {"planned": "maybe"}}, "where.planned", "'hide', 'show' or 'only'"),
        (RECOMMEND, {"where": {"all_genres": ["Drama"], "no_genre": ["drama"]}}, "where.all_genres", "wanted and not wanted"),
        (RECOMMEND, {"where": {"any_genre": ["Akshun"]}}, None, "No title has the genre"),
        (RECOMMEND, {"where": {"parts": True, "sequels": False}}, "where.sequels", "no sequels"),
        (RECOMMEND, {"dials": {"love": 2}}, "dials.love", "less than or equal to 1"),
        (RECOMMEND, {"wishes": {"Action": 99}}, "wishes", "not on the scale"),
        (RECOMMEND, {"wishes": {"Nothing": 9}}, "wishes", "No title has the genre"),
        (RECOMMEND, {"language": "xx"}, None, "No words in"),
        (RECOMMEND, {"candidates": [10] * 100_001}, "candidates", "at most 100000 items"),
        (RECOMMEND, [], "body", "dictionary"),
        ("/v1/rank", {"items": []}, "items", "at least 1 item"),
        ("/v1/rank", {}, "items", "required"),
        ("/v1/similar", {"items": [10], "by": "name"}, "by", "'both'"),
        ("/v1/predict", {"items": [10], "profile": {"15": -1}}, "profile.15", "not a rating"),
        ("/v1/ask", {"answers": [{"item": 10, "rating": 9}] * 2}, "answers.1", "answered for before"),
    ],
)
def test_what_is_wrong_with_a_body(client, path, body, field, said):
    told = client.problem(path, body)
    assert told["field"] == field and said in told["detail"]
    assert told["code"] in ("validation", "request")


@pytest.mark.parametrize(
    ("path", "body", "field", "said"),
    [
        (RECOMMEND, {"profile": {"Cowboi Bebup Zwei": 9}}, "profile.Cowboi Bebup Zwei", "No title is like"),
        (RECOMMEND, {"profile": [{"item": 99}]}, "profile.0", "99: no item has this id"),
        ("/v1/similar", {"items": [10, 99]}, "items.1", "99: no item has this id"),
        ("/v1/ask", {"answers": [{"item": "?", "rating": 9}]}, "answers.0", "No title is like"),
    ],
)
def test_what_is_not_there(client, path, body, field, said):
    told = client.problem(path, body, 404)
    assert told["field"] == field and said in told["detail"] and told["code"] == "unknown"


@pytest.mark.parametrize("path", ["/v1/items/99", "/v1/items/Mushishi", "/v1/items/99/similar", "/v1/items/Mushishi/similar"])
def test_a_path_takes_ids_alone(client, path):
    assert problem(client.get(path), 404)["code"] == "unknown"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "no_route"),
        ("GET", "/docs", 404, "no_route"),
        ("GET", "/redoc", 404, "no_route"),
        ("GET", "/v1/recommend/", 404, "no_route"),
        ("GET", "/v1/items/", 404, "no_route"),
        ("GET", "/v1/recommend", 405, "method"),
        ("DELETE", "/v1/items/10", 405, "method"),
        ("BREW", "/v1/items/10", 405, "method"),
        ("GET", "/v1/popular?k=no", 422, "validation"),
        ("GET", "/v1/popular?kk=1", 422, "validation"),
        ("GET", "/v1/popular?any_genre=Akshun", 422, "request"),
        ("GET", f"/v1/items/{'x' * 301}", 422, "validation"),
    ],
)
def test_routes(client, method, path, status, code):
    response = client.request(method, path)
    assert problem(response, status)["code"] == code
    assert status != 405 or response.headers["allow"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 422),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"k": ' + b"9" * 5_000 + b"}", "application/json", 400),
        (b'{"profile": {"15": NaN}}', "application/json", 422),
        (b'{"profile": {"\\ud800": 9}}', "application/json", 422),
        (b'{"profile": [{"item": "\\ud800"}]}', "application/json", 422),
        (b'{"\\ud800": 1}', "application/json", 422),
        (b'{"language": "\\ud800"}', "application/json", 422),
        (b'{"wishes": {"\\u202e": 9}}', "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"{}", "application/json; charset=utf-8", 200),
        (b"k=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_bodies(client, content, kind, status):
    response = client.request("POST", RECOMMEND, content=content, headers={"Content-Type": kind} if kind else {})
    assert response.status_code == status, response.text
    if status != 200:
        problem(response, status)


def test_several_fields_are_told_of(client):
    told = client.problem(RECOMMEND, {"k": 0, "why": -1, "dials": {"love": 3}})
    assert sorted(each["field"] for each in told["errors"]) == ["dials.love", "k", "why"]


def test_hints_speak_of_the_fields_of_a_request(client):
    told = client.problem(RECOMMEND, {"where": {"all_genres": ["Drama"], "no_genre": ["Drama"]}})
    assert told["hint"] == "Leave it out of where.all_genres, or of where.no_genre."


@pytest.mark.parametrize(
    ("python", "sent"), [("`without`", "exclude"), ("`only`", "candidates"), ("`years`", "where.years"), ("`k`", "k")]
)
def test_settings_in_python_are_fields_of_a_request(python, sent):
    assert as_sent(f"Set {python}.") == f"Set {sent}." and as_field(python.strip("`")) == sent


def test_a_bundle_that_predicts_nothing(unpredicting):
    told = unpredicting.problem("/v1/predict", {"items": [10]})
    assert told["code"] == "request" and "predicts ratings" in told["detail"]


def test_mistyped_titles_are_read_up_to_a_number(client):
    body = {"profile": {f"Mushishi{'!' * n} x": 9 for n in range(1)}}
    assert client.post(RECOMMEND, body).status_code in (200, 404)
    told = client.problem("/v1/similar", {"items": ["Mushishl"] * 11})
    assert told["field"] == "items.10" and "More than 10 titles" in told["detail"]


def test_a_message_repeats_no_hidden_letters(client):
    text = client.post(RECOMMEND, {"profile": {"\u202eabc\x1b[31m": 9}}).text
    assert "\u202e" not in json.loads(text)["detail"] and "\x1b" not in json.loads(text)["detail"]
