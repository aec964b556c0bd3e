"""Files that mean harm, through every reader: each is read or refused, in time and in memory.

    python bench/fuzz.py [--inputs 20000] [--seed 0] [--workers 2]

Half of the inputs are valid files changed in their structure (bytes, cells, lines and brackets that are away, doubled, swapped
or replaced), the others are made of pieces that such files have. Worker processes read them, a new one every `TERM` inputs. An
input ends badly where it raises anything but an error of the family, takes more than `LONGEST` seconds or `MOST` bytes of
memory, or has something panic on stderr; such inputs are kept in bench/out/fuzz. Ends with exit code 1 if there is any.
"""

import argparse
import gzip
import io
import json
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from measure import OUT, save

TERM = 250  # inputs of one worker
LONGEST, MOST = 10.0, 1 << 30
LARGE = 20_000_000  # bytes of the largest input

ROWS = [(n % 7, n % 11, 1 + n % 5) for n in range(40)]
CSV = "user_id,item_id,rating,timestamp\n" + "\n".join(f"{u},{i},{r},{1_500_000_000 + u}" for u, i, r in ROWS) + "\n"
SEMI = "user;item;rating\n" + "\n".join(f"u{u};b{i};{r},5" for u, i, r in ROWS)
LINES = "\n".join(json.dumps({"reviewerID": f"u{u}", "asin": f"b{i}", "overall": r}) for u, i, r in ROWS)
NETFLIX = "1:\n7,3,2005-09-06\n8,5,2005-05-13\n2:\n7,4,2004-01-01\n9,1,2004-01-01\n"
ITEMS = "0 5 6 7\n1 5\n2 6 7 8\n3 5 6\n"
WIDE = "who,Alien,Heat,Speed\nann,4,,1\nbob,NA,5,2\ncy,1,5,3\n"
TITLES = 'item_id,title,genres,year,type\n1,Alien,"Horror, Sci-Fi",1979,Movie\n2,Heat,Crime,1995,Movie\n'
XML = (
    "<?xml version='1.0' encoding='UTF-8'?>\n<myanimelist><myinfo><user_name>x</user_name></myinfo><anime>"
    "<series_animedb_id>1</series_animedb_id><series_title><![CDATA[Cowboy Bebop]]></series_title><series_type>TV</series_type>"
    "<my_score>9</my_score><my_status>Completed</my_status></anime></myanimelist>"
)
MEDIA = {
    "id": 1,
    "idMal": 11,
    "title": {"romaji": "A", "english": None},
    "startDate": {"year": 2013},
    "format": "TV",
    "type": "ANIME",
}
ANILIST = json.dumps(
    {
        "data": {
            "MediaListCollection": {
                "lists": [{"name": "All", "entries": [{"score": 9, "status": "COMPLETED", "media": MEDIA}]}]
            }
        }
    }
)
LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,The Matrix,1999,https://boxd.it/a,4.5\n"
IMDB = "Const,Your Rating,Date Rated,Title,Title Type,Year\ntt0087843,9,2024-01-01,Once Upon a Time in America,Movie,1984\n"
TRAKT = json.dumps([{"rating": 9, "type": "movie", "movie": {"title": "Heat", "year": 1995, "ids": {"imdb": "tt0113277"}}}])
FRAME = pl.DataFrame({"user_id": [1, 2], "item_id": [3, 4], "rating": [5.0, 4.0], "tags": [["a"], []], "when": [1, None]})


def typed(kind: str) -> bytes:
    buffer = io.BytesIO()
    FRAME.write_parquet(buffer) if kind == "parquet" else FRAME.write_ipc(buffer)
    return buffer.getvalue()


