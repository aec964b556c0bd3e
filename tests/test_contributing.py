"""The example of CONTRIBUTING.md runs, and can fail; what the page names is there."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAKE = (ROOT / "Makefile").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
PROSE = re.sub(r"^```.*?^```", "", PAGE, flags=re.M | re.S)
TARGETS = sorted(set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", PROSE, re.M)))
WORDS = {word for code in re.findall(r"`([^`\n]+)`", PROSE) for word in code.split()}
FILES = sorted(word for word in WORDS if re.search(r"/|\.(py|md|toml)$", word) and not word.startswith("."))
"""Links are followed by test_docs.py; what begins with a dot is made by make, or lies beside the checkout."""


def laws_of(program: str, file: Path) -> dict[str, Callable[[], None]]:
    """The tests of a program, by name."""
    file.write_text(program, "utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: test for name, test in vars(module).items() if name.startswith("test_")}


def test_the_example_runs(tmp_path: Path) -> None:
    (program,) = EXAMPLES
    found = laws_of(program, tmp_path / "example.py")
    assert set(found) == {"test_worked_by_hand", "test_the_fast_way_is_the_slow_one"}
    for test in found.values():
        test()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("argsort(-score", "argsort(score"), ("argsort(-score, ", "argsort(-score[::-1], "), ("j < i", "j > i")],
)
def test_the_example_can_fail(tmp_path: Path, right: str, wrong: str) -> None:
    (program,) = EXAMPLES
    assert program.count(right) == 1
    law = laws_of(program.replace(right, wrong), tmp_path / "broken.py")["test_the_fast_way_is_the_slow_one"]
    with pytest.raises(AssertionError):
        law()


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKE, re.M) and re.search(rf"^\.PHONY:.*\b{target}\b", MAKE, re.M)


@pytest.mark.parametrize("name", FILES)
def test_every_file_exists(name: str) -> None:
    assert (ROOT / name).exists() or (ROOT / "src/konomi" / name).exists()


def test_what_is_looked_for_is_found() -> None:
    assert {"demo", "test", "check", "format"} == set(TARGETS)
    assert {"tests/test_readme.py", "tests/test_rows.py", "kernels/reference/", "bench/", "CHANGELOG.md"} <= set(FILES)
