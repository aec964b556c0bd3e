"""The command line as people and programs meet it: results, errors with hints, exit codes, nothing half-written."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from konomi.cli.main import app
from konomi.files import hash_manifest
from konomi.models import MODELS

CATALOGUE = """item_id,title,titles,genres,year,type
10,Cowboy Bebop,カウボーイビバップ,Action|Sci-Fi,1998,TV
11,[Oshi no Ko],,Drama,2023,TV
12,Hunter x Hunter,,Action|Adventure,1999,TV
13,Hunter x Hunter,,Action|Adventure,2011,TV
14,Late Night,,Hentai,2001,OVA
15,Mushishi,,Mystery,2005,TV
"""


def konomi(*words, code=0):
    """Run a command in this process; its exit code is checked."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    return result


def refused(*words):
    """The message and the hint of a command that cannot be done; it prints nothing else."""
    result = konomi(*words, code=2)
    assert result.stdout == ""
    error, hint = result.stderr.rstrip("\n").split("\n")
    assert error.startswith("error: ") and hint.startswith("hint: ")
    return error.removeprefix("error: "), hint.removeprefix("hint: ")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def ratings(user_ids=range(40), high="9", low="3"):
    """Whoever likes an even item likes them all; five in six pairs are rated, in order of time."""
    lines = ["user_id,item_id,rating,timestamp"]
    for user in user_ids:
        for item in range(10, 16):
            if (user + 2 * item) % 6:
                lines.append(f"{user},{item},{high if (user + item) % 2 == 0 else low},{1000 + user * 10 + item}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with ratings.csv, catalogue.csv, and the dataset and the bundles made of them."""
    folder = tmp_path_factory.mktemp("cli")
    write(folder / "ratings.csv", ratings())
    write(folder / "catalogue.csv", CATALOGUE)
    prepare = (
        "prepare",
        folder / "ratings.csv",
        "--items",
        folder / "catalogue.csv",
        "--scale",
        "1:10:1",
        "-o",
        folder / "data",
    )
    konomi(*prepare)
    konomi("train", folder / "data", "-o", folder / "bundle", "--set", "dim=4", "--set", "epochs=20")
    konomi("train", folder / "data", "-o", folder / "bias", "-m", "bias")
    return folder


@pytest.fixture
def bundle(place, tmp_path):
    """A copy of the bundle, to be spoilt."""
    return shutil.copytree(place / "bundle", tmp_path / "bundle")


# ---- what works


def test_prepare_says_what_it_read_and_kept(place, tmp_path):
    result = konomi("prepare", place / "ratings.csv", "--scale", "1:10:1", "--k-core", 2, "-o", tmp_path / "data")
    for word in (
        "Rows",
        "read",
        "duplicates",
        "k-core",
        "kept",
        "200",
        "density",
        "1 to 10 in steps of 1",
        "Interactions",
        "█",
    ):
        assert word in result.stdout
    assert "Written to" in result.stderr and "Written to" not in result.stdout


def test_prepare_guesses_and_skips_and_keeps_what_it_skipped(tmp_path):
    file = write(tmp_path / "rating.csv", "user_id,anime_id,rating\n1,5,7\n1,6,abc\n2,5,-1\n2,6,99\n")
    result = konomi("prepare", file, "-o", tmp_path / "data", "--on-bad-rows", "skip", "--json")
    facts = json.loads(result.stdout)
    assert (facts["source"], facts["entries"], facts["histogram"]["not scored"]) == ("mal-2016", 2, 1)
    rejects = (tmp_path / "data.rejects.csv").read_text().splitlines()
    assert rejects[0] == "line,reason,text" and [line.split(",")[0] for line in rejects[1:]] == ["3", "5"]
    assert "2 rows were left out" in result.stderr


def test_prepare_again_replaces_its_own_folder(place, tmp_path):
    for _ in range(2):
        konomi("prepare", "delimited", place / "ratings.csv", "-o", tmp_path / "data")
    assert {file.name for file in tmp_path.iterdir()} == {"data"}


def test_info_of_a_dataset_a_person_and_a_bundle(place):
    shown = konomi("info", place / "data").stdout
    assert "The most active users × the most rated items" in shown and "[Oshi no" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    person = konomi("info", place / "data", "--user", 8).stdout
    assert "Taste per genre" in person and "Adventure" in person
    facts = json.loads(konomi("info", place / "data", "--user", 8, "--json").stdout)
    assert facts["ratings"] == 4 and {genre["genre"] for genre in facts["genres"]} == {
        "Action",
        "Adventure",
        "Mystery",
        "Sci-Fi",
    }
    assert "dim=4" in konomi("info", place / "bundle").stdout
    assert json.loads(konomi("info", place / "bundle", "--json").stdout)["models"].keys() == {"mf"}


def test_train_prints_and_keeps_its_errors(place, tmp_path):
    words = (
        "train",
        place / "data",
        "-o",
        tmp_path / "b",
        "--set",
        "dim=2",
        "--set",
        "epochs=3",
        "--split",
        "last",
        "--test",
        1,
    )
    result = konomi(*words)
    for word in ("mf, test", "mf, valid", "global mean", "bias", "RMSE by user"):
        assert word in result.stdout
    assert result.stderr.count("epoch") == 3
    facts = json.loads(konomi(*words, "--json").stdout)
    assert facts["split"]["kind"] == "last" and facts["split"]["entries"]["test"] == 40
    assert facts["metrics"]["test"]["n"] == 40 and len(facts["history"]["mf"]) == 3
    assert facts["models"]["mf"]["dim"] == 2


def test_settings_come_from_the_file_and_from_words_after_it(place, tmp_path):
    toml = write(tmp_path / "run.toml", '[mf]\ndim = 3\nepochs = 2\n[split]\nkind = "per-user"\ntest = 1\n')
    facts = json.loads(
        konomi("train", place / "data", "-o", tmp_path / "b", "--config", toml, "--set", "epochs=1", "--json").stdout
    )
    assert (facts["models"]["mf"]["dim"], facts["models"]["mf"]["epochs"]) == (3, 1)
    assert (facts["split"]["kind"], facts["split"]["test"], facts["split"]["valid"]) == ("per-user", 1, 0.1)


def test_a_split_by_files_is_made_again_to_evaluate(place, tmp_path):
    lines = ratings().splitlines()
    test = write(tmp_path / "test.csv", "\n".join([lines[0], *lines[1::7]]))
    valid = write(tmp_path / "valid.csv", "\n".join([lines[0], *lines[2::7]]))
    words = ("train", place / "data", "-m", "bias", "-o", tmp_path / "b", "--test-file", test, "--valid-file", valid, "--json")
    trained = json.loads(konomi(*words).stdout)
    assert trained["split"]["kind"] == "predefined" and trained["split"]["entries"]["valid"] == len(lines[2::7])
    for what in (place / "data", test):
        evaluated = json.loads(konomi("evaluate", tmp_path / "b", what, "--json").stdout)
        assert evaluated["rmse"] == trained["metrics"]["test"]["rmse"]
    write(test, "\n".join([lines[0], *lines[1:-7:7]]))
    message, hint = refused("evaluate", tmp_path / "b", place / "data")
    assert "test.csv: not the file that this model was tested on: its split differs." in message and hint == "Train again."
    test.unlink()
    message, _ = refused("evaluate", tmp_path / "b", place / "data")
    assert "test.csv: no such file" in message


def test_evaluate_on_its_own_split_gives_the_figures_of_training(place):
    trained = json.loads(konomi("info", place / "bundle", "--json").stdout)["metrics"]["test"]
    evaluated = json.loads(konomi("evaluate", place / "bundle", place / "data", "--json").stdout)
    assert {key: evaluated[key] for key in trained} == trained
    assert {"calibration", "residuals", "segments", "baselines", "rmse_by_user"} <= set(evaluated)
    for segments in evaluated["segments"].values():
        assert all(set(segment["baselines"]) == {"global mean", "bias"} for segment in segments)
    shown = konomi("evaluate", place / "bundle", place / "data").stdout
    for word in ("RMSE by seen ratings of the user", "RMSE by training ratings of the item", "predicted"):
        assert word in shown
    assert shown.count("this model") == 4 and shown.count("global mean") == 3  # recommendations have another baseline
    assert "NDCG@10" in shown and "popular" in shown


def test_every_report_names_the_split(place):
    split = json.loads(konomi("info", place / "bundle", "--json").stdout)["split"]
    name = f"random {split['sha256'].removeprefix('sha256:')[:12]}"
    assert name in konomi("info", place / "bundle").stdout
    assert name in konomi("evaluate", place / "bundle", place / "data").stdout
    assert name in konomi("train", place / "data", "-m", "bias", "-o", place / "bias").stdout


def test_evaluate_on_a_file_of_strangers_leaves_out_what_was_seen(place, tmp_path):
    file = write(tmp_path / "new.csv", ratings([3, 900, 901]) + "901,77777,5,1\n")
    found = json.loads(konomi("evaluate", place / "bundle", file, "--json").stdout)
    assert found["unknown_users"] == 2 and found["unknown_items"] == 1
    assert found["known_rows"] > 0 and found["n"] + found["known_rows"] == len(file.read_text().splitlines()) - 1


def test_another_file_is_read_as_the_first_was(tmp_path):
    text = ratings().replace("user_id,item_id,rating,timestamp", "who;what;how much;when").replace(",", ";")
    file = write(tmp_path / "odd.csv", text)
    columns = ("--user-column", "who", "--item-column", "what", "--rating-column", "how much", "--separator", ";")
    konomi("prepare", "delimited", file, *columns, "-o", tmp_path / "data")
    konomi("train", tmp_path / "data", "-m", "bias", "-o", tmp_path / "b")
    tested = json.loads(konomi("evaluate", tmp_path / "b", file, "--json").stdout)
    assert tested["n"] == 20 and tested["known_rows"] == 160 + 20  # training, and the validation that chose the epoch
    assert (
        "180 rows are left out: the model was trained or validated with them."
        in konomi("evaluate", tmp_path / "b", file).stderr
    )


def test_recommend_for_typed_titles(place):
    result = konomi("recommend", place / "bundle", "--rate", "cowboy bebop=9", "--rate", "hunter x hunter = 3")
    assert "cowboy bebop → Cowboy Bebop (1998): 9" in result.stderr
    assert "(not: Hunter x Hunter (" in result.stderr
    assert "[Oshi no Ko]" in result.stdout and "Late Night" not in result.stdout
    assert "+ Cowboy Bebop (9)" in result.stdout or "− Cowboy Bebop (9)" in result.stdout
    silent = konomi("recommend", place / "bundle", "--rate", "cowboy bebop=9", "--why", 0).stdout
    assert "Drama" in silent and "Cowboy" not in silent
    allowed = konomi("recommend", place / "bundle", "--rate", "10=9", "--allow-sensitive").stdout
    assert "Late Night" in allowed


def test_recommend_for_a_user_and_for_a_file_as_json(place, tmp_path):
    profile = write(tmp_path / "me.csv", '\ufefftitle,rating\n"Cowboy Bebop",9\n\n12,3\n')
    by_file = json.loads(konomi("recommend", place / "bundle", "--profile", profile, "-k", 2, "--json").stdout)
    assert [found["item_id"] for found in by_file["list"]["matched"]] == [10, 12] and by_file["given"] == []
    first = by_file["recommendations"][0]
    assert len(by_file["recommendations"]) == 2 and set(first) == {
        *("item_id", "title", "year", "type", "genres", "score", "rating", "interval", "probability"),
        *("up", "down", "tags", "wishes", "planned"),
    }
    assert {reason["title"] for reason in (*first["up"], *first["down"])} <= {"Cowboy Bebop", "Hunter x Hunter"}
    blank_first = write(tmp_path / "blank.csv", "\n,\nTitle,Rating\nCowboy Bebop,9\n12,3\n")
    assert by_file == json.loads(konomi("recommend", place / "bundle", "--profile", blank_first, "-k", 2, "--json").stdout)
    by_user = json.loads(konomi("recommend", place / "bundle", "--user", 8, "--json").stdout)
    assert [row["item_id"] for row in by_user["recommendations"]] == [11]  # they rated the others, but for a sensitive one


def test_recommend_for_nobody_for_wishes_and_with_filters(place):
    nobody = konomi("recommend", place / "bundle")
    assert "Nothing is known of you" in nobody.stderr and "+" not in nobody.stdout and "Drama" in nobody.stdout
    wished = json.loads(konomi("recommend", place / "bundle", "--genre", "Mystery=10", "--json").stdout)["recommendations"]
    assert wished[0]["title"] == "Mushishi" and wished[0]["wishes"][0][0] == "Mystery" and wished[0]["wishes"][0][1] > 0
    found = konomi(
        *("recommend", place / "bundle", "--rate", "10=9", "--json", "--any-genre", "Drama", "--any-genre", "Mystery"),
        *("--years", "2000:2010", "--love", 1, "--niche", 0.2, "--diverse", 0.5, "--calibrate", 0.5, "--all-parts"),
    )
    assert [row["title"] for row in json.loads(found.stdout)["recommendations"]] == ["Mushishi"]
    condition = write(place / "condition.sql", "year > 2000 AND type = 'TV'\n")
    both = konomi("recommend", place / "bundle", "--where-file", condition, "--where", "year < 2010", "--json").stdout
    assert [row["title"] for row in json.loads(both)["recommendations"]] == ["Mushishi"]


def test_a_list_with_what_is_not_there(place, tmp_path):
    listed = write(tmp_path / "me.csv", "title,rating\nCowboy Bebop,9\nCowboy Bebpo (1998),8\nNothing of the Kind,7\n")
    result = konomi("recommend", place / "bundle", "--profile", listed, "--rate", "Mushishi=10")
    assert "CSV: 1 of 3 entries matched." in result.stderr and "Mushishi → Mushishi (2005): 10" in result.stderr
    assert "the same title as" in result.stderr and "Nothing of the Kind" in result.stderr
    facts = json.loads(konomi("recommend", place / "bundle", "--profile", listed, "--json").stdout)["list"]
    assert [len(facts[key]) for key in ("matched", "unmatched", "doubles")] == [1, 1, 1]


def test_nothing_left_to_show(place):
    words = [word for item in (10, 11, 12, 13, 15) for word in ("--rate", f"{item}=9")]
    result = konomi("recommend", place / "bundle", *words)
    assert result.stdout == "" and "There is nothing left to recommend: of the 5 titles" in result.stderr


def test_titles_that_are_missing_are_ids(place, tmp_path):
    konomi("prepare", place / "ratings.csv", "--scale", "1:10:1", "-o", tmp_path / "data")
    konomi("train", tmp_path / "data", "-m", "bias", "-o", tmp_path / "b")
    shown = konomi("info", tmp_path / "b").stdout.partition("Most rated in training")[2]
    assert {line.split()[0] for line in shown.splitlines()[3:9]} == {str(item) for item in range(10, 16)}


def test_a_catalogue_without_genres(place, tmp_path):
    konomi("prepare", place / "ratings.csv", "--scale", "1:10:1", "-o", tmp_path / "data")
    assert json.loads(konomi("info", tmp_path / "data", "--user", 8, "--json").stdout)["genres"] == []


def test_ecchi_is_hidden_by_wish(place, tmp_path):
    catalogue = write(tmp_path / "c.csv", CATALOGUE.replace("Mystery", "Comedy|Ecchi").replace("Drama", "Ecchi Ecchi"))
    konomi("prepare", place / "ratings.csv", "--items", catalogue, "--scale", "1:10:1", "-o", tmp_path / "data")
    konomi("train", tmp_path / "data", "-o", tmp_path / "b", "--set", "dim=4", "--set", "epochs=5")
    for words in (("recommend", tmp_path / "b", "--rate", "10=9"), ("similar", tmp_path / "b", "10")):
        shown, hidden = konomi(*words).stdout, konomi(*words, "--hide-ecchi").stdout
        assert "Mushishi" in shown and "Mushishi" not in hidden and "[Oshi no Ko]" in hidden


def test_nothing_near_to_show(place, tmp_path):
    catalogue = write(tmp_path / "c.csv", "item_id,title,genres\n" + "".join(f"{n},Title {n},Ecchi\n" for n in range(10, 16)))
    konomi("prepare", place / "ratings.csv", "--items", catalogue, "--scale", "1:10:1", "-o", tmp_path / "data")
    konomi("train", tmp_path / "data", "-o", tmp_path / "b", "--set", "dim=2", "--set", "epochs=1")
    result = konomi("similar", tmp_path / "b", "Title 10", "--hide-ecchi")
    assert result.stdout == "" and result.stderr.endswith("There is no other title to show.\n")


def test_similar(place):
    assert "Nearest to Cowboy Bebop (1998)" in konomi("similar", place / "bundle", "カウボーイビバップ").stdout
    found = json.loads(
        konomi(
            "similar", place / "bundle", "Cowboy Bebop", "--by", "factors", "--metric", "euclidean", "-k", 2, "--json"
        ).stdout
    )
    assert len(found["similar"]) == 2 and found["similar"][0]["score"] <= 0


def test_synth_writes_what_prepare_reads(tmp_path):
    words = ("synth", "--users", 50, "--items", 40, "--ratings", 500, "--format", "mal-2020", "-o", tmp_path / "files")
    facts = json.loads(konomi(*words, "--json").stdout)
    assert facts["ratings"] == 500 and facts["noise_floor"] > 0 and "simulated ratings" in facts["note"]
    prepared = json.loads(konomi("prepare", tmp_path / "files", "-o", tmp_path / "data", "--json").stdout)
    assert prepared["source"] == "mal-2020" and prepared["entries"] - prepared["histogram"]["not scored"] == 500
    assert "simulated ratings" in konomi(*words).stdout


@pytest.mark.slow
def test_demo_walks_the_whole_road(tmp_path):
    facts = json.loads(konomi("demo", "-o", tmp_path / "demo", "--json").stdout)
    assert facts["noise_floor"] < facts["metrics"]["rmse"] < facts["metrics"]["baselines"]["bias"]["rmse"]
    assert "simulated ratings" in facts["note"] and len(facts["recommendations"]) == 5
    assert facts["split"]["kind"] == "random" and facts["split"]["sha256"].startswith("sha256:")
    shown = konomi("recommend", tmp_path / "demo" / "bundle", "--rate", "Cowboy Bebop=9").stdout
    assert "simulated ratings" in shown and all(len(line) <= 80 for line in shown.splitlines())
    prepared = json.loads(konomi("prepare", "sample", "-o", tmp_path / "data", "--json").stdout)
    assert prepared["entries"] == facts["data"]["entries"]


def test_a_terminal_gets_a_progress_bar(place, tmp_path):
    words = ("train", place / "data", "-o", tmp_path / "b", "--set", "epochs=30", "--set", "patience=0")
    shown = CliRunner().invoke(app, [str(word) for word in words], env={"FORCE_COLOR": "1", "COLUMNS": "120"})
    assert shown.exit_code == 0 and "train mf" in shown.stderr and "30 of 30" in shown.stderr
    assert "train mf" not in shown.stdout and "train mf" not in konomi(*words).stderr


def test_lines_stand_above_the_progress_bar(place, tmp_path):
    words = ("compare", place / "data", "-m", "bias,mf", "--set", "mf.epochs=2", "--task", "rating", "-o", tmp_path / "r")
    shown = CliRunner().invoke(app, [str(word) for word in words], env={"FORCE_COLOR": "1", "COLUMNS": "120"})
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.stderr)  # without colours
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", plain).splitlines()  # whatever moves the cursor ends a line
    for model in ("bias", "mf"):
        assert any(re.fullmatch(rf"{model} \(ratings\): validation RMSE \d\.\d{{4}}, \d+\.\d s", line) for line in lines)
    assert "bootstrap" in shown.stderr and "report" in shown.stderr


