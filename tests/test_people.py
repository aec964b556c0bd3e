"""People held out whole: what is shown, drawn and wished for, what comes out, the report and the command."""

import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import konomi, refused
from conftest import table_of
from konomi.data.labels import Labelling
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, SplitConfig, TrainSet, make_split
from konomi.errors import ConfigError, DataError, FitError, RequestError
from konomi.evaluate.bootstrap import Interval
from konomi.evaluate.genre_wishes import apart, named, wishes_of
from konomi.evaluate.recommendations import relevant
from konomi.models import MODELS, module
from konomi.pipeline import newcomers
from konomi.pipeline.compare_people import as_training_users, compare_people
from konomi.pipeline.newcomers import drawn
from konomi.pipeline.people_comparison import ALL, POPULAR, TRAINED, WISHES, People
from konomi.reading.frame import Dataset
from konomi.report.people import answer, facts, leads, markdown, scores, sentences, write_people
from konomi.runtime import Run

SPLIT = SplitConfig(kind="users", valid=0.1, test=0.4)
RUN = Run(threads=1)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """60 people, 60 items of three genres each person of whom likes one: two in three items of it they have, rated 8 to 10, and
    one in three of the others, rated 1 to 4. The first three people have few ratings."""
    draw = np.random.default_rng(0)
    rows = []
    for u in range(60):
        for i in range(60):
            likes = i % 3 == u % 3
            if (u >= 3 or i < 6) and draw.random() < (0.95 if likes else 0.5):
                rows.append((u, i, int(draw.integers(8, 11) if likes else draw.integers(1, 5))))
    items = pl.DataFrame(
        {
            "item_id": range(60),
            "title": [f"{chr(65 + i % 26) * 4} {chr(97 + i // 26) * 3}" for i in range(60)],
            "genres": [["ABC"[i % 3]] for i in range(60)],
        }
    )
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    return Dataset.from_frame(frame, scale=Scale(1, 10, 1), items=items)


def models(*names, **more):
    return {name: more.get(name) or module(name).Config() for name in names}


SMALL = module("mf").Config(dim=4, epochs=8, rate=0.1)


@pytest.fixture(scope="module")
def found(dataset) -> People:
    return compare_people(dataset, models("popular", "ease", "mf", mf=SMALL), SPLIT, run=RUN)


# what is shown


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(0, 8), st.integers(0, 1000))
def test_ratings_are_drawn_without_preference_and_the_few_are_among_the_many(sizes, n, seed):
    draw = np.random.default_rng(seed)
    whole = Profiles.of([{i: float(draw.integers(1, 11)) for i in range(size)} for size in sizes])
    whole = replace(whole, rating=np.where(draw.random(len(whole.item)) < 0.3, np.nan, whole.rating).astype(np.float32))
    key = draw.random(len(whole.item))
    some, more = drawn(whole, n, key), drawn(whole, n + 1, key)
    assert some.counts.tolist() == np.minimum(whole.scored().counts, n).tolist()
    assert not np.isnan(some.rating).any()
    for u in range(len(whole)):
        entries = slice(whole.indptr[u], whole.indptr[u + 1])
        rated = ~np.isnan(whole.rating[entries])
        lowest = np.sort(whole.item[entries][rated][np.argsort(key[entries][rated])[:n]])
        assert some.slice(u, u + 1).item.tolist() == lowest.tolist()
        assert set(lowest) <= set(more.slice(u, u + 1).item)


def test_training_users_are_the_tested_people_alone(dataset):
    split = make_split(dataset, SPLIT)
    joined, user = as_training_users(split, dataset), dataset.profiles.user
    tested = np.isin(user, user[split.role == TEST])
    changed = joined.role != split.role
    np.testing.assert_array_equal(changed, tested & (split.role == SHOWN))
    assert (joined.role[changed] == TRAIN).all()
    validated = np.isin(user, user[split.role == VALID])
    assert (validated & (joined.role == SHOWN)).any()  # these stay held out


