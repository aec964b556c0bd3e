"""How much memory a training is forecast to take: what will not fit is refused before anything large is made."""

from konomi.errors import FitError

FLOAT = 4  # bytes of one


def check_room(name: str, wanted: int, cap: int, of_what: str, smaller: str) -> None:
    """FitError where a model `wanted` more bytes than the `cap`; `of_what` they are for, and how the model gets `smaller`."""
    if wanted > cap:
        raise FitError(
            f"{name} needs {gib(wanted)} of memory for {of_what}, and may use {gib(cap)}.",
            f"Raise `memory` to {-(-wanted // 2**30)}GiB{smaller}.",
        )


def gib(size: int) -> str:
    """A number of bytes, for people."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 / 10 else f"{size / 2**30:.2g} GiB"
