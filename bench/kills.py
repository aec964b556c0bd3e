"""kill -9 within the writes of 32 clients, a thousand times: see tests/killing.py.

    python bench/kills.py                                      1,000 kills of the service on SQLite
    python bench/kills.py --store postgresql --kills 1000      the same on a PostgreSQL of its own
    python bench/kills.py --store postgresql --database 100    kills of the database itself

An acknowledged change that is missing, or an entry twice, ends it with 1.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import killing
import stores

CLIENTS, BETWEEN = 32, 200  # clients; acknowledgements between two kills, on average and more


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    words.add_argument("--kills", type=int, default=1000, help="of the service")
    words.add_argument("--database", type=int, default=0, help="kills of PostgreSQL itself, instead")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--json", action="store_true")
    asked = words.parse_args()
    begun, crash = time.perf_counter(), stores.crash if asked.database else None
    with tempfile.TemporaryDirectory(prefix="konomi-kills-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        place = stores.new_place(asked.store, folder)
        found = killing.rounds(folder, place, asked.database or asked.kills, CLIENTS, BETWEEN, crash, asked.seed)
    said = {
        "store": asked.store, "kills": len(found.acknowledged), "of": "database" if asked.database else "service",
        "acknowledged": sum(found.acknowledged), "between": float(np.mean(found.acknowledged)), "entries": found.entries,
        "missing": found.missing, "doubled": found.doubled, "seconds": round(time.perf_counter() - begun, 1),
        "start": float(np.median(found.starts)),
    }  # fmt: skip
    print(json.dumps(said) if asked.json else "\n".join(f"{name:>14}  {value}" for name, value in said.items()))
    raise SystemExit(1 if found.missing or found.doubled else 0)


if __name__ == "__main__":
    main()
