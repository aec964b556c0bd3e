"""How much memory a training is forecast to take: what will not fit is refused before anything large is made."""

from konomi.errors import FitError

FLOAT = 4  # bytes of one


def check_room(name: str, wanted: int, cap: int, of_what: str, smaller: str) -> None:
    """FitError where a model `wanted` more bytes than the `cap`; `of_what` they are for, and how the model gets `smaller`."""
    if wanted > cap:
        raise FitError(
            f"{name} needs {in_bytes(wanted)} of memory for {of_what}, and may use {in_bytes(cap)}.",
            f"Raise `memory` to {-(-wanted // 2**30)}GiB{smaller}.",
        )


def in_bytes(size: int) -> str:
    """A number of bytes, for people."""
    if size >= 2**30 / 10:
        return f"{size / 2**30:,.1f} GiB"
    return f"{size / 2**20:.2g} MiB" if size >= 2**20 else f"{max(round(size / 2**10), 1)} KiB"
