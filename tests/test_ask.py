"""What to ask next: the fast updates against their twins, a case by hand, laws of an interview, and `konomi ask`."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from conftest import table_of
from konomi.bundle.format import save_bundle
from konomi.cli import ask as command
from konomi.cli.commands import app
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.errors import RequestError
from konomi.models import bias, genre, mf
from konomi.models.api import HasItemVectors
from konomi.pipeline.train import train_model
from konomi.recommend.interview import (
    TASTE,
    Questions,
    answered,
    first_questions,
    measured_taste,
    next_question,
    questions,
    start,
)
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

GENRES = [["Action"], ["Drama"], ["Action", "Drama"], ["Comedy"], None, ["Hentai"]]


def catalogue(n=24):
    """Items 100 to 100 + n: row 5 is sensitive, row 4 has no title, two are called "102", two are the same in all but id."""
    titles = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i] * 5 for i in range(n)]  # no two of a franchise
    titles[4], titles[7], titles[8], titles[9] = None, "102", "102", "[Oshi no Ko]"
    titles[10] = titles[11] = "Twin"
    return pl.DataFrame(
        {
            "item_id": range(100, 100 + n),
            "title": titles,
            "titles": [[] for _ in range(n)],
            "genres": [GENRES[i % len(GENRES)] if i == 5 or i % len(GENRES) != 5 else ["Horror"] for i in range(n)],
            "year": [1990 + i - (i == 11) if i % 7 else None for i in range(n)],
            "type": ["TV" if i % 2 else "Movie" for i in range(n)],
            "episodes": [12] * n,
            "score": [None] * n,
            "score_count": [None] * n,
            "image": [None] * n,
            "sensitive": [i == 5 for i in range(n)],
        },
        schema_overrides={
            "year": pl.Int32,
            "score": pl.Float32,
            "score_count": pl.Int64,
            "image": pl.String,
            "episodes": pl.Int32,
        },
    )


@pytest.fixture(scope="module")
def dataset():
    """Sixty people; the lower an item's row, the more know it; nobody has rated the last."""
    rows = [
        (user, 100 + i, 3 + (user * i + i) % 7) for user in range(60) for i in range(23) if (7 * user + 11 * i) % 23 >= i // 2
    ]
    return prepare(table_of([*rows, (0, 123, None)], items=catalogue(), note="simulated ratings"))


@pytest.fixture(scope="module")
def parts(dataset):
    return make_split(dataset, SplitConfig(valid=0, test=0)).train_set(dataset)


@pytest.fixture(scope="module")
def items(parts):
    return add_statistics(parts.items, parts.seen, parts.scale)


@pytest.fixture(scope="module")
def model(parts):
    return mf.fit(parts, mf.Config(dim=6, epochs=20), Run(threads=1))


@pytest.fixture(scope="module")
def asking(model, items):
    return questions(model, items)


