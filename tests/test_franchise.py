"""Franchises: relations, names worked by hand, laws, and the hand-labelled titles of the real catalogue."""

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue.franchises import BESIDE, franchises
from konomi.catalogue.title_words import bare, name_of
from konomi.data.profiles import Profiles
from konomi.reading.catalogues import catalogue_of_frame, read_catalogue

NOBODY = Profiles.of([])
LABELS = Path(__file__).parents[1] / "bench" / "franchises.csv"


def catalogue(*rows, **columns):
    """A catalogue of (title, year, type, genres) rows; ids from 1."""
    title, year, kind, genres = zip(*rows, strict=True)
    frame = {
        "item_id": range(1, len(rows) + 1),
        "title": title,
        "year": year,
        "type": kind,
        "genres": [g.split() for g in genres],
    }
    return catalogue_of_frame(pl.DataFrame({**frame, **columns}, strict=False))


def groups(items, seen=NOBODY):
    """The groups as lists of titles in the order of watching, and those beside the work behind a None."""
    franchise, part = franchises(items, seen)
    found = []
    for entry in np.unique(franchise):
        rows = np.flatnonzero(franchise == entry)
        rows = rows[np.argsort(part[rows])]
        assert rows[0] == entry and part[entry] == 0
        main = [items["title"][int(n)] for n in rows if part[n] < BESIDE]
        found.append(
            main + ([None] + [items["title"][int(n)] for n in rows if part[n] >= BESIDE] if len(main) < len(rows) else [])
        )
    return sorted(found, key=str)


SHOW = "Action Comedy School Supernatural"
OTHER = "Drama Historical Romance Seinen"


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("Haikyuu!!", "Haikyuu!! Second Season"),
        ("Gintama", "Gintama°"),
        ("K-On!", "K-On!! (2010)"),
        ("Overlord", "Overlord III"),
        ("Code Geass", "Code Geass R2"),
        ("Natsume Yuujinchou", "Zoku Natsume Yuujinchou"),
        ("Natsume Yuujinchou", "Natsume Yuujinchou San"),
        ("Higurashi no Naku Koro ni", "Higurashi no Naku Koro ni Kai"),
        ("Dragon Ball", "Dragon Ball Z Movie 01: Ora no Gohan wo Kaese!!"),
        ("Naruto", "Naruto: Shippuuden"),
        ("Fate/stay night", "Fate/Zero"),
        ("Kimi ni Todoke", "Kimi ni Todoke 2nd Season: Kataomoi"),
        ("Shingeki no Kyojin", "Shingeki no Kyojin Season 3 Part 2"),
        ("Toy Story", "Toy Story 2"),
        ("The Godfather", "The Godfather: Part II"),
        ("Rocky", "Rocky III"),
        ("Star Wars: Episode IV - A New Hope", "Star Wars: Episode V - The Empire Strikes Back"),
        ("Harry Potter and the Sorcerer's Stone", "Harry Potter and the Chamber of Secrets"),
        ("Alien", "Alien³"),
        ("Kara no Kyoukai 1: Fukan Fuukei", "Kara no Kyoukai 3: Tsuukaku Zanryuu"),
    ],
)
def test_two_parts_of_one_work(first, later):
    items = catalogue((first, 2001, "TV", SHOW), (later, 2003, "TV", SHOW), ("Something Else", 2002, "TV", SHOW))
    assert groups(items) == sorted([[first, later], ["Something Else"]], key=str)


def test_films_of_known_type():
    films = (
        ("Star Trek: The Motion Picture", 1979),
        ("Star Trek II: The Wrath of Khan", 1982),
        ("Star Trek Holiday Special", 1980),
    )
    items = catalogue(*((title, year, "Movie", SHOW) for title, year in films))
    assert groups(items) == [[films[0][0], films[1][0], None, films[2][0]]]


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("Major", "Majo no Takkyuubin"),
        ("Monster", "Monster Strike"),
        ("Another", "Another World"),
        ("Love", "Love Hina"),
        ("Blood+", "Blood Lad"),
        ("Given", "Giovanni no Shima"),
        ("K", "K-On!"),
        ("Fairy Tail", "Naruto x Fairy Tail"),
        ("Death Note", "Death Parade"),
        ("Heat", "Heathers"),
        ("Rocky", "The Rocky Horror Picture Show"),
        ("Trinity Blood", "Trinity Seven"),
        ("Welcome to the NHK", "Welcome to Irabu's Office"),
    ],
)
def test_two_works(one, another):
    assert len(groups(catalogue((one, 2001, "TV", SHOW), (another, 2003, "TV", OTHER)))) == 2


def test_the_order_of_watching():
    items = catalogue(
        ("Ao no Hana Recap", 2004, "Special", SHOW),
        ("Ao no Hana: Songs", 2001, "Music", SHOW),
        ("Ao no Hana Remix", 2005, "Movie", SHOW),
        ("Ao no Hana Season 3 Part 2", 2008, "TV", SHOW),
        ("Ao no Hana Season 3", 2008, "TV", SHOW),
        ("Ao no Hana Movie", 2005, "Movie", SHOW),
        ("Ao no Hana 2nd Season", 2006, "TV", SHOW),
        ("Ao no Hana OVA", 2003, "OVA", SHOW),
        ("Ao no Hana", 2004, "TV", SHOW),
        ("Ao no Hana: The Final", None, "TV", SHOW),
    )
    seasons = [
        "Ao no Hana",
        "Ao no Hana 2nd Season",
        "Ao no Hana Season 3",
        "Ao no Hana Season 3 Part 2",
        "Ao no Hana: The Final",
    ]
    rest = ["Ao no Hana Movie", "Ao no Hana OVA", None, "Ao no Hana Recap", "Ao no Hana Remix", "Ao no Hana: Songs"]
    assert groups(items) == [[*seasons, *rest]]


