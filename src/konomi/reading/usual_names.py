"""The names that columns of ratings usually have, for whoever does not say which column is which."""

import re
from collections.abc import Mapping

from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.reading.formats import RatingsFormat, ReadOptions

USUAL = {  # in lower case, without anything but letters
    "user": ("userid", "user", "uid", "userno", "reviewerid", "username", "profileid", "customerid", "memberid", "raterid"),
    "item": ("itemid", "item", "iid", "animeid", "movieid", "bookid", "productid", "parentasin", "asin", "isbn", "malid"),
    "rating": ("rating", "score", "feedback", "stars", "rate", "overall", "myscore", "bookrating"),
    "status": ("watchingstatus",),
    "time": ("timestamp", "time", "unixreviewtime", "unixtime"),
}
NEEDED = ("user", "item", "rating")
SHOWN = 20  # column names that a refusal shows


def usual_format(where: str, columns: Mapping[str, bool], options: ReadOptions) -> RatingsFormat:
    """The column of each field: as the person said, else the first of a usual name.

    `columns` says of each name whether its values can be times; `where` is what errors call the input. MyAnimeList's ids (a
    column such as anime_id) mean its scale, on which 0 and −1 are not scored; else the scale is left open. Raises `DataError`
    where there is no user, item or rating.
    """
    plain = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(list(columns))}
    shown = ", ".join(list(columns)[:SHOWN]) or "none"
    chosen = {
        field: getattr(options, field) or next((plain[word] for word in usual if word in plain), None)
        for field, usual in USUAL.items()
    }
    if chosen["time"] and not options.time and not columns[chosen["time"]]:
        chosen["time"] = None  # dates as text
    for field in NEEDED:
        if chosen[field] is None:
            raise DataError(
                f"{where}: no column that looks like the {field}. Its columns are: {shown}.",
                f"Name it with `{field}`, and the `separator` where the columns look wrong.",
            )
    anime = "anime" in str(chosen["item"]).lower()
    return RatingsFormat(
        **chosen,  # type: ignore[arg-type]
        unscored=(0, -1) if anime else (),
        scale=Scale(1, 10, 1) if anime else None,
        integer_ids=False,
    )
