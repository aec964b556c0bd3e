"""konomi benchmark, as it is typed: the table beside published rows, JSON, and how it refuses."""

import hashlib
import json
from dataclasses import replace

import pytest

from command_line import konomi, refused, write
from konomi.evaluate.bootstrap import Interval
from konomi.pipeline.benchmark import benchmark
from konomi.pipeline.protocol_file import load_protocol, protocol_names
from konomi.report import benchmark as report
from konomi.runtime import Run
from protocols import RATED, files, protocol, ratings, rows

FIGURE = """
[[published]]
name = "{name}"
values = {{ {values} }}
source = "https://example.org/{name}"
where = "Table 1, the last column"
read = 2026-11-27
picked_on = "{picked}"
"""
MF = ("-m", "mf", "--set", "dim=4", "--set", "rate=0.3", "--set", "epochs=40", "--set", "patience=3", "--threads", "1")


def figure(name, values, picked):
    return FIGURE.format(name=name, values=values, picked=picked)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("benchmark")
    files(place)
    more = "[as_published]\npicked = 'test'\n" + figure("Theirs", '"rmse" = 0.5', "test")
    more += figure("Others", '"rmse" = 1.250, "mae" = 1.1', "not said") + figure("Third", '"mae" = 9', "validation")
    two = 'kind = "files"\ntest = ["test1.csv", "test2.csv"]'
    protocol(place / "p.toml", two, more=more)
    return place


def test_the_table_beside_published_rows(folder):
    found = konomi("benchmark", folder / "p.toml", "--data", folder, *MF)
    lines = [line.split() for line in found.stdout.splitlines()]
    table = lines[lines.index(["by", "RMSE", "MAE", "picked", "on"]) + 2 :]
    table = table[: table.index([])]
    assert [line[0] for line in table] == ["Theirs", "mf,", "Others", "global", "bias", "Third"]
    assert table[0] == ["Theirs", "published", "0.5", "test"] and table[2] == [
        "Others",
        "published",
        "1.25",
        "1.1",
        "not",
        "said",
    ]
    assert table[1][1:5] == ["mean", "of", "2", "Konomi"] and table[5] == ["Third", "published", "9", "validation"]
    said = " ".join(found.stdout.split())
    assert "really better than the best baseline, global mean. Ahead of 1 of 2 published figures." in said
    assert "1 of 3 published figures were picked on the test entries." in said
    assert "`--rule`" not in said and "--rule=as-published picks on the test entries" in said
    assert "No checksum is known of ratings.csv, test1.csv, test2.csv" in said
    assert "Theirs: https://example.org/Theirs (Table 1, the last column; read 2026-11-27)" in said
    assert "mf, fold 2, seed 0: rmse " in found.stderr


def test_json_has_all_of_it(folder):
    found = json.loads(konomi("benchmark", folder / "p.toml", "--data", folder, *MF, "--seeds", 2, "--json").stdout)
    assert found["protocol"] == {"name": "p", "title": "A made protocol", "task": "rating", "metrics": ["rmse", "mae"]}
    (mf,) = [row for row in found["rows"] if row["name"] == "mf"]
    assert mf["trials"] == 4 and mf["against"] == "global mean" and mf["differences"]["rmse"]["real"] is True
    assert mf["deviations"]["rmse"] > 0 and mf["seconds"] > 0 and mf["intervals"]["rmse"]["low"] < mf["values"]["rmse"]
    assert [len(found[key]) for key in ("splits", "published", "unchecked")] == [2, 3, 3] and found["seeds"] == 2
    assert found["rule"] == {
        "name": "clean", "picked": "valid", "valid": 0.1, "seed": 0, "learnt": "train and valid", "shown": "train and valid",
    }  # fmt: skip
    assert found["data"]["users"] == 40 and found["machine"]["cores"] > 0 and found["failures"] == {}


def test_the_other_rule(folder):
    found = konomi("benchmark", folder / "p.toml", "--data", folder, *MF, "--rule", "as-published")
    assert "(as-published rule)" in found.stdout and "The test entries chose epochs and settings" in found.stdout


