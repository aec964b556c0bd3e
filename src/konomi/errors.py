"""Every error that Konomi raises on purpose.

KonomiError            message names the file, line, column or field; .hint says what to do
├── DataError          a ratings file, a catalogue or a prepared dataset
├── ConfigError        a setting, an option or a configuration file
├── FitError           training that cannot go on
├── BundleError        a saved model
├── RequestError       a question that the model cannot answer: unknown title, user, item
└── Cancelled          work that was ended by `Run.cancel`
"""

from konomi.text import visible

LONGEST = 1_000  # characters of a message: what it quotes of a file may be a whole picture


class KonomiError(Exception):
    """Base of the family: `str(error)` says what is wrong and where, `error.hint` what to do about it.

    Both are one line that any terminal can show, whatever the titles and names in them.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(_shortened(visible(message[:LONGEST])))
        self.hint = _shortened(visible(hint[:LONGEST]))


def _shortened(text: str) -> str:
    return text if len(text) < LONGEST else f"{text[: LONGEST - 2]} …"


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


class Cancelled(KonomiError):
    """Somebody set `Run.cancel`, so the work was ended. Nothing is half-written."""
