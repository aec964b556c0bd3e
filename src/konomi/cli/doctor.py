"""konomi doctor: what is installed, what this machine offers, what is missing."""

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from konomi.cli.console import say, show, show_json, table
from konomi.cli.options import Json
from konomi.extras import EXTRAS, install


def doctor(json: Json = False) -> None:
    """Versions, cores, memory, caches, and what is missing."""
    packages = {name: _version(name) for name in ("konomi", *_required())}
    facts = {
        "python": f"{platform.python_version()} ({sys.executable})",
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": _cores(),
        "memory": _memory(),
        "blas": _blas(),
        "numba cache": _numba_cache(),
    }
    optional = {name: _version(name) for name in EXTRAS}
    missing = [name for name, found in packages.items() if found is None]
    models = _models()
    if json:
        show_json({"packages": packages, "optional": optional, **facts, "models": models, "missing": missing})
        return
    versions = [(name, found or "missing") for name, found in packages.items()]
    versions += [(name, found or f"not installed ({install(name)})") for name, found in optional.items()]
    show(table("Packages", ("package", "version"), versions))
    show(table("Machine", ("", ""), facts.items()))
    if models:
        rows = ((model["name"], model["package"], model["reason"] or "can be used") for model in models)
        show(table("Models of other packages", ("model", "package", ""), rows))
    for name in missing:
        say(f"{name} is missing: pip install {name}")
    if not missing:
        say("Nothing is missing.")


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _required() -> list[str]:
    """The packages that Konomi needs to run."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("konomi") or []
    except PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines if "extra ==" not in line]


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
