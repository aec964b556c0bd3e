"""docs/add-a-source.md: its files and lines are put where it says, for the length of a test, and its tests are run."""

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from konomi.lists.personal_list import LISTS
from konomi.reading import catalogues, detect
from konomi.reading.catalogue_forms import FORMS, CatalogueForm
from konomi.reading.sources import SOURCES

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-source.md").read_text("utf-8")
PLACED = re.compile(r"`((?:src|tests)/[^`]+)`[^`]*:\n\n```python\n(.*?)```", re.S)
PLACES: dict[str, str] = dict(PLACED.findall(PAGE))


def module(path: str) -> ModuleType:
    """The module that the page has at a path."""
    made = ModuleType(path.removeprefix("src/").removesuffix(".py").replace("/", "."))
    exec(compile(PLACES[path], path, "exec"), made.__dict__)
    return made


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page adds to the package."""
    for path in PLACES:
        if re.search(r"/(?:sources|sites)/(?!__)", path):
            made = module(path)
            monkeypatch.setitem(sys.modules, made.__name__, made)
    for path, registry in (("reading/sources/__init__.py", SOURCES), ("lists/personal_list.py", LISTS)):
        for name, home in ast.literal_eval(f"{{{PLACES[f'src/konomi/{path}']}}}").items():
            monkeypatch.setitem(registry, name, home)
    (form,) = eval(PLACES["src/konomi/reading/catalogue_forms.py"], {"CatalogueForm": CatalogueForm})
    monkeypatch.setattr(catalogues, "FORMS", (*FORMS, form))
    monkeypatch.setattr(detect, "FORMS", (*FORMS, form))


TESTS = [(path, name) for path, text in PLACES.items() for name in re.findall(r"^def (test_\w+)", text, re.M)]


def test_the_page_is_whole() -> None:
    assert len(PLACES) == PAGE.count("```python") == 7 and len(TESTS) == 3


@pytest.mark.usefixtures("placed")
@pytest.mark.parametrize(("path", "name"), TESTS)
def test_its_tests_pass(path: str, name: str, tmp_path: Path) -> None:
    getattr(module(path), name)(tmp_path)


@pytest.mark.parametrize(("path", "name"), TESTS[:2])
def test_its_tests_fail_without_what_it_adds(path: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r".+"):
        getattr(module(path), name)(tmp_path)
