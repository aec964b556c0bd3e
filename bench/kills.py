"""kill -9 within the writes of many clients: is every acknowledged entry there afterwards, once, as it was acknowledged?

    python bench/kills.py                                      1,000 kills of the service on SQLite
    python bench/kills.py --store postgresql --kills 1000      the same on a PostgreSQL of its own
    python bench/kills.py --store postgresql --database 100    kills of the database itself

A tiny bundle; 32 clients, each with people of its own, send bodies of 1 to 3 entries. After some hundred acknowledgements, at a
random moment, the process is killed, the store is opened by a new service, and all that the clients know is compared with what
it says: an acknowledged change that is missing, or an entry twice, ends the run with 1. What was sent and not acknowledged may
be there or not, as one that was sent, and nothing else.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import polars as pl

from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import stores

CLIENTS, BETWEEN = 32, 200  # clients; acknowledgements between two kills, on average and more


@dataclass
class Known:
    """What a client knows of an entry: the acknowledged rating and time, and those that may have been stored since."""

    rating: float | None = None
    at: int = 0
    perhaps: list[tuple[float, int]] = field(default_factory=list)


def tiny_bundle(folder: Path) -> Path:
    """A bundle of 20 titles."""
    from konomi.bundle.format import save_bundle
    from konomi.pipeline.train import train_model

    rng = np.random.default_rng(0)
    who, what = np.divmod(rng.choice(50 * 20, 600, replace=False), 20)
    ratings = rng.integers(1, 11, len(who)).astype(np.float32)
    table = Table(pl.Series(who), pl.Series(what), ratings, Scale(1, 10, 1), "made")
    save_bundle(folder / "bundle", train_model(prepare(table), "popular"))
    return folder / "bundle"


class Service:
    """`konomi serve` as a process of its own."""

    def __init__(self, bundle: Path, store: str, erased: Path) -> None:
        words = [sys.executable, "-c", "from konomi.cli.main import main; main()", "serve", str(bundle), "--port", "0"]
        words += ["--store", store]
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "http://" in line:
                self.url = line[line.index("http://") :].split(";")[0]
                break
        else:
            raise SystemExit(f"the service did not start: {self.process.wait()}")
        import threading

        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self) -> None:
        for _ in self.process.stderr or ():
            pass

    def kill(self) -> None:
        """kill -9, unless it is dead."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


async def client(
    name: int,
    url: str,
    known: dict[tuple[str, str], Known],
    acknowledged: list[int],
    rng: random.Random,
    ended: list[bool],
) -> None:
    """Send until the service is gone, or, where the database was killed, until the round has ended."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        while not ended[0]:
            person = f"c{name}-{rng.randrange(5)}"
            rows = {str(rng.randrange(40)): float(rng.randrange(1, 11)) for _ in range(rng.randrange(1, 4))}
            at = time.time_ns() // 1000
            body = [{"item": item, "rating": rating, "at": _written(at)} for item, rating in rows.items()]
            for item, rating in rows.items():
                known.setdefault((person, item), Known()).perhaps.append((rating, at))
            try:
                answer = await http.put(f"/v1/people/{person}/entries", json=body)
            except httpx.HTTPError:
                return
            if answer.status_code == 503:
                await asyncio.sleep(0.2)
                continue
            if answer.status_code != 200:
                raise SystemExit(f"{answer.status_code}: {answer.text}")
            for row in answer.json()["rows"]:
                entry = known[person, row["item"]]
                entry.rating, entry.at, entry.perhaps = rows[row["item"]], at, []
            acknowledged[0] += len(rows)


def _written(at: int) -> str:
    from konomi.serve.store.clock import written

    return written(at)


async def one_round(service: Service, kill, known: dict, wanted: int, seed: int) -> int:
    """Let the clients write until so much is acknowledged, then kill; how much was."""
    acknowledged, ended, rng = [0], [False], random.Random(seed)
    clients = [
        asyncio.create_task(client(n, service.url, known, acknowledged, random.Random(seed * CLIENTS + n), ended))
        for n in range(CLIENTS)
    ]
    while acknowledged[0] < wanted and not all(task.done() for task in clients):
        await asyncio.sleep(0.001 * rng.random())
    kill()
    ended[0] = True
    await asyncio.gather(*clients)
    return acknowledged[0]


async def compare(url: str, known: dict[tuple[str, str], Known]) -> tuple[int, int]:
    """(missing or wrong, doubled) of what the clients know; what may have been stored is known from now on."""
    wrong = doubled = 0
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for person in sorted({who for who, _ in known}):
            found: dict[str, float] = {}
            after = None
            while True:
                answer = await http.get(
                    f"/v1/people/{person}/entries", params={"limit": 1000, **({"after": after} if after else {})}
                )
                page = {"entries": [], "after": None} if answer.status_code == 404 else answer.json()
                for entry in page["entries"]:
                    doubled += entry["item"] in found
                    found[entry["item"]] = entry["rating"]
                if not (after := page["after"]):
                    break
            for (who, item), entry in known.items():
                if who != person:
                    continue
                possible = {rating for rating, _ in entry.perhaps} | {entry.rating}
                if found.get(item) not in possible:
                    wrong += 1
                entry.rating, entry.perhaps = found.get(item), []
    return wrong, doubled


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    words.add_argument("--kills", type=int, default=1000, help="of the service")
    words.add_argument("--database", type=int, default=0, help="kills of PostgreSQL itself, instead")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--json", action="store_true")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="konomi-kills-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        bundle = tiny_bundle(folder)
        if asked.store == "sqlite":
            place = str(folder / "store.db")
        else:
            place = stores.new_place("postgresql", folder)
            os.environ["XDG_DATA_HOME"] = str(folder)
        known: dict[tuple[str, str], Known] = {}
        rng = random.Random(asked.seed)
        counts, starts, begun = [], [], time.perf_counter()
        rounds = asked.database or asked.kills
        for n in range(rounds):
            start = time.perf_counter()
            service = Service(bundle, place, folder / "erased")
            starts.append(time.perf_counter() - start)
            wrong, doubled = asyncio.run(compare(service.url, known))
            if wrong or doubled:
                print(f"kill {n}: {wrong} missing or wrong, {doubled} doubled", file=sys.stderr)
                raise SystemExit(1)
            wanted = int(BETWEEN * (0.5 + rng.random() * 1.5))
            kill = stores.crash if asked.database else service.kill
            counts.append(asyncio.run(one_round(service, kill, known, wanted, n)))
            service.kill()
        service = Service(bundle, place, folder / "erased")
        wrong, doubled = asyncio.run(compare(service.url, known))
        service.kill()
        said = {
            "store": asked.store, "kills": rounds, "of": "database" if asked.database else "service",
            "acknowledged": sum(counts), "between": float(np.mean(counts)), "entries": len(known), "missing": wrong,
            "doubled": doubled, "seconds": round(time.perf_counter() - begun, 1), "start": float(np.median(starts)),
        }  # fmt: skip
        print(json.dumps(said) if asked.json else "\n".join(f"{name:>14}  {value}" for name, value in said.items()))
        raise SystemExit(1 if wrong or doubled else 0)


if __name__ == "__main__":
    main()
