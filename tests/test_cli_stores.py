"""konomi backup, restore and keys."""

import json

from command_line import konomi, refused
from konomi.serve.store.entries import Change
from konomi.serve.store.people_store import PeopleStore


def test_backup_and_restore(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    store.put([Change("ann", "1", 9.0, 2, 5)]).result()
    told = konomi("backup", "--store", tmp_path / "store.db", "-o", tmp_path / "backup", "--json")  # beside the service
    assert json.loads(told.stdout)["entry"] == 1
    store.close()
    konomi("restore", tmp_path / "backup", "--store", tmp_path / "new.db")
    again = PeopleStore.open(tmp_path / "new.db")
    assert [each.item for each in again.entries("ann")] == ["1"]
    again.close()
    assert "there is a store already" in refused("restore", tmp_path / "backup", "--store", tmp_path / "new.db")[0]
    assert "there is no store" in refused("backup", "--store", tmp_path / "none.db", "-o", tmp_path / "other")[0]
    assert not (tmp_path / "other").exists()


def test_keys(tmp_path):
    place = ("--store", tmp_path / "store.db")
    assert "scope admin" in refused("keys", "add", "shop", "--scope", "read", *place)[0]
    made = konomi("keys", "add", "operator", "--scope", "admin", *place).stdout.strip()
    json.loads(konomi("keys", "add", "shop", "--scope", "read", "--scope", "people", "--days", 30, "--json", *place).stdout)
    rows = json.loads(konomi("keys", "--json", *place).stdout)
    assert [(row["name"], row["scopes"]) for row in rows] == [("operator", "admin"), ("shop", "people, read")]
    assert made.startswith(f"kn_{rows[0]['id']}_") and rows[0]["expires"] is None and rows[1]["expires"]
    konomi("keys", "remove", rows[1]["id"], *place)
    assert [row["name"] for row in json.loads(konomi("keys", "list", "--json", *place).stdout)] == ["operator"]
    for words in (("remove", "aaaaaaaa"), ("remove",), ("add",), ("add", "x", "--scope", "all")):
        assert refused("keys", *words, *place)
