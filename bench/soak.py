"""A service under mixed load while it trains again and again, and changes to what it has trained.

    python bench/soak.py [--minutes 30] [--trainings 10] [--rate 40] [--store sqlite]

7,157 items (real ratings of MyAnimeList, 2016) by slim and bayes. An open loop asks at a fixed rate: six of ten requests are
POST /v1/recommend with 50 ratings, two are entries of 500 people, whose real ratings the model has not learnt, one is what one
of them has said, one a search. A training is asked for at equal distances, and begins when the one before has ended; each finds
what was said meanwhile. What does not pass the gate is activated nevertheless, so each training ends in a change of the model.

It ends with 1 where an answer is 5xx, or an acknowledged entry is not there in the end, or not at once: each GET of somebody's
entries is compared with all that was acknowledged before it. Latencies count from when a request was due: while nothing is
trained, while a training runs, and in the second before a new model answers, in which it is loaded. Memory is that of the
service's own process.
"""

import argparse
import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import polars as pl
import psutil

from caserec_split import caserec
from driver import as_sent
from konomi.bundle.format import save_bundle
from konomi.pipeline.train import train_model
from konomi.recommend.recommender import Recommender
from measure import BENCH, save
from service import people, served

sys.path.insert(0, str(BENCH.parent / "tests"))
RATINGS = BENCH.parent.parent / "shared" / "data" / "anime-caserec-2016" / "rating_mal_ids.csv"
WHO, LEAST = 500, 20  # people, with so many ratings
LINES, LOOK = 64, 0.5  # connections; seconds between two looks at models and memory
FIRST = 300.0  # seconds until memory is looked at
PATTERN = "rrerrsrerg"  # recommend, entry, search, get: what of ten requests is asked
MILLION = 1e6


