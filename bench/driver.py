"""Sends requests to a service at times that are fixed beforehand, and measures from those times.

    python bench/driver.py URL BODIES --rate 100 --seconds 10

An open loop: a request is due when it is due, however late the answers before it are, and its latency counts from then; so
what a service does to those who wait is not left out (coordinated omission). Without a rate, each connection asks again as soon
as it has an answer: the most that a service can do. BODIES: a file with a JSON body a line, taken in turn. Prints JSON.
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


async def drive(url: str, path: str, bodies: list[bytes], rate: float, seconds: float, lines: int) -> dict[str, object]:
    where = urlsplit(url)
    head = f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    requests = itertools.cycle([head.encode() + b"%d\r\n\r\n" % len(body) + body for body in bodies])
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
        asked = []
        for n in range(int(rate * seconds)):
            due = start + n / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            asked.append(asyncio.create_task(once(due)))
        await asyncio.gather(*asked)
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
    parser.add_argument("bodies")
    parser.add_argument("--path", default="/v1/recommend")
    parser.add_argument("--rate", type=float, default=0, help="requests a second; 0 = as many as there are answers")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--lines", type=int, default=8, help="connections")
    said = parser.parse_args()
    with open(said.bodies, "rb") as file:
        bodies = file.read().splitlines()
    print(json.dumps(asyncio.run(drive(said.url, said.path, bodies, said.rate, said.seconds, said.lines))))
