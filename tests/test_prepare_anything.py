"""konomi.prepare and konomi.read_ratings: whatever people have, in one call."""

import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import konomi
from command_line import konomi as command
from konomi import ConfigError, DataError, KonomiError, Rules, Run, Scale
from ratings_files import entries

RATINGS = "userId,movieId,rating,timestamp\n1,31,2.5,9\n1,32,4,10\n2,31,5,11\n"
MOVIES = "movieId,title,genres\n31,T (1995),Drama\n32,U (1996),Comedy|Drama\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ratings.csv").write_text(RATINGS)
    (tmp_path / "movies.csv").write_text(MOVIES)
    with zipfile.ZipFile(tmp_path / "ml.zip", "w") as archive:
        archive.writestr("ml/ratings.csv", RATINGS)
        archive.writestr("ml/movies.csv", MOVIES)
    return tmp_path


def test_every_form_of_the_same_ratings_gives_the_same_dataset(folder: Path) -> None:
    frame, movies = pl.read_csv(folder / "ratings.csv"), pl.read_csv(folder / "movies.csv")
    halves = Scale(0.5, 5, 0.5)
    found = [
        konomi.prepare(str(folder / "ml.zip")),
        konomi.prepare(folder),
        konomi.prepare([folder / "ratings.csv", str(folder / "movies.csv")]),
        konomi.prepare(folder / "ratings.csv", source="movielens", items=movies),
        konomi.prepare(konomi.read_ratings(folder / "ml.zip")),
        konomi.prepare(frame, scale=halves, items=movies),
        konomi.prepare(frame.lazy(), scale=halves, items=folder / "movies.csv"),
        konomi.Dataset.from_frame(frame, scale=halves, items=str(folder / "movies.csv")),
    ]
    assert len({dataset.sha256 for dataset in found}) == 1
    assert {tuple(dataset.items["title"]) for dataset in found} == {("T", "U")}
    assert {tuple(dataset.items["type"]) for dataset in found} == {("Movie", "Movie")}


def test_rules_and_options_are_kept(folder: Path) -> None:
    (folder / "a.tsv").write_text("who\twhat\tstars\nann\tx\t3\nbob\tx\t9\nann\ty\t1\n")
    options = {"user": "who", "item": "what", "rating": "stars", "scale": Scale(1, 5, 1), "on_bad_rows": "skip"}
    dataset = konomi.prepare(folder / "a.tsv", Rules(min_user_ratings=1), Run(threads=1), **options)
    assert (len(dataset.item), dataset.scale, dataset.manifest["rules"]["min_user_ratings"]) == (2, Scale(1, 5, 1), 1)
    assert {row["step"]: row["rows"] for row in dataset.manifest["report"]}["bad rows"] == 1
    assert dataset.manifest["read"] == {
        "user": "who", "item": "what", "rating": "stars", "separator": "\t", "on_bad_rows": "skip"
    }  # fmt: skip
    words = ("--user-column", "who", "--item-column", "what", "--rating-column", "stars", "--scale", "1:5:1")
    command("prepare", folder / "a.tsv", *words, "--on-bad-rows=skip", "--min-user-ratings", 1, "-o", folder / "data")
    assert konomi.Dataset.open(folder / "data").manifest["read"] == dataset.manifest["read"]


def test_a_bundle_of_python_reads_other_files_as_its_dataset_was_read(folder: Path) -> None:
    rows = "\n".join(f"{user}\t{item}\t{1 + (user + item) % 5}" for user in range(20) for item in range(6))
    (folder / "a.tsv").write_text(f"who\twhat\tstars\n{rows}\n")
    dataset = konomi.prepare(folder / "a.tsv", user="who", item="what", rating="stars")
    dataset.save(folder / "data")
    command("train", folder / "data", "-m", "bias", "-o", folder / "bundle", "--no-refit")
    command("evaluate", folder / "bundle", folder / "a.tsv")


