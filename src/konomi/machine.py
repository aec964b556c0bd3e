"""The cores and the memory that this process may use."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
UNKNOWN_MEMORY = 8 << 30  # bytes; assumed where the system does not tell


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory(root: Path = ROOT) -> int:
    """The available bytes: on Linux MemAvailable, elsewhere the machine's whole memory.

    In control groups with a limit, as in a container, at most what the tightest of them leaves.
    """
    return min([_free_of_machine(root), *_free_of_groups(root)])


def _free_of_machine(root: Path) -> int:
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else UNKNOWN_MEMORY


def _free_of_groups(root: Path) -> Iterator[int]:
    """What each control group of this process leaves, of version 2 and 1 (cgroups(7)): its own and those above it."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    mounted = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            names = ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        top = mounted / "memory" if controllers else mounted
        innermost = top / path.strip("/")
        for group in (innermost, *(outer for outer in innermost.parents if outer.is_relative_to(top))):
            if (free := _free_of_group(group, *names)) is not None:
                yield free


def _free_of_group(group: Path, limit: str, used: str, idle: str) -> int | None:
    """The limit less what is used, not counting cached files, which may be dropped; None where there is no limit."""
    try:
        most, now = ((group / name).read_text(encoding="ascii").strip() for name in (limit, used))
        stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return None
    return None if most == "max" else max(int(most) - int(now) + int(stat.get(idle, 0)), 0)