def test_the_names_of_all(folder):
    shown = konomi("benchmark").stdout
    assert all(name in shown for name in protocol_names())
    assert [each["name"] for each in json.loads(konomi("benchmark", "--json").stdout)] == protocol_names()


def test_how_it_refuses(folder, tmp_path):
    error, hint = refused("benchmark", "ml-100")
    assert error.startswith('There is no protocol "ml-100". Did you mean "ml-10') and "ml-100k-u1" in hint
    error, hint = refused("benchmark", folder / "p.toml", "--data", tmp_path, "-m", "bias")
    assert "ratings.csv: no such file" in error and hint == "Say where the data is with --data."
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "--rule", "dirty")
    assert error == 'There is no rule "dirty".'
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "-m", "ease")
    assert error == "ease: none predicts ratings."
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "-m", "mf", "--set", "task=interaction")
    assert error == "mf: none predicts ratings."
    split = write(tmp_path / "split.toml", "[split]\nkind = 'last'\n")
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "-m", "mf", "--config", split)
    assert error == f"{split}: the split is that of the protocol." and hint == "Leave the table [split] out."
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "-m", "bias", "--seed", 2**63 - 1, "--seeds", 2)
    assert error.startswith("run: seed cannot be")
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "--set", "dim=4")
    assert hint == "Name the models with -m."
    error, hint = refused("benchmark", folder / "p.toml", "--data", folder, "--fetch", "-m", "mf", "--set", "dims=4")
    assert 'unknown setting "dims"' in error


def test_fetch(server, tmp_path):
    body = ratings(tmp_path / "ratings.csv", rows()).read_bytes()
    server.pages["/made.csv"] = (200, {}, body)
    digest = hashlib.sha256(body).hexdigest()
    fetch = f'[[data.fetch]]\naddress = "{server.address}/made.csv"\nlicence = "CC0"\nfiles = ["ratings.csv"]\n'
    data = f'{RATED}\n[data.sums]\n"ratings.csv" = "sha256:{digest}"\n{fetch}'
    path = protocol(tmp_path / "p.toml", 'kind = "drawn"', data=data)
    place = tmp_path / "data"
    _, hint = refused("benchmark", path, "--data", place, "-m", "bias")
    assert hint == "Say where the data is with --data, or fetch it with --fetch." and server.asked == []
    found = konomi("benchmark", path, "--data", place, "-m", "bias", "--fetch")
    assert (
        found.stderr.index("/made.csv (at most 100MB)")
        < found.stderr.index("Licence: CC0.")
        < found.stderr.index("bias, fold 1")
    )
    assert "No checksum is known" not in found.stdout and (place / "made" / "ratings.csv").read_bytes() == body
    again = konomi("benchmark", path, "--data", place, "-m", "bias", "--fetch")
    assert server.asked == ["/made.csv"] and "Licence" not in again.stderr


def test_sentences(folder):
    found = benchmark(folder / "p.toml", folder, "bias", Run(threads=1))
    assert report.answer(found).startswith("global mean: RMSE ")  # where nothing but baselines was measured
    row = replace(found.rows[0], name="x", baseline=False)

    def said(low, high):
        gap = Interval((low + high) / 2, low, high)
        return report.answer(replace(found, rows=(replace(row, ahead={"rmse": gap}),), best="bias"))

    assert "really better than the best baseline, bias." in said(-2, -1)
    assert "really worse than" in said(1, 2) and "not really different from" in said(-1, 2)
    higher = replace(found.protocol.metrics[0], better="higher")
    assert "Ahead of 0 of 2" in said(-2, -1)
    assert "Ahead of 2 of 2" in report.answer(replace(found, protocol=replace(found.protocol, metrics=(higher,))))
    bare = replace(found, protocol=replace(found.protocol, published=()))
    assert report.answer(bare).endswith("Nothing is published here that it could stand beside.")
    assert report.sources(load_protocol("ml-100k")) == []


def test_a_sourceless_figure_is_no_protocol(tmp_path):
    path = write(
        tmp_path / "p.toml", protocol(tmp_path / "q.toml", 'kind = "drawn"').read_text() + "[[published]]\nname = 'x'\n"
    )
    assert "values has no figure" in refused("benchmark", path)[0]
