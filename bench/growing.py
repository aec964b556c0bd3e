"""How long it takes until a service answers with new items: CPU seconds, in one run.

    python bench/growing.py BUNDLE

Of a bundle that is loaded: until it is ready to answer as it is, and with 1, 1,000 and 10,000 new items, each time three times,
the least of them. What grows is made off the event loop, and changes that wait share one growing.
"""

import argparse
import time
from pathlib import Path

from konomi.bundle.format import Bundle, load_bundle
from konomi.serve.current import served_with
from konomi.serve.store.items import Told

GENRES = ("Action", "Adventure", "Comedy", "Drama", "Fantasy", "Horror", "Mystery", "Romance", "Sci-Fi")


def told(many: int, turn: int) -> list[Told]:
    """New items of three genres each, called otherwise in each turn."""
    return [
        Told(
            str(10**9 + n),
            {
                "title": f"Kitchen of Steel {turn}-{n}",
                "genres": [GENRES[n % 9], GENRES[(n + 2) % 9], GENRES[(n // 9 + 5) % 9]],
                "year": 1990 + n % 36,
                "type": "Movie" if n % 4 == 0 else "TV",
            },
            False,
        )
        for n in range(many)
    ]


def seconds(bundle: Bundle, many: int, turn: int) -> float:
    begun = time.process_time()
    served_with("bundle", bundle, told(many, turn))
    return time.process_time() - begun


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("bundle", type=Path)
    bundle = load_bundle(said.parse_args().bundle, check=False)
    print(f"{len(bundle.items):,} items; the first time {seconds(bundle, 0, 0):.2f} s")
    plain = min(seconds(bundle, 0, turn) for turn in range(3))
    for many in (0, 1, 1_000, 10_000):
        least = plain if not many else min(seconds(bundle, many, turn) for turn in range(3))
        print(f"{many:>6,} new items: {least:.2f} s, {least / plain:.2f} of the bundle as it is")


if __name__ == "__main__":
    main()
