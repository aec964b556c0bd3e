"""The entries of a list find their items, or are told not to have; none is ever lost."""

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import RequestError
from konomi.lists.evidence import FLOOR, POPULAR
from konomi.lists.matching import Matched, match_list
from konomi.lists.personal_list import ListEntry, PersonalList, read_list
from konomi.lists.spelling import alike, words
from konomi.lists.titles import TitleIndex
from konomi.reading.catalogues import read_catalogue

TEN = Scale(1, 10, 1)
CATALOGUE = [
    # id, title, other titles, year, type, ratings
    (1, "Cowboy Bebop", ["カウボーイビバップ"], 1998, "TV", 900),
    (5, "Cowboy Bebop: Tengoku no Tobira", ["Cowboy Bebop: The Movie"], 2001, "Movie", 300),
    (136, "Hunter x Hunter", ["HUNTER×HUNTER"], 1999, "TV", 400),
    (11061, "Hunter x Hunter (2011)", ["Hunter x Hunter", "HUNTER×HUNTER"], 2011, "TV", 800),
    (918, "Gintama", ["銀魂"], 2006, "TV", 500),
    (9969, "Gintama'", ["Gintama Season 2", "銀魂'"], 2011, "TV", 350),
    (16498, "Shingeki no Kyojin", ["Attack on Titan", "進撃の巨人"], 2013, "TV", 990),
    (25777, "Shingeki no Kyojin Season 2", ["Attack on Titan Season 2"], 2017, "TV", 800),
    (32281, "Kimi no Na wa.", ["Your Name.", "君の名は。"], 2016, "Movie", 950),
    (2571, "The Matrix", ["Matrix, The"], 1999, None, 650),
    (603, "Solaris", [], 2002, None, 90),
    (604, "Kageki Shoujo", ["Opera Girls"], None, "TV", 10),
    (7, "86", [], 2021, "TV", 50),
    (20, "Naruto", [], 2002, "TV", 700),
    (442, "Naruto Movie 1", ["Naruto"], 2004, "Movie", 200),
    (30, "Mononoke", [], 2007, "TV", 60),
    (31, "Mononoke", [], 1997, "Movie", 90),
    (4000, None, None, None, None, 3),
]
SCHEMA = {
    "item_id": pl.Int64,
    "title": pl.String,
    "titles": pl.List(pl.String),
    "year": pl.Int32,
    "type": pl.String,
    "ratings": pl.Int64,
}


@pytest.fixture(scope="module")
def index() -> TitleIndex:
    return TitleIndex(pl.DataFrame(CATALOGUE, schema=SCHEMA, orient="row"))


def listed(*entries: ListEntry, scale: Scale | None = TEN, kind: str = "mal") -> PersonalList:
    return PersonalList(kind, scale, entries)


def matched(index: TitleIndex, *entries: ListEntry) -> Matched:
    return match_list(listed(*entries), index, TEN)


def ids(answer: Matched) -> list[int]:
    return [CATALOGUE[found.row][0] for found in answer.matched]


@pytest.mark.parametrize(
    ("entry", "expected", "confidence", "how"),
    [
        (ListEntry("Cowboy Bebop", year=1998), 1, 1.0, "title and year"),
        (ListEntry("Cowboy Bebop", year=1999), 1, 0.95, "title and year"),
        (ListEntry("Cowboy Bebop", year=2000), 1, 0.8, "title and year"),
        (ListEntry("Cowboy Bebop"), 1, 0.95, "title"),
        (ListEntry("COWBOY  bebop"), 1, 0.95, "title"),
        (ListEntry("cowboy-bebop"), 1, 0.92, "title"),
        (ListEntry("Anything", ("カウボーイビバップ",)), 1, 0.95, "title"),
        (ListEntry("進撃の巨人"), 16498, 0.95, "title"),
        (ListEntry("Matrix, The", year=1999), 2571, 1.0, "title and year"),
        (ListEntry("Matrix", year=1999), 2571, 0.9, "title and year"),
        (ListEntry("The Matrix (1999)"), 2571, 1.0, "title and year"),
        (ListEntry("Attack on Titan Season 2"), 25777, 0.95, "title"),
        (ListEntry("Hunter x Hunter", year=2011), 11061, 1.0, "title and year"),
        (ListEntry("Hunter x Hunter", year=1999), 136, 1.0, "title and year"),
        (ListEntry("Hunter x Hunter (2011)"), 11061, 1.0, "title and year"),
        (ListEntry("Gintama'"), 9969, 0.902, "title, of 2 by its spelling"),
        (ListEntry("Gintama"), 918, 0.902, "title, of 2 by its spelling"),
        (ListEntry("Naruto", type="Movie"), 442, 0.855, "title, of 2 by its type"),
        (ListEntry("Naruto", type="TV"), 20, 0.855, "title, of 2 by its type"),
        (ListEntry("Naruto"), 20, 0.808, "title, of 2 by being the main title"),
        (ListEntry("Mononoke"), 31, round(0.95 * POPULAR, 3), "title, of 2 by having the most ratings"),
        (ListEntry("Cowboy Bebop", type="Movie"), 1, 0.76, "title"),
        (ListEntry("Gintama°", year=2011), 9969, 0.75, "title and year"),
        (ListEntry("Cowboy Bebob", year=1998), 1, 0.909, "spelling"),
        (ListEntry("Cowbuy Bebop"), 1, 0.864, "spelling"),
        (ListEntry("Kageki Shojo"), 604, 0.902, "spelling"),
        (ListEntry("Shingeki no Kyojin 2nd Season"), 25777, 0.902, "spelling"),
        (ListEntry("Shingeki no Kyojin II"), 25777, 0.902, "spelling"),
        (ListEntry("Cowboy Bebop Movie"), 5, 0.902, "spelling"),  # "The Movie"
        (ListEntry("Mononoke", year=2006), 30, 0.95, "title and year"),
    ],
)
def test_found(index, entry, expected, confidence, how):
    answer = matched(index, entry)
    assert ids(answer) == [expected]
    assert (answer.matched[0].confidence, answer.matched[0].how) == (pytest.approx(confidence, abs=2e-3), how)