@pytest.mark.parametrize("command", ["train", "compare"])
def test_help_names_the_models(command):
    assert f"of: {', '.join(MODELS)}." in " ".join(konomi(command, "--help").stdout.split())


def test_version():
    assert konomi("--version").stdout == f"konomi {version('konomi')}\n"


# ---- what is refused, and what is said then


BAD_FILES = {
    "empty.csv": "",
    "header.csv": "user_id,item_id,rating\n",
    "text.txt": "Dear reader,\nthis is a letter.\n",
    "rating.csv": "user_id,anime_id,rating\n1,5,7\n1,6,abc\n2,5,11\n2,6\n",
    "plain.csv": "who,item_id,rating\n1,5,7\n",
}


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("nothing.csv",), "nothing.csv: no such file", "Give a path; the sources are: movielens,"),
        (("movielense", "x.csv"), 'movielense: no such file, folder or source. Did you mean "movielens"?', "Give a path"),
        (("movielens", "nothing"), "nothing: no such file or folder.", "Check the path."),
        (("movielens",), "movielens needs a file or a folder.", "Give its path."),
        (("{}/empty.csv",), "empty.csv: the file is empty.", "downloaded or written whole"),
        (("{}/header.csv",), "header.csv: there is no row of ratings in it.", "downloaded or written whole"),
        (("{}/text.txt",), "text.txt: no column that looks like the user. Its columns are: Dear reader", "--user-column"),
        (("{}/good.csv", "{}/plain.csv"), "no source is recognised by", "source it is: movielens"),
        (
            ("delimited", "{}/plain.csv"),
            "plain.csv: no column that looks like the user. Its columns are: who,",
            "--user-column",
        ),
        (
            ("delimited", "{}/plain.csv", "--user-column", "whom"),
            'no column "whom" for the user. Did you mean "who"?',
            "--user-column",
        ),
        (
            ("{}/rating.csv",),
            "3 rows cannot be read (rating is not a number: 1; rating off the scale 1 to 10 in steps of 1: 1; "
            "too few columns: 1), at lines 3, 4, 5.",
            "--on-bad-rows=skip",
        ),
        (
            ("{}/good.csv", "--scale", "1:5:1"),
            "rating off the scale 1 to 5 in steps of 1: 100), at lines 2, ",
            "--on-bad-rows=skip",
        ),
        (("{}/good.csv", "--scale", "high"), '--scale "high" is not a scale.', "Write it as LOW:HIGH:STEP, such as 1:10:1"),
        (("{}/good.csv", "--scale", "5:1"), "A rating scale from 5 to 1 is not a scale.", "LOW:HIGH:STEP"),
        (("{}/good.csv", "--min-item-ratings", "1000"), "Nothing is left of 200 rows: ", "Lower --min-item-ratings"),
        (("{}/good.csv", "--k-core", "99"), "200 by k-core", "Lower --min-item-ratings, --min-user-ratings or --k-core."),
        (("{}/good.csv", "--k-core", "-1"), "k_core is -1.", "Set k_core to 0 or more."),
        (
            ("{}/good.csv", "--labels", "score"),
            'prepare: labels cannot be "score". Did you mean "scored"?',
            "unscored-negative",
        ),
        (("{}/good.csv", "--on-bad-rows", "keep"), 'prepare: on_bad_rows cannot be "keep".', "It is one of: refuse, skip."),
        (("{}/good.csv", "--items", "{}/text.txt"), "text.txt: not a catalogue that is known here", "item_id, title"),
        (("{}/good.csv", "--items", "{}/none.csv"), "none.csv: no such file.", "Check the path."),
    ],
)
def test_prepare_refuses(tmp_path, words, message, hint):
    for name, text in BAD_FILES.items():
        write(tmp_path / name, text)
    write(tmp_path / "good.csv", ratings())
    said, advice = refused("prepare", *(word.replace("{}", str(tmp_path)) for word in words), "-o", tmp_path / "data")
    assert message in said and hint in advice
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("-m", "mff"), 'Unknown model "mff". Did you mean "mf"?', f"The models are: {', '.join(MODELS)}."),
        (("--set", "dims=3"), '--set: unknown setting "dims". Did you mean "dim"?', "The settings are: task, dim,"),
        (("--set", "dim"), '--set "dim": no value.', "--set dim=32"),
        (("--set", "dim=many"), '--set: dim cannot be "many".', "It is a whole number."),
        (("--set", "dim=0"), "mf: dim is 0", "Set dim above 0."),
        (("--set", "biases=perhaps"), '--set: biases cannot be "perhaps".', "It is one of: outside, inside, none."),
        (("-m", "nn", "--set", "biased=perhaps"), '--set: biased cannot be "perhaps".', "It is true or false."),
        (("--set", "optimizer=adagrat"), 'optimizer cannot be "adagrat". Did you mean "adagrad"?', "sgd, adagrad"),
        (("--set", "rate=1e9"), "mf diverged in epoch 1", "Lower rate"),
        (("--split", "randm"), 'kind cannot be "randm". Did you mean "random"?', "per-user"),
        (("--test", "0.8", "--valid", "0.3"), "leaves nothing to train on", "Lower them."),
        (("--test", "-1"), "A split of valid 0.1, test -1", "Use shares from 0 to 1 or counts from 1 up"),
        (("--config", "{}/none.toml"), "none.toml: no such file.", "Give the path of a TOML file."),
        (("--config", "{}/bad.toml"), "bad.toml: not TOML: ", "docs/presets"),
        (("--config", "{}/odd.toml"), "odd.toml: unknown table [mg].", f"The tables are: {', '.join(MODELS)}, split."),
        (("--config", "{}/flat.toml"), "flat.toml: unknown table [dim].", f"The tables are: {', '.join(MODELS)}, split."),
        (("--config", "{}/key.toml"), 'key.toml [mf]: unknown setting "dims". Did you mean "dim"?', "The settings are"),
        (("--test-file", "{}/none.csv"), "none.csv: no such file", "Check the path."),
        (("--test-file", "{}/other.csv"), "1 of 1 rows of the test file are not in the dataset.", "Prepare both together."),
        (
            ("--test-file", "{}/other.csv", "--test", "0.1"),
            "--test-file and --valid-file say what those parts are.",
            "Leave out --split",
        ),
        (("--valid-file", "{}/other.csv"), "--valid-file needs --test-file.", "Give both"),
    ],
)
def test_train_refuses(place, tmp_path, words, message, hint):
    write(tmp_path / "bad.toml", "[mf\n")
    write(tmp_path / "odd.toml", "[mg]\ndim = 2\n")
    write(tmp_path / "flat.toml", "dim = 2\n")
    write(tmp_path / "key.toml", "[mf]\ndims = 2\n")
    write(tmp_path / "other.csv", "user_id,item_id,rating,timestamp\n999,10,5,1\n")
    words = [word.replace("{}", str(tmp_path)) for word in words]
    said, advice = refused("train", place / "data", "-o", tmp_path / "bundle", *words)
    assert message in said and hint in advice
    assert not (tmp_path / "bundle").exists()


