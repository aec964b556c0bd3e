"""Every error that Konomi raises on purpose.

KonomiError            message names the file, line, column or field; .hint says what to do
├── DataError          a ratings file, a catalogue or a prepared dataset
├── ConfigError        a setting
├── FitError           training that cannot go on
│   └── BeginAnew      an earlier model that a training cannot go on from
├── BundleError        a saved model
├── RequestError       a question that the model cannot answer: unknown title, user, item
├── StoreError         the store of a service, which cannot be used, or not now
└── Cancelled          work that was ended by `Run.cancel`

A hint names settings as in Python, in backquotes: `valid`. A program that shows it may replace them by its own words.
"""

from typing import ClassVar

from konomi.text import visible

LONGEST = 1_000  # characters of a message; a quoted cell of a file may be much longer


class KonomiError(Exception):
    """Base of the family.

    code: the kind of error, for programs; message, also `str(error)`: what is wrong and where; hint: what to do about it;
    field: the setting or argument that is wrong, None where it is none in particular. Message and hint are one line each that
    any terminal can show, whatever the titles and names in them.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str, field: str | None = None) -> None:
        self.message = _shortened(visible(f"{message}"[:LONGEST]))
        self.hint = _shortened(visible(f"{hint}"[:LONGEST]))
        self.field = field
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type["KonomiError"], tuple[str, str, str | None]]:
        return type(self), (self.message, self.hint, self.field)  # it may cross to another process


def _shortened(text: str) -> str:
    return text if len(text) < LONGEST else f"{text[: LONGEST - 2]} …"


class DataError(KonomiError):
    """A ratings file, a catalogue or a prepared dataset is missing, malformed or empty."""

    code = "data"


class ConfigError(KonomiError):
    """A setting is unknown, of the wrong type or out of range."""

    code = "config"


class FitError(KonomiError):
    """Training cannot go on: nothing to learn from, or the loss left the finite numbers."""

    code = "fit"


class BeginAnew(FitError):
    """From this earlier model, training is no quicker or not possible: it has to begin anew."""


class BundleError(KonomiError):
    """A saved model is missing, cut short, altered or of another format."""

    code = "bundle"


class RequestError(KonomiError):
    """A question that cannot be answered: an unknown title, user, item or model."""

    code = "request"


class StoreError(KonomiError):
    """The store of a service cannot be used: a wrong place, another service on it, a disk or database that is not there now."""

    code = "store"


class Cancelled(KonomiError):
    """Somebody set `Run.cancel`, so the work was ended. Nothing is half-written."""

    code = "cancelled"
