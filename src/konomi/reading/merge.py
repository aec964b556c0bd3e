"""Several catalogues as one: each fills what those before it lack."""

from collections.abc import Sequence

import polars as pl

from konomi.data.table import ITEM_COLUMNS


def merged(catalogues: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One catalogue with every item of several, in this order: of each field the first value that is known.

    The titles of later ones become other titles, and an item is sensitive where any says so. Ids are text unless all are whole
    numbers.
    """
    if len({frame["item_id"].dtype for frame in catalogues}) > 1:
        catalogues = [frame.with_columns(pl.col("item_id").cast(pl.String)) for frame in catalogues]
    whole = catalogues[0]
    for more in catalogues[1:]:
        both = whole.join(more, on="item_id", how="full", coalesce=True, suffix="_more", maintain_order="left_right")
        whole = both.select(_filled(name, both.columns) for name in ITEM_COLUMNS if name in both.columns)
    return whole


def _filled(name: str, columns: Sequence[str]) -> pl.Expr:
    """A column of one catalogue, filled with that of the next."""
    other = f"{name}_more"
    if other not in columns:
        return pl.col(name)
    if name == "sensitive":
        return pl.col(name).fill_null(False) | pl.col(other).fill_null(False)
    if name == "titles":
        first, second = (pl.col(each).fill_null([]) for each in (name, other))
        own = pl.coalesce(pl.col("title"), pl.col("title_more"))
        named = pl.concat_list(first, pl.concat_list(pl.col("title_more")), second).list.drop_nulls()
        return named.list.unique(maintain_order=True).list.set_difference(pl.concat_list(own)).alias(name)
    if name in ("genres", "studios"):
        return pl.when(pl.col(name).list.len() > 0).then(pl.col(name)).otherwise(pl.coalesce(other, name)).alias(name)
    return pl.coalesce(name, other).alias(name)