@pytest.mark.parametrize(
    ("entry", "suggestion"),
    [
        (ListEntry("Solaris", year=1972), "Solaris (2002)"),  # another film
        (ListEntry("Shingeki no Kyojin Season 3"), "Shingeki no Kyojin Season 2 (2017)"),
        (ListEntry("Cowboy Bebop 2nd Season"), "Cowboy Bebop (1998)"),
        (ListEntry("Cowboy Bebop II"), "Cowboy Bebop (1998)"),
        (ListEntry("Cowboy Bebop OVA"), "Cowboy Bebop (1998)"),
        (ListEntry("Cowboy Bebop R2"), "Cowboy Bebop (1998)"),
        (ListEntry("Narutu"), None),  # too short to be sure of
        (ListEntry("Cowboy Bebob", year=1990), "Cowboy Bebop (1998)"),
        (ListEntry("進撃の巨入"), None),
        (ListEntry("Wholly Unheard Of"), None),
        (ListEntry(None, ids=(("anilist", "9"),)), None),
        (ListEntry(None), None),
        (ListEntry("!"), None),
    ],
)
def test_not_found(index, entry, suggestion):
    answer = matched(index, entry)
    assert not answer.matched
    assert answer.unmatched[0].entry is entry
    if suggestion:
        assert suggestion in answer.unmatched[0].suggestions


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mushishi Zoku Shou", "Mushishi"),
        ("Code Geass: Hangyaku no Lelouch R2", "Code Geass: Hangyaku no Lelouch"),
        ("Dragon Ball Z", "Dragon Ball"),
        ("Dragon Ball Z", "Dragon Ball GT"),
        ("Fairy Tail 2014", "Fairy Tail 2016"),
        ("Kara no Kyoukai 3", "Kara no Kyoukai 4"),
        ("Rocky III", "Rocky II"),
        ("Clannad: After Story", "Clannad"),
        ("Part A", "Part B"),
        ("Natsume Yuujinchou Shi", "Natsume Yuujinchou San"),
        ("とある魔術の禁書目録II", "とある魔術の禁書目録"),
    ],
)
def test_sequels_are_no_misspellings(one, other):
    assert alike(words(one), words(other)) == alike(words(other), words(one)) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ghost in the Shell: Standalone Complex", "Ghost in the Shell: Stand Alone Complex"),
        ("Shoujo Kakumei Utena", "Shōjo Kakumei Utena"),
        ("Mobile Suit Gundam: Char's Counterattack", "Mobile Suit Gundam: Chars Counter-attack"),
        ("K Season 2", "K: 2nd Season"),
        ("Fist Season 1", "Fist"),
        ("Tiger and Bunny", "Tiger & Bunny"),
        ("Neon Genesis Evangellion", "Neon Genesis Evangelion"),
        ("Sora wo Kakeru", "Sora o Kakeru"),
    ],
)
def test_spellings_that_mean_the_same(one, other):
    assert min(alike(words(one), words(other)), alike(words(other), words(one))) >= FLOOR


def test_ids_that_go_with_their_titles_are_believed(index):
    renamed = ListEntry("Eighty-Six", ids=(("mal", "7"),))
    unknown = ListEntry("Cowboy Bebop", ids=(("mal", "99999"),))  # another of that title: not in the catalogue
    answer = matched(index, ListEntry("Shingeki no Kyojin", ids=(("mal", "16498"), ("anilist", "1"))), renamed, unknown)
    assert [(found.confidence, found.how) for found in answer.matched] == [(1.0, "mal id")] * 2
    assert ids(answer) == [16498, 7]
    assert answer.unmatched == ((unknown, answer.unmatched[0].suggestions),)
    assert answer.unmatched[0].suggestions[0] == "Cowboy Bebop (1998)"


