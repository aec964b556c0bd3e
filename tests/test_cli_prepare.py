"""konomi prepare and synth: what they say of what they read, and what they refuse before any work."""

import json

import pytest

from command_line import CATALOGUE, konomi, ratings, refused, write


def test_the_guess_is_shown_and_kept(tmp_path):
    file = write(tmp_path / "r.tsv", ratings().replace(",", "\t"))
    result = konomi("prepare", file, "-o", tmp_path / "data", "--json")
    shown = "user = user_id, item = item_id, rating = rating, time = timestamp, separator = tab"
    assert f"Read as delimited: {shown} (from r.tsv)." in result.stderr
    kept = {"user": "user_id", "item": "item_id", "rating": "rating", "separator": "\t", "on_bad_rows": "refuse"}
    assert json.loads(result.stdout)["read"] == kept


def test_files_are_shown(tmp_path):
    write(tmp_path / "rating.csv", "user_id,anime_id,rating\n1,10,7\n2,10,8\n")
    write(tmp_path / "anime.csv", "anime_id,name,genre\n10,Cowboy Bebop,Action\n")
    result = konomi("prepare", tmp_path, "-o", tmp_path / "data", "--json")
    assert "Read as mal-2016 (from rating.csv, anime.csv)." in result.stderr
    assert [file["name"] for file in json.loads(result.stdout)["input"]] == ["rating.csv", "anime.csv"]


def test_a_catalogue_of_other_ids_is_told(tmp_path):
    words = ("prepare", write(tmp_path / "r.csv", ratings()), "-o", tmp_path / "data", "--items")
    said = "The catalogue knows none of the items: are its ids the same?"
    assert said in konomi(*words, write(tmp_path / "c.csv", "item_id,title\n7000,T\n")).stderr
    assert said not in konomi(*words, write(tmp_path / "c.csv", CATALOGUE)).stderr


def test_rejects_of_the_catalogue_are_no_rows(tmp_path):
    file = write(tmp_path / "r.csv", ratings() + "1,2\n")
    words = ("prepare", file, "--items", write(tmp_path / "c.csv", CATALOGUE + "99\n"), "--on-bad-rows", "skip")
    result = konomi(*words, "-o", tmp_path / "data", "--json")
    report = {step["step"]: step["rows"] for step in json.loads(result.stdout)["report"]}
    assert (report["read"], report["bad rows"]) == (201, 1)
    assert "2 rows were left out" in result.stderr
    assert (tmp_path / "data.rejects.csv").read_text().splitlines()[1:] == [
        '202,too few columns,"1,2"',
        "8,c.csv: too few columns,99",
    ]


def test_a_file_is_evaluated_as_the_dataset_was_read(tmp_path):
    text = ratings().replace("user_id", "who").replace("item_id", "what")
    columns = ("--user-column", "who", "--item-column", "what")
    file = write(tmp_path / "r.csv", text + "1,2\n")
    konomi("prepare", file, *columns, "--on-bad-rows", "skip", "--scale", "1:10:1", "-o", tmp_path / "data")
    konomi("train", tmp_path / "data", "-m", "bias", "-o", tmp_path / "bundle")
    konomi("evaluate", tmp_path / "bundle", write(tmp_path / "new.csv", "who,what,rating\n700,10,9\n701,x,y\n"))


@pytest.mark.parametrize("separator", ["tab", "\\t", "\t"])
def test_tabs_as_a_shell_gives_them(tmp_path, separator):
    file = write(tmp_path / "r.tsv", ratings().replace(",", "\t"))
    konomi("prepare", file, "--separator", separator, "-o", tmp_path / "data")


def test_synth_says_that_it_is_simulated_when_it_is_prepared(tmp_path):
    words = ("synth", "--users", 50, "--items", 40, "--ratings", 500, "-o", tmp_path / "files")
    note = json.loads(konomi(*words, "--json").stdout)["note"]
    assert note.startswith("simulated ratings; best reachable RMSE ")
    for paths in ([tmp_path / "files"], sorted((tmp_path / "files").iterdir())):
        assert f"Note: {note}." in konomi("prepare", *paths, "-o", tmp_path / "data").stdout


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("{}/r.csv", "--separator", ""), 'separator: "" cannot stand between columns.', "tab"),
        (
            ("{}/r.csv", "--on-bad-rows", "skip", "--rejects", "{}/r.csv"),
            "r.csv: is read by this command, and would be lost.",
            "--rejects",
        ),
        (
            ("{}/r.csv", "--on-bad-rows", "skip", "--rejects", "/proc/no/r.csv"),
            "/proc/no/r.csv: cannot be written",
            "--rejects",
        ),
        (("sample", "--scale", "1:5:1"), "The sample has no use for scale.", "Leave such options out"),
        (("sample", "--separator", ";"), "The sample has no use for separator.", "Leave such options out"),
        (("sample", "--items", "{}/r.csv"), "The sample has no use for items.", "Leave such options out"),
    ],
)
def test_refused_before_any_work(tmp_path, monkeypatch, words, message, hint):
    for work in ("konomi.reading.rows.read_ratings", "konomi.simulate.sample.simulate", "konomi.data.prepare.prepare"):
        monkeypatch.setattr(work, lambda *_, **__: pytest.fail("it has begun to work"))
    file = write(tmp_path / "r.csv", ratings())
    said, advice = refused("prepare", *(word.replace("{}", str(tmp_path)) for word in words), "-o", tmp_path / "data")
    assert message in said and hint in advice
    assert file.read_text() == ratings() and [each.name for each in tmp_path.iterdir()] == ["r.csv"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--format", "mal-2021"), 'Unknown format "mal-2021"'),
        (("--seed", str(2**64)), 'seed cannot be "18446744073709551616"'),
    ],
)
def test_synth_refuses_before_any_work(tmp_path, monkeypatch, words, message):
    monkeypatch.setattr("konomi.simulate.ratings.draw_world", lambda *_, **__: pytest.fail("it has begun to work"))
    said, _ = refused("synth", *words, "-o", tmp_path / "files")
    assert message in said
