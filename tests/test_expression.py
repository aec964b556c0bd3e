"""Conditions over the catalogue: what each rule says, against SQL and against a twin that goes row by row."""

import math
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.errors import RequestError
from konomi.recommend.expression.reader import MOST_CHARACTERS, MOST_LEVELS, fulfilling

ITEMS = pl.DataFrame(
    {
        "item_id": [2**53 + 1, 11, 12, 13, 14, 15],
        "title": ["From Me to You", "O'Brien", None, 'a "b" 100%', "x\ny", "=Love"],
        "genres": [["Action", "Sci-Fi"], ["Action"], ["Drama", "Ecchi"], None, ["Hentai"], []],
        "year": pl.Series([1998, 2005, 2005, 2011, 2020, None], dtype=pl.Int32),
        "type": ["TV", "Movie", "TV", "OVA", "TV", None],
        "episodes": pl.Series([26, 0, 12, 2, 1, None], dtype=pl.Int32),
        "score": pl.Series([8.8, 7.0, None, 7.5, 8.7, float("nan")], dtype=pl.Float32),
        "sensitive": [False, False, False, False, True, False],
        "image": pl.Series([None] * 6, dtype=pl.Null),
        "two words": [1, 2, 3, 4, 5, 6],
        "order": ["b", "a", "b", None, "a", "ß"],
    }
)
EVERY = [0, 1, 2, 3, 4, 5]


