"""Ids of other sites, as numbers in a catalogue and as texts in people's lists."""

import re

SITES = {"imdb": "imdb_id", "tmdb": "tmdb_id"}
"""Site → the column of a catalogue with its ids."""

_id = re.compile(r"(?:tt)?(\d{1,18})", re.ASCII)


def site_number(id: str) -> int | None:
    """The number in an id of IMDb or TMDB, None where it is none.

    >>> site_number("tt0133093"), site_number("0133093"), site_number("603"), site_number("nm0000206")
    (133093, 133093, 603, None)
    """
    found = _id.fullmatch(id.strip())
    return int(found[1]) or None if found else None
