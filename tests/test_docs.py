"""What documents say: their commands can be typed, their links lead somewhere, docs/recommend.md has every option."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from konomi.cli.commands import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
BLOCKS = re.compile(r"^```[^\n]*\n(.*?)^```|^((?: {4}[^\n]*\n)+)", re.M | re.S)


def commands(page: Path) -> list[list[str]]:
    """The words of every line of a block that begins with `konomi`."""
    blocks = (fenced or indented for fenced, indented in BLOCKS.findall(page.read_text("utf-8")))
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if line.startswith("konomi ")]
    return [words[1:] for words in found if words[1] in COMMANDS]


def test_documents_have_commands() -> None:
    assert len(commands(ROOT / "README.md")) > 5
    assert len(commands(ROOT / "docs" / "recommend.md")) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_can_be_typed(page: Path) -> None:
    for name, *words in commands(page):
        COMMANDS[name].make_context(name, words)  # raises where an option is not known, or a value not of its type


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["recommend", "similar", "ask"])
def test_the_walk_has_every_option(name: str) -> None:
    page = (ROOT / "docs" / "recommend.md").read_text("utf-8")
    own = [parameter for parameter in COMMANDS[name].params if parameter.name != "help"]
    names = [parameter.opts for parameter in own if parameter.param_type_name == "option"]
    shown = {word for words in commands(ROOT / "docs" / "recommend.md") for word in words}
    assert [opts for opts in names if not shown & set(opts)] == []
    assert all(any(option in page for option in opts) for opts in names)
