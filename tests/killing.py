"""kill -9 within the writes of many clients: is every acknowledged entry there afterwards, once, as it was acknowledged?

Each client has people of its own and sends bodies of 1 to 3 entries. After some acknowledgements, at a random moment, the
process is killed, the store is opened by a new service, and all that the clients know is compared with what it says. What was
sent and not acknowledged may be there or not, as one that was sent, and nothing else.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl

from forked import kill, start
from konomi import save_bundle, train_model
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.serve.store.clock import written

PEOPLE, ITEMS = 2, 40  # of each client, and that they speak of


@dataclass
class Entry:
    """What a client knows of an entry: the acknowledged rating, None = none, and those that may have been stored since."""

    rating: float | None = None
    perhaps: list[float] = field(default_factory=list)


@dataclass
class Rounds:
    """How many kills there were, what was acknowledged between them, entries that are missing or wrong, and doubled ones."""

    acknowledged: list[int] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    entries: int = 0
    missing: int = 0
    doubled: int = 0


def tiny_bundle(folder: Path) -> Path:
    """A bundle of 20 titles."""
    rng = np.random.default_rng(0)
    who, what = np.divmod(rng.choice(50 * 20, 600, replace=False), 20)
    ratings = rng.integers(1, 11, len(who)).astype(np.float32)
    table = Table(pl.Series(who), pl.Series(what), ratings, Scale(1, 10, 1), "made")
    save_bundle(folder / "bundle", train_model(prepare(table), "popular"))
    return folder / "bundle"


def rounds(
    folder: Path, place: str, kills: int, clients: int, between: int, crash: Callable[[], None] | None = None, seed: int = 0
) -> Rounds:
    """Kill a service so many times, or what `crash` kills, after about `between` acknowledgements; it ends with the first
    loss."""
    bundle, found, rng = tiny_bundle(folder), Rounds(), random.Random(seed)
    known: dict[tuple[str, str], Entry] = {}
    for n in range(kills + 1):
        begun = time.perf_counter()
        child, url = start(folder, bundle, "--store", place)
        found.starts.append(time.perf_counter() - begun)
        try:
            found.missing, found.doubled = asyncio.run(_compared(url, known))
            if found.missing or found.doubled or n == kills:
                break
            wanted = int(between * (0.5 + rng.random() * 1.5))
            end = crash or (lambda child=child: kill(child))
            found.acknowledged.append(asyncio.run(_round(url, end, known, clients, wanted, seed + n)))
        finally:
            kill(child)
    found.entries = len(known)
    return found


async def _round(
    url: str, end: Callable[[], None], known: dict[tuple[str, str], Entry], clients: int, wanted: int, seed: int
) -> int:
    """Let the clients write until so much is acknowledged, then kill; how much was."""
    state, rng = _State(), random.Random(seed)
    async with httpx.AsyncClient(base_url=url, timeout=10, verify=False) as http:
        each = (_client(n, http, known, state, random.Random(seed * clients + n)) for n in range(clients))
        tasks = [asyncio.create_task(client) for client in each]
        while state.acknowledged < wanted and not all(task.done() for task in tasks):
            await asyncio.sleep(0.001 * rng.random())
        end()
        state.ended = True
        await asyncio.gather(*tasks)
    return state.acknowledged


@dataclass
class _State:
    acknowledged: int = 0
    ended: bool = False


async def _client(
    name: int, http: httpx.AsyncClient, known: dict[tuple[str, str], Entry], state: _State, rng: random.Random
) -> None:
    """Send until the service is gone, or, where the database was killed, until the round has ended."""
    while not state.ended:
        person = f"c{name}-{rng.randrange(PEOPLE)}"
        said = {str(rng.randrange(ITEMS)): float(rng.randrange(1, 11)) for _ in range(rng.randrange(1, 4))}
        at = written(time.time_ns() // 1000)
        for item, rating in said.items():
            known.setdefault((person, item), Entry()).perhaps.append(rating)
        body = [{"item": item, "rating": rating, "at": at} for item, rating in said.items()]
        try:
            answer = await http.put(f"/v1/people/{person}/entries", json=body)
        except httpx.HTTPError:
            return
        if answer.status_code == 503:
            await asyncio.sleep(0.2)
            continue
        assert answer.status_code == 200, answer.text
        for row in answer.json()["rows"]:
            known[person, row["item"]] = Entry(said[row["item"]])
        state.acknowledged += len(said)


async def _compared(url: str, known: dict[tuple[str, str], Entry]) -> tuple[int, int]:
    """(missing or wrong, doubled) of what the clients know; what may have been stored is known from now on."""
    wrong = doubled = 0
    async with httpx.AsyncClient(base_url=url, timeout=30, verify=False) as http:
        for person in sorted({who for who, _ in known}):
            rows = await _entries(http, person)
            found = {row["item"]: row["rating"] for row in rows}
            doubled += len(rows) - len(found)
            for (who, item), entry in known.items():
                if who == person:
                    wrong += found.get(item) not in {*entry.perhaps, entry.rating}
                    entry.rating, entry.perhaps = found.get(item), []
    return wrong, doubled


async def _entries(http: httpx.AsyncClient, person: str) -> list[dict[str, Any]]:
    """All of somebody, who may have no entry yet; they fit on one page."""
    answer = await http.get(f"/v1/people/{person}/entries?limit=1000")
    page = answer.json()
    assert answer.status_code in (200, 404) and page.get("after") is None
    rows: list[dict[str, Any]] = page.get("entries", [])
    return rows
