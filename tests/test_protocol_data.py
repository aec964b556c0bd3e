"""The data of a protocol, in each form: which entry trains, validates, tests and is shown."""

import dataclasses
import hashlib

import numpy as np
import pytest

from command_line import write
from konomi.data.split import SHOWN, TEST, TRAIN, VALID
from konomi.errors import DataError
from konomi.pipeline import protocol_data
from konomi.pipeline.protocol import Rule
from konomi.pipeline.protocol_data import find_data, prepared
from konomi.pipeline.protocol_file import load_protocol
from konomi.runtime import Run
from protocols import LISTED, RATED, files, index, lists, protocol, ratings, rows

RUN = Run(threads=1)
NO_DRAWING = Rule(valid=0)


def opened(path, rule=NO_DRAWING, place=None):
    """The dataset of a protocol file and the splits; its data lies beside it."""
    found = load_protocol(path)
    return prepared(found, find_data(found, place or path.parent), rule, RUN)


def pairs(dataset, split, role):
    """(user id, item id) of the entries of a role."""
    entries = np.flatnonzero(split.role == role)
    users, items = dataset.profiles.user[entries], dataset.item[entries]
    return {(dataset.users.ids[int(u)], dataset.item_ids.ids[int(i)]) for u, i in zip(users, items, strict=True)}


def of(some):
    return {(user, item) for user, item, _ in some}


def test_files_for_each_fold(tmp_path):
    some = files(tmp_path)
    split = 'kind = "files"\ntest = ["test1.csv", "test2.csv"]\nvalid = ["valid1.csv", "valid2.csv"]'
    dataset, splits = opened(protocol(tmp_path / "p.toml", split))
    for fold, each in enumerate(splits, 1):
        assert pairs(dataset, each, TEST) == of(some[fold::5]) and pairs(dataset, each, VALID) == of(some[fold + 2 :: 5])
        assert pairs(dataset, each, TRAIN) == of(some) - of(some[fold::5]) - of(some[fold + 2 :: 5])


def test_validation_entries_are_drawn_where_none_are_given(tmp_path):
    some = files(tmp_path)
    path = protocol(tmp_path / "p.toml", 'kind = "files"\ntest = ["test1.csv"]')
    dataset, (split,) = opened(path, Rule(valid=0.25))
    _, (again,) = opened(path, Rule(valid=0.25, seed=1))
    assert pairs(dataset, split, TEST) == pairs(dataset, again, TEST) == of(some[1::5])
    drawn = split.counts()["valid"] / (len(some) - len(some[1::5]))
    assert 0.15 < drawn < 0.35 and pairs(dataset, split, VALID) != pairs(dataset, again, VALID)
    assert opened(path)[1][0].counts()["valid"] == 0


def test_a_threshold_is_one_of_every_file(tmp_path):
    some = files(tmp_path)
    data = "least = 6\nread = { scale = [1, 10, 1] }"
    path = protocol(
        tmp_path / "p.toml", 'kind = "files"\ntest = ["test1.csv"]', data=data, task="ranking", metrics=("ndcg@10",)
    )
    dataset, (split,) = opened(path)
    assert dataset.signal == "presence" and pairs(dataset, split, TEST) == of(row for row in some[1::5] if row[2] >= 6)
    assert len(dataset.item) == sum(row[2] >= 6 for row in some)


def test_lists_of_items(tmp_path):
    some = [row for row in rows() if row[2] > 5]
    lists(tmp_path / "train.txt", some[::2])
    lists(tmp_path / "test.txt", some[1::2])
    path = protocol(
        tmp_path / "p.toml", 'kind = "files"\ntest = ["test.txt"]', ("train.txt", "test.txt"), LISTED, "ranking", ("recall@20",)
    )
    dataset, (split,) = opened(path)
    assert dataset.signal == "presence" and pairs(dataset, split, TEST) == of(some[1::2])
    assert pairs(dataset, split, TRAIN) == of(some[::2])


def test_an_index(tmp_path):
    some = rows()
    ratings(tmp_path / "ratings.csv", some)
    numbers = index(tmp_path, len(some))
    dataset, (split,) = opened(protocol(tmp_path / "p.toml", 'kind = "index"\nfile = "index.npz"'))
    for role, number in ((TRAIN, 0), (VALID, 1), (TEST, 2)):
        assert pairs(dataset, split, role) == of([row for row, n in zip(some, numbers, strict=True) if n == number])
    assert len(dataset.item) == (numbers >= 0).sum()
    write(tmp_path / "short.txt", "0\n2\n")
    with pytest.raises(DataError, match=rf"short\.txt: numbers 2 rows, and there are {len(some)}"):
        opened(protocol(tmp_path / "q.toml", 'kind = "index"\nfile = "short.txt"'))


