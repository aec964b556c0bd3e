"""konomi similar: the titles nearest to one."""

from typing import Annotated

import typer

from konomi.cli.console import note, show, show_json
from konomi.cli.lookup import titles_table
from konomi.cli.options import BundlePath, Count, Json, Sensitive


def similar(
    bundle: BundlePath,
    title: Annotated[str, typer.Argument(help="A title, or an item id.")],
    k: Count = 10,
    metric: Annotated[str, typer.Option(help="cosine (same direction) or euclidean (small distance).")] = "cosine",
    allow_sensitive: Sensitive = False,
    json: Json = False,
) -> None:
    """The titles nearest to one, by the item vectors of a model."""
    from konomi.recommend.recommender import Recommender

    recommender = Recommender.load(bundle)
    name = recommender.titles.name(recommender.titles.find(title).row)
    answer = recommender.similar(title, k, metric, allow_sensitive)
    if json:
        show_json({"title": name, "metric": metric, "similar": answer.to_dicts(), "note": answer.note})
        return
    show(titles_table(f"Nearest to {name}", answer, metric))
    note(answer.note)
