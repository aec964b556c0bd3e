"""konomi demo: all steps on the embedded sample, in a few seconds."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import called, note, running, say, shell, show, show_json
from konomi.cli.lookup import errors_table
from konomi.cli.options import Json, Threads
from konomi.cli.titles import titles_table

if TYPE_CHECKING:
    from konomi.runtime import Run

RATINGS: dict[int | str, float] = {"Cowboy Bebop": 10, "Steins;Gate": 9, "Mushishi": 9, "Sword Art Online": 4}
"""The ratings of somebody new, as they would type them."""


def demo(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Keep dataset and bundle here.")
    ] = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Prepare the embedded sample, train on it, evaluate, recommend."""
    with tempfile.TemporaryDirectory(prefix="konomi-") if output is None else nullcontext(str(output)) as folder:
        with running(threads=threads, json=json) as run:
            facts = _steps(Path(folder), run)
        if json:
            show_json({**facts, "recommendations": facts["recommendations"].to_dicts()})
            return
        _show(facts)
    if output is None:
        say("Keep dataset and bundle with -o FOLDER, or begin with your own ratings:")
        say(f"  {called()} prepare RATINGS.csv -o data")
        return
    say(f"Dataset and bundle are in {output}. Go on with, for example:")
    say(f'  {called()} recommend {shell(output)}/bundle --rate "Cowboy Bebop=9" --rate "Death Note=6"')
    say(f'  {called()} similar {shell(output)}/bundle "Cowboy Bebop"')
    say(f"  {called()} info {shell(output)}/data")


def _steps(folder: Path, run: "Run") -> dict[str, Any]:
    """All steps, each as by its own command."""
    from konomi.bundle.format import check_target, save_bundle
    from konomi.cli.summary import size
    from konomi.data.dataset import KIND
    from konomi.data.prepare import prepare
    from konomi.errors import DataError
    from konomi.files import check_folder
    from konomi.pipeline.train import train_model
    from konomi.recommend.recommender import Recommender
    from konomi.simulate.sample import sample

    check_folder(folder / "data", KIND, DataError)
    check_target(folder / "bundle")
    simulation = sample(run)
    dataset = prepare(simulation.table(), run=run)
    dataset.save(folder / "data")
    bundle = train_model(dataset, run=run, path=folder / "data")
    save_bundle(folder / "bundle", bundle)
    answer = Recommender.load(folder / "bundle").recommend(RATINGS, k=5)
    return {
        "note": dataset.manifest["note"],
        "data": size(dataset),
        "split": bundle.facts.split.to_json(),
        "metrics": bundle.metrics["test"],
        "noise_floor": simulation.noise_floor,
        "models": list(bundle.models),
        "chosen": list(bundle.facts.chosen or ()),
        "given": {given.title: given.rating for given in answer.understood},
        "recommendations": answer,
    }


def _show(facts: dict[str, Any]) -> None:
    size, metrics = facts["data"], facts["metrics"]
    counts = f"{size['entries']:,} entries of {size['users']:,} users for {size['items']:,} real titles"
    show(f"Prepared the embedded sample: {counts}.")
    note(facts["note"])
    names = " and ".join(facts["models"])
    show(f"Trained {names}; measured on {metrics['n']:,} ratings held out; then trained again, on everything.")
    for sentence in facts["chosen"]:
        show(sentence)
    show("", errors_table("Errors", {names: metrics, **metrics["baselines"]}))
    show(f"No model can have an RMSE below {facts['noise_floor']:.4f} here: the rest is noise.", "")
    liked, answer = ", ".join(f"{title}: {rating:g}" for title, rating in facts["given"].items()), facts["recommendations"]
    show(f"Somebody new gives {liked}.", "", *answer.remarks())
    show(titles_table("Recommended", answer, "predicted", "90 %"))
