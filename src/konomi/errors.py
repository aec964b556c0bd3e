"""Every error that Konomi raises on purpose.

KonomiError            message names the file, line, column or field; .hint says what to do
├── DataError          a ratings file, a catalogue or a prepared dataset
├── ConfigError        a setting, an option or a configuration file
├── FitError           training that cannot go on
├── BundleError        a saved model
└── RequestError       a question that the model cannot answer: unknown title, user, item
"""

import re

LONGEST = 1_000  # characters of a message: what it quotes of a file may be a whole picture
RAW = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


class KonomiError(Exception):
    """Base of the family: `str(error)` says what is wrong and where, `error.hint` what to do about it.

    Both may quote a file: what a terminal would obey, or show as nothing, stands there as its code.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(readable(message))
        self.hint = readable(hint)


def readable(text: str) -> str:
    """Text with controls, invisible and direction marks and halves of characters as codes such as \\x1b, and cut if very long.

    >>> readable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    shown = RAW.sub(lambda found: found[0].encode("unicode_escape").decode(), text[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 2]} …"


class DataError(KonomiError):
    """A ratings file, a catalogue or a prepared dataset is missing, malformed or empty."""


class ConfigError(KonomiError):
    """A setting is unknown, of the wrong type or out of range."""


class FitError(KonomiError):
    """Training cannot go on: nothing to learn from, or the loss left the finite numbers."""


class BundleError(KonomiError):
    """A saved model is missing, cut short, altered or of another format."""


class RequestError(KonomiError):
    """A question that cannot be answered: an unknown title, user, item or model."""
