"""What Konomi and its extras need, as the installed package declares it, and what of that is there; nothing is imported."""

import operator
import re
from dataclasses import dataclass

from konomi.extras import install_extra

COMPARED = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq, "!=": operator.ne}
"""The comparisons that Konomi declares ranges with."""

NOT_FOR_USERS = ("all", "dev")  # extras: the others together, and what Konomi is developed with


@dataclass(frozen=True)
class Needed:
    """A package that is needed by an extra, or always (""): the wanted range, and the version that was found, if any was."""

    package: str
    extra: str
    wanted: str
    found: str | None

    @property
    def state(self) -> str:
        """ "missing", "outside the range", or "" where all is right."""
        if self.found is None:
            return "missing"
        bounds = re.findall(r"([<>=!]+)([\w.]+)", self.wanted)
        fits = all(COMPARED[sign](_release(self.found), _release(bound)) for sign, bound in bounds)
        return "" if fits else "outside the range"

    @property
    def install(self) -> str:
        """The command that gets it."""
        return install_extra(self.extra) if self.extra else f'pip install "{self.package}{self.wanted}"'


def needed() -> list[Needed]:
    """All that is needed always, and then by extras; nothing where Konomi itself is not installed."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("konomi") or []
    except PackageNotFoundError:
        return []
    found = [_parsed(line) for line in lines]
    return sorted((each for each in found if each.extra not in NOT_FOR_USERS), key=lambda each: each.extra)


def version_of(package: str) -> str | None:
    """The installed version of a package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _parsed(line: str) -> Needed:
    """A requirement such as "torch<2.14,>=2.13; extra == 'neural'"."""
    what, _, condition = line.partition(";")
    package, wanted = re.fullmatch(r"([\w.-]+)[^<>=!]*(.*)", what.strip()).groups()  # type: ignore[union-attr]
    extra = re.search(r"extra == ['\"]([\w.-]+)", condition)
    return Needed(package, extra[1] if extra else "", ",".join(sorted(wanted.split(","), reverse=True)), version_of(package))


def _release(version: str) -> list[int]:
    """The numbers of a version, without what follows them: 2.13.0+cpu → [2, 13]."""
    return [int(number) for number in re.findall(r"\d+", re.sub(r"(\.0)*([^\d.].*)?$", "", version))]
