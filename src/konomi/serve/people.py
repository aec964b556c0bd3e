"""People as a service knows them: what they say, their lists, what is kept of them, and what models may know of that."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from konomi.lists.matching import Matched, match_list
from konomi.lists.personal_list import read_list
from konomi.recommend.person import Person, wish_row
from konomi.recommend.recommender import Recommender
from konomi.serve.current import Served
from konomi.serve.saying import CODES, NAMES, Said
from konomi.serve.store import clock
from konomi.serve.store.people_store import Entry
from konomi.serve.understanding import person_in
from konomi.text import as_cell

COLUMNS = ("item", "title", "rating", "status", "at")


def person_of(entries: Sequence[Entry], wishes: Mapping[str, float], served: Served) -> Person:
    """Somebody by what the store has of them, for one bundle; wishes for genres that it does not have are none."""
    catalogue = served.recommender.catalogue
    rows = ((served.rows.get(entry.item), entry) for entry in entries)
    told = {row: (entry.rating, entry.status) for row, entry in rows if row is not None}
    able = {genre: value for genre, value in wishes.items() if genre in catalogue.genres}
    return person_in(served, told, wish_row(able, catalogue))


def listed(name: str, content: bytes, recommender: Recommender) -> Matched:
    """The list in a file that was sent, matched with the catalogue; DataError and RequestError where it is none."""
    return match_list(read_list(Path(Path(name).name or "list"), content), recommender.titles, recommender.bundle.scale)


def said_by(matched: Matched, recommender: Recommender) -> list[Said]:
    """What a list says of the items that it was matched with."""
    ids, profile = recommender.catalogue.ids, matched.profile
    status = np.zeros(len(profile.item), np.uint8) if profile.status is None else profile.status
    found = []
    for row, rating, code in zip(profile.item.tolist(), profile.rating.tolist(), status.tolist(), strict=True):
        scored = None if math.isnan(rating) or code == CODES["planned"] else rating
        name = NAMES.get(code) if code or scored is not None else "seen"
        found.append(Said(str(ids[row]), scored, name))
    return found


def shown(entry: Entry, served: Served) -> dict[str, Any]:
    """An entry as it is shown: by its title, where the bundle knows the item."""
    row = served.rows.get(entry.item)
    title = None if row is None else served.recommender.catalogue.names[row]
    facts = (entry.item, title, entry.rating, NAMES.get(entry.status), clock.written(entry.at))
    return dict(zip(COLUMNS, facts, strict=True))


def as_json(id: str, settings: dict[str, Any], entries: Sequence[Entry], served: Served) -> bytes:
    """All that is kept of somebody."""
    kept = {"person": id, **settings, "entries": [shown(entry, served) for entry in entries]}
    return json.dumps(kept, ensure_ascii=False, indent=1).encode()


def as_csv(entries: Sequence[Entry], served: Served) -> bytes:
    """The entries as a table, which spreadsheets and `konomi recommend --profile` read."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for entry in entries:
        rows.writerow(["" if value is None else as_cell(str(value)) for value in shown(entry, served).values()])
    return text.getvalue().encode("utf-8-sig")