READERS: dict[str, tuple[str, str, bytes]] = {  # reader → what it is called for, the file's name, a valid file
    "csv": ("ratings", "r.csv", CSV.encode()),
    "csv.gz": ("ratings", "r.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
    "decimal commas": ("ratings", "r.csv", SEMI.encode()),
    "another encoding": ("latin-1", "r.csv", CSV.replace("user", "üser").encode("latin-1")),
    "old line ends": ("ratings", "r.csv", CSV.replace("\n", "\r").encode()),
    "json lines": ("ratings", "r.jsonl", LINES.encode()),
    "netflix": ("ratings", "combined_data_1.txt", NETFLIX.encode()),
    "item lists": ("ratings", "train.txt", ITEMS.encode()),
    "wide": ("wide", "m.csv", WIDE.encode()),
    "parquet": ("ratings", "r.parquet", typed("parquet")),
    "arrow": ("ratings", "r.arrow", typed("arrow")),
    "catalogue": ("catalogue", "t.csv", TITLES.encode()),
    "catalogue in parquet": ("catalogue", "t.parquet", typed("parquet")),
    "users": ("users", "u.csv", b"user_id,age,sex\n1,20,f\n2,30,m\n"),
    "mal": ("list", "l.xml", XML.encode()),
    "anilist": ("list", "l.json", ANILIST.encode()),
    "trakt": ("list", "l.json", TRAKT.encode()),
    "letterboxd": ("list", "l.csv", LETTERBOXD.encode()),
    "imdb": ("list", "l.csv", IMDB.encode()),
    "plain": ("list", "l.csv", b"Title,Rating\nCowboy Bebop,9\n\xe2\x98\x85,3\n"),
}
PIECES = [
    *(b"", b" ", b",", b";", b"\t", b"|", b"::", b"\n", b"\r", b"\r\n", b'"', b"'", b"\0", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"1", b"-1", b"0", b"1e999", b"nan", b"inf", b"9" * 40, b"1_0", b"2020-13-45", b"0000-00-00", b"3,5", b"9/10"),
    *(b"{", b"}", b"[", b"]", b"<", b">", b"&", b"<!DOCTYPE a>", b"</anime>", b"null", b"true", b'{"a":' * 50),
    *(b"user_id", b"item_id", b"rating", b"Title", b"Name", b"Year", b"=cmd|' /C calc'!A0", b"\xed\xa0\x80"),
    *("★★★½".encode(), "\u202e".encode(), "\u0663".encode()),
]  # fmt: skip


def changed(valid: bytes, draw: random.Random) -> bytes:
    """A valid file with some changes of its structure."""
    content = valid
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        content = one_change(content, draw)[: 1 << 20]
    return content


def one_change(content: bytes, draw: random.Random) -> bytes:
    a, b = sorted(draw.randrange(len(content) + 1) for _ in "ab")
    lines, between = content.split(b"\n"), draw.choice((b",", b";", b'"', b">", b":", b" "))
    cells = content.split(between)
    n, k, piece = draw.randrange(len(lines)), draw.randrange(len(cells)), draw.choice(PIECES)
    ways = (
        lambda: content[:a] + piece + content[a:],
        lambda: content[:a] + piece + content[b:],
        lambda: content[:a] + content[a:b] * draw.choice((2, 3, 50)) + content[b:],
        lambda: b"\n".join([*lines[:n], *lines[n + 1 :]]),
        lambda: b"\n".join([*lines[:n], draw.choice(lines), *lines[n:]]),
        lambda: between.join([*cells[:k], piece, *cells[k + 1 :]]),
        lambda: between.join([*cells[:k], cells[k] + b"," * draw.choice((1, 9, 5000)), *cells[k + 1 :]]),
        lambda: content[:a] + bytes([draw.randrange(256)]) + content[a + 1 :],
    )
    return draw.choice(ways)()


def made(n: int, reader: str, draw: random.Random) -> bytes:
    """Input n of a reader: every second one is a changed valid file; a few are very long."""
    valid = READERS[reader][2]
    if n % 997 == 0:
        return draw.choice((b",", b"[", b"1,", b'"', b"<a>", b"1 2\n", b"{}\n")) * (LARGE // draw.choice((1, 4, 20)) // 3)
    if n % 2:
        return changed(valid, draw)
    return b"".join(draw.choice(PIECES) for _ in range(draw.randrange(60)))


def read(kind: str, path: Path) -> None:
    import konomi
    from konomi.reading.catalogues import read_catalogue
    from konomi.reading.users import read_users

    calls: dict[str, Callable[[], Any]] = {
        "ratings": lambda: konomi.read_ratings(path),
        "latin-1": lambda: konomi.read_ratings(path, encoding="latin-1"),
        "wide": lambda: konomi.read_ratings(path, wide=True),
        "catalogue": lambda: read_catalogue(path),
        "users": lambda: read_users(path, None, "refuse"),
        "list": lambda: konomi.read_list(path),
    }
    calls[kind]()


def work(numbers: range, seed: int, folder: str, pipe: Any) -> None:
    """Read some inputs; tells (n, how it began) and (n, how it ended) of each."""
    from konomi.errors import KonomiError

    noise = Path(folder) / f"stderr-{os.getpid()}"
    os.dup2(os.open(noise, os.O_CREAT | os.O_WRONLY), 2)
    names = list(READERS)
    place = Path(folder) / str(os.getpid())
    place.mkdir()
    for n in numbers:
        reader = names[n // 2 % len(names)]
        kind, name, _ = READERS[reader]
        path = place / name
        path.write_bytes(made(n, reader, random.Random(f"{seed} {n}")))
        before, heard = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, noise.stat().st_size
        pipe.send((n, reader, "begun", 0.0))
        start = time.perf_counter()
        try:
            read(kind, path)
            end = "read"
        except KonomiError:
            end = "refused"
        except BaseException as error:
            end = f"traceback: {type(error).__name__}: {error}"[:200]
        taken = time.perf_counter() - start
        grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        said = noise.read_bytes()[heard:]
        if b"panicked" in said:
            end = "panic: " + said.decode(errors="replace")[:150]
        elif taken > LONGEST:
            end = f"slow: {taken:.1f} s"
        elif grown > MOST:
            end = f"memory: {grown / 1e9:.2f} GB"
        if end not in ("read", "refused"):
            (OUT / "fuzz").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, OUT / "fuzz" / f"{n}-{name}")
        pipe.send((n, reader, end, taken))
        path.unlink()
    pipe.send((-1, "", "", 0.0))


def attacked(numbers: range, seed: int, folder: str) -> list[tuple[int, str, str, float]]:
    """What became of each input; a worker that hangs or dies is ended, and the rest goes to another."""
    ends: list[tuple[int, str, str, float]] = []
    at = numbers.start
    while at < numbers.stop:
        ours, theirs = multiprocessing.Pipe()
        worker = multiprocessing.get_context("spawn").Process(
            target=work, args=(range(at, min(at + TERM, numbers.stop)), seed, folder, theirs)
        )
        worker.start()
        theirs.close()
        last = (at, "", "begun", 0.0)
        limit = 6 * LONGEST  # imports and compiles first
        while True:
            try:
                if not ours.poll(limit):
                    ends.append((last[0], last[1], "hang", limit))
                    break
                found = ours.recv()
            except EOFError:
                ends.append((last[0], last[1], "died", 0.0))
                break
            if found[0] < 0:
                break
            last, limit = found, 3 * LONGEST
            if found[2] != "begun":
                ends.append(found)
        worker.kill()
        worker.join()
        at = max(last[0] + 1, at + 1)
    return ends


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    said = parser.parse_args()
    share = -(-said.inputs // said.workers)
    parts = [range(k * share, min((k + 1) * share, said.inputs)) for k in range(said.workers)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(said.workers) as pool:
        found = [end for ends in pool.map(lambda part: attacked(part, said.seed, folder), parts) for end in ends]
    counts: dict[str, Counter[str]] = {reader: Counter() for reader in READERS}
    bad = []
    for n, reader, end, _ in found:
        counts.setdefault(reader, Counter())[end.partition(":")[0]] += 1
        if end not in ("read", "refused"):
            bad.append(f"{n} ({reader}): {end}")
    slowest = max(found, key=lambda each: each[3])
    save(
        "fuzz", {"inputs": len(found), "slowest": f"{slowest[3]:.1f} s", **{name: dict(each) for name, each in counts.items()}}
    )
    for line in bad[:40]:
        print(line, file=sys.stderr)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
