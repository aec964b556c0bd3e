"""Data that is fetched where somebody asks for it, from a server of our own: nothing here leaves the machine."""

import hashlib
import zipfile
from io import BytesIO
from urllib.error import URLError
from urllib.request import Request

import pytest

from konomi.errors import Cancelled, DataError
from konomi.pipeline.fetch import SameSafety, fetch_data
from konomi.pipeline.protocol_data import find_data
from konomi.pipeline.protocol_file import load_protocol
from konomi.runtime import Run
from protocols import RATED, protocol, ratings, rows

RUN = Run(threads=1)


def packed(files):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def made(tmp_path):
    """The bytes of the ratings, and a function that makes a protocol which fetches them."""
    (tmp_path / "source").mkdir()
    body = ratings(tmp_path / "source" / "ratings.csv", rows()).read_bytes()

    def with_fetch(address, more="", sums=""):
        fetch = f'\n[[data.fetch]]\naddress = "{address}"\nlicence = "CC0"\nfiles = ["ratings.csv"]\n{more}'
        return load_protocol(protocol(tmp_path / "p.toml", 'kind = "drawn"', data=f"{RATED}\n{sums}{fetch}"))

    return body, with_fetch


def test_a_zip_is_fetched_once_and_its_licence_is_said_first(server, made, tmp_path):
    body, with_fetch = made
    page = packed({"made-1/doc/ratings.csv": b"other", "made-1/ratings.csv": body, "made-1/README": b"read me"})
    server.pages["/made.zip"] = (200, {}, page)
    sums = f'[data.sums]\n"ratings.csv" = "sha256:{hashlib.sha256(body).hexdigest()}"\n'
    found = with_fetch(f"{server.address}/made.zip", f'sum = "md5:{hashlib.md5(page).hexdigest()}"', sums)
    said = []

    def say(line):
        assert not server.asked
        said.append(line)

    came = fetch_data(found, tmp_path / "data", RUN, say)
    assert said == [f"{server.address}/made.zip (at most 100MB), to {tmp_path / 'data' / 'made'}.", "Licence: CC0."]
    assert came == (tmp_path / "data" / "made" / "ratings.csv",) and came[0].read_bytes() == body
    assert [path.name for path in (tmp_path / "data" / "made").iterdir()] == ["ratings.csv"]
    assert find_data(found, tmp_path / "data").unchecked == ()
    assert fetch_data(found, tmp_path / "data", RUN, said.append) == () and server.asked == ["/made.zip"]


def test_a_file_as_it_is_by_way_of_another_address(server, made, tmp_path):
    body, with_fetch = made
    server.pages |= {"/old.csv": (302, {"Location": "/new.csv"}, b""), "/new.csv": (200, {}, body)}
    heard = []
    run = Run(threads=1, progress=heard.append)
    (came,) = fetch_data(with_fetch(f"{server.address}/old.csv"), tmp_path, run, lambda line: None)
    assert came.read_bytes() == body and (heard[-1].done, heard[-1].total, heard[-1].unit) == (len(body), len(body), "bytes")


REFUSED = {
    "not there": (lambda body: (404, {}, b"no"), "", "cannot be fetched: 404 Not Found"),
    "too large by what is said": (lambda body: (200, {}, body), 'most = "1KB"', "is larger than 1KB"),
    "too large in the end": (
        lambda body: (200, {"Transfer-Encoding": "identity", "Content-Length": ""}, b"x" * 2_000_000),
        'most = "1KB"', "is larger than 1KB",
    ),
    "cut short": (lambda body: (200, {"Content-Length": "9999999", "Connection": "close"}, body), "", "ended after"),
    "another file": (lambda body: (200, {}, body), f'sum = "md5:{"0" * 32}"', "its checksum is md5:"),
    "a zip without it": (lambda body: (200, {}, packed({"a.csv": body})), "", "has no ratings.csv"),
    "a zip that is damaged": (
        lambda body: (200, {}, packed({"ratings.csv": body}).replace(b"user_id", b"user-id", 1)), "", "is a damaged zip",
    ),
    "a zip with damaged data": (lambda body: (200, {}, _scratched(body)), "", "is a damaged zip"),
    "a way out of http": (lambda body: (302, {"Location": "file:///etc/passwd"}, b""), "", "cannot be fetched: "),
    "a zip that swells": (
        lambda body: (200, {}, _swollen()), 'most = "100KB"', "would be more than 20 times 100KB unpacked",
    ),
}  # fmt: skip


