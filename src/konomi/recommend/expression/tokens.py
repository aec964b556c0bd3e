"""The tokens of a condition: numbers, texts, names, keywords and signs, each with its place."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from konomi.recommend.expression.values import Mistake

TOKEN = re.compile(
    r"""(?P<nothing> \s+ | --[^\n]* | /\*.*?\*/ )
      | (?P<number>  (?: [0-9]+ \.? [0-9]* | \.[0-9]+ ) (?: e[+-]?[0-9]+ )? (?!\w) )
      | (?P<text>    '(?: [^'] | '' )*' )
      | (?P<column>  "(?: [^"] | "" )+" )
      | (?P<word>    [^\W\d]\w* )
      | (?P<sign>    <> | <= | >= | != | == | [-+*/%=<>(),] )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
HALF = re.compile("[\ud800-\udfff]")  # surrogates: half characters, such as bytes of the command line that are not UTF-8
KEYWORDS = {"and", "or", "not", "in", "like", "ilike", "between", "is", "null", "true", "false"}


class Token(NamedTuple):
    """kind: a group of `TOKEN`, a keyword, a sign, or "end"; text: as written; at: its first character, from 0."""

    kind: str
    text: str
    at: int

    @property
    def unquoted(self) -> str:
        """A text or a quoted column without its quotes."""
        quote = self.text[0]
        return self.text[1:-1].replace(quote * 2, quote)


def tokens(condition: str) -> Iterator[Token]:
    """The tokens of a condition, then "end"; `Mistake` for anything that is no token."""
    if half := HALF.search(condition):
        raise Mistake(half.start(), "this is half a character")
    at = 0
    while at < len(condition):
        found = TOKEN.match(condition, at)
        if found is None:
            raise Mistake(at, _unreadable(condition[at]))
        kind, text = str(found.lastgroup), found[0]
        if kind == "sign":
            kind = text
        elif kind == "word" and text.lower() in KEYWORDS:
            kind = text.lower()
        if kind != "nothing":
            yield Token(kind, text, at)
        at = found.end()
    yield Token("end", "", at)


def _unreadable(character: str) -> str:
    if character in "'\"":
        return f"the {character} that begins here has no end"
    if character.isdigit() or character == ".":
        return "this is no number"
    return f"{character} means nothing here; text stands in straight quotes, 'like this'"
