"""What leaves for a terminal, a notebook, a program or a spreadsheet says what it is, and does nothing."""

import csv
import html
import io
import json
import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import konomi, ratings, refused, write
from hostile import FORMULAS, HARMLESS, HOSTILE_CHARACTERS, TITLES
from konomi.cli import ask, console
from konomi.data.table import Rejects
from konomi.errors import KonomiError, RequestError
from konomi.lists.personal_list import read_list
from konomi.reading.records import write_rejects
from konomi.recommend.answer import Answer, Row
from konomi.recommend.bulk import write_table
from konomi.text import as_cell, from_cell, visible, visible_json

BAD = re.compile(f"[{re.escape(''.join(HOSTILE_CHARACTERS))}\ud800-\udfff]")


def lines_of(text):
    """The lines of an output, none of which holds anything that a terminal obeys."""
    lines = text.split("\n")
    assert [line for line in lines if BAD.search(line)] == []
    return lines


# ---- one text, one line


@pytest.mark.parametrize("character", [*HOSTILE_CHARACTERS, "\ud800", "\udcff"], ids=ascii)
def test_what_a_terminal_obeys_is_shown_as_a_code(character):
    code = visible(f"A{character}B")[1:-1]
    byte, number = f"\\x{ord(character):02x}", f"<U+{ord(character):04X}>"
    known = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}.get(character, byte if ord(character) < 0x100 else number)
    assert code == known and visible(code) == code


@pytest.mark.parametrize("text", HARMLESS, ids=ascii)
def test_text_of_any_script_is_left_alone(text):
    assert visible(text) == text


@given(st.text())
def test_nothing_else_is_lost(text):
    shown = visible(text)
    assert not BAD.search(re.sub("\U0001f3f4.*?\U000e007f", "", shown)) and visible(shown) == shown
    assert all(letter in shown for letter in text if unicodedata.category(letter)[0] in "LNPSM")


def test_tags_without_a_flag_are_hidden_text():
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore")
    assert visible(f"Monster{hidden}") == "Monster" + "".join(f"<U+{ord(letter):X}>" for letter in hidden)
    assert visible("\U0001f3f4" + hidden).startswith("\U0001f3f4<U+E0069>")


# ---- the console


@pytest.mark.parametrize("text", TITLES, ids=lambda text: ascii(text[:30]))
def test_every_way_to_the_console(text, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "4000")
    console.show(
        text, console.table(text, (text, "n"), [(text, 1), ((text, text), None)], ("n",)), console.histogram(text, {text: 3})
    )
    console.say(text, "after")
    console.note(text)
    said = capsys.readouterr()
    shown = visible(text)
    assert lines_of(said.err) == [shown, "after", ""]
    out = lines_of(said.out)
    assert out[0] == shown and len(out) == 15 and out[-2] == f"Note: {shown}."
    assert sum(shown.strip() in line for line in out) == 9


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_says_the_same(encoding, monkeypatch):
    titles = [*TITLES, "\ud800", "a\udcffb"]
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", out)
    console.show_json({"titles": titles, **dict.fromkeys(titles, 1)})
    out.flush()
    text = out.buffer.getvalue().decode(encoding)
    lines_of(text)
    assert json.loads(text)["titles"] == titles and set(json.loads(text)) == {"titles", *titles}


def test_json_escapes_what_stands_beyond_sixteen_bits():
    assert visible_json('"\U000e0041\x9b\u202e"\n') == '"\\udb40\\udc41\\u009b\\u202e"\n'


def test_errors_are_two_lines():
    error = RequestError("No \x1b[31mtitle\n\u202e.", "Did you mean \x07?\nerror: x")
    assert str(error) == r"No \x1b[31mtitle\n<U+202E>." and error.hint == r"Did you mean \x07?\nerror: x"
    assert isinstance(error, KonomiError)


def test_answers_in_notebooks():
    rows = tuple(Row(n, title, 2000, title, (title,), 1.0, 7.5) for n, title in enumerate(TITLES))
    answer = Answer(rows, "a\x1bnote")
    assert len(lines_of(repr(answer))) == len(TITLES) + 1 and visible(TITLES[-1]) in repr(answer)
    shown = answer._repr_html_()
    lines_of(shown)
    cells = [html.unescape(cell) for cell in re.findall("<td>(.*?)</td>", shown)]
    assert cells[1::7] == [visible(title) for title in TITLES] and "<script>" not in shown and "a\\x1bnote" in shown
    lines_of(repr(rows))


# ---- spreadsheets


@pytest.mark.parametrize("text", TITLES, ids=lambda text: ascii(text[:30]))
def test_cells_are_read_back(text):
    cell = as_cell(text)
    assert from_cell(cell) == text and cell[:1] not in {*"=+-@\t\r\n"}
    assert (cell != text) == bool(re.match(r"'*[=+\-@\t\r\n]", text)) and cell in (text, f"'{text}")


@given(st.text("'=+-@\t\r\nab1"))
def test_any_cell_is_read_back(text):
    assert from_cell(as_cell(text)) == text and as_cell(text)[:1] not in {*"=+-@\t\r\n"}


