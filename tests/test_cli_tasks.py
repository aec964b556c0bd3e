"""The command line with a model of ratings, of interactions, or of both: what it measures, shows and refuses."""

import json

import pytest

import stand_in
from command_line import konomi, ratings, refused, write

INTERACTION = ("-m", "stand-in", "--task", "interaction")
BOTH = ("-m", "stand-in", "--set", "both=true")
ERRORS = {"rmse", "mae", "rmse_by_user", "mae_by_user"}
MEASURES = {"log_loss", "accuracy", "precision", "recall", "auc", "average_precision", "brier", "ece"}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    stand_in.register(monkeypatch)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """200 entries of 40 people; those of item 10 are on hold, those of item 11 dropped, the others completed."""
    folder = tmp_path_factory.mktemp("tasks")
    file = animelist(folder / "animelist.csv", range(40))
    konomi("prepare", file, "-o", folder / "data")
    return folder / "data"


def animelist(path, people):
    lines = [line.split(",") for line in ratings(people, low="0").splitlines()[1:]]
    rows = [f"{user},{item},{rating},{ {'10': 3, '11': 4}.get(item, 2) },0" for user, item, rating, _ in lines]
    return write(path, "\n".join(["user_id,anime_id,rating,watching_status,watched_episodes", *rows, ""]))


def shown(*words):
    """What a command prints; it fits a terminal."""
    text = konomi(*words).stdout
    assert all(len(line) <= 80 for line in text.splitlines()), text
    return text


def flat(text):
    """A text on one line: the titles of narrow tables are broken."""
    return " ".join(text.split())


def train(data, bundle, *words):
    return json.loads(konomi("train", data, "-o", bundle, *words, "--no-refit", "--json").stdout)


def test_training_measures_the_tasks_of_the_model(data, tmp_path):
    for words, keys in ((INTERACTION, MEASURES), (BOTH, MEASURES | ERRORS), (("-m", "stand-in"), ERRORS)):
        found = train(data, tmp_path / "b", *words)["metrics"]
        assert set(found) == {"test", "valid"}
        for metrics in found.values():
            assert metrics.keys() & (MEASURES | ERRORS) == keys


def test_training_shows_them(data, tmp_path):
    text = shown("train", data, "-o", tmp_path / "b", *INTERACTION)
    for word in ("stand-in, test", "stand-in, valid", "majority class, test", "log loss", "AUC", "ECE", "liked or not"):
        assert word in text
    assert "RMSE" not in text
    text = shown("train", data, "-o", tmp_path / "b", *BOTH)
    assert "majority class, test" in text and "global mean, test" in text and "RMSE by user" in text
    assert "log loss" not in shown("train", data, "-o", tmp_path / "b", "-m", "stand-in")


@pytest.mark.parametrize(
    ("words", "criterion"), [(("-m", "stand-in"), "RMSE"), (INTERACTION, "log loss"), (BOTH, "weighted loss")]
)
def test_the_error_of_an_epoch_has_its_name(data, tmp_path, words, criterion):
    said = konomi("train", data, "-o", tmp_path / "b", *words).stderr
    assert f"stand-in epoch   1  train {criterion} 0.5000  valid 0.2500\nstand-in epoch   2  train {criterion} 0.4000\n" in said


def test_the_last_word_on_the_task_counts(data, tmp_path):
    toml = write(tmp_path / "run.toml", '[stand-in]\ntask = "interaction"\n')
    words = ("-m", "stand-in", "--config", toml)
    assert train(data, tmp_path / "b", *words)["models"]["stand-in"]["task"] == "interaction"
    assert train(data, tmp_path / "b", *words, "--task", "rating")["models"]["stand-in"]["task"] == "rating"
    words = (*words, "--task", "rating", "--set", "task=interaction")
    assert train(data, tmp_path / "b", *words)["models"]["stand-in"]["task"] == "interaction"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("-m", "bias", "--task", "rating"), "--task rating: bias has no choice of task.", "a model that has: "),
        (("-m", "stand-in", "--task", "ratings"), '--task: task cannot be "ratings". Did you mean "rating"?', "interaction"),
    ],
)
def test_a_task_that_cannot_be(data, tmp_path, words, message, hint):
    said, advice = refused("train", data, "-o", tmp_path / "b", *words)
    assert message in said and hint in advice
    assert "stand-in" in advice or "rating, interaction" in advice


