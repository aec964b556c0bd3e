"""konomi similar: the titles nearest to one, or to several."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from konomi.cli.console import note, say, show, show_json
from konomi.cli.filters import with_filters
from konomi.cli.options import BundlePath, Count, Json
from konomi.cli.titles import titles_table

if TYPE_CHECKING:
    from konomi.ranking.dials import Dials
    from konomi.recommend.filters import Where


@partial(with_filters, lacking=("planned", "again", "no_sequels", "love", "calibrate"))
def similar(
    bundle: BundlePath,
    titles: Annotated[list[str], typer.Argument(metavar="TITLE…", help="A title or an item id, or several.")],
    where: "Where",
    dials: "Dials",
    k: Count = 10,
    by: Annotated[
        Literal["both", "factors", "content"], typer.Option(help="By who likes them, by what the catalogue says, or both.")
    ] = "both",
    metric: Annotated[str, typer.Option(help="cosine or, of factors, euclidean; shrunk where ratings are few.")] = "cosine",
    json: Json = False,
) -> None:
    """The titles nearest to one, or to several together."""
    from konomi.recommend.recommender import Recommender
    from konomi.recommend.understood import also

    recommender = Recommender.load(bundle)
    name, found = recommender.titles.name, [recommender.catalogue.find(title) for title in titles]
    names = [name(match.row) for match in found]
    answer = recommender.similar(titles, k, where, dials, by, metric)
    if json:
        show_json({"titles": names, "by": by, "metric": metric, "similar": answer.to_dicts(), "note": answer.note})
        return
    for title, match in zip(titles, found, strict=True):
        if match.also:
            say(f"{title} → {name(match.row)}{also([name(row) for row in match.also])}")
    if not len(answer):
        say("There is no other title to show.")
        return
    show(titles_table(f"Nearest to {' and '.join(names)}", answer, "distance" if metric == "euclidean" else "similarity"))
    note(answer.note)