def test_everybodys_recommendations(tmp_path):
    frame = pl.DataFrame(
        {"user_id": ["=u", "v"] * 4, "place": [1, -2] * 4, "title": [*FORMULAS[:7], None], "score": [-1.5, 2.0] * 4}
    )
    assert write_table(tmp_path / "recs.csv", [frame, frame]) == 16
    with (tmp_path / "recs.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["user_id", "place", "title", "score"] and rows[:8] == rows[8:] and len(rows) == 16
    assert rows[0] == ["'=u", "1", "'=Love", "-1.5"] and rows[1] == ["v", "-2", "'+Tic", "2.0"]
    assert [from_cell(row[2]) for row in rows[:7]] == FORMULAS[:7] and rows[7][2] == ""
    write_table(tmp_path / "recs.parquet", [frame])
    assert pl.read_parquet(tmp_path / "recs.parquet").equals(frame)


def test_a_list_with_such_titles(tmp_path):
    titles = [title for title in FORMULAS if title == title.strip()]
    file = tmp_path / "me.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("title", "rating"), *((as_cell(title), 9) for title in titles)])
    assert [entry.name for entry in read_list(file).entries] == titles


def test_rows_that_were_left_out(tmp_path):
    write_rejects(tmp_path / "rejects.csv", Rejects([-3, 4], ["=a.csv: bad", "too few columns"], ["=1+1,x", '-5,"x"\udcff']))
    back = pl.read_csv(tmp_path / "rejects.csv")
    assert back.rows() == [(-3, "'=a.csv: bad", "'=1+1,x"), (4, "too few columns", '\'-5,"x"�')]


# ---- commands over a catalogue that means harm

EVIL = ["\x1b]0;owned\x07Alpha", "=Beta\u202egpj", "Gamma\nerror: forged", "\x9b2JDelta", "@Epsilon", "Ze\u200bta"]


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """The folder of a catalogue with `EVIL` titles, genres and types, and what is made of it."""
    folder = tmp_path_factory.mktemp("evil")
    write(folder / "ratings.csv", ratings())
    with (folder / "items.csv").open("w", newline="", encoding="utf-8") as file:
        rows = ((10 + n, title, f"Dra\x1bma|Act{n}", 2000 + n, "T\u202eV") for n, title in enumerate(EVIL))
        csv.writer(file).writerows([("item_id", "title", "genres", "year", "type"), *rows])
    said = [
        konomi("prepare", folder / "ratings.csv", "--items", folder / "items.csv", "--scale", "1:10:1", "-o", folder / "data")
    ]
    said.append(konomi("train", folder / "data", "-o", folder / "bundle", "--set", "dim=4", "--set", "epochs=20", "--no-refit"))
    for result in said:
        lines_of(result.stdout + result.stderr)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("info", "{}/data"),
        ("info", "{}/data", "--user", "3"),
        ("info", "{}/bundle"),
        ("evaluate", "{}/bundle", "{}/data"),
        ("recommend", "{}/bundle"),
        ("recommend", "{}/bundle", "--rate", "10=9", "--rate", "=Beta\u202egpj=3"),
        ("recommend", "{}/bundle", "--profile", "{}/me.csv", "--genre", "Dra\x1bma=9"),
        ("similar", "{}/bundle", "Gamma\nerror: forged"),
        ("ask", "{}/bundle"),
    ],
)
def test_titles_that_mean_harm(evil, words):
    with (evil / "me.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([(EVIL[2], 9), ("No\x1bthing\u202e", 5), (as_cell(EVIL[1]), 2)])
    words = [word.replace("{}", str(evil)) for word in words]
    result = konomi(*words)
    lines_of(result.stdout + result.stderr)
    assert not any(line.startswith("error: ") for line in (result.stdout + result.stderr).split("\n"))
    found = konomi(*words, "--json").stdout
    lines_of(found)
    json.loads(found)


def test_titles_are_shown_with_their_codes(evil):
    out = konomi("recommend", evil / "bundle", "--why", 0).stdout
    assert "Gamma\\nerror: forged (2002, T<U+202E>V)" in out and "Dra\\x1bma" in out
    listed = json.loads(konomi("recommend", evil / "bundle", "--json").stdout)["recommendations"]
    assert {row["title"] for row in listed} <= set(EVIL) and listed[0]["type"] == "T\u202eV"


@pytest.mark.parametrize(
    "words",
    [
        ("--rate", "Alpho\x1b[31m\u202e=9"),
        ("--genre", "Dra\x1bmo=9"),
        ("--type", "T\u202eW"),
        ("--where", "title = 5\x1b"),
        ("--where", "ti\u202etle = 5\nor x"),
        ("--profile", "no\x1bne\n.csv"),
        ("--user", "a\x1bnna"),
    ],
)
def test_refusals_that_repeat_what_was_said(evil, words):
    for line in refused("recommend", evil / "bundle", *words):
        assert lines_of(line) == [line]


def test_wrong_words_of_the_command_line(evil):
    for words in (("recommend", "--wh\x1bat\u202e"), ("--wh\x1bat\u202e",), ("tr\x1bain",), ("info", "a", "b\x1b\u202e")):
        lines_of(konomi(*words, code=2).stderr)


def test_answers_to_questions_are_read_back(evil, monkeypatch, tmp_path):
    monkeypatch.setattr(ask, "at_terminal", lambda: True)
    monkeypatch.setattr("builtins.input", iter(["9", "8", "nine\x1b", "7", "6", "5", "4"]).__next__)
    asked = konomi("ask", evil / "bundle", "-n", 6, "-o", tmp_path / "me.csv")
    lines_of(asked.stdout + asked.stderr)
    kept = (tmp_path / "me.csv").read_bytes().decode()
    assert "\n'=Beta" in kept and "\n'@Epsilon" in kept and "\n=" not in kept
    matched = json.loads(konomi("recommend", evil / "bundle", "--profile", tmp_path / "me.csv", "--json").stdout)["list"]
    assert len(matched["matched"]) == 6 and not matched["unmatched"]
