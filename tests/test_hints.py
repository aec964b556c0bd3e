"""Hints of the library name what a Python program says, and the command line shows what is typed instead."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

import konomi
from konomi.cli.commands import app
from konomi.cli.hints import CALLS, OTHERWISE, as_typed, options_of
from konomi.cli.titles import OPTIONS as FILTERS
from konomi.models import MODELS, module

COMMANDS = get_command(app).commands
OPTIONS = {name for command in COMMANDS.values() for name in options_of(command)}
SETTINGS = {field.name for name in MODELS for field in dataclasses.fields(module(name).Config)}
PYTHON = {
    "Profiles.of",
    "Recommender.load",
    "Recommender.person",
    "allowed",
    "next_question",
    "put_many",
    "recommend_many",
    "source",
    "tell",
    "titles",
}
"""What no command leads to."""


def texts(path: Path) -> Iterator[str]:
    """The texts of a module, but for those that stand alone: its documentation."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


SOURCE = Path(konomi.__file__).parent
LIBRARY = [path for path in SOURCE.rglob("*.py") if path.parent.name not in ("cli", "testing")]
TEXTS = [(path.name, text) for path in LIBRARY for text in texts(path)]


def test_every_name_in_a_hint_is_one_in_python_and_on_the_command_line():
    named = {(name, where) for where, text in TEXTS for name in re.findall(r"`([\w.]+)`", text)}
    assert len(named) > 50
    known = OPTIONS | SETTINGS | {*CALLS, *OTHERWISE, *FILTERS} | PYTHON
    assert sorted(each for each in named if each[0] not in known) == []


def test_names_of_several_words_are_marked():
    """Such as `k_core`, which is --k-core for whoever types; names of one word may be words of the sentence."""
    several = "|".join(name for name in OPTIONS if "_" in name)
    unmarked = re.compile(rf"[ (]({several})[ ,.:)]")
    sentences = [each for each in TEXTS if re.match(r"[A-Z].* .*\.$", each[1])]
    assert len(sentences) > 300 and [each for each in sentences if unmarked.search(each[1])] == []


def test_settings_with_a_value_are_marked():
    """`least`=1 is --set least=1."""
    words = [(where, name) for where, text in TEXTS for name in re.findall(r"(?:^|[ :])(\w+)=", text)]
    assert [each for each in words if each[1] in SETTINGS] == []


def test_the_library_knows_no_option():
    assert [each for each in TEXTS if len(each[1]) > 2 and re.search(r"(?<!var\()(?<![\w-])--(?:[a-z]|$)", each[1])] == []


@pytest.mark.parametrize(
    ("command", "hint", "shown"),
    [
        ("prepare", "`path`, `user`, `on_bad_rows`=skip", "-o, --user-column, --on-bad-rows=skip"),
        ("demo", "`prepare`, `add`", "`konomi prepare PATH -o DATA`, `konomi prepare --add FILE -o DATA`"),
        ("evaluate", "`scale`, `on_bad_rows`=skip", "`konomi prepare --scale`, `konomi prepare --on-bad-rows=skip`"),
        ("evaluate", "`refit`=False, `Bundle.metrics`, `data`", "`konomi train --no-refit`, `konomi evaluate BUNDLE`, --data"),
        ("train", "`refit`=False, `rate`, `least`=1, `valid`", "--no-refit, --set rate, --set least=1, --valid"),
        ("recommend", "`user`, `k`, `Profiles.of`", "--user, -k, `Profiles.of`"),
        (None, "`k_core`, `tell`", "`konomi prepare --k-core`, tell"),
    ],
)  # fmt: skip
def test_a_hint_as_each_command_has_it(command, hint, shown):
    assert as_typed(hint, command, COMMANDS) == shown
