"""Files of lists that are packed, or spoilt, or meant to harm."""

import gzip
import json
import zipfile
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.errors import DataError
from konomi.lists import text_files
from konomi.lists.personal_list import LISTS, read_list
from list_files import COMPLETED, RATINGS, anilist, anime, mal, refused, scored, told, written, zipped


@pytest.fixture
def write(tmp_path):
    return partial(written, tmp_path)


def test_packed(write):
    text = mal(anime())
    for name, content in {
        "list.xml.gz": gzip.compress(text.encode()),
        "no ending": gzip.compress(text.encode()),
        "list.zip": zipped({"__MACOSX/list.xml": b"\0", "folder/list.xml": text}),
        "list.xml": zipped({"list.xml.gz": gzip.compress(text.encode())}),
        "stored.zip": zipped({"list.xml": text}, zipfile.ZIP_STORED),
        "bom.xml": b"\xef\xbb\xbf" + text.encode(),
        "plain.xml.gz": text.encode(),  # a name is no proof
    }.items():
        assert told(read_list(write(name, content))) == [("Cowboy Bebop", 9, COMPLETED)], name


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        ("Panty & Stocking", "Panty & Stocking"),
        ("R&B; A &amp; B &#38; C&", "R&B; A & B & C&"),
        ("<![CDATA[A &amp; B & C]]>", "A &amp; B & C"),  # where nothing is an entity
    ],
)
def test_a_bare_ampersand_is_one(write, title, meant):
    text = mal(anime(title="TITLE")).replace("<![CDATA[TITLE]]>", title)
    assert read_list(write("list.xml", text)).entries[0].title == meant


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("ISO-8859-1", "Pokémon"), ("windows-1252", "Pokémon"), ("Shift_JIS", "ポケモン"), ("UTF-16", "ポケモン")],
)
def test_the_encoding_that_xml_declares(write, encoding, title):
    text = mal(anime(title=title)).replace('encoding="UTF-8"', f'encoding="{encoding}"')
    assert read_list(write("list.xml", text.encode(encoding))).entries[0].title == title
    undeclared = mal(anime(title=title)).encode(encoding)
    if encoding != "UTF-16":  # which begins as such
        refused(write("list.xml", undeclared), "is not UTF-8 text")


def test_an_encoding_that_is_none_is_utf_8(write):
    for encoding in ("rot13", "idna", "zlib", "utf-7"):
        text = mal(anime(title="Pokémon")).replace('encoding="UTF-8"', f'encoding="{encoding}"')
        assert read_list(write("list.xml", text)).entries[0].title == "Pokémon"


def test_damaged(write, tmp_path):
    text = mal(*(anime(str(n), f"Title {n}") for n in range(1, 50)))
    packed, archive = gzip.compress(text.encode()), zipped({"list.xml": text})
    refused(write("list.xml.gz", packed[:-20]), "list.xml.gz: cannot be unpacked")
    refused(write("list.zip", archive[:-30]), "list.zip: cannot be unpacked")
    refused(write("list.zip", archive[:60] + b"\xff" * 10 + archive[70:]), "list.zip: cannot be unpacked")
    refused(write("list.zip", zipped({"list.xml": text}, zipfile.ZIP_BZIP2)), "packed in an unusual way")
    refused(write("list.xml", text[:-30]), "list.xml: not whole XML")
    refused(write("list.xml", text.encode().replace(b"Title 7", b"Titl\xe9 7")), "is not UTF-8 text")
    refused(write("list.json", anilist(scored(5))[:-10]), "list.json: not whole JSON")
    refused(write("list.json", "[" * 100_000), "list.json: is no list")
    refused(write("list.json", '[{"a": NaN}]'), "NaN is no number")
    refused(write("list.json", '[{"a": ' + "9" * 5000 + "}]"), "list.json: is no list")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "none.csv", "none.csv: cannot be read: No such file", "title or item id, rating")
    secret = bytearray(archive)
    for at in (6, archive.index(b"PK\x01\x02") + 8):
        secret[at] |= 1
    refused(write("list.zip", bytes(secret)), "encrypted")


def test_bombs(write, monkeypatch):
    monkeypatch.setattr(text_files, "LIMIT", 1 << 20)
    monkeypatch.setattr(text_files, "PACKED", 1 << 16)
    monkeypatch.setattr(text_files, "MEMBERS", 20)
    zeros = b"0" * (2 << 20)
    refused(write("list.gz", gzip.compress(zeros)), "holds more than 1 MiB")
    refused(write("list.zip", zipped({"list.xml": zeros})), "holds more than 1 MiB")
    refused(write("list.zip", zipped({"list.xml.gz": gzip.compress(zeros)})), "holds more than 1 MiB")
    refused(write("list.zip", zipped({f"{n}.csv": zeros[: 1 << 18] for n in range(5)})), "holds more than 1 MiB")
    refused(write("list.zip", zipped({f"{n}.csv": "" for n in range(21)})), "21 members")
    refused(write("list.zip", zipped({"list.xml": zeros}, zipfile.ZIP_STORED)), "holds more than")
    refused(write("list.csv", zeros), "holds more than 1 MiB")


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE myanimelist>",
        '<!DOCTYPE myanimelist SYSTEM "http://127.0.0.1/evil.dtd">',
        '<!DOCTYPE myanimelist [<!ENTITY file SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE myanimelist [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE myanimelist [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    ],
)
def test_entities_are_refused(write, declared):
    text = mal(anime(title="]]>&file;&c;<![CDATA[")).replace("<!-- export -->", declared)
    error = refused(write("list.xml", text), "declares a document type or entities")
    assert "localhost" not in str(error)


def test_what_is_no_list_is_refused(write):
    for name, content in {
        "page.html": "<!DOCTYPE html><html></html>",
        "feed.xml": '<?xml version="1.0"?><feed/>',
        "odd.json": '{"a": 1}',
        "empty.json": "[]",
        "lists.zip": zipped({"a.csv": "A,9\n", "b.csv": "B,9\n"}),
        "empty.zip": zipped({}),
        "pictures.zip": zipped({"a.png": b"\x89PNG"}),
    }.items():
        refused(write(name, content), name, "It may be")
    refused(write("both.zip", zipped({"a.xml": mal(anime()), "ratings.csv": RATINGS})), "holds lists of mal and letterboxd")
    refused(write("none.xml", mal("<manga/>")), "there is nothing on the list", "manga (1)")


def test_every_list_is_a_module_with_its_own_file():
    assert all(module.startswith("konomi.lists.sites.") for module in LISTS.values())


hostile = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    "data lists entries media title score status type movie show ids attributes relationships anime".split()
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps([value]).encode()),
)


@given(
    hostile, st.sampled_from([b"", b'{"data": ', b'{"lists": [{"entries": ', b'[{"rated_at": 1, "movie": ', b"<myanimelist>"])
)
def test_whatever_is_in_a_file_only_our_own_errors_leave(tmp_path_factory, content, before):
    closing = {
        b'{"data": ': b"}",
        b'{"lists": [{"entries": ': b"}]}",
        b'[{"rated_at": 1, "movie": ': b"}]",
        b"<myanimelist>": b"",
    }.get(before, b"")
    path = tmp_path_factory.mktemp("hostile") / "list"
    path.write_bytes(before + content + closing)
    try:
        read_list(path)
    except DataError as error:
        assert error.hint