def test_shuffled_rows_are_those_of_pandas(tmp_path):
    """The first three of `pandas.DataFrame(range(10)).sample(frac=1, random_state=0)` are the rows 2, 8 and 4."""
    some = rows()
    ratings(tmp_path / "ratings.csv", some)
    split = 'kind = "shuffled"\nseed = 0\ntrain_to = 0.8\nvalid_to = 0.9'
    dataset, (found,) = opened(protocol(tmp_path / "p.toml", split))
    assert np.random.RandomState(0).permutation(10)[:3].tolist() == [2, 8, 4]
    order, n = np.random.RandomState(0).permutation(len(some)), len(some)
    assert pairs(dataset, found, TEST) == of([some[row] for row in order[int(n * 0.9) :]])
    assert pairs(dataset, found, VALID) == of([some[row] for row in order[int(n * 0.8) : int(n * 0.9)]])
    bare = protocol(tmp_path / "q.toml", 'kind = "shuffled"\ntrain_to = 0.9\nvalid_to = 0.9')
    _, (found,) = opened(bare, Rule(valid=0.3, seed=5))
    assert pairs(dataset, found, TEST) == of([some[row] for row in order[int(n * 0.9) :]])
    assert 0.2 < found.counts()["valid"] / (n * 0.9) < 0.4 and opened(bare)[1][0].counts()["valid"] == 0


def test_shuffled_folds_have_the_rest_in_the_first(tmp_path):
    """As KFold of scikit-learn and Surprise: 343 rows in five folds are three of 69 and two of 68."""
    some = rows()[:343]
    ratings(tmp_path / "ratings.csv", some)
    dataset, splits = opened(protocol(tmp_path / "p.toml", 'kind = "shuffled"\nseed = 3\nfolds = 5'))
    order = np.random.RandomState(3).permutation(343)
    assert [split.counts()["test"] for split in splits] == [69, 69, 69, 68, 68]
    assert pairs(dataset, splits[1], TEST) == of([some[row] for row in order[69:138]])


def test_drawn(tmp_path):
    ratings(tmp_path / "ratings.csv", rows())
    dataset, (split,) = opened(protocol(tmp_path / "p.toml", 'kind = "drawn"\nby = "per-user"\nvalid = 1\ntest = 2'))
    assert (np.bincount(dataset.profiles.user[split.role == TEST]) == 2).all() and split.counts()["valid"] == 40
    _, (split,) = opened(protocol(tmp_path / "q.toml", 'kind = "drawn"\nvalid = 0\ntest = 0.2'), Rule(valid=0.25))
    assert 0.15 < split.counts()["valid"] / len(dataset.item) < 0.35
    _, splits = opened(protocol(tmp_path / "r.toml", 'kind = "drawn"\nfolds = 3'))
    assert sum(split.counts()["test"] for split in splits) == len(dataset.item)


def test_people_held_out_as_in_the_publication(tmp_path):
    """Its preparation, written here once more as it is there: row by row, with the global legacy generator."""
    draw = np.random.default_rng(0)
    some = [(u, i, 5 if i != 13 else 2) for u in range(30) for i in range(20) if draw.random() < 0.5]
    some += [(u, 100 + u, 5) for u in range(30)]  # of each person alone, so that nobody trains those of people held out
    ratings(tmp_path / "ratings.csv", some)
    held = 'kind = "people"\nvalid = 4\ntest = 5\nseed = 98765\nhidden = 0.2'
    data = "least = 4\nread = { scale = [1, 5, 1] }\nrules = { min_user_ratings = 4 }"
    path = protocol(
        tmp_path / "p.toml", held, data=data, task="ranking", metrics=("ndcg@10",), more='[rule]\nlearnt = "train"\n'
    )
    dataset, (split,) = opened(path)

    liked = [(user, item) for user, item, rating in some if rating > 3.5]
    enough = sorted(user for user in range(30) if sum(u == user for u, _ in liked) >= 5)
    liked = [pair for pair in liked if pair[0] in enough]
    assert len(dataset.item) == len(liked)
    np.random.seed(98765)
    people = np.array(enough)[np.random.permutation(len(enough))].tolist()
    train, valid, test = people[:-9], people[-9:-5], people[-5:]
    known = {item for user, item in liked if user in train}
    assert pairs(dataset, split, TRAIN) == {pair for pair in liked if pair[0] in train}
    for group, role in ((valid, VALID), (test, TEST)):
        np.random.seed(98765)
        hidden = set()
        for user in sorted(group):
            own = [pair for pair in liked if pair[0] == user and pair[1] in known]
            if len(own) >= 5:
                hidden |= {own[n] for n in np.random.choice(len(own), size=int(0.2 * len(own)), replace=False)}
        assert pairs(dataset, split, role) == hidden and hidden
    assert (split.role == SHOWN).any()


