"""People as a service knows them: what they say, their lists, what is kept of them, and what models may know of that."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from konomi.data.profiles import Profiles
from konomi.lists.matching import Matched, match_list
from konomi.lists.personal_list import read_list
from konomi.recommend.person import Person, wish_row
from konomi.recommend.recommender import Recommender
from konomi.serve.current import Served
from konomi.serve.saying import CODES, NAMES, Said
from konomi.serve.store import clock
from konomi.serve.store.people_store import Entry
from konomi.serve.store.tables import HIDDEN, HIDDEN_FRANCHISE
from konomi.text import as_cell

COLUMNS = ("item", "title", "rating", "status", "at")


def person_of(entries: Sequence[Entry], wishes: Mapping[str, float], served: Served) -> Person:
    """Somebody by what the store has of them, for one bundle. A hidden title that was rated still has its rating; wishes for
    genres that this bundle does not have are none."""
    catalogue = served.recommender.catalogue
    rows = [served.rows.get(entry.item, -1) for entry in entries]
    mine = [(row, entry) for row, entry in zip(rows, entries, strict=True) if row >= 0]
    told = sorted((row, entry) for row, entry in mine if entry.status < HIDDEN or entry.rating is not None)
    profile = Profiles(
        np.array([0, len(told)], np.int64),
        np.array([row for row, _ in told], np.int32),
        np.array([math.nan if entry.rating is None else entry.rating for _, entry in told], np.float32),
        np.array([entry.status if entry.status < HIDDEN else 0 for _, entry in told], np.uint8),
    )
    franchise, _ = served.recommender.ranker.franchise
    whole = franchise[[row for row, entry in mine if entry.status == HIDDEN_FRANCHISE]]
    hidden = [row for row, entry in mine if entry.status == HIDDEN]
    hidden += np.flatnonzero(np.isin(franchise, whole)).tolist()
    able = {genre: value for genre, value in wishes.items() if genre in catalogue.genres}
    return Person(catalogue, profile, wish_row(able, catalogue)).hiding(np.array(hidden, np.int32))


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
