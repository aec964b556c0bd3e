"""The resident memory of this process, as Linux counts it; None on other systems."""

from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"  # proc(5): "reset the peak resident set size to the process's current resident set size value"


def resident() -> int | None:
    """The bytes that are resident now."""
    return _bytes("VmRSS")


def start_peak() -> None:
    """Let `peak` count from now on, where the system can do that."""
    try:
        CLEAR.write_text(FORGET_PEAK, encoding="ascii")
    except OSError:
        pass  # `peak` then counts from the start of the process


def peak() -> int | None:
    """The most bytes that were resident at a time since `start_peak`."""
    return _bytes("VmHWM")


def _bytes(key: str) -> int | None:
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith(f"{key}:")), None)
    return None if kib is None else int(kib) * 1024