def _swollen():
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", b"0" * 3_000_000)
    return out.getvalue()


def _scratched(body):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", body)
    page = bytearray(out.getvalue())
    page[60:64] = b"\xff" * 4  # of what is packed
    return bytes(page)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_nothing(server, made, tmp_path, what):
    body, with_fetch = made
    page, more, said = REFUSED[what]
    server.pages["/made"] = page(body)
    heard = []
    with pytest.raises(DataError) as error:
        run = Run(threads=1, progress=heard.append)
        fetch_data(with_fetch(f"{server.address}/made", more), tmp_path / "data", run, lambda line: None)
    assert len(heard) <= (0 if what.startswith("too large by") else 2)  # no more is read than has to be
    assert error.value.message.startswith(f"{server.address}/made: ") and said in error.value.message and error.value.hint
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_a_file_that_is_not_the_protocols_is_not_kept(server, made, tmp_path):
    body, with_fetch = made
    server.pages["/made.csv"] = (200, {}, body)
    found = with_fetch(f"{server.address}/made.csv", sums=f'[data.sums]\n"ratings.csv" = "sha256:{"0" * 64}"\n')
    with pytest.raises(DataError, match=r"its ratings\.csv is not the protocol's"):
        fetch_data(found, tmp_path / "data", RUN, lambda line: None)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_https_leads_to_https_alone():
    asked = Request("https://example.org/a")
    with pytest.raises(URLError, match="which is not https"):
        SameSafety().redirect_request(asked, None, 302, "", {}, "http://example.org/a")
    assert SameSafety().redirect_request(asked, None, 302, "", {}, "https://example.org/b").full_url.endswith("/b")


def test_a_page_instead_of_a_zip_is_no_file_of_the_data(server, tmp_path):
    server.pages["/made.zip"] = (200, {}, b"<html>Our terms have changed.</html>")
    fetch = f'[[data.fetch]]\naddress = "{server.address}/made.zip"\nlicence = "CC0"\nfiles = ["a.csv", "b.csv"]\n'
    path = protocol(tmp_path / "p.toml", 'kind = "drawn"', ("a.csv", "b.csv"), f"{RATED}\n{fetch}")
    with pytest.raises(DataError, match=r"made\.zip: is no zip"):
        fetch_data(load_protocol(path), tmp_path / "data", RUN, lambda line: None)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


@pytest.mark.parametrize("address", ["https://[::1", "http://..a/x"])
def test_an_address_that_is_none(made, tmp_path, address):
    _, with_fetch = made
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch_data(with_fetch(address), tmp_path, RUN, lambda line: None)


def test_a_place_that_cannot_be_written(server, made, tmp_path):
    body, with_fetch = made
    server.pages["/made.csv"] = (200, {}, body)
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataError, match=r"data/made: cannot be written: Not a directory"):
        fetch_data(with_fetch(f"{server.address}/made.csv"), tmp_path / "data", RUN, lambda line: None)


def test_nobody_there(made, tmp_path):
    _, with_fetch = made
    with pytest.raises(DataError, match=r"cannot be fetched: .*refused"):
        fetch_data(with_fetch("http://127.0.0.1:9/made.csv"), tmp_path, RUN, lambda line: None)


def test_nothing_says_where(tmp_path):
    found = load_protocol(protocol(tmp_path / "p.toml", 'kind = "drawn"'))
    with pytest.raises(DataError, match=r"p: nothing says where ratings\.csv can be fetched"):
        fetch_data(found, tmp_path, RUN, lambda line: None)


def test_cancelled(server, made, tmp_path):
    body, with_fetch = made
    server.pages["/made.csv"] = (200, {}, body)
    run = Run(threads=1)
    run.cancel.set()
    with pytest.raises(Cancelled):
        fetch_data(with_fetch(f"{server.address}/made.csv"), tmp_path / "data", run, lambda line: None)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