def rows(condition, items=ITEMS):
    found = fulfilling(condition, items)
    assert found.dtype == bool and found.shape == (len(items),)
    return np.flatnonzero(found).tolist()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year = 2005", [1, 2]),
        ("year == 2005 and 2005=year", [1, 2]),
        ("year != 2005", [0, 3, 4]),
        ("year <> 2005", [0, 3, 4]),
        ("year < 2005 or year>2011", [0, 4]),
        ("year <= 2005 AND year >= 2005", [1, 2]),
        ("YEAR>2000 And TYPE='TV'", [2, 4]),
        ("year > 2000 -- a remark\n and /* another */ type = 'TV'", [2, 4]),
        ("year between 2005 and 2011 and type <> 'TV'", [1, 3]),
        ("year not between 2005 and 2011", [0, 4]),
        ("year in (1998, 2020)", [0, 4]),
        ("year not in (1998, 2020)", [1, 2, 3]),
        ("year in (1998, null)", [0]),
        ("year not in (1998, null)", []),
        ("type in ('TV')", [0, 2, 4]),
        ("'Action' in genres", [0, 1]),
        ("'Action' not in genres", [2, 4, 5]),
        ("not 'Action' in genres", [2, 4, 5]),
        ("array_contains(genres, 'Action')", [0, 1]),
        ("title not in genres", [0, 1, 4, 5]),
        ("null in genres or 'Action' in null", []),
        ("score is null", [2, 5]),
        ("score is not null", [0, 1, 3, 4]),
        ("genres is null", [3]),
        ("image is null", EVERY),
        ("image = 5 or image = 'x' or image < 3 or image in (1)", []),
        ("score >= 8.7", [0, 4]),
        ("score = 8.7 or score = 8.8", [0, 4]),
        ("score * 10 = 87", [4]),
        ("score > 8 or true", EVERY),
        ("score > 8 or null", [0, 4]),
        ("not (score > 8)", [1, 3]),
        ("not sensitive", [0, 1, 2, 3, 5]),
        ("sensitive", [4]),
        ("sensitive = true", [4]),
        ("sensitive != (year > 2010)", [3]),
        ("(score > 8) is true", [0, 4]),
        ("score > 8 is not true", [1, 2, 3, 5]),
        ("(score > 8) is false", [1, 3]),
        ("score > 8 is null", [2, 5]),
        ("null", []),
        ("not null", []),
        ("1 = 1", EVERY),
        ("true", EVERY),
        ("false or not true", []),
        ("year = 1998 or year = 2005 and type = 'TV'", [0, 2]),
        ("(year = 1998 or year = 2005) and type = 'TV'", [0, 2]),
        ("(year = 1998 or year = 2005) and type = 'Movie'", [1]),
        ("not year = 2005 and type = 'TV'", [0, 4]),
        ("not (year = 2005 and type = 'TV')", [0, 1, 3, 4]),
        ("not not sensitive", [4]),
        ("title = 'From Me to You'", [0]),
        ("title = 'O''Brien'", [1]),
        ("title = 'a \"b\" 100%'", [3]),
        ("title = 'x\ny'", [4]),
        ("title = '=Love' and title <> ''", [5]),
        ("title like '%\n%' and title like 'x_y' and title like 'x%y'", [4]),
        ("title like 'From%You'", [0]),
        ("title like '%o%'", [0, 5]),
        ("title not like '%o%'", [1, 3, 4]),
        ("title ilike '%O%'", [0, 1, 5]),
        ("title like '%o%o%o%'", [0]),
        ("title like '_Love' or title like '100\\%'", [5]),
        ("title like '.*'", []),
        ("type like 'TV%'", [0, 2, 4]),
        ("null like '%'", []),
        ("lower(type) = 'tv' and upper(title) = 'FROM ME TO YOU'", [0]),
        ("length(genres) = 2 or length(type) = 5", [0, 1, 2]),
        ("length(null) is null and lower(null) is null", EVERY),
        ("episodes + 1 = 3 or episodes - 1 = 0", [3, 4]),
        ("1 + 2 * 3 = 7 and (1 + 2) * 3 = 9 and 7 - 2 - 1 = 4 and 8 / 4 / 2 = 1", EVERY),
        ("-7 % 3 = -1 and - -1 = 1 and -year < 0", [0, 1, 2, 3, 4]),
        ("year / episodes > 1000", [3, 4]),
        ("(year / episodes) is null", [1, 5]),
        ("1e308 * 10 is null and 0 / 0 is null and 5 % 0 is null", EVERY),
        ("item_id = 9007199254740993", [0]),
        ("item_id = 9007199254740992", []),
        ("item_id > 9e15", [0]),
        ("year > .5 and year > 5. and year < 1E4", [0, 1, 2, 3, 4]),
        ('"two words" >= 5', [4, 5]),
        ("\"order\" = 'ß' or order < 'b'", [1, 4, 5]),
        ("year\u00a0>\u30002000", [1, 2, 3, 4]),
    ],
)
def test_what_each_rule_says(condition, expected):
    assert rows(condition) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "year > 2000 AND type = 'TV'",
        "(episodes < 3) OR (score > 7)",
        "NOT sensitive AND NOT year = 2005",
        "year IN (1998, 2005) OR year NOT IN (2005, 2011)",
        "year NOT IN (1998, NULL)",
        "year BETWEEN 2000 AND 2011",
        "year NOT BETWEEN 2000 AND 2011",
        "title LIKE '%o%'",
        "title NOT LIKE '%o%'",
        "title LIKE '_Love'",
        "title LIKE 'From%'",
        "title ILIKE '%LOVE'",
        "score IS NULL OR genres IS NULL",
        "score IS NOT NULL",
        "type <> 'TV' AND type != 'OVA'",
        "title = 'O''Brien'",
        "ARRAY_CONTAINS(genres, 'Action')",
        "LOWER(type) = 'tv'",
        "episodes * 2 > 20",
        "sensitive = FALSE",
    ],
)
def test_the_spelling_of_sql_means_the_same(condition):
    items = ITEMS.with_columns(pl.col("score").fill_nan(None))
    theirs = items.select(pl.sql_expr(condition).fill_null(False).alias("x"))["x"]
    assert rows(condition, items) == np.flatnonzero(theirs.to_numpy()).tolist()


