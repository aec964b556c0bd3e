"""konomi doctor: what is installed, what this machine offers, what is missing."""

import os
import platform
import sys
from pathlib import Path
from typing import Any

from konomi.cli.console import say, show, show_json, table
from konomi.cli.installed import needed, version_of
from konomi.cli.options import Json


def doctor(json: Json = False) -> None:
    """Versions, cores, memory, caches, and what is missing."""
    packages, models = needed(), _models()
    wrong = [each for each in packages if each.state and (each.found or not each.extra)]  # an extra may be missing
    facts = {
        "konomi": version_of("konomi"),
        "python": f"{platform.python_version()} ({sys.executable})",
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": _cores(),
        "memory": _memory(),
        "blas": _blas(),
        "numba cache": _numba_cache(),
    }
    if json:
        found = [{**vars(each), "state": each.state or "right", "install": each.install} for each in packages]
        show_json({**facts, "packages": found, "models": models, "wrong": [each.package for each in wrong]})
        return
    rows = (
        (each.package, each.wanted, ", ".join(filter(None, (each.found, each.state))), each.extra, each.extra and each.install)
        for each in packages
    )
    show(table("Packages", ("package", "wanted", "found", "extra", "to get it"), rows))
    show(table("Machine", ("", ""), facts.items()))
    if models:
        offers = ((model["name"], model["package"], model["reason"] or "can be used") for model in models)
        show(table("Models of other packages", ("model", "package", ""), offers))
    for each in wrong:
        say(f"{each.package} is {each.state}: {each.install}")
    if not wrong:
        say("Nothing is missing.")


def _models() -> list[dict[str, str]]:
    """The models that installed packages offer, and why one cannot be used, if it cannot."""
    from konomi.models import offered

    return [{"name": name, "package": package, "reason": reason} for name, package, reason in offered()]


def _cores() -> str:
    from konomi.machine import available_cores

    return f"{available_cores()} to use, of {os.cpu_count()}"


def _memory() -> str:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return "unknown"
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return f"{kib['MemTotal'] / 2**20:.1f} GiB, {kib['MemAvailable'] / 2**20:.1f} GiB of it free"


def _blas() -> str:
    import numpy  # noqa: F401 - threadpoolctl tells of libraries that are loaded
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    pools: list[dict[str, Any]] = threadpool_info()
    names = sorted({f"{p['internal_api']} {p.get('version') or ''}, {p['num_threads']} threads" for p in pools})
    return "; ".join(names) or "none found"


def _numba_cache() -> str:
    from konomi.kernels.sgd import sgd_block

    place = Path(sgd_block.stats.cache_path)
    parent = next(p for p in (place, *place.parents) if p.exists())
    return f"{place}" + ("" if os.access(parent, os.W_OK) else " (cannot be written: kernels are compiled at every start)")
