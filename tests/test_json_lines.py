"""JSON lines: the fast reader gives what the slow one does, which knows each bad line."""

import gzip
import json

import numpy as np
import pytest

import konomi
from konomi.errors import DataError
from konomi.reading.ids import Doubt
from konomi.reading.sources import json_lines

GOOD = [
    '{"user": "a", "item": 1, "rating": 4.5, "timestamp": 1580466030, "note": {"long": [1, 2]}}',
    '{"rating": 5, "user": "b", "item": 2, "timestamp": 1580466031000, "more": "x"}',
]


@pytest.fixture
def read(tmp_path):
    def read(*lines, name="r.jsonl", **options):
        path = tmp_path / name
        content = "\n".join(lines).encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return konomi.read_ratings(path, source="json-lines", **options)

    return read


@pytest.fixture
def slowly(monkeypatch):
    def blocks(*_):
        raise Doubt

    return lambda: monkeypatch.setattr(json_lines, "_blocks", blocks)


def rows(table):
    columns = [table.rating, *(each for each in (table.time, table.status, table.deleted) if each is not None)]
    return [table.user_id.to_list(), table.item_id.to_list(), *(np.nan_to_num(each, nan=-99).tolist() for each in columns)]


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz"])
def test_only_what_is_needed_is_read_and_fast(read, name, monkeypatch):
    monkeypatch.setattr(json_lines, "read_slowly", None)
    monkeypatch.setattr(json_lines, "BLOCK", 1)  # a block for each line
    table = read("\ufeff" + GOOD[0], "", *GOOD[1:], '{"user": "c", "item": 1}\r', "{}"[:0], name=name)
    assert rows(table) == [["a", "b", "c"], [1, 2, 1], [4.5, 5, -99], [1580466030, 1580466031, 0]]
    assert table.reading == {"user": "user", "item": "item", "rating": "rating", "time": "timestamp"}
    dated = read(
        '{"user": 1, "item": 2, "deleted": "no", "rating": "3", "date": "2020-01-31"}',
        '{"user": 1, "item": 3}',
        '{"rating": "4", "item": 5, "user": 1}',
    )
    assert rows(dated) == [[1, 1, 1], [2, 3, 5], [3, -99, 4], [1580428800, 0, 0], [False] * 3]


@pytest.mark.parametrize(
    "line",
    [
        '{"user": 7, "item": "x", "rating": "4.5"}',
        '{"user": 12345678901234567890123, "item": 7.0, "rating": 1}',
        '{"user": true, "item": 1.5, "rating": null}',
        '{"user": "a", "user": "b", "item": 1, "rating": 2, "rating": 3}',
        '{"user": "\\ud800a", "item": "[1]", "rating": 2}',
        '{"user": "\\u00e9\\ud83d\\ude00", "item": "\\u0000", "rating": 2, "timestamp": "2020-01-31T10:00:00+02:00"}',
        '{"user": "a b", "item": " c ", "rating": 2, "timestamp": 1.5e9}',
        '{"user": "\udcff", "item": 1, "rating": 2}',
        '{"user": "a", "item": 1, "rating": 3, "timestamp": -5}',
    ],
)
def test_the_fast_reader_gives_what_the_slow_one_gives(read, slowly, line):
    fast = read(*GOOD, line)
    slowly()
    assert rows(read(*GOOD, line)) == rows(fast)


BAD = {
    '{"user": "a", "item": 1,': "no JSON object",
    "[1]": "no JSON object",
    '{"user": "a", "item": 1} {}': "no JSON object",
    "9" * 5000: "no JSON object",
    '{"item": 1, "rating": 3}': "missing user id",
    '{"user": "a", "item": {"id": 1}, "rating": 3}': "missing item id",
    '{"user": "a", "item": 1, "rating": true}': "rating is not a number",
    '{"user": "a", "item": 1, "rating": 1e400}': "rating beyond",
    '{"user": "a", "item": 1, "rating": 3, "timestamp": "soon"}': "time is neither",
}


def test_bad_lines_are_named_by_their_line_and_kind(read):
    lines = [line for bad in BAD for line in (bad, "")]
    with pytest.raises(DataError, match=r"9 rows .*no JSON object: 4; .*, at lines 3, 5, 7, 9, 11, …") as error:
        read(*GOOD, *lines)
    assert "`on_bad_rows`=skip" in error.value.hint
    table = read(*GOOD, *lines, on_bad_rows="skip")
    assert rows(table)[0] == ["a", "b"] and table.rejects.line == list(range(3, 21, 2))
    for found, (text, reason) in zip(zip(table.rejects.text, table.rejects.reason, strict=True), BAD.items(), strict=True):
        assert text.startswith(found[0]) and found[1].startswith(reason)


def test_a_file_that_ends_too_early(read, tmp_path):
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(GOOD * 5000).encode())[:-200])
    with pytest.raises(DataError, match="damaged or ends too early: 1"):
        konomi.read_ratings(path)
    assert len(konomi.read_ratings(path, on_bad_rows="skip")) > 1000


def test_keys_that_are_missing(read):
    with pytest.raises(DataError, match=r'no column "users" for the user\. Did you mean "user"'):
        read(*GOOD, user="users", item="item", rating="rating")
    with pytest.raises(DataError, match="no column that looks like the rating"):
        read(json.dumps({"user": 1, "item": 2, "other": 3}))
    with pytest.raises(DataError, match="1 row cannot be read"):
        read("[1]")


def test_several_files_have_the_keys_of_all(tmp_path):
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, text in zip(
        paths,
        ('{"user": 1, "item": 2}', '{"user": 3, "item": 2, "rating": 4}\n{"user": 3, "item": 1, "rating": 1}'),
        strict=True,
    ):
        path.write_text(text)
    assert rows(konomi.read_ratings(*paths, source="json-lines")) == [[1, 3, 3], [2, 2, 1], [-99, 4, 1]]