def test_too_few_people(tmp_path):
    ratings(tmp_path / "ratings.csv", rows())
    held = 'kind = "people"\nvalid = 10\ntest = 11'
    with pytest.raises(DataError, match="21 of 40 people are held out"):
        opened(protocol(tmp_path / "p.toml", held, more='[rule]\nlearnt = "train"\n'))


def test_where_files_are_looked_for(tmp_path):
    path = protocol(tmp_path / "p.toml", 'kind = "drawn"')
    with pytest.raises(DataError, match=r"made/ratings\.csv: no such file, and none in") as error:
        opened(path)
    assert error.value.hint == "Say where the data is with `data`." and error.value.field == "data"
    ratings(tmp_path / "ratings.csv", rows())
    (tmp_path / "made").mkdir()
    ratings(tmp_path / "made" / "ratings.csv", rows(20))
    assert len(opened(path)[0].users) == 20  # the folder of the data goes before the place around it
    assert len(opened(path, place=tmp_path / "made")[0].users) == 20


def test_checksums(tmp_path):
    file = ratings(tmp_path / "ratings.csv", rows())
    for algorithm in ("sha256", "md5"):
        known = f"{algorithm}:{hashlib.new(algorithm, file.read_bytes()).hexdigest()}"
        path = protocol(tmp_path / "p.toml", 'kind = "drawn"', data=f'{RATED}\n[data.sums]\n"ratings.csv" = "{known}"')
        found = load_protocol(path)
        assert find_data(found, tmp_path).unchecked == ()
        other = dataclasses.replace(found.data, sums={"ratings.csv": f"{algorithm}:{'0' * (len(known) - len(algorithm) - 1)}"})
        with pytest.raises(DataError, match=f"is not the file of the protocol: its checksum is {known}, not {algorithm}:0000"):
            find_data(dataclasses.replace(found, data=other), tmp_path)
    assert find_data(load_protocol(protocol(tmp_path / "q.toml", 'kind = "drawn"')), tmp_path).unchecked == ("ratings.csv",)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def denied(path, wanted):
        raise PermissionError(13, "Permission denied", str(path))

    ratings(tmp_path / "ratings.csv", rows())
    sums = f'{RATED}\n[data.sums]\n"ratings.csv" = "md5:{"0" * 32}"'
    monkeypatch.setattr(protocol_data, "sum_like", denied)
    with pytest.raises(DataError, match=r"ratings\.csv: cannot be read: Permission denied"):
        find_data(load_protocol(protocol(tmp_path / "p.toml", 'kind = "drawn"', data=sums)), tmp_path)


def test_contents_by_wish(tmp_path):
    ratings(tmp_path / "ratings.csv", rows())
    write(tmp_path / "items.csv", "item_id,title,genres\n10,A,Action\n11,B,Drama\n")
    write(tmp_path / "users.csv", "user_id,age\n" + "".join(f"{u},{20 + u % 3}\n" for u in range(40)))
    found = load_protocol(
        protocol(tmp_path / "p.toml", 'kind = "drawn"', data=f'items = ["items.csv"]\nusers = "users.csv"\n{RATED}')
    )
    dataset, _ = prepared(found, find_data(found, tmp_path), NO_DRAWING, RUN)
    assert dataset.titles([0]) == ["A"] and [each.name for each in dataset.features] == ["age"]
    (tmp_path / "items.csv").unlink()
    with pytest.raises(DataError, match=r"items\.csv: no such file") as error:
        find_data(found, tmp_path)
    assert "leave titles and people out with `by_ids`" in error.value.hint
    dataset, _ = prepared(found, find_data(found, tmp_path, contents=False), NO_DRAWING, RUN, contents=False)
    assert dataset.items["title"].null_count() == len(dataset.items) and not dataset.features


def test_a_test_row_that_is_not_among_the_ratings(tmp_path):
    files(tmp_path)
    ratings(tmp_path / "test1.csv", [(999, 10, 9)])
    with pytest.raises(DataError, match="1 of 1 rows of the test file are not in the dataset"):
        opened(protocol(tmp_path / "p.toml", 'kind = "files"\ntest = ["test1.csv"]'))


def test_a_fold_that_nothing_trains_or_tests(tmp_path):
    n = len(files(tmp_path))
    index(tmp_path, n)
    for role in ("train", "test"):
        with pytest.raises(DataError, match=f"p: no entry is a {role} entry"):
            opened(protocol(tmp_path / "p.toml", f'kind = "index"\nfile = "index.npz"\n{role} = 9'))
    with pytest.raises(DataError, match=f"There are {n} rows for {n + 1} folds"):
        opened(protocol(tmp_path / "p.toml", f'kind = "shuffled"\nfolds = {n + 1}'))
    assert len(opened(protocol(tmp_path / "p.toml", 'kind = "shuffled"\nfolds = 20'))[1]) == 20
