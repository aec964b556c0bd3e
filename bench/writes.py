"""What people say, over HTTP: acknowledged ratings a second beside an empty handler, search, and whether each is read at once.

    python bench/writes.py [--bundle FILE] [--rounds 3] [--seconds 5] [--lines 64]

Every figure is of `bench/driver.py` without a pause between answer and request, on so many connections. Single PUTs stand
beside the same requests to `bench/empty.py`, which reads the body and answers ten bytes, and beside GET /v1/session, which
passes the guards of the service, is counted and logged, and does nothing; a body of 20 rows is 20 ratings.
GET /v1/search asks for beginnings of titles, typing errors too, at a steady rate. Then one client after the other puts an
entry and, once that is acknowledged, asks what the person has said: what is not there ends the run with 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from konomi.recommend.recommender import Recommender
from measure import BENCH, save
from service import drive, middle, served, trained

PEOPLE, IN_A_BODY, SEARCHES_A_SECOND, READERS = 5_000, 20, 50, 8


@contextmanager
def empty() -> Iterator[tuple[str, int]]:
    """The empty handler: its URL and its process."""
    child = subprocess.Popen([sys.executable, BENCH / "empty.py"], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield child.stdout.readline().split("answers at ")[1].split(";")[0], child.pid
    finally:
        child.terminate()
        child.wait()


def said(recommender: Recommender) -> dict[str, list[str]]:
    """The requests, by what they are."""
    draw, ids = np.random.default_rng(0), recommender.catalogue.ids
    singles, bodies = [], []
    for n in range(PEOPLE):
        rows, ratings = (
            draw.choice(len(ids), IN_A_BODY + 1, replace=False).tolist(),
            draw.integers(1, 11, IN_A_BODY + 1).tolist(),
        )
        singles.append(f"PUT /v1/people/one{n}/entries/{ids[rows[-1]]} {json.dumps({'rating': ratings[-1]})}")
        several = [{"item": str(ids[row]), "rating": rating} for row, rating in zip(rows[:-1], ratings, strict=False)]
        bodies.append(f"PUT /v1/people/many{n}/entries {json.dumps(several)}")
    names = [recommender.catalogue.names[row] for row in draw.choice(len(ids), 1_000, replace=False).tolist()]
    searches = [f"GET {httpx.URL('/v1/search', params={'q': typed(name, draw)})}" for name in names]
    return {"single": singles, "bodies": bodies, "search": searches}


def typed(name: str, draw: np.random.Generator) -> str:
    """The beginning of a name, a third of the time with two letters exchanged."""
    text = name[: int(draw.integers(1, 12))]
    if len(text) > 4 and draw.random() < 1 / 3:
        at = int(draw.integers(1, len(text) - 2))
        text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text


def read_at_once(url: str, first: int, n: int) -> int:
    """Put n ratings one by one, and look for each as soon as it is acknowledged; how many were not there."""
    missing, kept = 0, dict[str, float]()
    with httpx.Client(base_url=f"{url}/v1/people/reader{first}", timeout=30) as client:
        for k in range(n):
            item, rating = f"i{k % 50}", float(k % 10 + 1)
            client.put(f"/entries/{item}", json={"rating": rating}).raise_for_status()
            kept[item] = rating
            there = client.get("/entries?limit=1000").raise_for_status().json()["entries"]
            missing += {each["item"]: each["rating"] for each in there} != kept
    return missing


def main(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bundle = arguments.bundle or trained(Path(folder))
        files = {name: Path(folder) / name for name in ("single", "bodies", "search", "least")}
        for name, lines in {**said(Recommender.load(bundle)), "least": ["GET /v1/session"]}.items():
            files[name].write_text("".join(f"{line}\n" for line in lines))
        often = {"seconds": arguments.seconds, "lines": arguments.lines}
        rounds: list[dict[str, float]] = []
        for _ in range(arguments.rounds):
            with empty() as (url, pid):
                drive(url, pid, files["single"], seconds=1)
                least = drive(url, pid, files["single"], **often)
            with served(bundle) as (url, pid, _):
                drive(url, pid, files["single"], seconds=1)
                least_of_service = drive(url, pid, files["least"], **often)
                single = drive(url, pid, files["single"], **often)
                bodies = drive(url, pid, files["bodies"], **often)
                search = drive(url, pid, files["search"], seconds=arguments.seconds, rate=SEARCHES_A_SECOND)
                with ThreadPoolExecutor(READERS) as pool:
                    missing = sum(pool.map(lambda first: read_at_once(url, first, 100), range(READERS)))
            rounds.append(
                {
                    "PUTs/s of the empty handler": least["a second"],
                    "PUTs/s of the service": single["a second"],
                    "share, %": 100 * single["a second"] / least["a second"],
                    "GET /v1/session a second": least_of_service["a second"],
                    "share of GET /v1/session, %": 100 * single["a second"] / least_of_service["a second"],
                    "processor µs of GET /v1/session": 1000 * least_of_service["processor ms"],
                    "processor µs of a PUT, empty handler": 1000 * least["processor ms"],
                    "processor µs of a PUT, service": 1000 * single["processor ms"],
                    "processor µs of a PUT in the driver": 1000 * single["processor ms of the driver"],
                    "PUT p50 ms": single["p50 ms"],
                    "PUT p99 ms": single["p99 ms"],
                    "ratings/s in bodies of 20": IN_A_BODY * bodies["a second"],
                    "processor ms of a body of 20": bodies["processor ms"],
                    "search p50 ms": search["p50 ms"],
                    "search p99 ms": search["p99 ms"],
                    "entries not read at once": missing,
                }
            )
            print(rounds[-1], file=sys.stderr)
        found = {name: middle([each[name] for each in rounds]) for name in rounds[0]}
        save("writes", {"rounds": len(rounds), "connections": arguments.lines, **found}, arguments.rounds > 1)
        if any(each["entries not read at once"] for each in rounds):
            sys.exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--lines", type=int, default=64, help="connections")
    main(parser.parse_args())