@pytest.mark.parametrize(
    ("condition", "place", "reason"),
    [
        ("", 1, "a column, a number or 'text' was expected, but it ends"),
        ("  ", 3, "but it ends"),
        ("year >", 7, "a column, a number or 'text' was expected, but it ends"),
        ("year > > 3", 8, "but there is >"),
        ("(year > 3", 10, "and, or, or ) was expected, but it ends"),
        ("year > 3)", 9, "and, or, or the end was expected, but there is )"),
        ("year > 3 foo", 10, "and, or, or the end was expected, but there is foo"),
        ("year > 3; x", 9, "; means nothing here"),
        ("1 < year < 3", 10, "and, or, or the end was expected"),
        ("yaer > 2000", 1, 'there is no column "yaer". Did you mean "year"?'),
        ('type = "TV"', 8, "there is no column \"TV\"; text stands in single quotes, 'like this'"),
        ("year IN (SELECT year FROM read_csv('/etc/passwd'))", 10, 'there is no column "SELECT"'),
        ("read_csv('/etc/passwd') is null", 1, 'no function is called "read_csv"; there are lower'),
        ("year = 'x'", 6, "= cannot compare a number with text"),
        ("'x' < year", 5, "< cannot compare text with a number"),
        ("sensitive = 1", 11, "= cannot compare true or false with a number"),
        ("sensitive < true", 11, "< cannot compare what is true or false"),
        ("genres = 'Action'", 8, "= cannot compare a list: write 'Comedy' in genres"),
        ("genres in ('Action')", 8, "cannot compare a list"),
        ("5 in genres", 3, "in finds text in a list, not a number in a list"),
        ("'x' in title", 5, "in finds text in a list, not text in text"),
        ("genres like '%A%'", 8, "like is for text, not for a list"),
        ("title like 5", 12, "a pattern in quotes, such as '%Gintama%', was expected, but there is 5"),
        ("title like type", 12, "but there is type"),
        ("year between 3", 15, "and was expected, but it ends"),
        ("year not 3", 10, "in, like or between was expected, but there is 3"),
        ("year is 3", 9, "null, true or false was expected, but there is 3"),
        ("year in ()", 10, "but there is )"),
        ("year in (1,)", 12, "but there is )"),
        ("year in (1 2)", 12, ", or ) was expected, but there is 2"),
        ("year + 1", 1, "this is a number, and neither true nor false"),
        ("sensitive and title", 15, "this is text, and neither true nor false"),
        ("not year", 5, "this is a number, and neither true nor false"),
        ("year is true", 1, "this is a number, and neither true nor false"),
        ("year + type > 3", 6, "+ is for numbers, not for text"),
        ("-title = 'x'", 1, "- is for numbers, not for text"),
        ("lower(year) = 'x'", 7, "this is a number, and not text"),
        ("length(year) = 1", 8, "this is a number, and has no length"),
        ("lower(type, title) = 'x'", 1, "lower takes 1, not 2"),
        ("lower() = 'x'", 7, "but there is )"),
        ("title = 'abc", 9, "the ' that begins here has no end"),
        ('"year > 3', 1, 'the " that begins here has no end'),
        ("title = ‘abc’", 9, "‘ means nothing here; text stands in straight quotes, 'like this'"),
        ("year > 2000abc", 8, "this is no number"),
        ("year > ２０００", 8, "this is no number"),
        ("year < 1e999", 8, "this number is too large"),
        ("year < 9223372036854775808", 8, "this number is too large"),
        ("year < " + "9" * 1900, 8, "this number is too large"),
        ("title\u200b = 'x'", 6, "<U+200B> means nothing here"),
        ("x" * 1900, 1, f'there is no column "{"x" * 30}"'),
        ("year 'y" + "'" + "y" * 100, 6, "but there is 'y'"),
        ("(" * (MOST_LEVELS + 1) + "true", MOST_LEVELS + 1, "this is nested more than 50 deep"),
        ("not " * 60 + "true", 4 * MOST_LEVELS + 1, "this is nested more than 50 deep"),
        ("- " * 60 + "1 = 1", 2 * MOST_LEVELS + 1, "this is nested more than 50 deep"),
        ("lower(" * 60, 6 * MOST_LEVELS + 1, "this is nested more than 50 deep"),
        ("1 in (" * 60, 6 * MOST_LEVELS + 3, "this is nested more than 50 deep"),
    ],
)
def test_mistakes_are_pointed_at(condition, place, reason):
    with pytest.raises(RequestError) as error:
        fulfilling(condition, ITEMS)
    assert str(error.value).startswith(f"The condition cannot be read at character {place}: "), error.value
    assert reason in str(error.value) and "The columns are: item_id, title" in error.value.hint


