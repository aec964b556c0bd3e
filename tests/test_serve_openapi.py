"""What OpenAPI says of the service is so: its change is seen here, and requests made from it find nothing undocumented.

After a change that is meant: KONOMI_RENEW=1 pytest tests/test_serve_openapi.py, and commit tests/golden/openapi.json.
"""

import json
import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from forked import forked
from konomi.serve import bodies
from konomi.serve.store.people_store import PeopleStore
from served import Client


@schemathesis.serializer("application/x-ndjson")
def lines_of_json(context, value):
    """What the schema says is text is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


GOLDEN = Path(__file__).parent / "golden" / "openapi.json"
EXAMPLES = 12
STATEFUL = ("/v1/people", "/v1/keys", "/v1/session", "/v1/why", "/v1/models", "/v1/jobs", "/v1/train")
"""Of these an answer goes by what was stored; of why, by one item."""


@pytest.fixture(scope="module")
def client(place, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    store = PeopleStore.open(folder / "store.db")
    yield Client(place / "bundle", store=store, shelf=folder / "models")
    store.close()


def test_openapi_is_as_it_was(client):
    told = json.dumps(client.get("/v1/openapi.json").json(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("KONOMI_RENEW"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(told, encoding="utf-8")
    assert told == GOLDEN.read_text(encoding="utf-8"), "see the first lines of this file"


def test_every_route_is_described(client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for said in methods.values():
            assert said["description"], path
            assert {"200", "202"} & said["responses"].keys() and "500" in said["responses"]
            assert ("requestBody" in said) <= ({"400", "413", "415"} <= said["responses"].keys())
    assert {"/v1/recommend", "/v1/items/{id}/similar", "/ready"} <= paths.keys()


@pytest.fixture(scope="module")
def url(place, tmp_path_factory):
    """A service in a process of its own."""
    with forked(tmp_path_factory.mktemp("home"), place / "bundle") as (_, url):
        yield url


def operations():
    """(path, method) of every operation in the golden file."""
    paths = json.loads(GOLDEN.read_text(encoding="utf-8"))["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


def asked(url, schema, path, method, mode):
    """The statuses of answers to requests that are made from a schema. The answers are as the schema says; no status is 5xx."""
    statuses = set()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(schemathesis.openapi.from_dict(schema)[path][method].as_strategy(generation_mode=mode))
    def ask(case):
        # what is well-formed may still be refused: titles that are not in the catalogue
        statuses.add(case.call_and_validate(base_url=url, excluded_checks=[positive_data_acceptance]).status_code)

    try:
        ask()
    except Unsatisfiable:
        assert mode == GenerationMode.NEGATIVE  # nothing can be wrong with a request without parameters
    return statuses


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), operations())
def test_requests_made_from_openapi(client, url, path, method, mode):
    """Whatever a client sends; what is described as wrong is refused."""
    statuses = asked(url, client.get("/v1/openapi.json").json(), path, method, mode)
    assert mode == GenerationMode.POSITIVE or statuses <= {400, 404, 405, 415, 422}


@pytest.fixture(scope="module")
def unchanged(place, tmp_path_factory):
    """Another, whose items nobody changes."""
    with forked(tmp_path_factory.mktemp("other"), place / "bundle") as (_, url):
        yield url


def stateless(path, method):
    return not path.startswith(STATEFUL) and (method == "get" or not path.startswith("/v1/items"))


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), [each for each in operations() if stateless(*each)])
def test_requests_about_this_catalogue(client, unchanged, path, method):
    """Requests whose ids, genres and ratings are those of the catalogue, so that most have an answer."""
    schema = client.get("/v1/openapi.json").json()
    schema["paths"] = narrowed(schema["paths"])
    schema["components"]["schemas"] |= {
        name: narrowed(each) for name, each in schema["components"]["schemas"].items() if hasattr(bodies, name)
    }
    assert 200 in asked(unchanged, schema, path, method, GenerationMode.POSITIVE)


def narrowed(schema, name=""):
    """The schema with words of the catalogue instead of any text."""
    if isinstance(schema, list):
        return [narrowed(each, name) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if name in WORDS and schema.get("type") == "string":
        return {"enum": WORDS[name]}
    if schema.get("anyOf", [{}])[0].get("minimum") == -(2**63):
        return {"enum": [10, 11, 12, 13, "14", "15"]}
    if name in ("profile", "rating") and schema.get("type") == "number":
        return {"enum": [1, 7.0, 9]}
    name = schema["name"] if "in" in schema else name  # of a parameter
    inner = {"items", "anyOf", "oneOf", "additionalProperties", "propertyNames", "schema"}
    return {key: narrowed(each, name if key in inner else key) for key, each in schema.items()}


IDS = ["10", "11", "12", "13", "14", "15"]
GENRES = ["Action", "Drama", "Mystery"]
WORDS = {
    "any_genre": GENRES, "all_genres": GENRES, "no_genre": ["Adventure"], "wishes": GENRES, "types": ["TV", "OVA"],
    "language": ["en", "ja"], "profile": IDS, "id": IDS,
}  # fmt: skip
