"""Index files: a whole number for each row of another file."""

import pickle

import numpy as np
import pytest

from command_line import write
from konomi.errors import DataError
from konomi.reading.index_files import read_index

ROLES = [0, 0, 2, -1, 1, 0]


def test_every_form_says_the_same(tmp_path):
    write(tmp_path / "a.txt", "\n".join(map(str, ROLES)) + "\n\n")
    np.save(tmp_path / "a.npy", np.array(ROLES, np.int8))
    np.savez_compressed(tmp_path / "a.npz", data=ROLES)
    for name in ("a.txt", "a.npy", "a.npz"):
        found = read_index(tmp_path / name)
        assert found.tolist() == ROLES and found.dtype == np.int64


def test_lines_that_are_no_numbers_are_named(tmp_path):
    path = write(tmp_path / "a.txt", "0\n1\n\ntrain\n2.5\n")
    with pytest.raises(DataError, match=r"a\.txt: lines are no whole numbers: 4, 5\.") as error:
        read_index(path)
    assert "a whole number a line" in error.value.hint


def test_nothing_pickled_is_read(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], object), allow_pickle=True)
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(ROLES))
    for name in ("objects.npy", "pickle.npz"):
        with pytest.raises(DataError, match="no array of NumPy, or is damaged"):
            read_index(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "holds"), [("two.npz", "int64[2], int64[2]"), ("real.npy", "float64[2]"), ("2d.npy", "int64[2, 1]")]
)
def test_anything_but_one_row_of_whole_numbers_is_refused(tmp_path, name, holds):
    path = tmp_path / name
    if name == "two.npz":
        np.savez(path, a=[0, 1], b=[0, 1])
    else:
        np.save(path, np.array([0.0, 1.0]) if name == "real.npy" else np.array([[0], [1]]))
    with pytest.raises(DataError) as error:
        read_index(path)
    assert f"{path}: holds {holds}, and not one row of whole numbers." == str(error.value)


def test_damage_of_every_kind(tmp_path):
    np.savez_compressed(tmp_path / "whole.npz", data=np.tile(ROLES, 99))
    np.save(tmp_path / "whole.npy", ROLES)
    packed, bare = (tmp_path / "whole.npz").read_bytes(), (tmp_path / "whole.npy").read_bytes()
    other = bytearray(packed)
    other[8] = other[packed.index(b"PK\x01\x02") + 10] = 99  # a way of packing that Python has not
    damaged = {
        "scratched.npz": packed[:60] + b"\xff" * 4 + packed[64:],
        "other.npz": bytes(other),
        "huge.npy": bare.replace(b"(6,), }".ljust(40), b"(1000000000000000,), }".ljust(40)),
        "open.npy": bare.replace(b"}", b" "),
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match="no array of NumPy, or is damaged"):
            read_index(tmp_path / name)


def test_missing_empty_and_cut_short(tmp_path):
    write(tmp_path / "empty.txt", "\n")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.savez(tmp_path / "cut.npz", data=ROLES)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:100])
    for name, said in (("no.txt", "no such file"), ("no.npy", "no such file"), ("empty.txt", "is empty"),
                       ("empty.npy", "damaged"), ("cut.npz", "damaged")):  # fmt: skip
        with pytest.raises(DataError, match=said):
            read_index(tmp_path / name)
