"""A store of a million people and a hundred million entries beside a small one: answers, writes, opening, and reading.

    python bench/big_store.py [--bundle FILE] [--stores sqlite postgresql] [--people 1000000] [--entries 100000000]
        [--rounds 3] [--seconds 5]

Both are made by the database itself from whole numbers, each person with as many entries, spread over the catalogue; the small
one has a thousand people. In turn, by `bench/driver.py`, each is asked for recommendations of people drawn at random (eight
connections), and for single PUTs (32); then it is read as a training reads it (`serve/store/reading.py`), by a process
of its own. PostgreSQL is started from its wheel, on this machine's disk, with its usual settings and fsync.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine, text

from konomi.recommend.recommender import Recommender
from konomi.serve.store.people_store import PeopleStore
from measure import child, save
from service import drive, middle, served, trained

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import stores

SMALL, ASKED, AT_ONCE = 1_000, 2_000, 100_000  # people: of the small store, of the requests, of a statement

PEOPLE = """INSERT INTO person ("row", id, created) SELECT n, 'p' || n, 0 FROM number WHERE n > :first AND n <= :last"""
ENTRIES = """INSERT INTO entry (person, item, rating, status, "at", seq)
SELECT p.n, 1 + ({gap} * (k.n - 1) + (p.n * 7919 + k.n * 104729) % {gap}),
    CASE WHEN (p.n + k.n * 13) % 10 < 9 THEN 1 + (p.n * 31 + k.n * 17) % 10 END, 2,
    1600000000000000 + (p.n * 977 + k.n * 10007) % 100000000000000, {each} * (p.n - 1) + k.n
FROM number p CROSS JOIN number k WHERE p.n > :first AND p.n <= :last AND k.n <= {each} ORDER BY p.n, k.n"""
NUMBERS = """INSERT INTO number
WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {most}) SELECT n FROM up"""
ITEM = """INSERT INTO item ("row", id) VALUES (:row, :id)"""


def make(place: str, folder: Path, ids: Sequence[object], people: int, each: int) -> float:
    """Fill a new store; the seconds that it took."""
    start = time.perf_counter()
    PeopleStore.open(place, folder / "made.erased").close()
    sqlite = "://" not in place
    engine = create_engine(f"sqlite:///{place}" if sqlite else place, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if sqlite:  # this is no service: where the machine fails, it begins again
            for quick in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
                connection.exec_driver_sql(f"PRAGMA {quick}")
        connection.execute(text("CREATE TABLE number (n BIGINT PRIMARY KEY)"))
        connection.execute(text(NUMBERS.format(most=people)))
        connection.execute(text(ITEM), [{"row": row + 1, "id": str(id)} for row, id in enumerate(ids)])
        for first in range(0, people, AT_ONCE):
            for statement in (PEOPLE, ENTRIES.format(gap=len(ids) // each, each=each)):
                connection.execute(text(statement), {"first": first, "last": min(first + AT_ONCE, people)})
            print(f"{min(first + AT_ONCE, people):,} people, {time.perf_counter() - start:.0f} s", file=sys.stderr)
        connection.execute(text("DROP TABLE number"))
        if not sqlite:
            for name in ("person", "item"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'row'), max(\"row\")) FROM {name}"))
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
    engine.dispose()
    return time.perf_counter() - start


def asked(folder: Path, ids: Sequence[object], people: int) -> tuple[Path, Path]:
    """The requests: for recommendations, and to store."""
    draw = np.random.default_rng(0)
    who, what = draw.integers(1, people + 1, ASKED).tolist(), draw.integers(0, len(ids), ASKED).tolist()
    gets, puts = folder / f"gets{people}", folder / f"puts{people}"
    gets.write_text("".join(f"GET /v1/people/p{one}/recommend\n" for one in who))
    said = (f"p{one}/entries/{ids[item]} {json.dumps({'rating': 1 + item % 10})}" for one, item in zip(who, what, strict=True))
    puts.write_text("".join(f"PUT /v1/people/{each}\n" for each in said))
    return gets, puts


READ = """import sys, time
from konomi.serve.store.reading import read_store
start, used = time.perf_counter(), time.process_time()
n = len(read_store(sys.argv[1]).entries.at)
print(n, time.perf_counter() - start, time.process_time() - used)"""


def measured(bundle: Path, place: str, gets: Path, puts: Path, seconds: float) -> dict[str, float]:
    """The figures of one store."""
    with served(bundle, place) as (url, pid, ready):
        drive(url, pid, gets, seconds=1)
        answers = drive(url, pid, gets, seconds=seconds)
        drive(url, pid, puts, seconds=1, lines=32)
        writes = drive(url, pid, puts, seconds=seconds, lines=32)
    _, peak, told = child([sys.executable, "-c", READ, place])
    entries, took, used = map(float, told.split())
    return {
        "start to ready, s": ready,
        "answers/s": answers["a second"],
        "answer p50 ms": answers["p50 ms"],
        "answer p99 ms": answers["p99 ms"],
        "processor ms of an answer": answers["processor ms"],
        "PUTs/s": writes["a second"],
        "PUT p50 ms": writes["p50 ms"],
        "PUT p99 ms": writes["p99 ms"],
        "processor ms of a PUT": writes["processor ms"],
        "M entries/s read": entries / took / 1e6,
        "M entries/s read, of processor time": entries / used / 1e6,
        "GB of the reader": peak,
    }


def main(arguments: argparse.Namespace) -> None:
    each, found = arguments.entries // arguments.people, {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        bundle = arguments.bundle or trained(folder)
        ids = Recommender.load(bundle).catalogue.ids
        for kind in arguments.stores:
            places = {}
            for size in (SMALL, arguments.people):
                (folder / str(size)).mkdir(exist_ok=True)
                places[size] = stores.new_place(kind, folder / str(size))
                made = make(places[size], folder, ids, size, each)
            rounds: dict[int, list[dict[str, float]]] = {size: [] for size in places}
            for _ in range(arguments.rounds):
                for size, place in places.items():
                    rounds[size].append(measured(bundle, place, *asked(folder, ids, size), arguments.seconds))
                    print(kind, size, rounds[size][-1], file=sys.stderr)
            found[kind] = {"made in s": round(made)} | {
                f"{size:,} people": {name: middle([one[name] for one in of]) for name in of[0]} for size, of in rounds.items()
            }
            for path in folder.rglob("store.db*"):
                path.unlink()
        save("big_store", {"entries": arguments.entries, "rounds": arguments.rounds, **found}, arguments.rounds > 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--folder", type=Path, help="where there is room: 5 GB for SQLite, 13 GB for PostgreSQL")
    main(parser.parse_args())
