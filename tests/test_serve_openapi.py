"""What OpenAPI says of the service is so: its change is seen here, and requests made from it find nothing undocumented.

After a change that is meant: KONOMI_RENEW=1 pytest tests/test_serve_openapi.py, and commit tests/golden/openapi.json.
"""

import json
import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from served import Client, serving

GOLDEN = Path(__file__).parent / "golden" / "openapi.json"
EXAMPLES = 12


@pytest.fixture(scope="module")
def client(place):
    return Client(place / "bundle")


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
            assert {"200", "500"} <= said["responses"].keys()
            assert ("requestBody" in said) <= ({"400", "413", "415"} <= said["responses"].keys())
    assert {"/v1/recommend", "/v1/items/{id}/similar", "/ready"} <= paths.keys()


@pytest.fixture(scope="module")
def schema(place):
    """The schema of a service in a process of its own."""
    with serving(place / "bundle") as (_, url):
        yield schemathesis.openapi.from_url(f"{url}/v1/openapi.json")


made = schemathesis.pytest.from_fixture("schema")


@pytest.mark.slow
@made.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_requests_made_from_openapi(case):
    """No 5xx, no status, media type or form of an answer that is not described; what is described as wrong is refused."""
    case.call_and_validate()
