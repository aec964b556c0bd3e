"""What may be offered of each franchise: hand-worked, laws, and the kernel against its definition in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue.franchises import BESIDE
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.kernels.reference.franchises import offered as reference
from konomi.kernels.topk import topk
from konomi.ranking.franchise_rule import FranchiseRule

DONE, DROPPED, PLANNED = STATUS["completed"], STATUS["dropped"], STATUS["plan to watch"]
WATCHING, ON_HOLD = STATUS["watching"], STATUS["on hold"]

# rows 0 to 3: three seasons and a recap of one work; 4: a film alone; 5 and 6: a second work, its sequel first
FRANCHISE = np.array([0, 0, 0, 0, 4, 6, 6], np.int32)
PART = np.array([0, 1, 2, BESIDE, 0, 1, 0], np.int32)
ALL = np.ones(7, bool)


def people(*lists):
    """Profiles from {item row: status}."""
    flat = [(u, i, s) for u, entries in enumerate(lists) for i, s in entries.items()]
    user, item, status = (np.array([entry[k] for entry in flat], np.int64) for k in range(3))
    nan = np.full(len(flat), np.nan, np.float32)
    return Profiles.from_entries(len(lists), user.astype(np.int32), item.astype(np.int32), nan, status.astype(np.uint8))


def offered(profiles, franchise, part, known, allowed):
    return FranchiseRule.of(franchise, part, known).offered(profiles, allowed)


def without(*rows):
    marks = ALL.copy()
    marks[list(rows)] = False
    return marks


@pytest.mark.parametrize(
    ("seen", "known", "allowed", "offers"),
    [
        ({}, ALL, ALL, [0, 4, 6]),
        ({}, ALL, without(0), [4, 6]),  # not its sequel instead
        ({}, without(0), ALL, [1, 4, 6]),  # the model knows nothing of the first
        ({}, without(0, 1, 2), ALL, [4, 6]),  # a recap is nowhere to begin
        ({0: DONE}, ALL, ALL, [1, 4, 6]),
        ({0: DONE}, ALL, without(1), [2, 4, 6]),
        ({0: DONE}, without(0), ALL, [1, 4, 6]),
        ({0: DONE, 1: DONE, 2: DONE}, ALL, ALL, [4, 6]),  # a recap is not what comes next
        ({0: DONE, 1: DONE, 2: DONE, 3: DONE}, ALL, ALL, [4, 6]),
        ({1: DONE}, ALL, ALL, [0, 4, 6]),
        ({1: DONE}, ALL, without(0), [4, 6]),
        ({3: DONE}, ALL, ALL, [0, 4, 6]),
        ({1: DROPPED}, ALL, ALL, [4, 6]),
        ({0: WATCHING}, ALL, ALL, [4, 6]),  # in the middle of the first part
        ({0: DONE, 1: ON_HOLD}, ALL, ALL, [4, 6]),
        ({0: DONE, 3: WATCHING}, ALL, ALL, [1, 4, 6]),  # a recap
        ({0: DONE, 3: DROPPED}, ALL, ALL, [1, 4, 6]),  # dropping a recap says nothing
        ({0: PLANNED}, ALL, ALL, [0, 4, 6]),
        ({0: DONE, 1: PLANNED}, ALL, ALL, [1, 4, 6]),
        ({4: DONE, 6: 0}, ALL, ALL, [0, 5]),
    ],
)
def test_hand_worked(seen, known, allowed, offers):
    assert np.flatnonzero(offered(people(seen), FRANCHISE, PART, known, allowed)[0]).tolist() == offers


def test_profiles_without_statuses_have_seen_all_their_entries():
    found = offered(Profiles.of([{0: 9.0}, {}]), FRANCHISE, PART, ALL, ALL)
    assert [np.flatnonzero(row).tolist() for row in found] == [[1, 4, 6], [0, 4, 6]]
    assert offered(Profiles.of([]), FRANCHISE, PART, ALL, ALL).shape == (0, 7)


@st.composite
def problems(draw):
    n, rng = draw(st.integers(1, 25)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    group = rng.integers(0, draw(st.integers(1, n)), n)
    franchise, part = np.empty(n, np.int32), np.empty(n, np.int32)
    for g in np.unique(group):
        rows = rng.permutation(np.flatnonzero(group == g))
        main = rng.integers(1, len(rows) + 1)
        franchise[rows] = rows[0]
        part[rows] = np.r_[np.arange(main), BESIDE + np.arange(len(rows) - main)]
    statuses = [0, DONE, DONE, DROPPED, PLANNED]
    lists = [
        {int(i): int(rng.choice(statuses)) for i in np.flatnonzero(rng.random(n) < 0.3)} for _ in range(draw(st.integers(0, 6)))
    ]
    return lists, franchise, part, rng.random(n) < 0.8, rng.random(n) < 0.8


@given(problems())
def test_kernel_equals_numpy_and_keeps_its_promises(problem):
    lists, franchise, part, known, allowed = problem
    profiles = people(*lists)
    found = offered(profiles, franchise, part, known, allowed)
    seen = [
        ({i for i, s in entries.items() if s != PLANNED}, {i for i, s in entries.items() if s == DROPPED}) for entries in lists
    ]
    np.testing.assert_array_equal(found, reference(seen, franchise, part, part < BESIDE, known, allowed))
    assert not found[:, ~(known & allowed)].any()
    for row, (met, _) in zip(found, seen, strict=True):
        given_ = np.flatnonzero(row)
        assert len(set(franchise[given_])) == len(given_) and not met & set(given_.tolist())
        for i in given_:  # never a sequel before a first that could be had
            before = [
                j for j in np.flatnonzero((franchise == franchise[i]) & (part < part[i])) if known[j] and part[j] < BESIDE
            ]
            assert not before or any(j in met for j in np.flatnonzero(franchise == franchise[i]))
            assert part[i] < BESIDE


def test_top_k_over_the_offers_is_k_different_works():
    scores = np.array([[9, 8, 7, 9, 1, 6, 5]], np.float32)
    profiles = people({0: DONE})
    row = offered(profiles, FRANCHISE, PART, ALL, ALL)[0]
    items, _ = topk(scores, 3, profiles.indptr, profiles.item, row)
    assert items.tolist() == [[1, 6, 4]]


def test_no_sequels_of_what_has_been_begun():
    """Not even of a work of which only a later part was seen; a recap is no beginning."""
    rule = FranchiseRule.of(FRANCHISE, PART, ALL)
    for seen, offers in (({0: DONE}, [4, 6]), ({1: DONE}, [4, 6]), ({3: DONE}, [0, 4, 6]), ({0: PLANNED}, [0, 4, 6])):
        assert np.flatnonzero(rule.offered(people(seen), ALL, sequels=False)[0]).tolist() == offers
