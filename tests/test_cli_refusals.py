"""What the command line refuses, and what it says then."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from command_line import konomi, ratings, refused, write
from konomi.cli.commands import app
from konomi.models import MODELS
from rewritten import rewrite

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
        (("{}/good.csv", "--k-core", "-1"), "k_core is -1.", "Set --k-core to 0 or more."),
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
        (
            ("-m", "mf", "--set", "dims=3"),
            '--set: unknown setting "dims". Did you mean "dim"?',
            "The settings are: task, dim,",
        ),
        (("--set", "dim"), '--set "dim": no value.', "--set dim=32"),
        (("--set", "dim=many"), '--set: dim cannot be "many".', "It is a whole number."),
        (("--set", "dim=1"), "bayes: dim is 1", "Set dim to 2 or more, or to 0."),
        (("-m", "mf", "--set", "dim=0"), "mf: dim is 0", "Set dim above 0."),
        (
            ("-m", "ease,mf", "--set", "biases=perhaps"),
            '--set: biases cannot be "perhaps".',
            "It is one of: outside, inside, none.",
        ),
        (("-m", "nn", "--set", "biased=perhaps"), '--set: biased cannot be "perhaps".', "It is true or false."),
        (
            ("-m", "ease,mf", "--set", "optimizer=adagrat"),
            'optimizer cannot be "adagrat". Did you mean "adagrad"?',
            "sgd, adagrad",
        ),
        (("-m", "ease,mf", "--set", "l2=3"), '--set "l2=3": ease and mf have this setting.', "--set ease.l2=3"),
        (("-m", "ease,mf", "--set", "rate=1e9"), "mf diverged in epoch 1", "Lower --set rate"),
        (("--split", "randm"), 'kind cannot be "randm". Did you mean "random"?', "per-user"),
        (("--test", "0.8", "--valid", "0.3"), "leaves nothing to train on", "Lower them."),
        (("--test", "-1"), "test is -1.", "Use a share from 0 to 1, or a whole number of entries."),
        (("--test", "1.5"), "test is 1.5.", "Use a share from 0 to 1, or a whole number of entries."),
        (("--test", "200000"), "test is 200,000, and there are", "Lower --test, or give a share such as 0.1."),
        (("--config", "{}/none.toml"), "none.toml: no such file.", "Give the path of a TOML file."),
        (("--config", "{}/bad.toml"), "bad.toml: not TOML: ", "docs/presets"),
        (("--config", "{}/odd.toml"), "odd.toml: unknown table [mg].", f"The tables are: {', '.join(MODELS)}, split."),
        (("--config", "{}/flat.toml"), "flat.toml: unknown table [dim].", f"The tables are: {', '.join(MODELS)}, split."),
        (
            ("-m", "mf", "--config", "{}/key.toml"),
            'key.toml [mf]: unknown setting "dims". Did you mean "dim"?',
            "The settings are",
        ),
        (
            ("-m", "bias", "--config", "{}/key.toml"),
            'key.toml [mf]: unknown setting "dims". Did you mean "dim"?',
            "The settings",
        ),
        (("-m", ""), "There is no model.", "Name one or several"),
        (("--test-file", "{}/none.csv"), "none.csv: no such file", "Check the path."),
        (("--test-file", "{}/other.csv"), "1 of 1 rows of the test file are not in the dataset.", "Prepare both together."),
        (
            ("--test-file", "{}/other.csv", "--test", "0.1"),
            "The test and validation files say which entries those are.",
            "Leave out --split",
        ),
        (("--valid-file", "{}/other.csv"), "A validation file needs a test file.", "Give both"),
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
    assert "has no times" in message and "--split random or per-user" in hint


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--user", "7", "--rate", "10=9"), "Somebody in the dataset has a profile.", "--user ID"),
        (("--user", "7000"), 'Unknown user "7000".', "There are 40 users, such as 0, 1, 2."),
        (("--user", "anna"), 'Unknown user "anna".', "There are 40 users"),
        (("--rate", "Coowbow Bebopp=9"), 'No title is like "Coowbow Bebopp".', 'Did you mean "Cowboy Bebop (1998)"?'),
        (("--rate", "Mushishi=11"), '"Mushishi": 11 is not a rating', "Ratings go from 1 to 10 in steps of 1."),
        (("--rate", "Mushishi=nine"), '--rate "Mushishi=nine": "nine" is not a number.', '--rate "Cowboy Bebop=9"'),
        (("--rate", "Mushishi"), '--rate "Mushishi": no name and number.', 'Write it as --rate "Cowboy Bebop=9".'),
        (("--rate", "10=9", "--rate", "Cowboy Bebop=8"), '"10" and "Cowboy Bebop" are the same title', "Rate it once."),
        (("--rate", "10=9", "--rate", "10=8"), '"10" is given twice.', "Give it once."),
        (("--genre", "Mistery=9"), 'No title has the genre "Mistery". Did you mean "Mystery"?', "There are: Action"),
        (("--genre", "Mystery=11"), 'The wish "Mystery": 11 is not on the scale', "1 to 10"),
        (("--years", "old:"), '--years "old:": "old" is not a number.', "FROM:TO"),
        (("--where-file", "{}/none.sql"), "none.sql: cannot be read: No such file", "with a condition"),
        (("--where-file", "{}/empty.sql"), "empty.sql: is empty.", "such as year > 2000"),
        (("--where-file", "{}/latin.csv"), "latin.csv: not UTF-8 text.", "with a condition"),
        (("--where", "yaer > 2000"), "The condition cannot be read", "The columns are"),
        (("--profile", "{}/none.csv"), "none.csv: cannot be read: No such file", "title or item id, rating"),
        (("--profile", "{}/empty.csv"), "empty.csv: there is no rating in it.", "title or item id, rating"),
        (("--profile", "{}/word.csv"), 'word.csv, line 2: "nine" is not a rating.', "such as Cowboy Bebop,9."),
        (("--profile", "{}/other.csv"), 'Nothing on this list is in the catalogue: "Emma", "Dune".', "Rate some by hand"),
        (("--profile", "{}/wide.csv"), "wide.csv, line 1: 3 columns, not two.", '"quote" a title with a comma'),
        (("--profile", "{}/latin.csv"), "latin.csv: is not UTF-8 text", "Save it as UTF-8."),
    ],
)
def test_recommend_refuses(place, tmp_path, words, message, hint):
    write(tmp_path / "empty.csv", "title,rating\n")
    write(tmp_path / "empty.sql", "\n")
    write(tmp_path / "word.csv", "title,rating\nCowboy Bebop,nine\n")
    write(tmp_path / "other.csv", "title,rating\nEmma,9\nDune,8\n")
    write(tmp_path / "wide.csv", "Cowboy, Bebop,9\n")
    (tmp_path / "latin.csv").write_bytes("Pokémon,9\n".encode("latin-1"))
    said, advice = refused("recommend", place / "bundle", *(word.replace("{}", str(tmp_path)) for word in words))
    assert message in said and hint in advice


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("similar", "{}/bundle", "Mussisi"), 'No title is like "Mussisi".', 'Did you mean "Mushishi (2005)"?'),
        (
            ("similar", "{}/bundle", "Mushishi", "--by", "factors", "--metric", "cosinus"),
            'Unknown metric "cosinus". Did you mean "cosine"?',
            "euclidean",
        ),
        (("similar", "{}/bias", "Mushishi", "--by", "factors"), "No model of this bundle has item vectors", "such as mf"),
        (("info", "{}/nowhere"), "nowhere: no such file or folder.", "konomi prepare"),
        (("info", "{}"), "is not a dataset or a bundle.", "konomi prepare"),
        (("info", "{}/data", "--user", "7000"), 'Unknown user "7000".', "There are 40 users"),
        (("similar", "{}/data", "Mushishi"), "data: not a konomi bundle but konomi dataset.", "konomi train"),
        (("train", "{}/bundle", "-o", "{}/b"), "bundle: not a konomi dataset but konomi bundle.", "konomi prepare"),
        (("info", "{}/bundle", "--user", "7"), "A bundle holds nobody's ratings.", "konomi info DATA --user ID"),
        (("evaluate", "{}/bundle", "{}/none.csv"), "none.csv: no such file", "Check the path."),
        (("evaluate", "{}/bundle", "{}/data", "--data", "x"), "data is a dataset, and x another.", "ratings file only"),
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
    bundle.write_bytes(bundle.read_bytes()[:-10])


def spoil_altered(bundle):
    content = bytearray(bundle.read_bytes())
    content[-1000] ^= 1
    bundle.write_bytes(content)


def spoil_figure(bundle):
    bundle.write_bytes(bundle.read_bytes().replace(b'\\"seed\\": 0', b'\\"seed\\": 1'))


@pytest.mark.parametrize(
    ("spoil", "message", "hint"),
    [
        (spoil_short, "bundle: not a bundle that can be used: it is cut short", "konomi train"),
        (spoil_altered, "'people.parquet' has been altered: its hash is not the one noted", "konomi train"),
        (spoil_figure, "its header has been altered", "konomi train"),
        (lambda bundle: rewrite(bundle, metadata={"format": "7"}), "konomi bundle format '7' is not known here.", "upgrade it"),
        (
            lambda bundle: rewrite(bundle, manifest={"models": [{"name": "magic", "config": {}}]}),
            'holds a model "magic" that is not known here.',
            "upgrade it",
        ),
        (lambda bundle: rewrite(bundle, metadata={"kind": "konomi x"}), "not a konomi bundle but 'konomi x'.", "konomi train"),
        (lambda bundle: write(bundle, "{"), "bundle: not a konomi bundle, or cut short.", "konomi train"),
        (lambda bundle: bundle.unlink(), "bundle: no such file.", "konomi train"),
    ],
)
def test_a_spoilt_bundle(bundle, spoil, message, hint):
    spoil(bundle)
    said, advice = refused("recommend", bundle, "--rate", "10=9")
    assert message in said and hint in advice


def test_a_spoilt_dataset(place, tmp_path):
    data = shutil.copytree(place / "data", tmp_path / "data")
    item = data / "versions" / "1" / "item.npy"
    item.write_bytes(item.read_bytes()[:-40])
    message, hint = refused("train", data, "-o", tmp_path / "b")
    assert f"{item.parent}: " in message and "item.npy" in message and "konomi prepare" in hint


def test_the_dataset_of_a_bundle_is_gone_or_another(place, bundle, tmp_path):
    gone = {"path": str(tmp_path / "gone"), "sha256": "", "source": "delimited", "note": ""}
    rewrite(bundle, manifest={"data": gone})
    message, hint = refused("recommend", bundle, "--user", 7)
    assert "gone: the dataset of this model is not there." in message and "--data" in hint
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
    assert "has learnt its test entries" in message


@pytest.mark.parametrize("command", ["prepare", "train", "synth"])
def test_a_folder_that_is_not_ours_is_left_alone_before_any_work(place, tmp_path, command, monkeypatch):
    for work in ("konomi.models.mf.fit", "konomi.reading.sources.read_source", "konomi.simulate.ratings.simulate"):
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
    refusal = "mine: is a folder." if command == "train" else "already exists and is not a konomi"
    assert refusal in message and "-o" in hint
    assert [file.name for file in tmp_path.rglob("*")] == ["mine", "diary.txt"]


def test_debug_shows_the_traceback_wherever_it_stands(place):
    for words in (("--debug", "info", "nowhere"), ("info", "nowhere", "--debug")):
        result = CliRunner().invoke(app, words)
        assert type(result.exception).__name__ == "DataError" and result.exit_code == 1
    assert "Traceback" not in konomi("info", "nowhere", code=2).stderr


def test_what_the_system_refuses_is_told_like_any_other_error(place, monkeypatch):
    def forbidden(*_):
        raise PermissionError(13, "Permission denied", "/secret/manifest.json")

    monkeypatch.setattr("konomi.recommend.recommender.load_bundle", forbidden)
    message, hint = refused("recommend", place / "bundle", "--rate", "10=9")
    assert message == "/secret/manifest.json: Permission denied." and "--debug" in hint


def test_unknown_words_are_usage_errors():
    assert "Did you mean 'train'" in konomi("trian", code=2).stderr
    assert "Missing option" in konomi("train", "data", code=2).stderr
