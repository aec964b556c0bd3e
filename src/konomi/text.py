"""Text from files and people, made safe to show: control characters become codes, formulas of spreadsheets are quoted."""

import re

READ = 1 << 17  # texts whose reading is remembered: the names of a catalogue are read anew whenever an item is added to it

FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
"""A flag such as Scotland's: the only use of tag characters that is not hidden text."""

HIDDEN = (
    "\0-\x1f\x7f-\x9f"  # controls: they move the cursor, colour, rename windows; a line break begins a line of its own
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # reading direction: letters appear in another order than they stand
    "\u00ad\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # without width, and breaks of lines
    "\ud800-\udfff"  # halves of a character, and bytes of a file name that are not UTF-8
    "\U000e0000-\U000e00ff"  # tags: invisible letters
)
"""The characters that are shown as codes. The joiners U+200C and U+200D are not among them: Persian and emoji need them."""

NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
RUN_BY_SPREADSHEETS = r"^'*[=+\-@\t\r\n]"
"""The start of a cell that a spreadsheet may take for a formula, or of one that looks like such a cell quoted."""

_shown = re.compile(f"{FLAG}|[{HIDDEN}]")
_runs = re.compile(RUN_BY_SPREADSHEETS)
_json = re.compile(f"[{HIDDEN}]")
_quoted = re.compile(r"^'+[=+\-@\t\r\n]")


def visible(text: str) -> str:
    r"""One line of text that any terminal can show: characters of `HIDDEN` as codes, all else as it is.

    >>> print(visible("One\x1b[31m Piece\u202e"), visible("Late\nNight"))
    One\x1b[31m Piece<U+202E> Late\nNight
    """
    return _shown.sub(_code, text)


def _code(found: re.Match[str]) -> str:
    character = found[0]
    if len(character) > 1:
        return character
    number = ord(character)
    return NAMED.get(character) or (f"\\x{number:02x}" if number < 0x100 else f"<U+{number:04X}>")


def visible_json(text: str) -> str:
    r"""A JSON document with characters of `HIDDEN` as JSON escapes, of equal meaning. Its line breaks stay."""
    return _json.sub(lambda found: found[0] if found[0] == "\n" else _escape(found[0]), text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))


def as_cell(text: str) -> str:
    """Text as a cell of a CSV file, with an apostrophe before what a spreadsheet would run. `from_cell` removes it."""
    return f"'{text}" if _runs.match(text) else text


def from_cell(text: str) -> str:
    """The text of a cell that `as_cell` wrote; any other text is returned unchanged."""
    return text[1:] if _quoted.match(text) else text