def train_of(genres, everybody):
    """Somebody else's ratings of a catalogue, to be beside."""
    items = pl.DataFrame({"item_id": range(len(genres)), "genres": genres}, schema_overrides={"genres": pl.List(pl.String)})
    seen = Profiles.of(everybody)
    return TrainSet(seen, seen, seen, Scale(1, 10, 1), items, Labelling(Scale(1, 10, 1)))


def test_what_sets_somebody_apart_by_hand():
    """Genres A to D, six titles each, of which everybody has as many. Mean 6.87; no lower are 6 of A, 3 of B,
    none of C and one of D, of which two are too few to speak of it."""
    train = train_of([["ABCD"[i // 6]] for i in range(24)], [dict.fromkeys(range(24), 7.0)])
    a, b, c = {i: 9.0 for i in range(6)}, {6: 8.0, 7: 8.0, 8: 8.0, 9: 5.0}, {12: 4.0, 13: 4.0, 14: 4.0}
    person = Profiles.of([{**a, **b, **c, 18: 7.0, 19: 1.0}])
    assert person.rating.mean() == pytest.approx(103 / 15)
    liked, prior = 6 + 3 + 1, 5 / 4
    expected = np.log(np.array([6 + prior, 3 + prior, prior]) / ((liked + 5) / 4))
    np.testing.assert_allclose(apart(person, train)[0], [*expected, np.nan], rtol=1e-6)
    np.testing.assert_array_equal(wishes_of(person, train)[0], np.array([9, 8, 2, np.nan], np.float32))


def test_the_genre_of_the_highest_mean_is_not_what_somebody_asks_for():
    """Three titles of B rated 10, among twelve of A rated 9, where everybody has as many of each."""
    train = train_of([["A"] if i < 12 else ["B"] for i in range(24)], [dict.fromkeys(range(24), 7.0)])
    person = Profiles.of([{**{i: 9.0 for i in range(12)}, 12: 10.0, 13: 10.0, 14: 9.0, 15: 2.0, 16: 2.0}])
    np.testing.assert_array_equal(wishes_of(person, train)[0], np.array([9, 2], np.float32))


@given(
    st.lists(st.none() | st.floats(-3, 3, width=32), min_size=5, max_size=5),
    st.sampled_from([Scale(1, 10, 1), Scale(0.5, 5, 0.5)]),
)
def test_the_best_three_are_named_and_the_worst(taste, scale):
    row = np.array([[np.nan if t is None else t for t in taste]], np.float32)
    wishes, size = named(row, scale)[0], (scale.high - scale.low) / 9
    told = {genre: round((wish - scale.low) / size) + 1 for genre, wish in enumerate(wishes) if not np.isnan(wish)}
    ranked = sorted((genre for genre, t in enumerate(taste) if t), key=lambda genre: -taste[genre])
    best, worst = [g for g in ranked if taste[g] > 0][:3], [g for g in ranked if taste[g] < 0]
    assert {genre: wish for genre, wish in told.items() if wish > 5} == dict(zip(best, (9, 8, 7), strict=False))
    against = [genre for genre, wish in told.items() if wish == 2]
    assert len(against) == (1 if worst else 0) and len(told) == len(best) + len(against)
    assert all(taste[genre] == min(taste[g] for g in worst) for genre in against)


def test_somebody_who_is_like_everybody_or_rated_little_wishes_nothing():
    train = train_of([["A"] if i < 6 else ["B"] for i in range(12)] + [None], [dict.fromkeys(range(12), 7.0)])
    silent, few, same = {}, {0: 9.0, 1: 8.0, 6: 2.0, 12: 3.0}, dict.fromkeys(range(12), 8.0)
    assert np.isnan(wishes_of(Profiles.of([silent, few, same]), train)).all()


# what comes out


def test_everybody_is_counted(found, dataset):
    split = make_split(dataset, SPLIT)
    seen, hidden = split.test(dataset)
    held = hidden.counts > 0
    assert found.held_out == held.sum() and found.too_few == (held & (seen.counts < 20)).sum() > 0
    assert found.measured + found.too_few + found.unliked == found.held_out
    able = held & (seen.counts >= 20) & (relevant(hidden, dataset.labelling).counts > 0)
    assert found.measured == able.sum() and found.ratings == hidden.take(np.flatnonzero(able)).counts.sum()
    assert found.untold == 0 and found.failures == {}


def test_rows(found):
    assert found.models == [POPULAR, "ease", "mf"]
    base = found.of(POPULAR)
    assert list(base) == ["1", "5", "20", ALL, WISHES]
    assert len({row.ranked.metrics["ndcg@10"] for shown, row in base.items() if shown != WISHES}) == 1  # whatever is shown
    for name in ("ease", "mf"):
        rows = found.of(name)
        assert list(rows) == ["1", "5", "20", ALL, TRAINED]
        assert all((row.rmse is None) == (name == "ease") for row in rows.values())
        for shown, row in rows.items():
            beside = base[ALL if shown == TRAINED else shown]
            gap = row.served.each["ndcg@10"] - beside.served.each["ndcg@10"]
            assert row.over.value == pytest.approx(gap.mean(), abs=1e-12)
            assert row.over.low <= row.over.value <= row.over.high
        gap = rows[ALL].served.metrics["ndcg@10"] - rows[TRAINED].served.metrics["ndcg@10"]
        assert found.trained[name].value == pytest.approx(gap, abs=1e-12)


def test_more_shown_is_better_and_taste_beats_popularity(found):
    rmse = [found.of("mf")[shown].rmse for shown in ("1", "5", "20", ALL)]
    assert rmse == sorted(rmse, reverse=True)
    ndcg = {shown: row.ranked.metrics["ndcg@10"] for shown, row in found.of("ease").items()}
    served = {shown: row.served.metrics["ndcg@10"] for shown, row in found.of("ease").items()}
    base = found.of(POPULAR)[ALL]
    assert ndcg[ALL] > ndcg["1"] and ndcg[ALL] > base.ranked.metrics["ndcg@10"] + 0.2
    assert served[ALL] > served["1"] and served[ALL] > base.served.metrics["ndcg@10"]
    wished = found.of(POPULAR)[WISHES].served.metrics["ndcg@10"]
    assert wished > base.served.metrics["ndcg@10"]  # one genre is all there is to taste here


@dataclass(frozen=True)
class Echo:
    """Scores an item 1 where it is in the profile, so that whatever is left out shows."""

    n: int
    history = np.empty((0, 2), np.float32)
    outputs = frozenset({"rank"})

    @property
    def item_known(self):
        return np.ones(self.n + 1, np.float32)

    def encode(self, profiles, threads=1):
        codes = np.zeros((len(profiles), self.n), np.float32)
        codes[profiles.user, profiles.item] = 1
        return codes

    def score(self, codes, output, items=None):
        return codes if items is None else codes[:, items]


def test_nothing_that_could_be_shown_is_recommended_and_nothing_hidden_is_seen(dataset, monkeypatch):
    lists = []

    class EchoModule:
        TASKS = ()
        Config = module("popular").Config

        @staticmethod
        def fit(train, config, run):
            return Echo(len(train.items))

    measure = newcomers.measure_lists
    monkeypatch.setattr(
        newcomers, "measure_lists", lambda user, items, *words: lists.append(items) or measure(user, items, *words)
    )
    monkeypatch.setitem(MODELS, "echo", "echo")
    monkeypatch.setitem(sys.modules, "echo", EchoModule)
    found = compare_people(dataset, {"echo": EchoModule.Config()}, SPLIT, run=RUN)
    seen, hidden = make_split(dataset, SPLIT).test(dataset)
    able = (seen.counts >= 20) & (relevant(hidden, dataset.labelling).counts > 0)
    known = seen.take(np.flatnonzero(able))
    assert len(lists) == 2 * len(found.rows) == 2 * (5 + 5)
    for items in lists:
        for row, own in zip(items, (known.slice(b, b + 1).item for b in range(len(known))), strict=True):
            assert not np.isin(row, own).any()
    # of the rest all scores are equal, so that its own order is that of the rows, whatever is shown
    for items in lists[10::2]:
        np.testing.assert_array_equal(items, lists[10])


def test_the_same_seed_gives_the_same(found, dataset):
    again = compare_people(dataset, models("popular", "ease", "mf", mf=SMALL), SPLIT, run=Run(threads=2))
    assert facts(again)["rows"] == facts(found)["rows"]


def test_a_model_that_fails_does_not_stop_the_others(dataset, monkeypatch):
    def refuse(*_):
        raise FitError("Not today.", "Tomorrow.")

    monkeypatch.setattr("konomi.models.ease.fit", refuse)
    told = []
    found = compare_people(dataset, models("ease", "bias"), SPLIT, run=RUN, tell=lambda *said: told.append(said))
    assert found.failures == {"ease": "Not today. Tomorrow."} and found.models == [POPULAR, "bias"]
    assert told[0] == ("ease", "failed: Not today. Tomorrow.") and told[1][0] == "bias"
    assert "ease failed: Not today. Tomorrow." in sentences(found)


def test_a_choice_of_task(dataset):
    found = compare_people(dataset, models("mf", mf=SMALL), SPLIT, task="interaction", run=RUN)
    assert all(row.rmse is None for row in found.rows)


def test_without_genres_nobody_has_wishes(tmp_path):
    draw = np.random.default_rng(1)
    rows = [(u, i, int(draw.integers(4, 11))) for u in range(20) for i in range(60) if draw.random() < 0.9]
    found = compare_people(prepare(table_of(rows)), models("bias"), SPLIT, run=RUN)
    assert WISHES not in found.of(POPULAR) and found.untold == found.measured
    assert "have no genre to wish for" in sentences(found)[0]
    assert write_people(tmp_path / "report", found)["rows"][0]["ild@10"] is None


def test_what_is_refused(dataset):
    with pytest.raises(ConfigError, match="no model"):
        compare_people(dataset, {}, SPLIT, run=RUN)
    with pytest.raises(RequestError, match="Did you mean"):
        compare_people(dataset, {"eas": None}, SPLIT, run=RUN)  # before anything is trained
    with pytest.raises(ConfigError, match="random holds nobody out whole"):
        compare_people(dataset, models("bias"), SplitConfig(), run=RUN)
    short = prepare(table_of([(u, i, 8) for u in range(20) for i in range(10)]))
    with pytest.raises(DataError, match=r"Of \d people held out, nobody has 20 ratings to show"):
        compare_people(short, models("bias"), SPLIT, run=RUN)


def test_presence_alone_is_shown_by_entries(dataset):
    """Without any rating, so many of what somebody has seen are shown."""
    seen = Profiles(
        dataset.indptr, dataset.item, np.full(len(dataset.item), np.nan, np.float32), np.full(len(dataset.item), 2, np.uint8)
    )
    few = drawn(seen, 3, np.random.default_rng(0).random(len(seen.item)))
    assert (few.counts == np.minimum(3, seen.counts)).all()


def test_so_many_people_are_measured_and_no_more(dataset, found):
    some = compare_people(dataset, models("bias"), SPLIT, run=RUN, measured=3)
    assert some.measured == 3 < found.measured and some.rows[0].served.metrics["ranked_users"] == 3


# what is said


def test_tables_and_sentences(found):
    grid = scores(found)
    assert [row[:2] for row in grid.rows] == [(row.model, row.shown) for row in found.rows]
    pairs = [row[:2] for row in leads(found).rows]
    assert pairs[0] == (POPULAR, "wishes − popular") and ("mf", "all − trained on") == pairs[-1]
    assert len(pairs) == 1 + 2 * 6
    first, ease, mf = sentences(found)
    assert f"people held out whole, {found.measured} are measured" in first and "have fewer than 20 ratings to show" in first
    assert ease.startswith("Beside popular, ease ") and "as training users" in ease and mf.startswith("Beside popular, mf ")
    for grid in (scores(found), leads(found)):
        assert grid.markdown() in markdown(found)


def test_the_answer_takes_a_model_whose_lists_are_really_better(found):
    def answered(real):
        over = {True: Interval(0.2, 0.1, 0.3), False: Interval(0.2, -0.1, 0.3)}
        rows = [replace(row, over=row.over and over[(row.model, row.shown) in real]) for row in found.rows]
        return answer(replace(found, rows=rows))

    value = {name: found.of(name)["all"].served.metrics["ndcg@10"] for name in ("ease", "mf")}
    best = max(value, key=value.__getitem__)
    assert answered(set()) == "Take popular, which only counts: no lists are really better."
    assert answered({("mf", "5"), ("mf", "all")}).startswith(
        "Take mf: with 5 and all ratings shown its lists are really better"
    )
    assert answered({("mf", "20"), ("ease", "20")}).startswith(f"Take {best}: with 20 ratings shown its lists")
    assert f"with all they have NDCG@10 {value['mf']:.4f} where popular has" in answered({("mf", "1")})
    assert answered({("mf", "trained on"), ("mf", "wishes")}).startswith("Take popular")


def test_the_folder(found, tmp_path):
    written = write_people(tmp_path / "report", found, "data")
    assert sorted(file.name for file in (tmp_path / "report").iterdir()) == [
        "manifest.json", "metrics.json", "people.md", "people.png", "report.html",
    ]  # fmt: skip
    assert json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8")) == json.loads(json.dumps(written))
    picture = (tmp_path / "report" / "people.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    for what in (written["answer"], "Lists of new people", "<svg", "What the columns say", "How it was measured"):
        assert what in page
    assert page.index('class="answer"') < page.index("<table") < page.index("How it was measured")
    write_people(tmp_path / "again", found, "data")
    assert (tmp_path / "again" / "report.html").read_text("utf-8") == page
    assert (tmp_path / "again" / "people.png").read_bytes() == picture


def test_the_python_of_the_page_runs(dataset, tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs" / "compare.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, names := {"dataset": dataset})
    assert (tmp_path / "report" / "report.html").exists() and (tmp_path / "people" / "people.md").exists()
    assert repr(names["people"]).startswith("People(popular, ease, mf on ")
    assert repr(names["people"].rows[0]).startswith("Row(popular, 1: ndcg@10 0.")


# the command


@pytest.fixture(scope="module")
def data(dataset, tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "data"
    dataset.save(path)
    return path


def test_the_command_prints_it(data, tmp_path):
    words = ("--people", "-m", "popular,bias", "-o", tmp_path / "report", "--test", "0.4", "--threads", "1")
    result = konomi("compare", data, *words)
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    for word in ("people held out whole", "trained on", "wishes", "RMSE", "NDCG@10", "diversity", "real?"):
        assert word in result.stdout
    assert result.stderr.splitlines()[-1] == f"The report is {tmp_path / 'report' / 'report.html'}."
    printed = json.loads(konomi("compare", data, *words, "--json").stdout)
    assert printed.pop("path") == str(tmp_path / "report")
    assert printed == json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))
    assert printed["split"]["kind"] == "users" and printed["people"]["measured"] > 0
    assert {row["model"] for row in printed["rows"]} == {"popular", "bias"}


def test_what_the_command_refuses(data, tmp_path):
    words = ("compare", data, "--people", "-m", "bias", "-o", tmp_path / "report")
    message, hint = refused(*words, "--split", "random")
    assert message == "A split of kind random holds nobody out whole." and hint == "Use --split users, or leave it out."
    toml = tmp_path / "run.toml"
    toml.write_text('[split]\nkind = "last"\n')
    assert "kind last holds nobody" in refused(*words, "--config", toml)[0]
    assert not (tmp_path / "report").exists()