def drawn(seed, I=12, D=4, T=3):
    """Questions that mean nothing."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(I, D))
    root = draw.normal(size=(D, D))
    share = draw.dirichlet(np.ones(I))
    return Questions(
        vectors=vectors.astype(np.float32),
        wanted=(vectors * share[:, None]).T @ vectors,
        taste=root @ root.T + 0.1 * np.eye(D),
        traits=draw.normal(size=(I, T)).astype(np.float32),
        habit=draw.uniform(0.1, 2, T),
        common=draw.normal(-1, 1, I).astype(np.float32),
        franchise=np.arange(I, dtype=np.int32),
        askable=np.ones(I, bool),
    )


# ---- the beliefs


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=12, unique_by=lambda one: one[0]))
def test_the_updates_are_the_full_solve(seed, told):
    """Σ = (Σ₀⁻¹ + Σ v vᵀ)⁻¹ of what is known, and all that follows from it; C and h by one step of logistic regression each."""
    asking = drawn(seed)
    interview = start(asking)
    precision, habit, h = np.linalg.inv(asking.taste), np.diag(asking.habit), np.zeros(3)
    for row, known in told:
        x = asking.traits[row].astype(np.float64)
        chance = 1 / (1 + np.exp(-(asking.common[row] + x @ h)))
        habit = np.linalg.inv(np.linalg.inv(habit) + chance * (1 - chance) * np.outer(x, x))
        h = h + habit @ x * (known - chance)
        if known:
            precision += np.outer(asking.vectors[row], asking.vectors[row])
        interview = answered(asking, interview, row, 7.0 if known else None)
    taste, V = np.linalg.inv(precision), asking.vectors.astype(np.float64)
    near = {"rtol": 1e-3, "atol": 1e-3 * np.abs(asking.taste).max()}
    np.testing.assert_allclose(interview.taste, taste, **near)
    np.testing.assert_allclose(interview.spread, np.diag(V @ taste @ V.T), **near)
    pull = np.diag(V @ taste @ asking.wanted @ taste @ V.T)
    np.testing.assert_allclose(interview.pull, pull, rtol=1e-3, atol=1e-4 * start(asking).pull.max())
    np.testing.assert_allclose(interview.habit, habit, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(interview.knows, asking.common + asking.traits @ h, rtol=1e-4, atol=1e-4)


@given(st.integers(0, 2**32))
def test_the_gain_is_how_far_the_error_falls(seed):
    """tr(MΣ) before less tr(MΣ) after; the next question is where that is most, times the chance of an answer."""
    asking = drawn(seed)
    interview = start(asking)
    before = np.trace(asking.wanted @ interview.taste)
    falls = [before - np.trace(asking.wanted @ answered(asking, interview, row, 5.0).taste) for row in range(12)]
    np.testing.assert_allclose(interview.pull / (1 + interview.spread), falls, rtol=1e-3, atol=1e-4)
    assert next_question(interview) == np.argmax(np.array(falls) / (1 + np.exp(-asking.common)))


def test_by_hand():
    """Two directions, only the first of which matters; everybody knows everything."""
    asking = Questions(
        vectors=np.array([[1, 1], [1, 0], [0, 1]], np.float32),
        wanted=np.diag([1.0, 0.0]),
        taste=np.eye(2),
        traits=np.ones((3, 1), np.float32),
        habit=np.zeros(1),
        common=np.full(3, 30, np.float32),
        franchise=np.arange(3, dtype=np.int32),
        askable=np.ones(3, bool),
    )
    first = start(asking)
    # gains: 1/(1 + 2), 1/(1 + 1), 0/(1 + 1)
    np.testing.assert_allclose(first.pull, [1, 1, 0])
    np.testing.assert_allclose(first.spread, [2, 1, 1])
    assert next_question(first) == 1
    # Σ = diag(1/2, 1): gains (1/4)/(1 + 3/2) and 0
    second = answered(asking, first, 1, 8.0)
    np.testing.assert_allclose(second.taste, np.diag([0.5, 1]))
    np.testing.assert_allclose(second.pull, [0.25, 0.25, 0])
    np.testing.assert_allclose(second.spread, [1.5, 0.5, 1])
    assert next_question(second) == 0
    third = answered(asking, second, 0, None)
    np.testing.assert_array_equal(third.taste, second.taste)  # what they do not know tells nothing of what they like
    assert next_question(third) == 2
    assert next_question(answered(asking, third, 2, 1.0)) == -1
    assert third.answers == ((1, 8.0), (0, None)) and third.ratings == {1: 8.0}
    assert first.answers == () and first.askable.all()  # what was before is as it was
    assert first_questions(asking, 3).tolist() == [1, 0, 2]


def test_what_is_known_tells_what_else_is(asking, items):
    """Whoever knows a title is likelier to know others like it, and whoever does not, less likely."""
    first = start(asking)
    comedy, horror = (items["genres"].list.contains(genre).fill_null(False).to_numpy() for genre in ("Comedy", "Horror"))
    rows = np.flatnonzero(comedy & asking.askable)
    alike, other = rows[1], np.flatnonzero(horror & asking.askable)[0]
    known, unknown = (answered(asking, first, int(rows[0]), rating).knows - first.knows for rating in (6.0, None))
    assert known[alike] > known[other] > 0 > unknown[other] > unknown[alike]


# ---- the laws of an interview


@given(st.integers(0, 2**32), st.booleans())
def test_never_twice_never_sensitive_until_nothing_is_left(asking, seed, franchises):
    draw = np.random.default_rng(seed)
    franchise = (np.arange(24) // 2 if franchises else np.arange(24)).astype(np.int32)
    asking = Questions(**{**vars(asking), "franchise": franchise})
    interview, asked = start(asking), []
    while (row := next_question(interview)) >= 0:
        asked.append(row)
        interview = answered(asking, interview, row, float(draw.integers(1, 11)) if draw.random() < 0.5 else None)
    assert len(set(asked)) == len(asked) and 5 not in asked and 23 not in asked  # 23: nobody has rated it
    assert len({int(franchise[row]) for row in asked}) == len(asked)
    assert len(asked) == (12 if franchises else 22) - (1 if franchises and not asking.askable[22:].any() else 0)
    assert (interview.spread > -1e-4).all() and np.linalg.eigvalsh(interview.taste).min() > 0
    assert not interview.askable.any()


def test_the_first_questions(asking):
    first = first_questions(asking, 10)
    assert len(set(first.tolist())) == 10 and 5 not in first and first.dtype == np.int32
    np.testing.assert_array_equal(first_questions(asking, 4), first[:4])
    assert first[0] == next_question(start(asking))
    assert sorted(first_questions(asking, 1000).tolist()) == np.flatnonzero(asking.askable).tolist()
    assert len(first_questions(asking, 0)) == 0


def test_one_title_of_a_franchise(model, items):
    asking = questions(model, items.with_columns(franchise=pl.lit(3, pl.Int32)))
    assert len(first_questions(asking, 5)) == 1
    assert next_question(answered(asking, start(asking), 0, None)) == -1


def test_models_with_and_without_item_vectors(parts, items, model):
    taste = genre.fit(parts, genre.Config(), Run())
    assert isinstance(taste, HasItemVectors) and taste.item_vectors().shape == (24, 5)
    np.testing.assert_allclose(taste.item_vectors()[2], [0.5, 0, 0.5, 0, 0])
    plain = [questions(other, items) for other in (None, bias.fit(parts, bias.Config(), Run()))]
    for asking in (questions(model, items), questions(taste, items), *plain):
        first = first_questions(asking, 22).tolist()
        assert len(set(first)) == 22
    assert first_questions(plain[0], 22).tolist() == first_questions(plain[1], 22).tolist()


def test_a_catalogue_that_says_nothing(items):
    """Only how common a title is tells it from others: the most common come first."""
    bare = items.with_columns(
        genres=pl.lit(None, pl.List(pl.String)), year=pl.lit(None, pl.Int32), type=pl.lit(None, pl.String)
    )
    first = first_questions(questions(None, bare), 5)
    count = items["ratings"].to_numpy()
    assert (np.diff(count[first]) <= 0).all() and count[first[0]] == count[np.arange(24) != 5].max()
    nothing = bare.with_columns(ratings=pl.lit(0, pl.Int64))
    assert len(first_questions(questions(None, nothing), 5)) == 0
    assert next_question(start(questions(None, nothing.head(0)))) == -1


def test_how_much_the_vectors_tell(model, items):
    """The offsets leave a mean square of 1.21, the model leaves 1.1; one no better than they tells next to nothing."""
    assert measured_taste({"rmse": 1.1**0.5, "baselines": {"bias": {"rmse": 1.1}}}) == pytest.approx(0.1)
    assert measured_taste({"rmse": 1, "baselines": {"bias": {"rmse": 0.9}}}) == 0.01
    assert measured_taste({"rmse": 0, "baselines": {"bias": {"rmse": 0.9}}}) == TASTE
    assert measured_taste({"log_loss": 0.3, "baselines": {"bias": {}}}) == measured_taste({}) == TASTE
    for taste in (0.01, 0.4):
        asking = questions(model, items, taste)
        assert np.trace(asking.wanted @ asking.taste) == pytest.approx(taste + 0.4)


def test_what_cannot_be_answered(asking):
    interview = answered(asking, start(asking), 3, 7.0)
    for row in (3, -1, 24):
        with pytest.raises(RequestError, match=f"Item row {row} is not in the catalogue, or was asked about before"):
            answered(asking, interview, row, 7.0)


def test_the_same_every_time(model, items):
    """Two interviews of the same answers are the same bytes."""
    one, two = (answered(a, start(a), 1, 9.0) for a in (questions(model, items), questions(model, items)))
    for name in ("taste", "spread", "pull", "habit", "knows", "askable"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


# ---- the command


@pytest.fixture(scope="module")
def bundle(dataset, tmp_path_factory):
    path = tmp_path_factory.mktemp("ask") / "bundle"
    save_bundle(
        path, train_model(dataset, {"mf": mf.Config(dim=4, epochs=10)}, SplitConfig(valid=0.1, test=0.1), Run(threads=1))
    )
    return path


def konomi(*words, typed=None, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words], input=typed)
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    return result


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(command, "at_terminal", lambda: True)


def test_without_a_terminal_it_says_what_to_ask(bundle):
    result = konomi("ask", bundle, "-n", 3)
    assert "What to ask about first" in result.stdout and "simulated ratings" in result.stdout
    found = json.loads(konomi("ask", bundle, "--questions", 3, "--json").stdout)
    assert len(found["questions"]) == 3 and found["note"] == "simulated ratings"
    assert list(found["questions"][0]) == ["item_id", "title", "year", "type", "genres"]
    assert len(json.loads(konomi("ask", bundle, "-n", 999, "--json").stdout)["questions"]) >= 20


def test_answers_lead_to_recommendations(bundle, terminal, tmp_path):
    """A number rates, Enter is not seen, anything else is asked again; the answers are read back by `recommend`."""
    kept = tmp_path / "list.csv"
    result = konomi("ask", bundle, "-n", 4, "-k", 3, "-o", kept, typed="9\n\neleven\n11\n7.5\nnan\n1e999\n7,0\n8\n")
    assert "Recommended" in result.stdout and "Written to" in result.stderr
    assert "Ratings go from 1 to 10 in steps of 1; a number rates it, Enter: not seen, q: done." in result.stderr
    assert '"eleven" is not a number' in result.stderr
    for wrong in ("11", "7.5", "nan", "1e999"):
        assert f"{wrong} is not on the scale, which goes from 1 to 10 in steps of 1" in result.stderr
    assert [f"\n{n}. " in result.stderr for n in range(1, 6)] == [True] * 4 + [False]
    lines = kept.read_text().splitlines()
    assert lines[0] == "title,rating" and [line.rpartition(",")[2] for line in lines[1:]] == ["9", "7", "8"]
    again = konomi("recommend", bundle, "--profile", kept, "-k", 3)
    assert again.stdout == result.stdout


@pytest.mark.parametrize("typed", ["q\n", "Q\n", "", "\n\nq\n"])
def test_nothing_said_is_nothing_written(bundle, terminal, tmp_path, typed):
    """q, or the end of the input, at once: what anybody is shown."""
    kept = tmp_path / "list.csv"
    result = konomi("ask", bundle, "-o", kept, typed=typed)
    assert "Recommended" in result.stdout and "was not written" in result.stderr and not kept.exists()


def test_a_catalogue_asked_through(bundle, terminal):
    result = konomi("ask", bundle, "-n", 1000, typed="\n" * 1000)
    assert "Recommended" in result.stdout and "\n25. " not in result.stderr


def test_interrupted(bundle, terminal, monkeypatch, tmp_path):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", stop)
    result = konomi("ask", bundle, "-o", tmp_path / "list.csv", code=130)
    assert result.stdout == "" and not list(tmp_path.iterdir())


def test_kept_titles_find_themselves(bundle, tmp_path, terminal):
    """Every line is read back as the item that was asked about, or the person could not go on with it."""
    kept = tmp_path / "list.csv"
    konomi("ask", bundle, "-n", 1000, "-o", kept, typed="7\n" * 1000)
    recommender = Recommender.load(bundle)
    franchise = recommender.bundle.items["franchise"].to_numpy()
    names = [line.removesuffix(",7") for line in kept.read_text().splitlines()[1:]]
    found = [recommender.catalogue.find(name).row for name in names]
    asked = questions(None, recommender.bundle.items).askable
    assert sorted(franchise[found].tolist()) == sorted(set(franchise[asked].tolist())) and len(names) >= 20
    assert asked[found].all()


def test_a_title_that_another_has_is_kept_as_its_id(bundle):
    recommender = Recommender.load(bundle)
    assert [recommender.catalogue.handle(row) for row in (4, 9)] == ["104", "[Oshi no Ko] (1999)"]
    twins = {recommender.catalogue.handle(row) for row in (10, 11)}  # whichever has fewer ratings is not found by its title
    assert twins in ({"Twin (2000)", "111"}, {"Twin (2000)", "110"})
    assert sorted(recommender.catalogue.find(name).row for name in twins) == [10, 11]


@pytest.mark.parametrize(
    ("talking", "words", "message"),
    [
        (False, ("-o", "list.csv"), "There is nobody to ask, and so no answer to keep."),
        (True, ("-o", "list.csv", "--json"), "There is nobody to ask, and so no answer to keep."),
        (True, ("-o", __file__), "test_ask.py: already exists."),
    ],
)
def test_what_is_refused_before_the_first_question(bundle, monkeypatch, talking, words, message):
    monkeypatch.setattr(command, "at_terminal", lambda: talking)
    result = konomi("ask", bundle, *words, code=2)
    assert message in result.stderr and "hint: " in result.stderr and result.stdout == ""