def test_the_last_entries_of_a_dataset_without_times(tmp_path):
    file = write(tmp_path / "r.csv", "user_id,item_id,rating\n1,2,3\n1,3,4\n2,2,5\n")
    konomi("prepare", file, "-o", tmp_path / "data")
    message, hint = refused("train", tmp_path / "data", "-o", tmp_path / "b", "--split", "last")
    assert "has no times" in message and "--split per-user" in hint


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--user", "7", "--rate", "10=9"), "Somebody in the dataset has a profile.", "--user ID"),
        (("--user", "7000"), 'Unknown user "7000".', "There are 40 users, such as 0, 1, 2."),
        (("--user", "anna"), 'Unknown user "anna".', "There are 40 users"),
        (("--rate", "Cowbow Bebop=9"), 'No title is like "Cowbow Bebop".', 'Did you mean "Cowboy Bebop (1998)"?'),
        (("--rate", "Mushishi=11"), '"Mushishi": 11 is not a rating', "Ratings go from 1 to 10 in steps of 1."),
        (("--rate", "Mushishi=nine"), '--rate "Mushishi=nine": "nine" is not a number.', '--rate "Cowboy Bebop=9"'),
        (("--rate", "Mushishi"), '--rate "Mushishi": no name and number.', 'Write it as --rate "Cowboy Bebop=9".'),
        (("--rate", "10=9", "--rate", "Cowboy Bebop=8"), '"10" and "Cowboy Bebop" are the same title', "Rate it once."),
        (("--rate", "10=9", "--rate", "10=8"), '"10" is given twice.', "Give it once."),
        (("--genre", "Mistery=9"), 'No title has the genre "Mistery". Did you mean "Mystery"?', "There are: Action"),
        (("--genre", "Mystery=11"), 'The wish "Mystery": 11 is not on the scale', "1 to 10"),
        (("--years", "old:"), '--years "old:": "old" is not a number.', "FROM:TO"),
        (("--where-file", "{}/none.sql"), "none.sql: cannot be read: No such file", "condition in SQL"),
        (("--where-file", "{}/empty.sql"), "empty.sql: is empty.", "such as year > 2000"),
        (("--where-file", "{}/latin.csv"), "latin.csv: not UTF-8 text.", "condition in SQL"),
        (("--where", "yaer > 2000"), "The condition cannot be read", "The columns are"),
        (("--profile", "{}/none.csv"), "none.csv: cannot be read: No such file", "title or item id, rating"),
        (("--profile", "{}/empty.csv"), "empty.csv: there is no rating in it.", "title or item id, rating"),
        (("--profile", "{}/word.csv"), 'word.csv, line 3: "nine" is not a rating.', "Give a number, such as 9."),
        (("--profile", "{}/wide.csv"), "wide.csv, line 1: 3 columns, not two.", '"quote" a title with a comma'),
        (("--profile", "{}/latin.csv"), "latin.csv: is not UTF-8 text", "Save it as UTF-8."),
    ],
)
def test_recommend_refuses(place, tmp_path, words, message, hint):
    write(tmp_path / "empty.csv", "title,rating\n")
    write(tmp_path / "empty.sql", "\n")
    write(tmp_path / "word.csv", "title,rating\nMushishi,9\nCowboy Bebop,nine\n")
    write(tmp_path / "wide.csv", "Cowboy, Bebop,9\n")
    (tmp_path / "latin.csv").write_bytes("Pokémon,9\n".encode("latin-1"))
    said, advice = refused("recommend", place / "bundle", *(word.replace("{}", str(tmp_path)) for word in words))
    assert message in said and hint in advice


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("similar", "{}/bundle", "Mushisi"), 'No title is like "Mushisi".', 'Did you mean "Mushishi (2005)"?'),
        (
            ("similar", "{}/bundle", "Mushishi", "--by", "factors", "--metric", "cosinus"),
            'Unknown metric "cosinus". Did you mean "cosine"?',
            "euclidean",
        ),
        (("similar", "{}/bias", "Mushishi", "--by", "factors"), "No model of this bundle has item vectors", "-m mf"),
        (("info", "{}/nowhere"), "nowhere: no such folder.", "konomi prepare"),
        (("info", "{}"), "is not a dataset or a bundle.", "konomi prepare"),
        (("info", "{}/data", "--user", "7000"), 'Unknown user "7000".', "There are 40 users"),
        (("info", "{}/bundle", "--user", "7"), "A bundle holds nobody's ratings.", "konomi info DATA --user ID"),
        (("evaluate", "{}/bundle", "{}/none.csv"), "none.csv: no such file", "Check the path."),
        (("evaluate", "{}/bundle", "{}/data", "--data", "x"), "data is a dataset, and --data x another.", "ratings file only"),
        (("synth", "--users", "9", "--items", "9", "--ratings", "999", "-o", "{}/s"), "999 rows", "ask for 9 to "),
        (
            ("synth", "--format", "mal-2021", "-o", "{}/s"),
            'Unknown format "mal-2021". Did you mean',
            "mal-2016, mal-2020, mal-2023",
        ),
    ],
)
def test_others_refuse(place, words, message, hint):
    said, advice = refused(*(word.replace("{}", str(place)) for word in words))
    assert message in said and hint in advice


