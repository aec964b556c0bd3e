"""Checkpoints: whole or refused, in the hands of one training at a time, and never in the place of something else."""

import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from safetensors.numpy import load, save

from command_line import konomi, ratings, refused, write
from konomi.errors import FitError
from konomi.neural import checkpoint

ARRAYS = {"state users 0": np.arange(6, dtype=np.float32).reshape(2, 3), "history": np.ones((1, 2))}


@pytest.fixture
def kept(tmp_path):
    checkpoint.write(tmp_path / "kept", ARRAYS, "mine")
    return tmp_path / "kept"


def test_what_was_written_is_read(kept):
    found = checkpoint.read(kept, "mine")
    assert found.keys() == ARRAYS.keys() and all(np.array_equal(found[name], array) for name, array in ARRAYS.items())
    assert checkpoint.read(kept.with_name("none"), "mine") is None
    assert checkpoint.is_checkpoint(kept)
    with pytest.raises(FitError, match="of a training with other settings, another seed or other data"):
        checkpoint.read(kept, "another")


def test_every_changed_bit_is_found(kept):
    content = kept.read_bytes()
    for place in range(len(content)):
        kept.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(FitError):
            checkpoint.read(kept, "mine")
    for size in range(0, len(content), 7):
        kept.write_bytes(content[:size])
        with pytest.raises(FitError, match="not a checkpoint of this Konomi, or damaged"):
            checkpoint.read(kept, "mine")


@pytest.mark.parametrize("head", [b"[]", b"7", b"{}", b'["konomi checkpoint 2", "mine"]', b"[" * 9_999, b"\xff", b"null"])
def test_a_head_that_is_none_is_refused(kept, head):
    kept.write_bytes(save({**load(kept.read_bytes()), "head": np.frombuffer(head, np.uint8)}))
    with pytest.raises(FitError, match="not a checkpoint of this Konomi, or damaged"):
        checkpoint.read(kept, "mine")


def test_a_second_training_is_refused_and_a_killed_one_forgotten(kept):
    with checkpoint.claimed(kept):
        with pytest.raises(FitError, match="another training has this checkpoint") as caught, checkpoint.claimed(kept):
            pytest.fail("two have it")
        assert "`checkpoint`" in caught.value.hint
        others = []

        def other():
            try:
                with checkpoint.claimed(kept):
                    others.append("has it")
            except FitError:
                others.append("refused")

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert others == ["refused"]
        checkpoint.remove(kept)  # of somebody else: it stays
        assert kept.exists()
    with pytest.raises(ZeroDivisionError), checkpoint.claimed(kept):
        raise ZeroDivisionError
    with checkpoint.claimed(None), checkpoint.claimed(None):
        pass
    script = "import os, sys\nfrom pathlib import Path\nfrom konomi.neural import checkpoint\n"
    script += "with checkpoint.claimed(Path(sys.argv[1])):\n    os.kill(os.getpid(), 9)\n"
    assert subprocess.run([sys.executable, "-c", script, str(kept)]).returncode == -9
    checkpoint.remove(kept)
    assert list(kept.parent.iterdir()) == []


TRAINING = """
    import sys, time
    from pathlib import Path
    from konomi.neural import checkpoint

    with checkpoint.claimed(Path(sys.argv[1])):
        print("training", flush=True)
        time.sleep(60)
"""


def test_two_trainings_of_the_command_line_on_one_checkpoint(tmp_path):
    konomi("prepare", write(tmp_path / "r.csv", ratings()), "--scale", "1:10:1", "-o", tmp_path / "data")
    kept = tmp_path / "kept"
    words = ("train", tmp_path / "data", "-m", "nn", "--set", "epochs=1", "-o", tmp_path / "b", "--checkpoint", kept)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(TRAINING), str(kept)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout.readline() == "training\n"
        said, hint = refused(*words)
        assert f"{kept}: another training has this checkpoint." in said and "--checkpoint" in hint
        first.kill()
    konomi(*words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "data", "r.csv"]


def test_only_a_checkpoint_is_replaced(tmp_path, kept):
    konomi("prepare", write(tmp_path / "r.csv", ratings()), "--scale", "1:10:1", "-o", tmp_path / "data")
    words = ("train", tmp_path / "data", "-m", "nn", "-o", tmp_path / "b", "--checkpoint")
    for place, message in (
        (tmp_path / "r.csv", "already exists and is not a checkpoint"),
        (tmp_path / "new" / ".." / "r.csv", "already exists and is not a checkpoint"),
        (tmp_path / "data", "is read by this command"),
        (tmp_path / "data" / "kept", "lies in"),
        (tmp_path, "is read by this command"),
        (tmp_path / "r.csv" / "kept", "cannot be written: Not a directory"),
    ):
        said, hint = refused(*words, place)
        assert message in said and "--checkpoint" in hint
    assert (tmp_path / "r.csv").read_text() == ratings() and not (tmp_path / "b").exists()
    kept.write_bytes(kept.read_bytes()[:-1])
    said, _ = refused(*words, kept)
    assert "not a checkpoint of this Konomi, or damaged" in said