def test_a_mistake_on_a_later_line():
    with pytest.raises(RequestError, match="at line 3, character 5: = cannot compare"):
        fulfilling("year > 2000\nand\n  1 = 'x'", ITEMS)


def test_the_most_that_is_read():
    assert rows("(" * MOST_LEVELS + "year = 1998" + ")" * MOST_LEVELS) == [0]
    assert rows("not " * MOST_LEVELS + "sensitive") == [4]
    assert rows("year = 1998".ljust(MOST_CHARACTERS)) == [0]
    assert rows("(sensitive)" + " or (sensitive)" * MOST_LEVELS) == [4]
    assert rows("year = 1998" + " or year = 2020" * 100) == [0, 4] and rows("1" + "+1" * 900 + " = 901") == EVERY
    with pytest.raises(RequestError, match="2,001 characters, not 2,000 at most"):
        fulfilling("year = 1998".ljust(MOST_CHARACTERS + 1), ITEMS)


@pytest.mark.parametrize("items", [ITEMS.clear(), ITEMS.head(1)], ids=["none", "one"])
def test_small_catalogues(items):
    assert rows("true or year = 1998", items) == list(range(len(items))) and rows("'x' in genres or 1 = 2", items) == []
    assert rows("'Action' in genres and score > 8 and type like 'T%' and -year < 0", items) == list(range(len(items)))


def test_a_column_that_cannot_be_asked_for():
    with pytest.raises(RequestError, match='character 1: the column "day" is of a kind that no condition can ask for'):
        fulfilling("day = 5", pl.DataFrame({"day": [[1, 2]]}))


# ---- the twin: a condition as a tree of tuples, written out, and answered row by row with None for what is unknown

NUMBERS = st.sampled_from([0, 1, 2, 3, 2.5, 7, 2000])
TEXTS = st.sampled_from(["", "a", "b", "ab", "ba", "A", "a'b", "%", "_", "aba"])
FRAME = {"n": st.integers(0, 3) | st.none(), "x": st.sampled_from([0.5, 2.5, None]), "t": TEXTS | st.none(),
         "u": TEXTS | st.none(), "f": st.booleans() | st.none(), "g": st.lists(TEXTS, max_size=3) | st.none()}  # fmt: skip
SCHEMA = {"n": pl.Int32, "x": pl.Float32, "t": pl.String, "u": pl.String, "f": pl.Boolean, "g": pl.List(pl.String)}

SIGNS = ["=", "!=", "<", "<=", ">", ">="]
numbers = st.recursive(
    st.tuples(st.just("value"), NUMBERS) | st.tuples(st.just("column"), st.sampled_from(["n", "x"])),
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner),
    max_leaves=3,
)
texts = st.tuples(st.just("value"), TEXTS | st.none()) | st.tuples(st.just("column"), st.sampled_from(["t", "u"]))
simple = st.one_of(
    st.tuples(st.just("value"), st.sampled_from([True, False, None])),
    st.tuples(st.just("column"), st.just("f")),
    st.tuples(st.sampled_from(SIGNS), numbers, numbers),
    st.tuples(st.sampled_from(SIGNS), texts, texts),
    st.tuples(st.just("between"), numbers, numbers, numbers),
    st.tuples(st.just("in"), texts, st.lists(texts, min_size=1, max_size=3)),
    st.tuples(st.just("has"), texts, st.just("g")),
    st.tuples(st.just("like"), texts, st.text("ab%_'", max_size=4)),
    st.tuples(st.just("null"), numbers | texts),
)
conditions = st.recursive(
    simple,
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=6,
)
STRENGTH = {"or": 1, "and": 2, "not": 3, "+": 6, "-": 6, "*": 7, "/": 7}  # all else is a comparison: 5


