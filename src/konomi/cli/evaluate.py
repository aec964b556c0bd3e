"""konomi evaluate: measures a saved model on its own test entries or on a file of ratings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json, table
from konomi.cli.lookup import errors_table, split_name
from konomi.cli.options import BundlePath, Data, Json, Measured, Metrics, Threads
from konomi.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table as Grid

THIS = "this model"  # instead of its name, which a baseline may have, too
SAMPLE = 12  # rows of a table of predictions
SAMPLES = {
    "rating": ("Predicted and true ratings", "true", "predicted", 2),
    "interaction": ("Predicted probabilities and true interactions", "liked", "probability", 3),
}
"""For each task: the title of its table of predictions, the names of the two columns, and the decimals of the second."""


def evaluate(
    bundle: BundlePath,
    test: Annotated[
        Path | None,
        typer.Argument(
            metavar="[TEST]",
            help="Ratings new to it: a raw file; or its dataset, where it has not learnt the test entries. By default it shows "
            "what was measured when it was trained.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="BUNDLE", help="Another bundle, measured on the same test entries: how the two differ."),
    ] = None,
    data: Data = None,
    metrics: Metrics = "",
    measured: Measured = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """How good a saved model is, beside the baselines."""
    from konomi.bundle.format import load_bundle
    from konomi.cli.noted import show_against, show_noted
    from konomi.evaluate.metrics import metrics_with
    from konomi.pipeline.evaluate import evaluate_model
    from konomi.pipeline.splits import ADDED

    loaded, chosen = load_bundle(bundle), metrics_with(metrics)
    if test is None or against is not None:
        given = {"TEST": test and against, "--metrics": metrics, "--measured": measured, "--data": data}
        if said := next((name for name, value in given.items() if value), None):
            raise ConfigError(f"{said}: nothing is measured anew here.", f"Leave {said} out, or give TEST without --against.")
        show_noted(bundle, loaded, json) if against is None else show_against(bundle, loaded, against, json)
        return
    with running(threads=threads, json=json) as run:
        found = evaluate_model(loaded, test, data, run, metrics, measured)
    sample = {task: found.sample(task, SAMPLE) for task in found.predictions}
    if json:
        head = {"test": str(test), "known_rows": found.known_rows, "split": found.split.sha256}
        show_json({**head, **found.metrics, "sample": sample})
        return
    values = found.metrics
    if found.split.spec["kind"] == ADDED and found.users is found.dataset.users:
        n = found.split.counts()["test"]
        say(f"{n:,} entries were added since the model was trained on everything before them: it has not learnt them.")
    if found.known_rows:
        say(f"{found.known_rows:,} rows are left out: the model was trained or validated with them.")
    if "rating" in sample:
        show(f"{values['n']:,} ratings of {values['users']:,} users, {values['unknown_users']:,} of them without a seen "
             f"rating; {values['unknown_items']:,} ratings are of items without a training rating.", "")  # fmt: skip
    if "interaction" in sample:
        show(f"{values['interactions']:,} interactions, {values['liked']:.1%} of them liked.", "")
    split = f"split {split_name({**found.split.spec, 'sha256': found.split.sha256})}"
    show(errors_table(f"Errors ({split})", {THIS: values, **values["baselines"]}, chosen, loaded.labelling))
    if "rating" in sample:
        show(_segments("RMSE by seen ratings of the user", values["segments"]["activity"]))
        show(_segments("RMSE by training ratings of the item", values["segments"]["popularity"]))
    for task, rows in sample.items():
        title, true, predicted, decimals = SAMPLES[task]
        cells = ((r["user"], r["title"], f"{r['true']:g}", f"{r['predicted']:.{decimals}f}") for r in rows)
        show(table(title, ("user", "title", true, predicted), cells, ("user", true, predicted)))
    note(loaded.facts.data.note)


def _segments(title: str, segments: list[dict[str, Any]]) -> "Grid":
    names = (THIS, *segments[0]["baselines"])
    cells = []
    for segment in segments:
        errors = (segment, *segment["baselines"].values())
        span = _span(segment["from"], segment["below"])
        cells.append((span, f"{segment['n']:,}", *(f"{error['rmse']:.4f}" for error in errors)))
    return table(title, ("", "ratings", *names), cells, ("ratings", *names))


def _span(low: int, below: int | None) -> str:
    if below is None:
        return f"{low:,} and more"
    return f"{low:,}" if below == low + 1 else f"{low:,} to {below - 1:,}"
