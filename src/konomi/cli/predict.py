"""konomi predict: the ratings that people would give, for a file of pairs."""

from pathlib import Path
from typing import Annotated

import typer

from konomi.cli.console import running, say, show_json
from konomi.cli.options import BundlePath, Data, Json, Threads


def predict(
    bundle: BundlePath,
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS", help="A file with a column of users and one of items.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .parquet or .csv file to write.")],
    data: Data = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Predict a rating for each pair of a user and an item."""
    from konomi.recommend.pairs import write_predictions
    from konomi.recommend.recommender import Recommender

    recommender = Recommender.load(bundle, data)
    with running(threads=threads, json=json) as run:
        rows, known = write_predictions(recommender, pairs, output, run)
    if json:
        show_json({"path": str(output), "rows": rows, "predicted": known})
        return
    if known < rows:
        say(f"{rows - known:,} pairs have no rating: the dataset does not know their user, or the catalogue their item.")
    say(f"{known:,} predicted ratings are written to {output}.")
