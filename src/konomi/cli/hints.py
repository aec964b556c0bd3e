"""Hints of the library in the words of the command line: `valid` becomes --valid."""

import re
from typing import Any

CALLS = {
    "prepare": "`konomi prepare PATH -o DATA`",
    "add": "`konomi prepare --add FILE -o DATA`",
    "train_model": "`konomi train DATA -m mf -o BUNDLE`",
    "no_refit": "`konomi train --no-refit`",
    "noted": "`konomi evaluate BUNDLE`",
    "interactions": "`--task interaction`",
}
"""What to type instead of names in Python."""

_named = re.compile(r"`(\w+)`")


def as_typed(hint: str, command: Any) -> str:
    """A hint with each `name` in it replaced by the option of this command (None = no command), or by a command."""
    given = (parameter for parameter in getattr(command, "params", ()) if parameter.param_type_name == "option")
    options = {option.name.removesuffix("_column"): option.opts[0] for option in given}  # --user-column is `user` in Python

    def typed(found: re.Match[str]) -> str:
        name = found[1]
        return CALLS.get(name) or options.get(name) or name

    return _named.sub(typed, hint)