def test_films_alone_are_the_series_and_what_is_alone_is_its_own_entry_point():
    items = catalogue(("Toy Story 3", 2010, None, SHOW), ("Toy Story", 1995, None, SHOW), ("Song", 1990, "Music", OTHER))
    assert groups(items) == [["Song"], ["Toy Story", "Toy Story 3"]]
    assert [array.dtype for array in franchises(items, NOBODY)] == [np.int32, np.int32]
    assert len(franchises(items.head(0), NOBODY)[0]) == 0


def test_names_in_other_scripts_tell_apart_and_together():
    rows = [("Yuki", 2001, "TV", SHOW), ("Yuki Taisen Gaiden", 2003, "TV", SHOW)]
    same = catalogue(*rows, titles=[["雪物語"], ["雪物語 外伝"]])
    assert len(groups(same)) == 1
    rows = [("Yuki", 2001, "TV", SHOW), ("Yuki Taisen Gaiden", 2003, "TV", f"{OTHER} School Comedy")]
    assert len(groups(catalogue(*rows, titles=[["雪物語"], ["幸大戦外伝"]]))) == 2


def test_relations_where_there_are_any_and_names_elsewhere():
    rows = [("Red", 2001, "TV", SHOW), ("Blue", 2003, "TV", OTHER), ("Red 2", 2004, "TV", SHOW), ("Red 3", 2006, "TV", SHOW)]
    items = catalogue(*rows, related=[["2", "77"], None, [], ["3"]])
    assert groups(items) == [["Red 2", "Red 3"], ["Red", "Blue"]]  # no name is read where something is related
    assert groups(items.drop("related")) == [["Blue"], ["Red", "Red 2", "Red 3"]]
    assert groups(catalogue(*rows, related=[["2"], None, [], None])) == [["Red", "Red 2", "Red 3", "Blue"]]


def test_relations_are_read_from_a_catalogue(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("item_id,title,related\na,One,b| c\nb,Two,\nc,Three,\nd,Four,\n")
    items = read_catalogue(path)
    assert items["related"].to_list() == [["b", "c"], [], [], []]
    assert groups(items) == [["Four"], ["One", "Three", "Two"]]


def test_words_of_a_name():
    name = name_of("Shin Gekijouban: Rocky's Reise - Teil 1 (2003)")
    assert name.words == ("rockys", "reise", "teil", "1", "2003") and name.breaks == (2, 4)
    assert bare(("haikyuu", "second", "season")) == 1 and bare(("2001",)) == 1
    assert name_of("The").words == ("the",) and name_of("!!!").words == ()


TITLES = [
    "Ao no Hana",
    "Ao no Hana 2",
    "Ao no Hana: Gaiden",
    "Hana",
    "Ao",
    "Kuro",
    "Kuro OVA",
    "Kuro x Ao",
    "",
    "2",
    "The 2nd",
    "空",
    "K: B",
    "K",
]


@st.composite
def catalogues(draw):
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(TITLES),
                st.sampled_from([None, 1999, 2005]),
                st.sampled_from([None, "TV", "Movie", "OVA", "Special", "Music"]),
                st.sampled_from(["", SHOW, OTHER, "Drama"]),
            ),
            min_size=1,
            max_size=14,
        )
    )
    related = draw(st.lists(st.sampled_from([None, [], ["1"], ["3", "9"]]), min_size=len(rows), max_size=len(rows)))
    return catalogue(*rows, titles=[["空の花"] if k % 3 == 0 else [] for k in range(len(rows))], related=related)


@given(catalogues(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_every_item_has_one_place(items, random):
    franchise, part = franchises(items, NOBODY)
    np.testing.assert_array_equal(franchise[franchise], franchise)
    assert (part[franchise] == 0).all()
    assert len({*zip(franchise.tolist(), part.tolist(), strict=True)}) == len(items)
    order = list(range(len(items)))
    random.shuffle(order)
    moved, moved_part = franchises(items[order], NOBODY)
    np.testing.assert_array_equal(np.array(order)[moved], franchise[order])
    np.testing.assert_array_equal(moved_part, part[order])


@pytest.mark.data
def test_hand_labelled_titles(shared):
    items = read_catalogue(shared / "anime-meta-2020" / "anime.csv")
    franchise, part = franchises(items, NOBODY)
    row = {key: n for n, key in enumerate(items["item_id"].to_list())}
    with LABELS.open(newline="") as file:
        labels = {row[int(line["mal_id"])]: line["franchise"] for line in csv.DictReader(file) if line["franchise"]}
    rows, names = np.array(list(labels)), np.array(list(labels.values()))
    together, same = franchise[rows][:, None] == franchise[rows], names[:, None] == names
    pairs = ~np.eye(len(rows), dtype=bool)
    assert len(rows) > 300
    assert (together & same & pairs).sum() > 0.95 * (together & pairs).sum()
    assert (together & same & pairs).sum() > 0.85 * (same & pairs).sum()
    assert np.bincount(franchise).max() < 100  # nothing swallows everything
    titles = items["title"].to_list()
    for title in ("Death Note", "Shingeki no Kyojin", "Naruto", "Gintama", "Code Geass: Hangyaku no Lelouch", "Dragon Ball"):
        assert part[titles.index(title)] == 0, title
