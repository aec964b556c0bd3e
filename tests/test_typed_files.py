"""Parquet and Arrow files that are damaged are refused, whatever polars makes of the damage."""

import polars as pl
import pytest

import konomi
from konomi.errors import DataError
from konomi.reading.catalogues import read_catalogue
from konomi.reading.users import read_users

RATINGS = pl.DataFrame({"user_id": [1, 1, 2], "item_id": [7, 8, 7], "rating": [4.0, 2.0, 5.0], "title": ["A", "B", "A"]})


@pytest.fixture(params=["parquet", "arrow"])
def path(request, tmp_path):
    path = tmp_path / f"odd [1] *.{request.param}"
    RATINGS.write_parquet(path) if request.param == "parquet" else RATINGS.write_ipc(path)
    return path


READERS = {"ratings": konomi.read_ratings, "catalogue": read_catalogue, "users": lambda path: read_users(path, None, "refuse")}


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_is_not_whole(path, reader):
    assert len(READERS[reader](path)) > 0
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not readable as") as error:
        READERS[reader](path)
    assert error.value.hint == "Check that the file is whole."


@pytest.mark.parametrize("reader", READERS)
def test_where_polars_panics(path, reader, monkeypatch):
    def panic(*_, **__):
        raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")

    for name in ("read_parquet", "read_ipc"):
        monkeypatch.setattr(pl, name, panic)
    monkeypatch.setattr(pl.LazyFrame, "collect", panic)
    with pytest.raises(DataError, match=r"not readable as (parquet|arrow): what is in it is damaged\.$"):
        READERS[reader](path)


@pytest.mark.parametrize("kept", [0, 2])
def test_rows_that_are_missing_after_a_damaged_part(path, kept, monkeypatch):
    monkeypatch.setattr(pl.LazyFrame, "collect_batches", lambda frame, **_: iter([frame.collect().head(kept)]))
    with pytest.raises(DataError, match=f"only {kept} of its 3 rows can be read"):
        konomi.read_ratings(path)
    with pytest.raises(DataError, match=f"only {kept} of its 3 rows can be read"):
        konomi.read_ratings(path, rating="title", on_bad_rows="skip")  # slowly
