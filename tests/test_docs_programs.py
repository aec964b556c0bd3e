"""The programs of documents run, given the dataset and the bundle that they speak of."""

import re
from pathlib import Path

import pytest

from conftest import table_of
from konomi import save_bundle, train_model
from konomi.data.prepare import prepare

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
OWN = ("add-a-", "service")  # these have tests of their own
PAGES = [page for page in sorted(DOCS.glob("*.md")) if not page.name.startswith(OWN)]
PROGRAMS = {page.name: found for page in PAGES if (found := BLOCK.findall(page.read_text("utf-8")))}


def test_there_are_programs() -> None:
    assert "compare.md" in PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [(u, i, 9 if (u + i) % 2 == 0 else 2) for u in range(60) for i in range(60) if (3 * u + 5 * i) % 7]
    names = {"dataset": prepare(table_of(rows))}  # people with enough ratings that some may be shown, others hidden
    save_bundle("model", train_model(names["dataset"], "bias"))
    for program in PROGRAMS[name]:
        exec(compile(program, name, "exec"), names)
