"""The words in which reasons are told, in the languages that have a file beside this one, such as en.json."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from konomi.errors import RequestError
from konomi.recommend.reasons import Reason
from konomi.settings import closest


def languages() -> list[str]:
    """The languages that there are words for: ["en", "ja"]."""
    names = (file.name for file in files("konomi.recommend").iterdir())
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def words(language: str) -> dict[str, str]:
    """key → text with placeholders, the same keys in every language. RequestError for a language without words."""
    if language not in languages():
        raise RequestError(
            f'No words in "{language}".{closest(str(language), languages())}', f"Take {' or '.join(languages())}."
        )
    return _read(language)


@cache
def _read(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((files("konomi.recommend") / f"{language}.json").read_text(encoding="utf-8"))
    return found


def titles(reasons: Iterable[Reason], language: str) -> str:
    """Entries with their ratings: "Macross 9, Bleach (dropped)"."""
    said = words(language)
    each = []
    for reason in reasons:
        key = "dropped" if reason.dropped else "unrated" if reason.rating is None else "rated"
        each.append(said[key].format(title=reason.title, rating="" if reason.rating is None else f"{reason.rating:g}"))
    return said["join"].join(each)


def listed(names: Iterable[str], language: str) -> str:
    """Names one after another."""
    return words(language)["join"].join(names)