def test_ids_of_another_site_are_not_believed(index):
    strange = [
        ListEntry("Your Name.", ids=(("tmdb", "1"),)),
        ListEntry("Nobody Knows This", ids=(("tmdb", "5"),)),
        ListEntry("Naruto", ids=(("tmdb", "136"),), type="TV"),
    ]
    answer = matched(index, *strange)
    assert ids(answer) == [32281, 20]
    assert [missed.entry for missed in answer.unmatched] == [strange[1]]
    assert answer.notes == ("The tmdb ids are not those of this catalogue: of 3 that it has, 0 go with the same title.",)


def test_ids_in_text(index):
    frame = pl.DataFrame([("tt1", "Heat", [], 1995, None, 5)], schema={**SCHEMA, "item_id": pl.String}, orient="row")
    answer = match_list(listed(ListEntry("Heat", ids=(("imdb", "tt1"),))), TitleIndex(frame), TEN)
    assert answer.matched[0].how == "imdb id"


def test_typed_lists_may_have_item_ids(index):
    plain = [
        ListEntry("86", rating=9, place="line 1"),
        ListEntry("5", rating=3, place="line 2"),
        ListEntry("4000", place="line 3"),
    ]
    answer = match_list(PersonalList("plain", None, tuple(plain)), index, TEN)
    assert [(CATALOGUE[found.row][0], found.how) for found in answer.matched] == [
        (7, "title"),
        (5, "item id"),
        (4000, "item id"),
    ]
    assert not matched(index, ListEntry("5")).matched
    with pytest.raises(RequestError, match=r'line 1: "86": 9 is not a rating on the scale') as caught:
        match_list(PersonalList("plain", None, tuple(plain)), index, Scale(0.5, 5, 0.5))
    assert caught.value.hint == "Ratings go from 0.5 to 5 in steps of 0.5."


def test_doubles_keep_the_surer_then_the_rated_then_the_later(index):
    exact, near = ListEntry("Cowboy Bebop", rating=9), ListEntry("Cowbuy Bebop", rating=3)
    answer = matched(index, exact, near)
    assert [found.entry for found in answer.matched] == [exact]
    assert answer.doubles == ((near, 0, exact),)
    assert matched(index, near, exact).matched[0].entry is exact
    first, second, third = (ListEntry("86", rating=rating, place=str(n)) for n, rating in enumerate((4, 5, None)))
    answer = matched(index, first, second, third)
    assert [found.entry for found in answer.matched] == [second]
    assert [double.entry for double in answer.doubles] == [first, third]


@pytest.mark.parametrize(
    ("theirs", "ours", "rating", "expected"),
    [
        (TEN, Scale(0.5, 5, 0.5), 9, 4.5),
        (TEN, Scale(0.5, 5, 0.5), 1, 0.5),
        (Scale(1, 100, 1), TEN, 85, 8.5),
        (Scale(1, 100, 1), TEN, 3, 1),  # clipped
        (Scale(0.5, 5, 0.5), TEN, 4.5, 9),
        (TEN, Scale(1, 5, 1), 1, 1),
        (TEN, TEN, 7, 7),
        (TEN, Scale(-10, 10, 0), 1, -10),
        (TEN, Scale(-10, 10, 0), 10, 10),
        (None, TEN, 7, 7),
    ],
)
def test_ratings_are_brought_to_the_scale(index, theirs, ours, rating, expected):
    answer = match_list(PersonalList("any", theirs, (ListEntry("86", rating=rating),)), index, ours)
    np.testing.assert_allclose(answer.profile.rating, [expected], rtol=1e-6)


def test_profile(index):
    entries = (
        ListEntry("Naruto", type="TV", status=STATUS["dropped"]),
        ListEntry("Your Name.", rating=10, status=STATUS["completed"]),
        ListEntry("Cowboy Bebop", status=STATUS["plan to watch"]),
    )
    answer = matched(index, *entries)
    profile = answer.profile
    assert profile.indptr.tolist() == [0, 3]
    assert profile.item.tolist() == [0, 8, 13]
    np.testing.assert_array_equal(profile.rating, np.array([np.nan, 10, np.nan], np.float32))
    assert profile.status is not None
    assert profile.status.tolist() == [6, 2, 4]
    assert answer.seen.item.tolist() == [8, 13]
    assert answer.planned == (0,)
    without = matched(index, ListEntry("86", rating=3))
    assert without.profile.status is None
    assert without.seen.item.tolist() == [12]


