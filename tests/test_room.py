"""What needs more memory than there is, or more rows than can be counted, is refused before it is made."""

from dataclasses import replace

import pytest

from command_line import refused
from konomi.errors import FitError
from konomi.models import module
from konomi.pipeline.train import train_model
from konomi.runtime import Run


@pytest.mark.parametrize("name", ["mf", "nn"])
def test_models_that_need_more_memory_than_they_may_use(checkerboard, name):
    if name == "nn":
        pytest.importorskip("torch")
    config = replace(module(name).Config(), dim=10**9)
    with pytest.raises(FitError, match=f"{name} needs [0-9.,]+ GiB of memory"):
        train_model(checkerboard, {name: config}, run=Run(memory=1 << 30))


def test_memory_that_is_not_there(checkerboard, monkeypatch):
    def fit(*_):
        raise MemoryError

    monkeypatch.setattr(module("popular"), "fit", fit)
    with pytest.raises(FitError, match="needs more memory than there is"):
        train_model(checkerboard, "popular")


def test_more_titles_than_rows_can_count(tmp_path):
    assert "more than 2,147,483,647" in refused("synth", "-o", tmp_path / "new", "--items", 10**30)[0]
    assert list(tmp_path.iterdir()) == []