def test_several_files_and_the_sample(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(f"user,item,rating\n{name},1,3\n{name},2,4\n")
    assert len(konomi.read_ratings(folder / "a.csv", folder / "b.csv")) == 4
    sample = konomi.read_ratings(source="sample")
    assert repr(sample) == f"Table(sample: 250,000 entries on the scale 1 to 10 in steps of 1, {len(sample.items):,} titles)"


def test_skipped_rows_are_in_the_table(folder: Path) -> None:
    (folder / "bad.csv").write_text("user,item,rating\n1,2,3\n1,,3\n2,2,5\n")
    table = konomi.read_ratings(folder / "bad.csv", on_bad_rows="skip")
    assert (entries(table), table.rejects.line) == ([(1, 2, 3), (2, 2, 5)], [3])


def test_lists_are_read_and_shown_short(tmp_path: Path) -> None:
    (tmp_path / "me.csv").write_text("title,rating\nHeat,9\nAlien,\n")
    personal = konomi.read_list(str(tmp_path / "me.csv"))
    assert repr(personal) == "PersonalList(plain: 2 entries, 1 rated)"
    for wrong in (None, 5, ["me.csv"], pl.DataFrame()):
        with pytest.raises(DataError, match="is no path") as error:
            konomi.read_list(wrong)
        assert "Give a file" in error.value.hint


FRAME = pl.DataFrame({"user": [1, 2], "item": [1, 1], "rating": [3, 4]})


@pytest.mark.parametrize(
    ("ratings", "options", "kind", "message", "hint"),
    [
        ("gone.csv", {}, DataError, "gone.csv: no such file or folder", "Check the path"),
        ([], {}, DataError, "needs a file or a folder", "path"),
        (["a.csv", 5], {}, DataError, "of the type list is no table", "polars.DataFrame"),
        ({}, {}, DataError, "of the type dict is no table", "polars.DataFrame"),
        (None, {}, DataError, "of the type NoneType is no table", "polars"),
        (np.ones((2, 3)), {}, DataError, "of the type ndarray is no table", "polars"),
        (FRAME["user"], {}, DataError, "no column that looks like the item", "item"),
        (FRAME, {"rules": {"k_core": 5}}, ConfigError, "A dict is not rules", "konomi.Rules(k_core=5)"),
        (FRAME, {"run": 4}, ConfigError, "An int is not a run", "konomi.Run(threads=2)"),
        (FRAME, {"source": "movielens"}, ConfigError, 'The source "movielens" reads files', "Leave source out"),
        ("gone.csv", {"source": "movielense"}, DataError, 'Did you mean "movielens"?', "The sources are"),
        ("gone.csv", {"source": 5}, ConfigError, "An int is not a source", '"movielens"'),
        ("gone.csv", {"sorce": "movielens"}, ConfigError, 'no option "sorce". Did you mean "source"?', "on_bad_rows"),
        ("gone.csv", {"scale": 5}, ConfigError, "An int is not a scale", "konomi.Scale(1, 10, 1)"),
        ("gone.csv", {"separator": "ab"}, ConfigError, '"ab" cannot stand between columns', "Give ::"),
        ("gone.csv", {"unscored": 5}, ConfigError, 'unscored cannot be "5"', "It is a list."),
        ("gone.csv", {"unscored": "99"}, ConfigError, 'unscored cannot be "99"', "It is a list."),
        ("gone.csv", {"unscored": ["none"]}, ConfigError, 'unscored cannot be "none"', "It is a number."),
        ("gone.csv", {"on_bad_rows": True}, ConfigError, "on_bad_rows cannot be", "refuse, skip"),
    ],
)
def test_mistakes_are_errors_of_ours_with_a_remedy(ratings, options, kind: type[KonomiError], message: str, hint: str) -> None:
    with pytest.raises(kind) as error:
        konomi.prepare(ratings, **options)
    assert message in str(error.value) and hint in error.value.hint


def test_what_was_read_cannot_be_read_otherwise(folder: Path) -> None:
    table = konomi.read_ratings(folder)
    with pytest.raises(ConfigError, match="A Table has been read: user, scale"):
        konomi.prepare(table, user="who", scale=Scale(1, 5, 1))
    with pytest.raises(DataError, match="A Table is no path"):
        konomi.read_ratings(table)
    with pytest.raises(DataError, match="A DataFrame is no path") as error:
        konomi.read_ratings(FRAME)
    assert "konomi.prepare takes tables" in error.value.hint
