"""From what clients say of items to the bundle that is served, and to the catalogue that a training takes."""

from collections.abc import Iterable, Sequence

import polars as pl

from konomi.bundle.format import Bundle
from konomi.bundle.grown import catalogue_with, with_items
from konomi.data.table import ITEM_COLUMNS
from konomi.errors import RequestError
from konomi.serve.item_bodies import ItemBody
from konomi.serve.store.items import Facts, Told

FIELDS = {name: ITEM_COLUMNS[name] for name in ItemBody.model_fields}
"""What clients may say of an item, as columns."""

MOST_KINDS = 2_000  # genres and types of a catalogue: answers take the square of their number in memory


def frame_of(told: Sequence[Told], ids: pl.DataType) -> pl.DataFrame:
    """What is said as a frame, in order of the ids: item_id of their type, `FIELDS` (null = nothing is said), withdrawn.
    Ids that are not of this type are left out: they are of another catalogue."""
    kept = [(key, one) for one in told if (key := key_of(one.id, ids)) is not None]
    rows = [{"item_id": key, **(one.facts or {}), "withdrawn": one.withdrawn} for key, one in kept]
    return pl.DataFrame(rows, {"item_id": ids, **FIELDS, "withdrawn": pl.Boolean}).sort("item_id")


def told_bundle(bundle: Bundle, told: Sequence[Told]) -> Bundle:
    """The bundle with what is said."""
    return with_items(bundle, frame_of(told, bundle.items.schema["item_id"]))


def training_items(items: pl.DataFrame, told: Sequence[Told]) -> pl.DataFrame:
    """A catalogue of `ITEM_COLUMNS` with what is said, for `Table.items`: clients' words first, new items after the others.
    What is withdrawn is in it: what people say of it still counts."""
    own = items.select(name for name in ITEM_COLUMNS if name in items.columns)
    return catalogue_with(own, frame_of(told, items.schema["item_id"])).drop("withdrawn")


def key_of(id: str, ids: pl.DataType) -> int | str | None:
    """An id as a catalogue with ids of this type has it; None where it has no such ids."""
    if ids != pl.Int64:
        return id
    number = int(id) if id.removeprefix("-").isdecimal() and len(id) <= 20 else None
    return number if number is not None and str(number) == id and -(2**63) <= number < 2**63 else None


def check_id(id: str, ids: pl.DataType) -> None:
    """RequestError for an id that this catalogue cannot have."""
    if key_of(id, ids) is None:
        raise RequestError(f'"{id}" is no id of this catalogue, whose ids are whole numbers.', "Give a whole number.", "id")


def kinds_of(items: pl.DataFrame) -> frozenset[str]:
    """The genres and types of a catalogue."""
    return frozenset(items["genres"].explode().drop_nulls().to_list()) | frozenset(items["type"].drop_nulls().to_list())


def check_kinds(facts: Iterable[Facts], known: frozenset[str]) -> None:
    """RequestError where what is said brings new genres and types to `known`, and they would be more than `MOST_KINDS`."""
    new = {kind for each in facts for kind in (*(each.get("genres") or ()), each.get("type")) if kind} - known
    if new and len(known) + len(new) > MOST_KINDS:
        message = f"With {len(new):,} new genres and types, the catalogue would have more than {MOST_KINDS:,}."
        raise RequestError(message, "Say by genres what many items have in common.", "genres")
