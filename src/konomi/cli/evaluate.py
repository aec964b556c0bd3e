"""konomi evaluate: how good a saved model is, on its own test part or on a file of ratings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json, table
from konomi.cli.lookup import dataset_of, errors_table, read_like, split_name, split_of
from konomi.cli.options import BundlePath, Data, Json, Threads
from konomi.errors import ConfigError, DataError

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from konomi.data.dataset import Dataset
    from konomi.data.profiles import Profiles
    from konomi.data.table import Table
    from konomi.data.vocab import Vocab
    from konomi.evaluate.evaluate import Predictions

THIS = "this model"  # its name may be that of a baseline
SAMPLE = 12  # rows of a table of predictions
SAMPLES = {
    "rating": ("Predicted and true ratings", "true", "predicted", 2),
    "interaction": ("Predicted probabilities and true interactions", "liked", "probability", 3),
}
"""For each task: the title of its table of predictions, the names of the two columns, and the decimals of the second."""


def evaluate(
    bundle: BundlePath,
    test: Annotated[Path, typer.Argument(metavar="TEST", help="The dataset it was trained on, or a raw ratings file like it.")],
    data: Data = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """How good a saved model is, beside the baselines."""
    from konomi.bundle.format import load_bundle
    from konomi.pipeline import evaluate_all

    loaded = load_bundle(bundle)
    own = test.is_dir() and (test / "indptr.npy").exists()
    if own and data:
        raise ConfigError(f"{test} is a dataset, and --data {data} another.", "Give --data with a ratings file only.")
    dataset = dataset_of(loaded, test if own else data)
    with running(threads=threads) as run:
        split = split_of(loaded, dataset, run)
        train = split.train_set(dataset)
        seen, hidden = split.test(dataset)
        people, known_rows = dataset.users, 0
        if not own:
            rows = read_like(dataset, test, run)
            people, seen, hidden = _against(rows, dataset, seen, train.valid)
            known_rows = len(rows) - len(hidden.item)
            if len(hidden.item) == 0:
                raise DataError(
                    f"{test}: the model was trained or validated with all of its {len(rows):,} rows.", "Give ratings new to it."
                )
        report = evaluate_all(loaded.models.values(), seen, hidden, train, run)
    sample = {task: _sample(found, dataset, people) for task, found in report.predictions.items()}
    if json:
        show_json({"test": str(test), "known_rows": known_rows, "split": split.sha256, **report.metrics, "sample": sample})
        return
    metrics = report.metrics
    if known_rows:
        say(f"{known_rows:,} rows are left out: the model was trained or validated with them.")
    if "rating" in sample:
        show(f"{metrics['n']:,} ratings of {metrics['users']:,} users, {metrics['unknown_users']:,} of them without a seen "
             f"rating; {metrics['unknown_items']:,} ratings are of items without a training rating.\n")  # fmt: skip
    if "interaction" in sample:
        show(f"{metrics['interactions']:,} interactions, {metrics['liked']:.1%} of them liked.\n")
    split_text = f"split {split_name({**split.spec, 'sha256': split.sha256})}"
    show(errors_table(f"Errors ({split_text})", {THIS: metrics, **metrics["baselines"]}))
    if "rating" in sample:
        show(_segments("RMSE by seen ratings of the user", metrics["segments"]["activity"]))
        show(_segments("RMSE by training ratings of the item", metrics["segments"]["popularity"]))
    for task, chosen in sample.items():
        title, true, predicted, decimals = SAMPLES[task]
        cells = ((r["user"], r["title"], f"{r['true']:g}", f"{r['predicted']:.{decimals}f}") for r in chosen)
        show(table(title, ("user", "title", true, predicted), cells, ("user", true, predicted)))
    note(loaded.facts.data.note)


def _against(rows: "Table", dataset: "Dataset", shown: "Profiles", valid: "Profiles") -> "tuple[Vocab, Profiles, Profiles]":
    """(people, seen, hidden) of a ratings file: its users, what the model may see of them, and the rows that are new to it.

    Rows of the validation part chose the epoch, so they are neither. Somebody whom the dataset does not know has nothing seen;
    an item that it does not know has the row −1.
    """
    import numpy as np

    from konomi.data.profiles import Profiles
    from konomi.data.vocab import Vocab

    people = Vocab.of(rows.user_id)
    place = dataset.users.rows(people.ids)

    def of_people(part: Profiles) -> Profiles:
        indptr = np.append(part.indptr, part.indptr[-1])  # row −1: a stranger
        return Profiles(indptr, part.item, part.rating, part.status).take(place)

    def keys(part: Profiles) -> np.ndarray:
        return part.user * np.int64(len(dataset.items) + 1) + part.item + 1

    seen = of_people(shown)
    user, item = people.rows(rows.user_id), dataset.item_ids.rows(rows.item_id)
    hidden = Profiles.from_entries(len(people), user, item, rows.rating, rows.status)
    known = np.concatenate([keys(seen), keys(of_people(valid))])
    return people, seen, hidden.keep(~np.isin(keys(hidden), known))


def _sample(found: "Predictions", dataset: "Dataset", people: "Vocab") -> list[dict[str, Any]]:
    """Some of the predictions, evenly spaced."""
    import numpy as np

    chosen = np.unique(np.linspace(0, len(found.true) - 1, SAMPLE).astype(int))
    return [
        {
            "user": people.ids[int(found.user[n])],
            "title": dataset.titles([int(found.item[n])])[0] if found.item[n] >= 0 else "(not in the dataset)",
            "true": float(found.true[n]),
            "predicted": round(float(found.predicted[n]), 4),
        }
        for n in chosen
    ]


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