def spoil_short(bundle):
    file = bundle / "mf.safetensors"
    file.write_bytes(file.read_bytes()[:-10])


def spoil_altered(bundle):
    content = bytearray((bundle / "items.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "items.parquet").write_bytes(content)


def spoil_missing(bundle):
    (bundle / "mf.safetensors").unlink()


def spoil_manifest(**changes):
    """Another manifest, whose hash is right, such as another Konomi would write."""

    def spoil(bundle):
        manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8")) | changes
        manifest["sha256"]["manifest.json"] = hash_manifest(manifest)
        write(bundle / "manifest.json", json.dumps(manifest))

    return spoil


def spoil_figure(bundle):
    text = (bundle / "manifest.json").read_text(encoding="utf-8")
    write(bundle / "manifest.json", text.replace('"seed": 0', '"seed": 1'))


@pytest.mark.parametrize(
    ("spoil", "message", "hint"),
    [
        (spoil_short, "mf.safetensors: has been altered or cut short", "konomi train"),
        (spoil_altered, "items.parquet: has been altered or cut short", "konomi train"),
        (spoil_missing, "mf.safetensors: cannot be read: No such file", "konomi train"),
        (spoil_figure, "manifest.json: has been altered", "konomi train"),
        (spoil_manifest(format=3), "konomi bundle format 3 is not known here.", "upgrade it"),
        (
            spoil_manifest(models=[{"name": "magic", "config": {}}]),
            'holds a model "magic" that is not known here.',
            "upgrade it",
        ),
        (spoil_manifest(kind="konomi dataset"), "not a konomi bundle but konomi dataset.", "konomi train"),
        (lambda bundle: write(bundle / "manifest.json", "{"), "manifest.json: not readable as JSON.", "konomi train"),
        (shutil.rmtree, "bundle: no such folder.", "konomi train"),
    ],
)
def test_a_spoilt_bundle(bundle, spoil, message, hint):
    spoil(bundle)
    said, advice = refused("recommend", bundle, "--rate", "10=9")
    assert message in said and hint in advice


def test_a_spoilt_dataset(place, tmp_path):
    data = shutil.copytree(place / "data", tmp_path / "data")
    (data / "item.npy").write_bytes((data / "item.npy").read_bytes()[:-40])
    message, hint = refused("train", data, "-o", tmp_path / "b")
    assert f"{data}: " in message and "konomi prepare" in hint


def test_the_dataset_of_a_bundle_is_gone_or_another(place, bundle, tmp_path):
    spoil_manifest(data={"path": str(tmp_path / "gone"), "sha256": "", "note": ""})(bundle)
    message, hint = refused("recommend", bundle, "--user", 7)
    assert "gone: the dataset of this model is not there." in message and "--data DATA" in hint
    konomi("prepare", write(tmp_path / "r.csv", ratings([1, 2])), "-o", tmp_path / "gone")
    message, hint = refused("evaluate", place / "bundle", tmp_path / "gone")
    assert "not the dataset that this model was trained on" in message and "train again" in hint
    konomi("recommend", place / "bundle", "--user", 7, "--data", place / "data")


def test_everything_in_the_file_was_seen(place, tmp_path):
    words = ("train", place / "data", "-m", "bias", "-o", tmp_path / "b", "--test", 0, "--valid", 0)
    assert json.loads(konomi(*words, "--json").stdout)["metrics"] == {}
    assert "Nothing was held out, so nothing was measured." in konomi(*words).stderr
    message, hint = refused("evaluate", tmp_path / "b", place / "ratings.csv")
    assert "trained or validated with all of its 200 rows" in message and "new to it" in hint
    message, hint = refused("evaluate", tmp_path / "b", place / "data")
    assert "no hidden rating" in message


@pytest.mark.parametrize("command", ["prepare", "train", "synth"])
def test_a_folder_that_is_not_ours_is_left_alone_before_any_work(place, tmp_path, command, monkeypatch):
    for work in ("konomi.models.mf.fit", "konomi.data.sources.read_source", "konomi.data.synth.simulate"):
        monkeypatch.setattr(work, lambda *_, **__: pytest.fail("it has begun to work"))
    mine = tmp_path / "mine"
    mine.mkdir()
    write(mine / "diary.txt", "dear diary")
    words = {
        "prepare": [place / "ratings.csv"],
        "train": [place / "data"],
        "synth": ["--users", 9, "--items", 9, "--ratings", 20],
    }
    message, hint = refused(command, *words[command], "-o", mine)
    assert "already exists and is not a konomi" in message and "-o" in hint
    assert [file.name for file in tmp_path.rglob("*")] == ["mine", "diary.txt"]


def test_debug_shows_the_traceback_wherever_it_stands(place):
    for words in (("--debug", "info", "nowhere"), ("info", "nowhere", "--debug")):
        result = CliRunner().invoke(app, words)
        assert type(result.exception).__name__ == "DataError" and result.exit_code == 1
    assert "Traceback" not in konomi("info", "nowhere", code=2).stderr


def test_what_the_system_refuses_is_told_like_any_other_error(place, monkeypatch):
    def forbidden(*_):
        raise PermissionError(13, "Permission denied", "/secret/manifest.json")

    monkeypatch.setattr("konomi.bundle.read_manifest", forbidden)
    message, hint = refused("recommend", place / "bundle", "--rate", "10=9")
    assert message == "/secret/manifest.json: Permission denied." and "--debug" in hint


def test_unknown_words_are_usage_errors():
    assert "Did you mean 'train'" in konomi("trian", code=2).stderr
    assert "Missing option" in konomi("train", "data", code=2).stderr


# ---- in a process of its own


def start(*words, before="", **more):
    """`konomi words` in a process, after the Python statements `before`."""
    code = f"{before}\nfrom konomi.cli.main import main\nmain()"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_help_lists_every_command():
    child = start("--help")
    shown, _ = child.communicate()
    assert child.returncode == 0
    for name in ("demo", "prepare", "synth", "info", "train", "evaluate", "compare", "recommend", "similar", "ask", "doctor"):
        assert f" {name} " in shown
    assert "..." not in shown.partition("Commands:")[2]  # no summary is too long for its line


@pytest.mark.slow
def test_results_go_to_stdout_and_talk_to_stderr(place):
    child = start("recommend", place / "bundle", "--rate", "Mushishi=9", "--json")
    shown, said = child.communicate()
    assert child.returncode == 0 and json.loads(shown)["given"][0]["title"] == "Mushishi (2005)" and said == ""
    child = start("recommend", place / "bundle", "--rate", "Mushishi=9")
    shown, said = child.communicate()
    assert "→ Mushishi" in said and "→" not in shown and "\x1b" not in shown + said


@pytest.mark.slow
def test_a_terminal_without_unicode(place):
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown, _ = start("info", place / "data", env=narrow).communicate()
    assert "Ratings" in shown and shown.isascii()
    shown, _ = start("similar", place / "bundle", "カウボーイビバップ", "--json", env=narrow).communicate()
    assert json.loads(shown)["titles"] == ["Cowboy Bebop (1998)"] and shown.isascii()


READY = "print('ready', flush=True); time.sleep(60)"
IN_PREPARE = f"import numpy, time\ndef save(*_, **__):\n {READY}\nnumpy.save = save"
IN_TRAIN = f"import time, konomi.models.mf as mf\ndef epoch(*_):\n {READY}\nmf._epoch = epoch"
IN_SAVE = f"import time, konomi.bundle as bundle\ndef pack(*_):\n {READY}\nbundle.pack = pack"


@pytest.mark.slow
@pytest.mark.parametrize(("command", "hook"), [("prepare", IN_PREPARE), ("train", IN_TRAIN), ("train", IN_SAVE)])
def test_ctrl_c_leaves_nothing_half_written(place, tmp_path, command, hook):
    source = place / ("ratings.csv" if command == "prepare" else "data")
    child = start(command, source, "-o", tmp_path / "out", before=hook)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    shown, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert shown == "" and said.strip() == "interrupted."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_while_threads_are_learning(place, tmp_path):
    before = "import konomi.models.mf as mf\nlearn = mf._epoch\n"
    before += "def epoch(*a):\n print('ready', flush=True)\n return learn(*a)\nmf._epoch = epoch"
    words = ("train", place / "data", "-o", tmp_path / "out", "--set", "epochs=1000000", "--set", "patience=0", "--threads", 2)
    child = start(*words, before=before)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130 and said.strip() == "interrupted."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_keeps_the_older_artefact(place, tmp_path):
    older = shutil.copytree(place / "bundle", tmp_path / "out")
    before = {file.name: file.read_bytes() for file in older.iterdir()}
    child = start("train", place / "data", "-o", older, before=IN_SAVE)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert {file.name: file.read_bytes() for file in older.iterdir()} == before
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
@pytest.mark.parametrize("most", [100, 3000])
@pytest.mark.parametrize("command", ["prepare", "train"])
def test_a_full_disk(place, tmp_path, command, most):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    if command == "prepare":
        rows = np.arange(4000)
        text = "user_id,item_id,rating\n" + "".join(f"{n % 97},{n // 97},{n % 10 + 1}\n" for n in rows)
        words = ("prepare", write(tmp_path / "many.csv", text))
    else:
        words = ("train", place / "data", "--set", "dim=256", "--set", "epochs=1")
    # the limit stands for a full disk; Numba's own cache may not be written under it
    child = start(*words, "-o", tmp_path / "out", preexec_fn=limit, env={**os.environ, "NUMBA_CACHE_DIR": ""})
    shown, said = child.communicate()
    assert child.returncode == 2 and shown == "", said
    assert said.splitlines()[0] == f"error: {tmp_path / 'out'}: cannot be written: the disk is full."
    assert said.splitlines()[1] == "hint: Free some space or choose another place with -o."
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".csv"] == []


def test_a_place_that_may_not_be_written(place):
    message, hint = refused("prepare", place / "ratings.csv", "-o", Path("/proc/konomi/data"))
    assert "/proc/konomi/data: cannot be written: " in message and "-o" in hint
