"""Hints of the library in the words of the command line: `valid` becomes --valid."""

import re
from collections.abc import Mapping
from typing import Any

CALLS = {
    "prepare": "`konomi prepare PATH -o DATA`",
    "add": "`konomi prepare --add FILE -o DATA`",
    "train_model": "`konomi train DATA -m mf -o BUNDLE`",
    "Bundle.metrics": "`konomi evaluate BUNDLE`",
}
"""What to type instead of names in Python."""
OTHERWISE = {"path": "output"}  # arguments in Python that options call something else
OWNERS = ("prepare", "train")  # commands whose options are meant where the typed one has none of the name

_named = re.compile(r"`([\w.]+)`(=\w+)?")


def as_typed(hint: str, typed: str | None, commands: Mapping[str, Any]) -> str:
    """A hint with each `name` or `name`=value in it as it is typed: a command, or an option of the typed command (None =
    none), else of another one; else a setting of a model, where the typed command takes any."""
    options = {name: options_of(command) for name, command in commands.items()}
    own = options.get(typed or "", {})

    def words(found: re.Match[str]) -> str:
        name, value = OTHERWISE.get(found[1], found[1]), found[2] or ""
        if "." in name or name in CALLS:
            return CALLS.get(name, found[0])
        if name in own:
            return own[name + value] if name + value in own else own[name] + value
        owner = next((each for each in OWNERS if name in options.get(each, {})), None)
        if owner:
            return f"`konomi {owner} {options[owner].get(name + value, options[owner][name] + value)}`"
        return f"--set {name}{value}" if "words" in own else f"{name}{value}"

    return _named.sub(words, hint)


def within(context: Any, text: str) -> str:
    """The same for a text that a running command shows."""
    return as_typed(text, context.info_name, context.parent.command.commands)


def options_of(command: Any) -> dict[str, str]:
    """Names in Python → options of a command; "refit=False" → --no-refit."""
    found = {}
    for option in command.params:
        if option.param_type_name == "option":
            name = option.name.removesuffix("_column")  # --user-column is `user` in Python
            found[name] = option.opts[0]
            found |= {f"{name}=False": off for off in option.secondary_opts[:1]}
    return found
