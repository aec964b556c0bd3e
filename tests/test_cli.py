"""The command line as people and programs meet it: results, errors with hints, exit codes, nothing half-written."""

import json
import re
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from command_line import CATALOGUE, konomi, ratings, refused, write
from konomi.cli.commands import app
from konomi.models import MODELS


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
    for word in ("bayes, test", "bayes, valid", "global mean", "bias", "RMSE by user"):
        assert word in result.stdout
    assert result.stderr.count("bayes epoch") == 3
    facts = json.loads(konomi(*words, "--json").stdout)
    assert facts["split"]["kind"] == "last" and facts["split"]["entries"]["test"] == 40
    assert facts["metrics"]["test"]["n"] == 40 and len(facts["history"]["bayes"]) == 3
    assert facts["models"]["bayes"]["dim"] == 2


def test_settings_come_from_the_file_and_from_words_after_it(place, tmp_path):
    toml = write(tmp_path / "run.toml", '[bayes]\ndim = 3\nepochs = 2\n[split]\nkind = "per-user"\ntest = 1\n')
    facts = json.loads(
        konomi("train", place / "data", "-o", tmp_path / "b", "--config", toml, "--set", "epochs=1", "--json").stdout
    )
    assert (facts["models"]["bayes"]["dim"], facts["models"]["bayes"]["epochs"]) == (3, 1)
    assert (facts["split"]["kind"], facts["split"]["test"], facts["split"]["valid"]) == ("per-user", 1, 0.1)


def test_a_split_by_files_is_made_again_to_evaluate(place, tmp_path):
    lines = ratings().splitlines()
    test = write(tmp_path / "test.csv", "\n".join([lines[0], *lines[1::7]]))
    valid = write(tmp_path / "valid.csv", "\n".join([lines[0], *lines[2::7]]))
    words = (
        "train",
        place / "data",
        "-m",
        "bias",
        "-o",
        tmp_path / "b",
        "--test-file",
        test,
        "--valid-file",
        valid,
        "--no-refit",
        "--json",
    )
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
    assert shown.count("this model") == 5 and shown.count("global mean") == 3  # recommendations have another baseline
    assert "Recommendations as people get them" in shown and "The model's own order" in shown and "people" in shown
    assert "weights n^−" in " ".join(shown.split())
    assert "NDCG@10" in shown and "popular" in shown


def test_every_report_names_the_split(place):
    split = json.loads(konomi("info", place / "bundle", "--json").stdout)["split"]
    name = f"random {split['sha256'].removeprefix('sha256:')[:12]}"
    assert name in konomi("info", place / "bundle").stdout
    assert name in konomi("evaluate", place / "bundle", place / "data").stdout
    assert name in konomi("train", place / "data", "-m", "bias", "-o", place / "bias", "--no-refit").stdout


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
    konomi("train", tmp_path / "data", "-m", "bias", "-o", tmp_path / "b", "--no-refit")
    tested = json.loads(konomi("evaluate", tmp_path / "b", file, "--json").stdout)
    known = 200 - tested["n"]  # training, and the validation that chose the epoch
    assert 0 < tested["n"] < 40 and tested["known_rows"] == known
    said = konomi("evaluate", tmp_path / "b", file).stderr
    assert f"{known} rows are left out: the model was trained or validated with them." in said


def test_recommend_for_typed_titles(place):
    result = konomi("recommend", place / "bundle", "--rate", "cowboy bebop=9", "--rate", "hunter x hunter = 3")
    assert "cowboy bebop → Cowboy Bebop (1998): 9" in result.stderr
    assert "; also Hunter x Hunter (" in result.stderr
    assert "[Oshi no Ko]" in result.stdout and "Late Night" not in result.stdout
    assert "+ because of Cowboy Bebop 9" in result.stdout or "− Cowboy Bebop 9" in result.stdout
    without_reasons = konomi("recommend", place / "bundle", "--rate", "cowboy bebop=9", "--why", 0).stdout
    assert "Drama" in without_reasons and "Cowboy" not in without_reasons
    allowed = konomi("recommend", place / "bundle", "--rate", "10=9", "--allow-sensitive").stdout
    assert "Late Night" in allowed


def test_what_speaks_for_a_title_stands_beneath_it(place):
    lines = konomi("recommend", place / "bundle", "--rate", "Cowboy Bebop=9", "-k", 3).stdout.splitlines()
    assert any(line.strip().startswith(("+ because of Cowboy", "− Cowboy")) for line in lines)


def test_recommend_for_a_user_and_for_a_file_as_json(place, tmp_path):
    profile = write(tmp_path / "me.csv", '\ufefftitle,rating\n"Cowboy Bebop",9\n\n12,3\n')
    by_file = json.loads(konomi("recommend", place / "bundle", "--profile", profile, "-k", 2, "--json").stdout)
    assert [found["item_id"] for found in by_file["list"]["matched"]] == [10, 12] and by_file["given"] == []
    first = by_file["recommendations"][0]
    assert len(by_file["recommendations"]) == 2 and set(first) == {
        *("item_id", "title", "year", "type", "genres", "score", "rating", "interval", "deviation", "probability"),
        *("up", "down", "popular", "tags", "wishes", "planned", "like"),
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


TERMINAL = {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"}


def test_a_terminal_gets_a_progress_bar(place, tmp_path):
    words = ("train", place / "data", "-o", tmp_path / "b", "--set", "epochs=30", "--set", "patience=0")
    shown = CliRunner().invoke(app, [str(word) for word in words], env=TERMINAL)
    assert shown.exit_code == 0 and "train bayes" not in shown.stdout and "train bayes" not in konomi(*words).stderr
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.stderr)  # without colours
    assert re.search(r"train bayes +━+ 30 of 30 sweeps [\d.,e+]+/s +\d\d:\d\d valid RMSE \d\.\d{4}", plain)


def test_lines_stand_above_the_progress_bar(place, tmp_path):
    words = ("compare", place / "data", "-m", "bias,mf", "--set", "mf.epochs=2", "--task", "rating", "-o", tmp_path / "r")
    shown = CliRunner().invoke(app, [str(word) for word in words], env=TERMINAL)
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


def test_filters_that_let_nothing_pass_say_so(place, tmp_path):
    said = konomi("recommend", place / "bundle", "--rate", "10=9", "--years", "2090:").stderr
    assert "No title passes --years from 2090." in said
    unwanted = write(tmp_path / "unwanted.csv", "11\n12,Hunter x Hunter\n\n987654\n")
    result = konomi("recommend", place / "bundle", "--rate", "10=9", "--without", unwanted, "--without", 13, "--json")
    assert not {11, 12, 13} & {row["item_id"] for row in json.loads(result.stdout)["recommendations"]}
    said = konomi("recommend", place / "bundle", "--rate", "10=9", "--without", unwanted).stderr
    assert "1 of the 3 ids that are not wanted are in no title's place" in said
    assert "Every part" in refused("recommend", place / "bundle", "--no-sequels", "--all-parts")[0]
