"""Every curl line of docs/service.md is answered, with the status that stands beside it; its programs run."""

import re
import shlex
from pathlib import Path

import pytest

from command_line import konomi, ratings, write
from failing import failing
from konomi.serve.store.people_store import PeopleStore
from served import Client
from shell import request

TEXT = (Path(__file__).parents[1] / "docs" / "service.md").read_text(encoding="utf-8")
TOURS = re.compile(r"^## (?:A shop in|Every night).*?(?=^## )", re.M | re.S)  # test_docs_shop.py runs these in order
PAGE = TOURS.sub("", TEXT)
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
LINES = re.findall(r"^curl (.*?)(?:  # (\d+))?$", PAGE, re.M)
CATALOGUE = """item_id,title,titles,genres,year,type
1,Cowboy Bebop,,Action|Sci-Fi,1998,TV
6,Trigun,,Action|Sci-Fi,1998,TV
19,Monster,,Drama|Mystery,2004,TV
457,Mushishi,,Mystery,2005,TV
1535,Death Note,,Mystery,2006,TV
1575,Code Geass,,Action|Sci-Fi,2006,TV
"""
IDS = [int(line.partition(",")[0]) for line in CATALOGUE.splitlines()[1:]]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A service with the titles of the page."""
    folder = tmp_path_factory.mktemp("docs")
    text = re.sub(r"(?m)^(\d+),(\d+),", lambda found: f"{found[1]},{IDS[int(found[2]) - 10]},", ratings())
    files = write(folder / "ratings.csv", text), "--items", write(folder / "items.csv", CATALOGUE)
    konomi("prepare", *files, "--scale", "1:10:1", "-o", folder / "data")
    knobs = ("--set", "dim=4", "--set", "epochs=20", "--no-refit")
    konomi("train", folder / "data", "-m", "mf", "-o", folder / "bundle", *knobs)
    store = PeopleStore.open(folder / "store.db")
    yield Client(folder / "bundle", store=store, shelf=folder / "models")
    store.close()


def test_the_page_has_lines():
    assert len(LINES) > 15 and PAGE.count("```sh") >= 5


@pytest.mark.parametrize(("line", "status"), LINES)
def test_a_line_is_answered(client, line, status):
    method, path, headers, body = request(shlex.split(line))
    response = client.request(method, path, headers=headers, content=body)
    assert response.status_code in ([int(status)] if status else [200, 204]), response.text


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs(client, program, capsys):
    with failing(client) as server:
        exec(compile(program.replace("http://localhost:8000", server.address), "service.md", "exec"), {})
    assert "Cowboy Bebop" in capsys.readouterr().out


def test_every_route_is_on_the_page(client):
    for path in client.get("/v1/openapi.json").json()["paths"]:
        assert path in TEXT
