"""How often one caller may ask: a bucket for each key, session or address, which fills again at a steady rate."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from konomi.serve.access import LOCAL
from konomi.serve.problems import problem

MOST = 20_000  # buckets that are remembered


class Rate:
    """Refuses with 429 whoever asks more than `rate` times a second for long, `burst` at once. Programs of this machine that
    need no key are not counted. It stands behind `Access`, which knows who asks."""

    def __init__(self, app: ASGIApp, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.rate, self.burst, self.clock = app, rate, burst, clock
        self._buckets = OrderedDict[str, tuple[float, float]]()  # what is in it, and when that was so

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = scope["state"].get("caller")
        wait = 0.0 if caller == LOCAL else self._taken(_name(scope, caller))
        if not wait:
            await self.app(scope, receive, send)
            return
        seconds = str(math.ceil(wait))
        hint = f"Ask again in {seconds} s, and {self.rate:g} times a second at most."
        refusal = problem(scope, 429, "too_often", "You ask too often.", hint, headers={"Retry-After": seconds})
        await refusal(scope, receive, send)

    def _taken(self, name: str) -> float:
        """Take one from a bucket; the seconds until there is one, where there is none."""
        now = self.clock()
        held, since = self._buckets.pop(name, (self.burst, now))
        held = min(held + (now - since) * self.rate, self.burst)
        self._buckets[name] = max(held - 1, 0) if held >= 1 else held, now
        while len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return 0.0 if held >= 1 else (1 - held) / self.rate


def _name(scope: Scope, caller: object) -> str:
    """What counts together: a key; else an address, since anybody may have many sessions."""
    name = getattr(caller, "name", "")
    client = scope.get("client")
    return name if name.startswith("key ") else f"from {client[0] if client else ''}"
