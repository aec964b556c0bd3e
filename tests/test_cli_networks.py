"""Networks on the command line: the device, the checkpoint, what is refused, and that serving takes no torch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from command_line import konomi, ratings, refused, write
from konomi.cli.settings import networks
from konomi.errors import ConfigError
from konomi.neural import checkpoint
from konomi.runtime import Run

SMALL = ("--set", "batch=64", "--set", "epochs=2", "--set", "patience=0", "--threads", 1)
NO_TORCH = "import sys; sys.modules['torch'] = None; from konomi.cli.main import main; main()"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    konomi("prepare", write(folder / "ratings.csv", ratings()), "--scale", "1:10:1", "-o", folder / "data")
    return folder / "data"


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize("model", networks())
def test_a_network_is_served_without_torch(data, tmp_path, model):
    konomi("train", data, "-m", model, *SMALL, "-o", tmp_path / "b")
    words = ("recommend", tmp_path / "b", "--rate", "12=9", "--rate", "13=2", "--json")
    child = subprocess.run([sys.executable, "-c", NO_TORCH, *map(str, words)], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert child.stdout == konomi(*words).stdout


def test_the_checkpoint_is_kept_until_the_model_is(data, tmp_path, monkeypatch):
    """A training that is interrupted after its second epoch goes on from there and ends in the same bytes."""
    words = ("train", data, "-m", "nn", *SMALL, "--set", "epochs=4")
    konomi(*words, "-o", tmp_path / "whole")
    file, epochs, save = tmp_path / "state", [], checkpoint.write

    def interrupted(*state):
        save(*state)
        epochs.append(len(epochs))
        if len(epochs) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "write", interrupted)
    konomi(*words, "-o", tmp_path / "b", "--checkpoint", file, code=130)
    assert file.exists() and not (tmp_path / "b").exists()
    said = konomi(*words, "-o", tmp_path / "b", "--checkpoint", file).stderr
    assert f"Written to {tmp_path / 'b'}. The checkpoint {file} is deleted.\n" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "whole"]
    assert 4 < len(epochs) <= 8  # the second training, on everything, keeps a file of its own
    assert (tmp_path / "b").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_file_that_is_no_checkpoint_is_left_alone(data, tmp_path):
    diary = write(tmp_path / "diary.txt", "dear diary")
    message, hint = refused("train", data, "-m", "nn", *SMALL, "-o", tmp_path / "b", "--checkpoint", diary)
    assert "diary.txt: already exists and is not a checkpoint" in message and "--checkpoint" in hint
    message, hint = refused("train", data, "-m", "mf", "-o", tmp_path / "b", "--checkpoint", diary)
    assert message == f"The checkpoint {diary}: mf has none, it trains in seconds."
    assert hint == f"Leave out --checkpoint, or name one of: bayes, {', '.join(networks())}."
    message, _ = refused("train", data, "-m", "nn,hybrid", "-o", tmp_path / "b", "--checkpoint", diary)
    assert message == f"The checkpoint {diary}: nn, hybrid cannot share one."
    assert diary.read_text() == "dear diary" and not (tmp_path / "b").exists()


def test_without_torch_nothing_is_trained(data, tmp_path, without_torch):
    for words in (("train", data, "-m", "nn"), ("compare", data, "-m", "mf,nn")):
        message, hint = refused(*words, "-o", tmp_path / "out")
        assert message == "nn needs torch, which is not installed." and hint == 'pip install "konomi[neural]"'
    konomi("train", data, "-m", "bias", "-o", tmp_path / "b")


def test_a_device_that_is_not_there(data, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    message, hint = refused("train", data, "-m", "nn", "-o", tmp_path / "b", "--device", "cuda")
    assert message == "There is no CUDA device here." and "--device cpu" in hint
    assert "'cuda'" in konomi("train", data, "-m", "nn", "-o", tmp_path / "b", "--device", "gpu", code=2).stderr
    message, _ = refused("compare", data, "-m", "bias,nn", "-o", tmp_path / "r", "--device", "cuda")
    assert message == "There is no CUDA device here."  # before bias is trained for nothing
    message, hint = refused("train", data, "-m", "mf", "-o", tmp_path / "b", "--device", "cuda")
    assert message == "--device cuda: only networks use it." and "nn" in hint


def test_a_checkpoint_in_the_place_of_the_bundle_is_refused(data, tmp_path):
    b = tmp_path / "b"
    for output, kept in ((b, b), (b, b / "state"), (b / "model", b)):
        message, hint = refused("train", data, "-m", "nn", "-o", output, "--checkpoint", kept)
        assert message == f"The checkpoint {kept}: the bundle will be at {output}." and hint == "Put it beside that."
        assert not b.exists()


def test_where_a_training_runs_is_checked():
    with pytest.raises(ConfigError, match="device cannot be"):
        Run(device="gpu")
    assert Run(checkpoint="kept").checkpoint == Path("kept")


def test_a_comparison_of_a_network(data, tmp_path):
    words = ("compare", data, "-m", "bias,nn", "--task", "rating", "--set", "nn.dim=2", "--set", "nn.epochs=1")
    found = json.loads(konomi(*words, "--device", "cpu", "--threads", 1, "-o", tmp_path / "report", "--json").stdout)
    assert found["run"]["device"] == "cpu" and {fit["model"] for fit in found["fits"]} == {"bias", "nn"}
    assert np.isfinite([fit["metrics"]["test"]["rmse"] for fit in found["fits"]]).all()
