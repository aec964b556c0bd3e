"""Files that the system cannot open: links that lead to themselves, folders, damaged disks. Each is told with a remedy."""

from pathlib import Path

import pytest

import konomi
from command_line import refused, write
from konomi.errors import ConfigError, DataError, KonomiError
from konomi.pipeline.arguments import check_apart
from konomi.pipeline.splits import check_files
from konomi.runtime import Run
from konomi.settings import read_toml

LINKS = "Too many levels of symbolic links"


@pytest.fixture
def loop(tmp_path):
    """Links that lead to themselves, as a file without an ending and as one of each kind that is read."""
    for name in ("loop", "loop.csv", "loop.gz", "loop.toml", "loop.parquet"):
        (tmp_path / name).symlink_to(tmp_path / name)
    return tmp_path / "loop"


@pytest.mark.parametrize("ending", ["", ".csv", ".gz", ".parquet"])
def test_a_loop_of_links_is_no_ratings_file(loop, ending):
    path = loop.with_suffix(ending)
    for words in ({"source": "delimited"}, {}):
        with pytest.raises(DataError) as caught:
            konomi.read_ratings(path, **words)
        assert str(path) in caught.value.message and "Check the path" in caught.value.hint
    ratings = write(loop.with_name("ratings.csv"), "user,item,rating\n1,2,3\n2,3,4\n")
    with pytest.raises(DataError, match=LINKS):
        konomi.read_ratings(ratings, items=path)


def test_a_loop_of_links_is_no_list_and_no_settings(loop):
    with pytest.raises(DataError, match=LINKS):
        konomi.read_list(loop)
    with pytest.raises(ConfigError, match=LINKS):
        read_toml(loop)
    with pytest.raises(ConfigError, match="directory"):
        read_toml(loop.parent)


@pytest.mark.parametrize(
    "words", [("prepare", "delimited", "{}"), ("prepare", "{0}.csv"), ("train", "data", "--config", "{}.toml")]
)
def test_commands_tell_what_to_do(loop, words):
    _, hint = refused(*(word.format(loop) for word in words), "-o", loop.with_name("out"))
    assert "--debug" not in hint


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file whose reading fails")
def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="/proc/self/mem: cannot be read: Input/output error"):
        konomi.read_ratings("/proc/self/mem", source="delimited")
    with pytest.raises(DataError, match="/proc/self/mem: cannot be read: Input/output error"):
        konomi.read_list("/proc/self/mem")


@pytest.mark.parametrize(("models", "said"), [("bias,mf", "bias, mf has none"), ("nn,hybrid", "nn, hybrid cannot share one")])
def test_a_checkpoint_is_of_one_network(checkerboard, tmp_path, models, said):
    run = Run(checkpoint=tmp_path / "kept")
    with pytest.raises(ConfigError, match=said) as caught:
        konomi.train_model(checkerboard, models, run=run)
    assert caught.value.field == "checkpoint" and "nn, hybrid, two_tower" in caught.value.hint


@pytest.mark.parametrize(("kept", "bundle"), [("b", "b"), ("b/c", "b"), ("b", "b/c"), ("x/../b", "b")])
def test_a_checkpoint_lies_beside_the_bundle(tmp_path, kept, bundle):
    with pytest.raises(ConfigError, match="the bundle will be at"):
        check_apart(tmp_path / kept, tmp_path / bundle)
    check_apart(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(
    ("test", "valid", "said", "field"),
    [
        (None, "v", {}, "valid_file"),
        ("t", None, {"kind": "random"}, "kind"),
        ("t", None, {"test": 0.0}, "test"),
        ("t", "v", {"valid": 0.1}, "valid"),
    ],
)
def test_files_that_give_a_split_say_all_of_it(test, valid, said, field):
    with pytest.raises(KonomiError) as caught:
        check_files(test and Path(test), valid and Path(valid), said)
    assert caught.value.field == field
    check_files(Path("t"), None, {"valid": 0.1})
    check_files(None, None, {"kind": "random", "valid": 0.1, "test": 0.2})