def test_nothing_found_is_an_empty_profile(index):
    answer = matched(index, ListEntry("Wholly Unheard Of"))
    assert (len(answer.profile), len(answer.profile.item)) == (1, 0)


names = st.sampled_from(
    [title for _, title, *_ in CATALOGUE if title] + ["Cowbuy Bebop", "Shingeki no Kyojin II", "Nothing", "?", ""]
)
entries = st.lists(
    st.builds(
        ListEntry,
        st.none() | names | st.text(max_size=12),
        st.lists(names, max_size=2).map(tuple),
        st.none() | st.integers(1995, 2022),
        st.sampled_from([None, "TV", "Movie", "OVA"]),
        st.lists(st.tuples(st.sampled_from(["mal", "imdb"]), st.sampled_from(["1", "5", "20", "x"])), max_size=2).map(tuple),
        st.none() | st.integers(1, 10),
        st.sampled_from([0, *STATUS.values()]),
        st.text(max_size=3),
    ),
    max_size=12,
)


@given(entries)
def test_no_entry_is_ever_lost(index, some):
    answer = matched(index, *some)
    told = [each.entry for each in (*answer.matched, *answer.unmatched, *answer.doubles)]
    assert sorted(map(id, told)) == sorted(map(id, some))
    rows = [found.row for found in answer.matched]
    assert len(set(rows)) == len(rows)
    assert all(0 < found.confidence <= 1 and found.how for found in answer.matched)
    assert {double.row for double in answer.doubles} <= set(rows)
    assert len(answer.profile.item) == len(rows)
    assert not np.isnan(answer.profile.scored().rating).any()


@given(st.text(max_size=20), st.text(max_size=20))
def test_alike_is_a_share_and_knows_the_same(one, other):
    assert 0 <= alike(words(one), words(other)) <= 1
    assert not words(one) or alike(words(one), words(one)) >= FLOOR


def test_an_empty_catalogue():
    empty = TitleIndex(pl.DataFrame([], schema=SCHEMA, orient="row"))
    assert len(matched(empty, ListEntry("Naruto")).unmatched) == 1


# ---- on real catalogues


@pytest.fixture(scope="module")
def anime(shared) -> TitleIndex:
    return TitleIndex(real(shared / "anime-meta-2020" / "anime.csv"))


def real(path: Path) -> pl.DataFrame:
    return read_catalogue(path).with_columns(ratings=pl.col("score_count").fill_null(0))


@pytest.mark.data
def test_a_list_by_hand(shared, anime):
    answer = match_list(read_list(shared / "mal-xml" / "synthetic.xml"), anime, TEN)
    assert [(anime.name(found.row), found.how) for found in answer.matched] == [
        ("Cowboy Bebop (1998)", "mal id"),
        ("Kekkai Sensen & Beyond (2017)", "mal id"),
        ("SK∞ (2021)", "mal id"),
    ]
    assert answer.planned == (answer.matched[2].row,)


@pytest.mark.data
def test_a_list_of_anime_means_nothing_to_a_catalogue_of_films(shared):
    films = TitleIndex(real(shared / "ml-latest-small-2018" / "movies.csv"))
    answer = match_list(read_list(shared / "mal-xml" / "synthetic.xml"), films, Scale(0.5, 5, 0.5))
    assert not answer.matched
    assert len(answer.unmatched) == 3
    assert answer.notes[0].startswith("The mal ids are not those of this catalogue")


@pytest.mark.data
@pytest.mark.slow
def test_titles_are_found_in_other_spellings(shared):
    bench = Path(__file__).parents[1] / "bench"
    spec = importlib.util.spec_from_file_location("matching", bench / "matching.py")
    assert spec
    assert spec.loader
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(bench))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        patch.setattr(module, "SIZE", 300)
        ways = ("English, type and year", "Japanese, type", '"2nd Season" as "Season 2"', "two letters swapped")
        anime_ways = {name: module.anime_ways[name] for name in ways}
        anime, _ = module.measured(real(shared / "anime-meta-2020" / "anime.csv"), anime_ways)
        movielens = shared / "ml-latest-small-2018"
        films, _ = module.measured(module.catalogue(movielens / "movies.csv", movielens / "links.csv"), module.film_ways)
    by_id = {name: films.pop(name) for name in list(films) if name.endswith(" id")}
    assert len(by_id) == 3
    assert {(found["recall"], found["precision"], found["not there, matched"]) for found in by_id.values()} == {(1, 1, 0)}
    for name, found in {**anime, **films}.items():
        part = "of the title" in name  # which another title may have
        assert found["precision"] > (0.85 if part else 0.96), name
        assert found["not there, matched"] < (0.04 if part else 0.02), name
        assert found["recall"] > (0.8 if part or "swapped" in name else 0.95), name