class Soak:
    """The load, and what became of it."""

    def __init__(self, url: str, bundle: Path, own: pl.DataFrame, rate: float, seconds: float) -> None:
        self.url, self.rate, self.seconds = url, rate, seconds
        self.host = urlsplit(url).netloc
        recommender = Recommender.load(bundle)
        self.ids = [str(id) for id in recommender.catalogue.ids]
        self.asked = itertools.cycle([json.dumps({"profile": one}) for one in people(recommender)])
        self.names = itertools.cycle([name[:5] for name in recommender.catalogue.names[:: len(self.ids) // 97]])
        self.own = itertools.cycle(own.sample(fraction=1, shuffle=True, seed=0).rows())
        self.rows: list[tuple[float, float]] = []  # when it was due, and how late its answer, in seconds
        self.statuses = Counter[int]()
        self.said: dict[tuple[str, str], float] = {}  # acknowledged
        self.stale = 0  # entries that were acknowledged, and not there in the answer to a later request
        self.memory: list[tuple[float, float]] = []
        self.running: list[tuple[float, bool]] = []  # whether a training was running, at a time
        self.changes: list[float] = []  # when another model began to answer

    async def drive(self) -> None:
        """Ask at the rate, until the seconds are over."""
        free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        where = urlsplit(self.url)
        for _ in range(LINES):
            free.put_nowait(await asyncio.open_connection(where.hostname, where.port))
        start, tasks = time.time(), set[asyncio.Task[None]]()
        for n, kind in zip(range(int(self.rate * self.seconds)), itertools.cycle(PATTERN), strict=False):
            due = start + n / self.rate
            await asyncio.sleep(max(due - time.time(), 0))
            task = asyncio.create_task(self.once(kind, due, free))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def once(self, kind: str, due: float, free: asyncio.Queue) -> None:
        number, item, rating = next(self.own)
        who, item, rating = f"p{number}", str(item), float(rating)
        line = {
            "r": lambda: f"POST /v1/recommend {next(self.asked)}",
            "e": lambda: f'PUT /v1/people/{who}/entries/{item} {{"rating": {rating}}}',
            "s": lambda: f"GET /v1/search?q={next(self.names).replace(' ', '%20').encode('ascii', 'ignore').decode()}",
            "g": lambda: f"GET /v1/people/{who}/entries?limit=1000",
        }[kind]()
        reader, writer = await free.get()
        known = {pair: value for pair, value in self.said.items() if pair[0] == who} if kind == "g" else {}
        writer.write(as_sent(line, self.host))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(each[15:]) for each in head.lower().split(b"\r\n") if each.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        free.put_nowait((reader, writer))
        status = int(head[9:12])
        self.statuses[status] += 1
        self.rows.append((due, time.time() - due))
        if kind == "e" and status == 200:
            self.said[who, item] = rating
        if kind == "g" and status == 200:
            there = {each["item"] for each in json.loads(body)["entries"]}
            self.stale += sum(item not in there for _, item in known)

    async def watch(self, pid: int, trainings: int) -> None:
        """Ask for trainings, and note what runs and how much memory the service has."""
        process, start, asked = psutil.Process(pid), time.time(), 0
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            while time.time() < start + self.seconds:
                jobs = (await client.get("/v1/jobs")).json()
                serving = next(each for each in (await client.get("/v1/models")).json() if each["serving"])
                since = datetime.fromisoformat(serving["activated"]).timestamp()
                if serving["training"] is not None and since not in self.changes:
                    self.changes.append(since)
                open = any(job["ended"] is None for job in jobs)
                now = time.time()
                self.running.append((now, open))
                self.memory.append((now - start, process.memory_info().rss / MILLION))
                made = next((job["model"] for job in jobs if job["model"]), None)
                if not open and made and made != serving["id"]:
                    (await client.post(f"/v1/models/{made}/activate")).raise_for_status()
                if not open and asked < trainings and now >= start + asked * self.seconds / trainings:
                    (await client.post("/v1/train", json={"how": "warm"})).raise_for_status()
                    asked += 1
                await asyncio.sleep(LOOK)

    def lost(self) -> int:
        """How many acknowledged entries are not there."""
        found: dict[tuple[str, str], float] = {}
        with httpx.Client(base_url=self.url, timeout=30) as client:
            for who in {who for who, _ in self.said}:
                for each in client.get(f"/v1/people/{who}/export").json()["entries"]:
                    found[who, each["item"]] = each["rating"]
        return sum(found.get(pair) != rating for pair, rating in self.said.items())

    def p99(self, within: list[tuple[float, float]] | None, training: bool = False) -> float:
        """The 99th percentile of latencies in ms: of requests due within spans, or while a training ran, or none."""
        due, late = np.array(self.rows).T
        if within is not None:
            chosen = np.any([(due >= start) & (due < end) for start, end in within], axis=0) if within else np.zeros(0, bool)
        else:
            times, running = np.array(self.running).T
            chosen = running[np.clip(np.searchsorted(times, due), 0, len(times) - 1)] == training
        return float(1000 * np.percentile(late[chosen], 99)) if chosen.any() else float("nan")


def main(said: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="konomi-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        ratings = pl.read_csv(RATINGS)
        many = ratings.group_by("user_id").len().filter(pl.col("len") >= LEAST).sort("user_id")["user_id"]
        away = pl.col("user_id").is_in(many.sample(WHO, seed=0).implode())
        ratings.filter(~away).write_csv(folder / "ratings.csv")
        own = ratings.filter(away).select("user_id", "anime_id", "rating")
        caserec(folder / "ratings.csv")[0].save(folder / "data")
        save_bundle(folder / "bundle", train_model(folder / "data", "slim,bayes"))
        place = str(folder / "store.db")
        if said.store == "postgresql":
            import stores

            place = stores.new_place(said.store, folder)
        with served(folder / "bundle", place) as (url, pid, _):
            soak = Soak(url, folder / "bundle", own, said.rate, 60 * said.minutes)

            async def both() -> None:
                await asyncio.gather(soak.drive(), soak.watch(pid, said.trainings))

            asyncio.run(both())
            lost = soak.lost()
            with httpx.Client(base_url=url) as client:
                jobs, models = client.get("/v1/jobs").json(), client.get("/v1/models").json()
    ends = soak.changes
    memory = np.array(soak.memory)
    later = memory[memory[:, 0] >= min(FIRST, 30 * said.minutes)]
    half = len(later) // 2
    failed = sum(count for status, count in soak.statuses.items() if status >= 500)
    found = {
        "items": len(soak.ids), "minutes": said.minutes, "requests": len(soak.rows), "5xx": failed,
        "acknowledged entries": len(soak.said), "lost": lost, "stale": soak.stale,
        "trainings": dict(Counter(job["state"] for job in jobs)), "changes of the model": len(ends),
        "what the gate said of the newest": [each["why"] for each in models if each["why"]],
        "p99 ms, no training": soak.p99(None, False), "p99 ms, in training": soak.p99(None, True),
        "p99 ms, in the second of a swap": soak.p99([(end - 1, end) for end in ends]),
        "MB after five minutes, first half and second": [float(part[:, 1].mean()) for part in (later[:half], later[half:])],
        "MB at most": float(memory[:, 1].max()),
        "statuses": {str(status): count for status, count in soak.statuses.items()},
    }  # fmt: skip
    save("soak", found, said.minutes >= 30)
    print(json.dumps(found, indent=1))
    raise SystemExit(1 if failed or lost or soak.stale else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--trainings", type=int, default=10)
    parser.add_argument("--rate", type=float, default=40, help="requests a second")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    main(parser.parse_args())
