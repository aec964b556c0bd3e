"""What the service answers on changes of items."""

from dataclasses import dataclass

from konomi.serve.status import Changed


@dataclass(frozen=True)
class ItemOutcome:
    """What became of a row. stored: it is what counts now, in the next answer, too; same: that was said already."""

    item: str
    outcome: Changed


@dataclass(frozen=True)
class ItemOutcomes:
    """What became of the rows, in order, and how many of each."""

    counts: dict[str, int]
    rows: tuple[ItemOutcome, ...]
