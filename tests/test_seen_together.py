"""What ratings tell of titles that belong together: worked by hand, against a plain twin, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue.franchises import franchises
from konomi.catalogue.inner_names import RUN_TITLES, TOGETHER, run_pairs
from konomi.catalogue.likeness import Likeness
from konomi.catalogue.seen_together import FEW, NO_COHESION, SeenTogether
from konomi.catalogue.title_facts import Facts
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.statistics import RATERS
from test_franchise import OTHER, SHOW, catalogue, groups

TITLES = (
    ("Bakemonogatari", 2009, "TV", SHOW),
    ("Nisemonogatari", 2012, "TV", SHOW),
    ("Wakakusa Monogatari", 1987, "TV", SHOW),
    ("Fillers of a Year", 2000, "TV", SHOW),
    ("Cities at Night", 2001, "TV", SHOW),
    ("Rivers in Rain", 2002, "TV", SHOW),
)


def having(*people):
    """Profiles of people who have seen these rows."""
    return Profiles.of([dict.fromkeys(rows, 8.0) for rows in people])


def together(items, seen):
    return SeenTogether.of(Facts.of(items), seen)


def test_log_odds_worked_by_hand():
    items = catalogue(*((title, 2000, "TV", genres) for title, genres in (("A", "x"), ("B", "x"), ("C", "y"), ("D", "x y"))))
    found = together(items, having([0, 1], [0, 1, 2], [0, 1], [1, 2, 3], [2, 3], [1, 3]))
    assert [found.people(n) for n in range(4)] == [3, 5, 3, 3]
    # A has 3 people, all with B. Of 11 entries of x they have 6, of all 14 they have 7: e = 5 · max(6/11, 7/14)
    expected = math.log(3.5 / 0.5) - math.log((30 / 11 + 0.5) / (3 - 30 / 11 + 0.5))
    assert found.log_odds(0, 1) == pytest.approx(expected)
    assert found.log_odds(1, 0) == found.log_odds(0, 1)
    assert found.log_odds(0, 2) == found.log_odds(2, 0)  # as many people, other genres
    # C has 3 people, two with D. Of 6 entries of y they have 5, of 11 of x 5: e = 3 · 5/6, less than .97 · 3
    assert found.log_odds(2, 3) == pytest.approx(math.log(2.5 / 1.5) - math.log((2.5 + 0.5) / (3 - 2.5 + 0.5)))


@given(st.lists(st.frozensets(st.integers(0, 7), min_size=1), min_size=1, max_size=12))
def test_log_odds_as_their_plain_twin(people):
    items = catalogue(*((f"Title {n}", 2000, "TV", ("x", "y", "x y", "")[n % 4]) for n in range(8)))
    found, has = together(items, having(*people)), np.zeros((len(people), 8))
    for b, rows in enumerate(people):
        has[b, list(rows)] = 1
    genres = items["genres"].to_list()
    for a in range(8):
        for b in range(8):
            n_a, n_b = has[:, a].sum(), has[:, b].sum()
            if a == b or n_a >= n_b:
                continue
            if n_a < RATERS:
                assert found.log_odds(a, b) == 0
                continue
            shares = [has[has[:, a] == 1].sum() / has.sum()]
            for genre in genres[b]:
                of_genre = has[:, [genre in some for some in genres]]
                shares.append(of_genre[has[:, a] == 1].sum() / max(of_genre.sum(), 1))
            both, expected = (has[:, a] * has[:, b]).sum(), min(n_b * max(shares), 0.97 * n_a)
            twin = math.log((both + 0.5) / (n_a - both + 0.5)) - math.log((expected + 0.5) / (n_a - expected + 0.5))
            assert found.log_odds(a, b) == pytest.approx(twin)


def test_nobody_tells_nothing():
    found = together(catalogue(*TITLES), Profiles.of([]))
    assert found.log_odds(0, 1) == 0 and found.cohesion([0, 1]) == 0


def test_what_is_only_planned_is_not_had():
    seen = having([0, 1])
    planned = Profiles(seen.indptr, seen.item, np.full(2, np.nan, np.float32), np.full(2, STATUS["plan to watch"], np.uint8))
    assert together(catalogue(*TITLES), planned).people(0) == 0


def test_cohesion_is_the_mean_of_the_pairs_and_needs_people():
    seen = having(*[[0, 1, 3]] * FEW, *[[4]] * 9, [2, 5], [5])
    found = together(catalogue(*TITLES), seen)
    odds = [found.log_odds(a, b) for a, b in ((0, 1), (0, 3), (1, 3))]
    assert found.cohesion([0, 1, 3]) == pytest.approx(sum(odds) / (3 + NO_COHESION))
    assert found.cohesion([0, 1, 2, 3]) == found.cohesion([0, 1, 3])  # too few people have row 2


FANS = having(*[[0, 1]] * 30, *[[0]] * 4, *[[2, 3]] * 12, *[[3, 4]] * 30, *[[4, 5]] * 30)


def test_letters_in_common_join_what_the_same_people_have():
    items = catalogue(*TITLES)
    assert ["Bakemonogatari", "Nisemonogatari"] in groups(items, FANS)
    assert all(len(group) == 1 for group in groups(items))


def test_letters_in_common_join_nothing_else():
    assert ["Wakakusa Monogatari"] in groups(catalogue(*TITLES), FANS)


def test_letters_in_common_need_more_than_chance():
    by_chance = having(*[[0, 1, 3]] * 10, *[[0, 3]] * 10, *[[1, 3]] * 10, *[[3]] * 10)
    assert ["Bakemonogatari"] in groups(catalogue(*TITLES), by_chance)


def test_letters_in_common_are_of_the_best_known_titles_of_works():
    rows = (
        ("Kaguya", 2009, "TV", SHOW),
        ("Kaguya: Tales of Monogatari", 2011, "TV", SHOW),
        ("Owarimonogatari", 2012, "TV", SHOW),
    )
    items = catalogue(*rows, ("Cities at Night", 2001, "TV", SHOW))
    seen = having(*[[0, 1, 2]] * 20, *[[0]] * 300, *[[3]] * 300)
    assert [["Kaguya", "Kaguya: Tales of Monogatari"], ["Owarimonogatari"]] == [
        g for g in groups(items, seen) if g[0] != "Cities at Night"
    ]
    alone = having(*[[1, 2]] * 20, *[[3]] * 300)
    assert ["Kaguya", "Kaguya: Tales of Monogatari", "Owarimonogatari"] in groups(items, alone)


def test_letters_that_all_titles_have_in_common_tell_nothing():
    many = range(RUN_TITLES + 1)
    items = catalogue(*((f"Recordings {chr(97 + n % 26)}{n}q", 2000, "TV", SHOW) for n in many), ("Else", 2000, "TV", OTHER))
    seen = having(*[[0, 1]] * 30, *([n, len(many)] for n in many for _ in range(6)))
    rows, found = Facts.of(items), together(items, seen)
    assert found.log_odds(0, 1) > TOGETHER
    likeness = Likeness.of(rows, found.log_odds)
    assert list(run_pairs(rows, likeness, found, many)) == []
    assert list(run_pairs(rows, likeness, found, many[:-1])) == [(0, 1)]


def test_a_catalogue_with_relations_is_believed():
    items = catalogue(*TITLES, related=[["3"], None, None, None, None, None])
    assert ["Nisemonogatari"] in groups(items, FANS)


INNER = (
    ("Danganronpa", 2013, "TV", SHOW),
    ("Super Danganronpa 2.5", 2017, "OVA", SHOW),
    ("Danganronpa 3: The End", 2016, "TV", SHOW),
    ("Fantasy", 1990, "TV", SHOW),
    ("Blue Fantasy Island", 2016, "TV", SHOW),
    ("White Fantasy Days", 2017, "TV", SHOW),
    ("Cities at Night", 2001, "TV", SHOW),
)


def test_a_name_inside_a_name_needs_cohesion():
    fans = [[0, 1, 2]] * 12 + [[0, 2]] * 3
    others = [[3, 6]] * 10 + [[4, 6]] * 10 + [[5, 6]] * 10
    found = groups(catalogue(*INNER), having(*fans, *others))
    assert ["Danganronpa", "Danganronpa 3: The End", "Super Danganronpa 2.5"] in found
    assert {"Fantasy", "Blue Fantasy Island", "White Fantasy Days"} <= {group[0] for group in found if len(group) == 1}


def test_a_word_of_many_works_joins_not_even_two_that_are_seen_together():
    more = tuple((f"{word} Fantasy Sky", 2000, "TV", SHOW) for word in ("Red", "Green", "Black"))
    items = catalogue(*INNER, *more)
    crowd = [[6]] * 60
    seen = having(*[[3, 4]] * 12, *[[5, 6]] * 9, *[[7, 6]] * 9, *[[8, 6]] * 9, *[[9, 6]] * 9, *crowd)
    assert together(items, seen).log_odds(3, 4) > 1
    assert ["Fantasy"] in groups(items, seen)


def test_people_part_what_names_would_join():
    later = ("Twilight: New Moon", 2009, "Movie", "Drama Fantasy Romance Thriller")
    items = catalogue(("Twilight", 1998, "Movie", "Drama Thriller"), later, ("Else", 2000, "TV", OTHER))
    assert ["Twilight", "Twilight: New Moon"] in groups(items)
    assert ["Twilight"] in groups(items, having(*[[0, 2]] * 400, *[[1, 2]] * 400))


@given(st.lists(st.frozensets(st.integers(0, 6), min_size=1), max_size=12), st.randoms(use_true_random=False))
def test_the_orders_of_rows_and_people_do_not_matter(people, random):
    items, order = catalogue(*INNER), list(range(len(INNER)))
    franchise, part = franchises(items, having(*people * 4))
    random.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    mixed = [[place[n] for n in rows] for rows in people * 4]
    random.shuffle(mixed)
    moved, moved_part = franchises(items[order], having(*mixed))
    np.testing.assert_array_equal(np.array(order)[moved], franchise[order])
    np.testing.assert_array_equal(moved_part, part[order])
