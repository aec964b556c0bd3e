"""Presence alone as data: what is read as presence or as counts, what is liked, and what every step makes of it."""

import json

import numpy as np
import polars as pl
import pytest

import konomi
from command_line import konomi as command
from command_line import refused, write
from konomi.data.dataset import Dataset
from konomi.data.labels import Labelling
from konomi.data.negatives import all_liked, with_negatives
from konomi.data.scale import PRESENCE, Scale
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, DataError, FitError
from konomi.pipeline.train import train_model
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

RUN = Run(threads=1)
PAIRS = [(u, i) for u in range(30) for i in range(20) if (u + i) % 2 == 0 and (3 * u + 5 * i) % 7]
"""Even people have even items, odd ones odd items, but for one in seven."""


def text(header, rows):
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


@pytest.mark.parametrize(
    ("name", "content", "signal"),
    [
        ("pairs.csv", text("user_id,item_id", PAIRS), "presence"),
        ("times.csv", text("user_id,item_id,timestamp", [(*pair, 7) for pair in PAIRS]), "presence"),
        ("ones.csv", text("user_id,item_id,rating", [(*pair, 1) for pair in PAIRS]), "presence"),
        ("plays.csv", text("user_id,artist_id,plays", [(*pair, 1 + n) for n, pair in enumerate(PAIRS)]), "counts"),
        ("many.csv", text("user,item,rating", [(*pair, 1 + 5000 // (1 + n) ** 2) for n, pair in enumerate(PAIRS)]), "counts"),
        ("headless.txt", "\n".join(f"{u} {i}" for u, i in PAIRS), "presence"),
        ("one.tsv", "\n".join(f"{u}\t{i}\t1" for u, i in PAIRS), "presence"),
        ("percent.csv", text("user,item,rating", [(*pair, 1 + n % 100) for n, pair in enumerate(PAIRS)]), "ratings"),
        ("stars.csv", text("user,item,rating", [(*pair, 1 + n % 5) for n, pair in enumerate(PAIRS)]), "ratings"),
    ],
)
def test_what_the_signal_is(tmp_path, name, content, signal):
    dataset = konomi.prepare(write(tmp_path / name, content))
    assert dataset.signal == signal and len(dataset.item) == len(PAIRS)
    if signal != "ratings":
        assert dataset.scale == PRESENCE and np.isnan(dataset.profiles.rating).all() and dataset.profiles.consumed.all()
        assert (dataset.labels() == 1).all() and str(dataset.labelling) == "listed, or rated 1"
    assert (dataset.weight is not None) == (signal == "counts")
    if signal == "counts":
        assert dataset.weight.min() == 1 and dataset.profiles.weight.max() > 100
    frame = pl.read_csv(tmp_path / name) if name.endswith(".csv") else None
    if frame is not None:
        again = konomi.prepare(frame)
        assert again.signal == signal and again.sha256 == dataset.sha256


def test_whoever_says_so_is_believed(tmp_path):
    rows = [(u, i, 1 + n % 5, n % 3 == 0) for n, (u, i) in enumerate(PAIRS)]
    file = write(tmp_path / "r.csv", text("user,item,rating,odd", rows))
    presence = konomi.prepare(file, implicit=True)
    assert presence.signal == "presence" and presence.weight is None and presence.scale == PRESENCE
    counts = konomi.prepare(file, counts=True)
    assert counts.signal == "counts" and sorted(set(counts.weight.tolist())) == [1, 2, 3, 4, 5]
    watched = pl.DataFrame({"user": [1, 1, 1], "item": [1, 2, 3], "rating": [9, 0, 0], "watching_status": [2, 4, 6]})
    kept = konomi.prepare(watched, implicit=True).labels()
    assert kept.tolist() == [1, 0, -1]  # what is dropped or planned stays so
    for words, message in (
        ({"implicit": True, "counts": True}, "no counts"),
        ({"implicit": True, "scale": Scale(1, 5, 1)}, "no rating scale"),
    ):
        with pytest.raises(ConfigError, match=message):
            konomi.prepare(file, **words)


def test_what_is_no_count_is_named_by_its_line(tmp_path):
    file = write(tmp_path / "plays.csv", text("user,item,plays", [(1, 1, 3), (1, 2, 0), (2, 1, -4), (2, 2, "x"), (3, 1, "")]))
    with pytest.raises(DataError, match=r"count is not above 0"):
        konomi.prepare(file)
    found = konomi.prepare(file, on_bad_rows="skip")
    assert found.weight.tolist() == [3, 1]  # a missing count is one
    with pytest.raises(DataError, match="no column that looks like the rating") as caught:
        konomi.prepare(write(tmp_path / "odd.csv", text("user,item,colour", [(1, 1, 3)])))
    assert "`implicit`" in caught.value.hint


def test_rows_that_are_marked_as_deleted(tmp_path):
    rows = [(1, 1, 5, "no"), (1, 2, 4, ""), (1, 1, 5, "TRUE"), (2, 1, 3, 0)]
    file = write(tmp_path / "r.csv", text("user,item,rating,deleted", rows))
    dataset = konomi.prepare(file, scale=Scale(1, 5, 1))
    assert [len(dataset.profile(user).item) for user in (1, 2)] == [1, 1]
    assert {"step": "deleted", "rows": 1} in dataset.manifest["report"]
    more = write(tmp_path / "more.csv", text("user,item,rating,deleted", [(1, 2, 4, 1), (3, 1, 5, 0)]))
    assert konomi.add(dataset, more).users.ids.to_list() == [1, 2, 3]
    with pytest.raises(DataError, match="deleted is neither true nor false"):
        konomi.prepare(write(tmp_path / "odd.csv", text("user,item,rating,deleted", [(1, 1, 5, "perhaps")])))
    frame = pl.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [5, 4], "deleted": [False, True]})
    assert len(konomi.prepare(frame).item) == 1


def test_more_is_read_as_the_first_was(tmp_path):
    old = konomi.prepare(write(tmp_path / "a.csv", text("who,what", PAIRS)), user="who", item="what", implicit=True)
    new = write(tmp_path / "b.csv", text("who,what", [(99, 1), (99, 3)]))
    grown = konomi.add(old, new)
    assert len(grown.item) == len(PAIRS) + 2 and grown.labels().tolist() == [1] * len(grown.item)


# what is liked


def test_what_is_liked_can_be_said(tmp_path):
    file = write(tmp_path / "r.csv", text("user_id,item_id,rating", [(1, 1, 3), (1, 2, 4), (2, 1, 5), (2, 2, 2)]))
    shown = command("prepare", file, "--scale", "1:5:1", "--liked", "4", "-o", tmp_path / "d").stdout
    assert "liked: rated 4 or more" in shown
    dataset = Dataset.open(tmp_path / "d")
    assert dataset.labels().tolist() == [0, 1, 1, 0] and dataset.manifest["rules"]["liked"] == 4
    assert "parts nothing" in refused("prepare", file, "--scale", "1:5:1", "--liked", "9", "-o", tmp_path / "e")[0]
    for labelling in (Labelling(Scale(1, 5, 1)), Labelling(Scale(1, 5, 1), "unscored-negative", 4.0)):
        assert Labelling.unpack(labelling.pack()) == labelling
    assert Labelling.unpack(Labelling(Scale(1, 5, 1)).pack()[:4]) == Labelling(Scale(1, 5, 1))  # of older models
    assert str(Labelling(Scale(-10, 10, 1))) == "rated above 0"


def test_a_bundle_knows_what_is_liked(checkerboard):
    strict = dataclass_with(checkerboard, liked=9.0)
    bundle = train_model(strict, {"ease": {"l2": 1.0}}, SplitConfig(), RUN)
    assert bundle.labelling.liked == 9 and Recommender(bundle).ranker.blend.labelling == strict.labelling


def dataclass_with(dataset, **rules):
    from dataclasses import replace

    return replace(dataset, manifest={**dataset.manifest, "rules": {**dataset.manifest["rules"], **rules}})


# every step


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("presence")
    write(folder / "pairs.csv", text("user_id,item_id", PAIRS))
    titles = text(
        "item_id,title,genres", [(i, f"{chr(65 + i)}{chr(97 + i)}", "Even" if i % 2 == 0 else "Odd") for i in range(20)]
    )
    write(folder / "items.csv", titles)
    said = command("prepare", folder / "pairs.csv", "--items", folder / "items.csv", "-o", folder / "data").stderr
    assert "Presence alone is the signal" in said
    command("train", folder / "data", "-m", "ease", "--set", "l2=1", "-o", folder / "bundle")
    return folder


def test_the_road_from_pairs_to_titles(place):
    facts = json.loads(command("evaluate", place / "bundle", "--json").stdout)
    assert facts["served"]["ndcg@10"] > facts["baselines"]["popular"]["served"]["ndcg@10"] and "rmse" not in facts
    shown = command("recommend", place / "bundle", "--rate", "Aa=1", "--rate", "Cc=1", "-k", "3").stdout
    listed = json.loads(command("recommend", place / "bundle", "--rate", "Aa=1", "--rate", "Cc=1", "--json", "-k", "3").stdout)
    assert all(row["item_id"] % 2 == 0 for row in listed["recommendations"]) and "nan" not in shown and "predicted" not in shown
    assert "Ratings go from 0 to 1" in refused("recommend", place / "bundle", "--rate", "Aa=5")[1]
    wished = json.loads(command("recommend", place / "bundle", "--genre", "Odd=1", "--json", "-k", "3").stdout)
    assert wished["recommendations"][0]["item_id"] % 2 == 1
    of_user = json.loads(command("recommend", place / "bundle", "--user", "1", "--json", "-k", "3").stdout)
    assert of_user["recommendations"][0]["item_id"] % 2 == 1
    people = command("compare", place / "data", "--people", "-m", "ease", "--test", "0.4", "-o", place / "people", code=2)
    assert "nobody has 20 ratings to show" in people.stderr  # they have eight or nine entries
    shown = command("compare", place / "data", "-m", "ease,popular", "-o", place / "report").stdout
    assert "liked is what is listed, or rated 1" in shown


def test_a_list_is_understood(place, tmp_path):
    listed = write(tmp_path / "mine.csv", "title,rating\nAa,1\nCc,1\nBb,0\n")
    found = json.loads(command("recommend", place / "bundle", "--profile", listed, "--json", "-k", "3").stdout)
    assert all(row["item_id"] % 2 == 0 for row in found["recommendations"])


def test_what_needs_ratings_says_so(place):
    for model in ("mf", "bias", "genre"):
        message, hint = refused("train", place / "data", "-m", model, "-o", place / "none")
        assert f"{model} predicts ratings, and nobody has rated anything" in message and "ease or popular" in hint
    assert "No model of this bundle predicts ratings" in str(error_of(Recommender.load(place / "bundle").predict, [(1, "Aa")]))


def error_of(call, *words):
    with pytest.raises(konomi.KonomiError) as caught:
        call(*words)
    return caught.value


# what people do not have


def test_negatives_are_what_people_do_not_have(place):
    dataset = Dataset.open(place / "data")
    train = make_split(dataset, SplitConfig(valid=0.2, test=0.2)).train_set(dataset)
    assert all_liked(train)
    more = with_negatives(train, 3)
    assert not all_liked(more) and (more.labelling.of(more.seen) == 1).sum() == len(train.seen.item)
    for before, after in ((train.seen, more.seen), (train.valid, more.valid)):
        label = more.labelling.of(after)
        positive = set(zip(after.user[label == 1].tolist(), after.item[label == 1].tolist(), strict=True))
        assert positive == set(zip(before.user.tolist(), before.item.tolist(), strict=True))
    known = {(u, i) for part in (train.seen, train.valid) for u, i in zip(part.user.tolist(), part.item.tolist(), strict=True)}
    drawn = [
        (u, i)
        for part in (more.seen, more.valid)
        for u, i, liked in zip(part.user.tolist(), part.item.tolist(), more.labelling.of(part), strict=True)
        if liked == 0
    ]
    assert drawn and len(set(drawn)) == len(drawn) and not known & set(drawn)
    assert with_negatives(train, 3).seen.item.tolist() == more.seen.item.tolist() != with_negatives(train, 4).seen.item.tolist()


def test_a_model_of_interactions_learns_from_them(place):
    """Whoever has even items has a higher chance of liking an even one, although nobody dislikes anything."""
    settings = {"mf": {"task": "interaction", "dim": 4, "rate": 0.2, "l2": 0.01, "epochs": 20}}
    bundle = train_model(place / "data", settings, SplitConfig(), RUN)
    model = bundle.models["mf"]
    for metrics in bundle.metrics.values():  # all that is hidden is liked: there are no errors, but there are lists
        assert "log_loss" not in metrics and "majority class" not in metrics["baselines"] and "ndcg@10" in metrics["served"]
    dataset = Dataset.open(place / "data")
    scores = model.score(model.encode(dataset.profiles), "rank")
    even = scores[:, ::2].mean(axis=1) - scores[:, 1::2].mean(axis=1)
    assert (np.sign(even) == np.where(np.arange(30) % 2 == 0, 1, -1)).mean() > 0.9
    with pytest.raises(FitError, match="nobody has rated anything"):
        train_model(place / "data", "mf", SplitConfig(), RUN)