def test_nothing_to_measure(data, tmp_path):
    words = (*INTERACTION, "--test", 0, "--valid", 0)
    assert "Nothing was held out, so nothing was measured." in konomi("train", data, "-o", tmp_path / "b", *words).stderr
    message, hint = refused("evaluate", tmp_path / "b", data)
    assert "has learnt its test entries" in message and "--no-refit" in hint
    train(data, tmp_path / "b", *words)
    message, hint = refused("evaluate", tmp_path / "b", data)
    assert message == "There is no hidden interaction to evaluate on." and "test share" in hint


def test_evaluate_gives_the_figures_of_training(data, tmp_path):
    for words, tasks in ((INTERACTION, ["interaction"]), (BOTH, ["rating", "interaction"])):
        trained = train(data, tmp_path / "b", *words)["metrics"]["test"]
        found = json.loads(konomi("evaluate", tmp_path / "b", data, "--json").stdout)
        assert {key: found[key] for key in trained} == trained
        assert list(found["sample"]) == tasks
        row = found["sample"]["interaction"][0]
        assert list(row) == ["user", "title", "true", "predicted"] and row["true"] in (0, 1) and 0 < row["predicted"] < 1


def test_evaluate_shows_each_task(data, tmp_path):
    train(data, tmp_path / "b", *INTERACTION)
    text = flat(shown("evaluate", tmp_path / "b", data))
    for word in ("interactions, ", "% of them liked.", "this model", "majority class", "probability", "liked or not"):
        assert word in text
    assert "RMSE" not in text and "ratings" not in text
    train(data, tmp_path / "b", *BOTH)
    text = flat(shown("evaluate", tmp_path / "b", data))
    for word in ("% of them liked.", "without a seen", "RMSE by seen ratings of the user", "majority class", "bias"):
        assert word in text
    assert "Predicted and true ratings" in text and "Predicted probabilities and true interactions" in text


def test_the_statuses_of_a_file_count(data, tmp_path):
    """New people: whoever likes an item rated it 9, but what is on hold is left out and what was dropped is not liked."""
    train(data, tmp_path / "b", *BOTH)
    file = animelist(tmp_path / "new.csv", [901, 900, 902])
    rows = [line.split(",") for line in file.read_text().splitlines()[1:]]
    found = json.loads(konomi("evaluate", tmp_path / "b", file, "--json").stdout)
    judged = [row for row in rows if row[3] != "3"]
    assert found["interactions"] == len(judged)
    assert found["liked"] == pytest.approx(sum(row[3] == "2" for row in judged) / len(judged))
    assert found["n"] == sum(row[2] != "0" for row in rows)


def test_what_is_undefined_is_a_dash(data, tmp_path):
    train(data, tmp_path / "b", *INTERACTION)
    file = write(tmp_path / "one.csv", "user_id,anime_id,rating,watching_status,watched_episodes\n900,12,9,2,0\n")
    assert json.loads(konomi("evaluate", tmp_path / "b", file, "--json").stdout)["auc"] is None
    (line,) = (line for line in shown("evaluate", tmp_path / "b", file).splitlines() if line.lstrip().startswith("AUC"))
    assert line.split() == ["AUC", "–", "–"]


def test_info_of_a_bundle(data, tmp_path):
    train(data, tmp_path / "b", *INTERACTION)
    text = konomi("info", tmp_path / "b").stdout
    assert "log loss" in text and "RMSE" not in text


def test_recommend_says_what_it_is_ordered_by(data, tmp_path):
    for words, columns in (
        (("-m", "stand-in"), ["predicted", "90", "%"]),
        (INTERACTION, ["probability"]),
        (BOTH, ["predicted", "90", "%", "probability"]),
    ):
        train(data, tmp_path / "b", *words)
        text = shown("recommend", tmp_path / "b", "--rate", "12=9")
        assert "Recommended, by stand-in" in flat(text)
        assert [*columns, "title"] in [line.split() for line in text.splitlines()]