def written(tree, outside=0):
    """The condition as text, with no more parentheses than precedence asks for."""
    kind, *parts = tree
    if kind in ("value", "column"):
        return literal(parts[0]) if kind == "value" else parts[0]
    own = STRENGTH.get(kind, 5)
    if kind == "not":
        text = f"not {written(parts[0], own)}"
    elif kind in STRENGTH:
        text = f"{written(parts[0], own)} {kind} {written(parts[1], own + (own > 5))}"
    elif kind == "in":
        text = f"{written(parts[0], 6)} in ({', '.join(map(written, parts[1]))})"
    elif kind == "between":
        text = "{} between {} and {}".format(*(written(part, 6) for part in parts))
    else:
        right = {"has": lambda g: f"in {g}", "like": lambda p: f"like {literal(p)}", "null": lambda: "is null"}
        text = f"{written(parts[0], 6)} " + (right[kind](*parts[1:]) if kind in right else f"{kind} {written(parts[1], 6)}")
    return f"({text})" if own < outside else text


def literal(value):
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else "null" if value is None else str(value)


def negated(a):
    return None if a is None else not a


def conjunction(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def naive(tree, row):
    """What a condition says of one row."""
    kind, *parts = tree
    if kind in ("value", "column"):
        return parts[0] if kind == "value" else row[parts[0]]
    if kind == "null":
        return naive(parts[0], row) is None
    if kind == "in":
        hits = [naive(("=", parts[0], choice), row) for choice in parts[1]]
        return True if True in hits else None if None in hits else False
    if kind == "between":
        return conjunction(naive((">=", parts[0], parts[1]), row), naive(("<=", parts[0], parts[2]), row))
    a = naive(parts[0], row)
    if kind == "not":
        return negated(a)
    b = naive(parts[1], row) if kind not in ("has", "like") else row["g"] if kind == "has" else parts[1]
    if kind == "and":
        return conjunction(a, b)
    if kind == "or":
        return negated(conjunction(negated(a), negated(b)))
    if a is None or b is None:
        return None
    if kind == "has":
        return a in b
    if kind == "like":
        return re.fullmatch("".join({"%": "(.|\n)*", "_": "(.|\n)"}.get(c, re.escape(c)) for c in b), a) is not None
    if kind == "/":
        return a / b if b else None
    return {"=": a == b, "!=": a != b}[kind] if kind in ("=", "!=") else calculated(kind, a, b)


def calculated(kind, a, b):
    ordered = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
    return ordered[kind] if kind in ordered else {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b}[kind]()


@given(conditions, st.lists(st.fixed_dictionaries(FRAME), min_size=1, max_size=6))
def test_the_twin_says_the_same_of_each_row(tree, frame):
    found = fulfilling(written(tree), pl.DataFrame(frame, schema=SCHEMA))
    assert found.tolist() == [naive(tree, row) is True for row in frame], written(tree)


def test_the_twin_itself():
    row = {"n": 2, "x": None, "t": "ab", "u": None, "f": True, "g": ["ab"]}
    assert naive(("or", ("value", None), ("value", True)), row) is True
    assert naive(("and", ("value", None), ("value", False)), row) is False and naive(("not", ("value", None)), row) is None
    assert naive((">", ("column", "x"), ("value", 1)), row) is None and naive(("/", ("value", 1), ("value", 0)), row) is None
    assert naive(("like", ("column", "t"), "a_"), row) is True and naive(("has", ("column", "t"), "g"), row) is True
    assert math.isclose(naive(("+", ("column", "n"), ("value", 2.5)), row), 4.5)
    assert written(("not", ("and", ("or", ("column", "f"), ("value", None)), ("value", True)))) == "not ((f or null) and true)"
