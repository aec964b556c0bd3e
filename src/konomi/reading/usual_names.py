"""The usual names of columns of ratings, for columns that are not named."""

import re
from collections.abc import Mapping

from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.reading.formats import RatingsFormat, ReadOptions

USUAL = {  # in lower case, letters only
    "user": ("userid", "user", "uid", "userno", "reviewerid", "username", "profileid", "customerid", "memberid", "raterid"),
    "item": (
        *("itemid", "item", "iid", "animeid", "movieid", "bookid", "productid", "parentasin", "asin", "isbn", "malid"),
        *("artistid", "trackid", "songid", "albumid", "gameid", "appid", "articleid", "showid", "seriesid", "businessid"),
        *("placeid", "recipeid", "paperid", "artist", "track", "song", "game", "movie", "book", "anime"),
    ),
    "rating": ("rating", "score", "feedback", "stars", "rate", "overall", "myscore", "bookrating"),
    "status": ("watchingstatus",),
    "time": ("timestamp", "time", "unixreviewtime", "unixtime", "date", "datetime", "ratedat", "createdat", "updatedat"),
    "deleted": ("deleted", "removed"),
}
COUNTS = (
    *("plays", "playcount", "count", "counts", "listens", "listencount", "views", "viewcount", "clicks", "purchases"),
    *("hours", "hoursplayed", "playtime", "quantity", "times", "weight"),
)
"""Usual names of columns of counts."""
NEEDED = ("user", "item", "rating")
OF_CATALOGUES = ("title", "name", "genres", "genre", "releasedate", "episodes", "directors")
WIDE = 5  # columns; where more are left over, they may be items
SHOWN = 20  # column names that an error shows, at most


def usual_format(place: str, columns: Mapping[str, bool], options: ReadOptions) -> RatingsFormat:
    """The format with the column of each field: the named one, else the first with a usual name.

    place: the name of the input in errors; columns: name → whether its values can be times. With MyAnimeList's ids (a column
    such as anime_id) the scale is MyAnimeList's, with 0 and −1 for not scored; else it is left open. DataError where there is
    no user, item or rating.
    """
    plain = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(list(columns))}
    shown = ", ".join(list(columns)[:SHOWN]) or "none"
    chosen = {
        field: getattr(options, field) or next((plain[word] for word in usual if word in plain), None)
        for field, usual in USUAL.items()
    }
    if chosen["time"] and not options.time and not columns[chosen["time"]]:
        chosen["time"] = None  # what its values are is not known
    counts = options.counts
    if chosen["rating"] is None:
        chosen["rating"] = next((plain[word] for word in COUNTS if word in plain), None)
        counts = chosen["rating"] is not None
    alone = options.implicit or not set(columns) - set(filter(None, chosen.values()))  # nothing else could be a rating
    for field in NEEDED:
        if chosen[field] is None and not (field == "rating" and alone):
            raise DataError(
                f"{place}: no column that looks like the {field}. Its columns are: {shown}.",
                f"Name it with `{field}`, and the `separator` where the columns look wrong."
                + (" Where presence alone is the signal, say `implicit`." if field == "rating" else "")
                + (
                    " A matrix with a column for each item is read with `wide`."
                    if field == "item" and len(columns) > WIDE
                    else ""
                )
                + (" A catalogue goes with `items`." if field == "user" and set(plain) & set(OF_CATALOGUES) else ""),
            )
    anime = "anime" in str(chosen["item"]).lower()
    return RatingsFormat(
        **chosen,  # type: ignore[arg-type]
        counts=counts,
        unscored=(0, -1) if anime else (),
        scale=Scale(1, 10, 1) if anime else None,
        integer_ids=False,
    )
