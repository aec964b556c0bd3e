"""konomi similar: the titles nearest to one."""

from typing import Annotated

import typer

from konomi.cli.console import note, say, show, show_json
from konomi.cli.lookup import titles_table
from konomi.cli.options import BundlePath, Count, Ecchi, Json, Sensitive


def similar(
    bundle: BundlePath,
    title: Annotated[str, typer.Argument(help="A title, or an item id.")],
    k: Count = 10,
    metric: Annotated[str, typer.Option(help="cosine or euclidean; both shrunk where ratings are few.")] = "cosine",
    allow_sensitive: Sensitive = False,
    hide_ecchi: Ecchi = False,
    json: Json = False,
) -> None:
    """The titles nearest to one, by the item vectors of a model."""
    from konomi.recommend.recommender import Recommender

    recommender = Recommender.load(bundle)
    name = recommender.titles.name(recommender.find(title).row)
    answer = recommender.similar(title, k, metric, allow_sensitive, hide_ecchi)
    if json:
        show_json({"title": name, "metric": metric, "similar": answer.to_dicts(), "note": answer.note})
        return
    if not len(answer):
        say("There is no other title to show.")
        return
    show(titles_table(f"Nearest to {name}", answer, "similarity"))
    note(answer.note)
