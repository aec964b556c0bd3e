"""ease beyond the contract: a hand-worked example, the twins, what each entry adds, memory, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from konomi import runtime
from konomi.cli.commands import app
from konomi.cli.console import running
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, FitError, RequestError
from konomi.kernels.gram import gram
from konomi.kernels.inverse import negative_inverse
from konomi.kernels.reference import gram as slow_gram
from konomi.kernels.reference import inverse as slow_inverse
from konomi.models import ease, shallow
from konomi.runtime import Run
from konomi.settings import byte_size
from test_popular import train_of

GIB = 2**30
A, B, C = 0, 1, 2


@pytest.fixture(scope="module")
def three():
    """Who has a has b, who has c has b: {a, b}, {a, b}, {b, c}, all liked."""
    return train_of([(1, "a", 9), (1, "b", 9), (2, "a", 9), (2, "b", 9), (3, "b", 9), (3, "c", 9)])


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0, test=0)).train_set(checkerboard)


def rated(items, rating=9.0):
    return Profiles.of([{item: rating for item in items}])


def test_by_hand(three):
    model = ease.fit(three, ease.Config(l2=1, least=1), Run())
    # XᵀX + I = [3 2 0; 2 4 1; 0 1 2], of determinant 13; 13 P = [7 −4 2; −4 6 −3; 2 −3 8]; B_ji = −P_ji / P_ii
    by_hand = [[0, 4 / 6, -2 / 8], [4 / 7, 0, 3 / 8], [-2 / 7, 3 / 6, 0]]
    np.testing.assert_allclose(model.weight, by_hand, rtol=1e-6, atol=1e-7)
    codes = model.encode(rated([A, C]))
    np.testing.assert_allclose(codes, [[-2 / 7, 4 / 6 + 3 / 6, -2 / 8, 0]], rtol=1e-6)
    np.testing.assert_array_equal(model.score(codes, "rank"), [codes[0, :3]])
    np.testing.assert_array_equal(model.score_pairs(codes, np.array([-1]), "rank"), [0])


def test_what_says_nothing_adds_nothing(train):
    model = ease.fit(train, ease.Config(disliked=0, least=26), Run())
    assert not model.score(model.encode(Profiles.of([{}])), "rank").any()
    known, unknown = (np.flatnonzero((model.item_known[:-1] > 0) == yes) for yes in (True, False))
    assert len(unknown)
    for nothing in ({known[1]: 2.0}, {known[1]: float("nan")}, {unknown[0]: 9.0}):
        code = model.encode(Profiles.of([{known[0]: 9.0, **nothing}]))
        np.testing.assert_array_equal(code, model.encode(rated(known[:1])))
        assert not model.parts(Profiles.of([nothing]), np.arange(20, dtype=np.int32), "rank").any()


def test_the_share_in_bundles_of_before_is_not_used(train):
    state = ease.fit(train, ease.Config(), Run()).state()
    assert ease.load({**state, "share": np.ones(21, np.float32)}).state().keys() == state.keys()


def test_it_is_what_minimises_the_objective(train):
    """No other matrix with a diagonal of 0 does better: its slope is 0 everywhere else."""
    model = ease.fit(train, ease.Config(l2=7.0, disliked=-0.25), Run())
    seen = train.seen
    X = np.zeros((len(seen), len(train.items)))
    X[seen.user, seen.item] = np.where(seen.rating > 5, 1, -0.25)
    slope = X.T @ (X @ model.weight - X) + 7.0 * model.weight
    np.fill_diagonal(slope, 0)
    assert np.abs(slope).max() < 1e-4


@given(st.integers(1, 40), st.sampled_from([1, 3, 16, 64]), st.integers(1, 3), st.integers(0, 2**31))
def test_the_inverse_is_its_twin(n, tile, threads, seed):
    X = np.random.default_rng(seed).integers(0, 2, (30, n))
    full = (X.T @ X + 3 * np.eye(n)).astype(np.float32)
    inverse = np.tril(full)  # nothing above the diagonal is read
    negative_inverse(inverse, threads, tile)
    np.testing.assert_allclose(inverse, slow_inverse.negative_inverse(full), atol=2e-6)
    np.testing.assert_array_equal(inverse, inverse.T)


def test_a_large_inverse_is_precise_and_the_same_at_any_thread_count():
    """More than one tile of the usual size; the scale of the result is 1 / λ."""
    X = sp.random(2000, 1300, 0.03, "csr", np.float32, np.random.default_rng(0), np.ones)
    full = (X.T @ X).toarray() + 20 * np.eye(1300, dtype=np.float32)
    found = []
    for threads in (1, 2, 8):
        found.append(full.copy())
        negative_inverse(found[-1], threads)
    np.testing.assert_allclose(found[0], slow_inverse.negative_inverse(full), atol=1e-6 / 20)
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 2**31))
def test_the_gram_matrix_is_its_twin(people, n, seed):
    rng = np.random.default_rng(seed)
    X = sp.csr_matrix(rng.integers(0, 2, (people, n)) * rng.choice([ease.ONE, -777], (people, n)), dtype=np.int32)
    columns = X.tocsc()
    half, twin = np.zeros((2, n, n), rng.choice([np.float32, np.int64]))
    arrays = (columns.indptr.astype(np.int64), columns.indices, columns.data, X.indptr.astype(np.int64), X.indices, X.data)
    for start in range(n):
        gram(*arrays, start, start + 1, half)
        slow_gram.gram(*arrays, start, start + 1, twin)
    np.testing.assert_array_equal(half, twin)


def test_what_an_entry_adds_is_what_is_missing_without_it(checkerboard, train):
    model = ease.fit(train, ease.Config(least=26, disliked=-0.5), Run())
    assert 0 < (model.item_known[:-1] == 0).sum() < 20
    person, items = checkerboard.profiles.slice(3, 4), np.arange(-1, 20, dtype=np.int32)
    parts = model.parts(person, items, "rank")
    assert parts.shape == (len(person.item), 21) and parts.dtype == np.float32
    whole = model.score(model.encode(person), "rank", items)[0]
    for n in range(len(person.item)):
        others = person.keep(np.arange(len(person.item)) != n)
        np.testing.assert_allclose(parts[n], whole - model.score(model.encode(others), "rank", items)[0], atol=1e-6)
    with pytest.raises(RequestError, match='no output "rating"'):
        model.parts(person, items, "rating")


def test_an_entry_that_says_nothing_adds_nothing(train):
    model = ease.fit(train, ease.Config(), Run())
    parts = model.parts(Profiles.of([{2: 9, 4: float("nan")}]), np.array([1, 6], np.int32), "rank")
    assert parts[0].any() and not parts[1].any()


def test_statuses_are_read_as_in_training(train):
    """What is only planned says nothing, what is dropped is disliked, what is watched counts even without a rating."""
    model = ease.fit(train, ease.Config(disliked=0.25), Run())

    def code(rating, status):
        one = Profiles.of([{4: rating}])
        return model.encode(replace(one, status=np.array([STATUS[status]], np.uint8)))

    unscored, nobody = float("nan"), model.encode(Profiles.of([{}]))
    np.testing.assert_array_equal(code(unscored, "plan to watch"), nobody)
    np.testing.assert_array_equal(code(8, "plan to watch"), nobody)
    for status in ("completed", "watching", "on hold"):
        np.testing.assert_array_equal(code(unscored, status), code(9, "completed"))
    for disliked in (code(unscored, "dropped"), code(2, "completed")):
        np.testing.assert_array_equal(disliked, code(9, "completed") / 4)


def test_training_reads_statuses(three):
    """Those who only plan c do not have it: as if they had no such entry."""
    rows = [(1, "a", 9), (1, "b", None), (1, "c", None), (2, "a", None), (2, "b", 9), (3, "c", 9), (3, "b", 9)]
    status = ["completed", "completed", "plan to watch", "completed", "watching", "completed", "completed"]
    np.testing.assert_array_equal(
        ease.fit(train_of(rows, status), ease.Config(least=1), Run()).weight,
        ease.fit(three, ease.Config(least=1), Run()).weight,
    )


def test_rare_items_are_left_out(three):
    model = ease.fit(three, ease.Config(l2=1, least=2), Run())
    assert model.weight.shape == (2, 2) and (model.item_known == 0).tolist() == [False, False, True, True]
    np.testing.assert_array_equal(model.encode(rated([C])), [[0, 0, 0]])
    codes = model.encode(rated([A, B]))
    assert np.argsort(-model.score(codes, "rank")[0])[-1] == C
    assert model.score(codes, "rank")[0, C] == 0


def test_a_crowd_is_encoded_the_same_on_any_number_of_threads(train):
    model = ease.fit(train, ease.Config(), Run())
    crowd = train.seen.take(np.tile(np.arange(len(train.seen)), 5))
    assert len(crowd) > 2 * shallow.PEOPLE
    for threads in (2, 8):
        np.testing.assert_array_equal(model.encode(crowd, 1), model.encode(crowd, threads))


def test_too_much_memory_is_refused_before_the_fit(checkerboard, train):
    """The suggestion fits, and one less does not."""
    entries, counts = len(train.seen.item), np.bincount(train.seen.item)
    fitting = np.array([ease.forecast((counts >= least).sum(), entries) for least in range(31)])
    cap = int(np.median(np.unique(fitting[fitting > fitting.min()])))
    with pytest.raises(FitError, match=r"ease needs .* KiB of memory for 20 × 20 items, and may use .* KiB") as caught:
        ease.fit(train, ease.Config(), Run(memory=cap))
    assert "Raise `memory` to 1GiB" in caught.value.hint
    least = int(caught.value.hint.rpartition("`least`=")[2].rstrip("."))
    assert fitting[least] <= cap < fitting[least - 1]
    assert ease.fit(train, ease.Config(least=least), Run(memory=cap)).item_known.any()
    with pytest.raises(FitError) as caught:
        ease.fit(train, ease.Config(), Run(memory=1))
    assert caught.value.hint == "Raise `memory` to 1GiB."


def test_the_forecast_of_a_whole_catalogue():
    assert 1.2 * GIB < ease.forecast(17_562, 1_000_000) < 1.4 * GIB


def test_sizes():
    assert [byte_size(text, "") for text in ("8GB", "8 gib", "1.5MB", "2TiB", "1KB")] == [
        8 * 10**9, 8 * GIB, 1_500_000, 2 * 2**40, 1000,
    ]  # fmt: skip
    for bad in ("", "8", "8G", "GB", "-1GB", "0GB", "1e3MB", "8 GB of it"):
        with pytest.raises(ConfigError, match="--memory cannot be") as caught:
            byte_size(bad, "--memory")
        assert "8GB" in caught.value.hint


def test_a_run_may_take_three_quarters_of_what_is_free(monkeypatch):
    with pytest.raises(ConfigError, match="memory is 0"):
        Run(memory=0)
    monkeypatch.setattr(runtime, "available_memory", lambda: 1000)
    assert Run().memory == 750


def test_memory_in_the_shell(checkerboard, tmp_path):
    checkerboard.save(tmp_path / "data")
    words = ["compare", str(tmp_path / "data"), "-m", "ease", "-o", str(tmp_path / "report"), "--memory", "much"]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2 and '--memory cannot be "much"' in refused.stderr
    with running(memory="2KB") as run:
        assert run.memory == 2000
    with running() as run:
        assert run.memory > 1e6


def test_what_is_refused(train):
    for bad in ({"l2": 0.0}, {"l2": 1e-50}, {"l2": 1e39}, {"least": 0}):
        with pytest.raises(ConfigError, match=next(iter(bad))):
            ease.Config(**bad)
    with pytest.raises(ConfigError, match="disliked is 2"):
        ease.Config(disliked=2)
    nothing = replace(train, seen=train.seen.keep(np.zeros(len(train.seen.item), bool)))
    with pytest.raises(FitError, match="no entry to learn from"):
        ease.fit(nothing, ease.Config(), Run())
    with pytest.raises(FitError, match="No item has 99 entries") as caught:
        ease.fit(train, ease.Config(least=99), Run())
    assert "`least`=1" in caught.value.hint


def test_a_matrix_that_cannot_be_inverted():
    """Ten people who all have the same, and next to no penalty."""
    alike = train_of([(u, i, 9) for u in range(10) for i in range(10)])
    with pytest.raises(FitError, match="l2 = 1e-09") as caught:
        ease.fit(alike, ease.Config(l2=1e-9), Run())
    assert "l2" in caught.value.hint
