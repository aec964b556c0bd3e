"""Sends requests to a service at times that are fixed beforehand, and measures from those times.

    python bench/driver.py URL REQUESTS --rate 100 --seconds 10

An open loop: a request is due when it is due, however late the answers before it are, and its latency counts from then; so
what a service does to those who wait is not left out (coordinated omission). Without a rate, each connection asks again as soon
as it has an answer: the most that a service can do. REQUESTS: a file with a request a line, taken in turn, such as
`PUT /v1/people/ann/entries/1 {"rating": 9}`. Prints JSON.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections import Counter
from urllib.parse import urlsplit

import numpy as np


class Line:
    """A connection that asks one request after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, request: bytes) -> int:
        """The status of the answer, which is read whole."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        await self.reader.readexactly(length)
        return int(head[9:12])


def as_sent(line: str, host: str) -> bytes:
    """A line of the file as HTTP."""
    method, path, *rest = line.split(" ", 2)
    body = "".join(rest).encode()
    told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{told}\r\n".encode() + body


async def drive(url: str, asked: list[str], rate: float, seconds: float, lines: int) -> dict[str, object]:
    where = urlsplit(url)
    requests = itertools.cycle([as_sent(line, where.netloc) for line in asked])
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(lines):
        free.put_nowait(Line(*await asyncio.open_connection(where.hostname, where.port)))
    taken, statuses = list[float](), Counter[int]()
    start, used = time.perf_counter(), time.process_time()

    async def once(due: float) -> None:
        line = await free.get()
        statuses[await line.ask(next(requests))] += 1
        free.put_nowait(line)
        taken.append(1000 * (time.perf_counter() - due))

    async def again() -> None:
        while (due := time.perf_counter()) < start + seconds:
            await once(due)

    if rate:
        running = []
        for n in range(int(rate * seconds)):
            due = start + n / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            running.append(asyncio.create_task(once(due)))
        await asyncio.gather(*running)
    else:
        await asyncio.gather(*(again() for _ in range(lines)))
    took = time.perf_counter() - start
    p50, p99, worst = np.percentile(taken, [50, 99, 100])
    return {
        "a second": len(taken) / took,
        "p50 ms": p50,
        "p99 ms": p99,
        "worst ms": worst,
        "answers": len(taken),
        "statuses": dict(statuses),
        "processor ms of the driver": 1000 * (time.process_time() - used) / len(taken),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("requests")
    parser.add_argument("--rate", type=float, default=0, help="requests a second; 0 = as many as there are answers")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--lines", type=int, default=8, help="connections")
    said = parser.parse_args()
    with open(said.requests, encoding="utf-8") as file:
        asked = file.read().splitlines()
    print(json.dumps(asyncio.run(drive(said.url, asked, said.rate, said.seconds, said.lines))))
