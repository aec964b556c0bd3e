"""konomi compare: several models on the same split, and a report of how they differ."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json, table
from konomi.cli.options import MODELS, Device, Json, Seed, Threads
from konomi.cli.settings import check_torch, model_settings, split_settings
from konomi.errors import ConfigError, DataError

if TYPE_CHECKING:
    from rich.table import Table

    from konomi.evaluate.compare import Comparison, Outcome
    from konomi.evaluate.tables import Grid

BOTH = "both"
SHORT = ("RMSE", "MAE", "log loss", "accuracy")  # with their intervals they fill a line; the rest gets a table of its own


def compare(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A dataset that `konomi prepare` wrote.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="REPORT", help="The folder to write.")],
    models: Annotated[str, typer.Option("-m", "--models", metavar="A,B,…", help=f"The models to compare, of: {MODELS}.")],
    task: Annotated[str, typer.Option(help="What is compared: rating, interaction (liked or not) or both.")] = BOTH,
    words: Annotated[
        list[str] | None, typer.Option("--set", metavar="MODEL.KEY=VALUE", help="A setting of a model; give several.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="Settings in tables: [mf], [split].")] = None,
    valid: Annotated[float | None, typer.Option(help="Share (or count) that chooses the epoch.  [default: 0.1]")] = None,
    test: Annotated[float | None, typer.Option(help="Share (or count) that tests the models.  [default: 0.1]")] = None,
    split: Annotated[str | None, typer.Option(help="random, per-user, last, users or items.  [default: random]")] = None,
    seed: Seed = 0,
    threads: Threads = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """Train models on the same split, and report how they differ."""
    from konomi.config import closest, read_toml
    from konomi.data.dataset import Dataset
    from konomi.data.split import make_split
    from konomi.evaluate.compare import compare as train_and_measure
    from konomi.evaluate.report import KIND, write_report
    from konomi.extras import need
    from konomi.files import refuse_foreign
    from konomi.models import TASKS

    if task not in (*TASKS, BOTH):
        known = (*TASKS, BOTH)
        raise ConfigError(f'--task cannot be "{task}".{closest(task, known)}', f"It is one of: {', '.join(known)}.")
    tables = read_toml(config) if config else {}
    chosen = configs([name.strip() for name in models.split(",") if name.strip()], tables, config, words or [])
    how = split_settings(tables, config, seed, split, valid, test)
    need("matplotlib", "The report")
    check_torch(chosen, device)
    refuse_foreign(output, KIND, DataError)
    dataset = Dataset.open(data)
    with running(seed, threads, device) as run:
        wanted = TASKS if task == BOTH else (task,)
        found = train_and_measure(dataset, chosen, wanted, make_split(dataset, how), run, _tell)
        facts = write_report(output, found, data.resolve())
    if json:
        show_json({"path": str(output), **facts})
        return
    _show(found)
    for sentence in facts["verdict"]:
        show(f"{sentence}\n")
    note(facts["data"]["note"])
    say(f"The report is {output / 'report.html'}.")


def configs(names: list[str], tables: dict[str, Any], file: Path | None, words: list[str]) -> dict[str, Any]:
    """The Config of each model, from its table and its words; RequestError or ConfigError for what is unknown."""
    from konomi.config import closest
    from konomi.models import module

    kinds = {name: module(name).Config for name in names}
    own: dict[str, list[str]] = {name: [] for name in names}
    for word in words:
        name, dot, setting = word.partition(".")
        if not dot or name not in own:
            raise ConfigError(
                f'--set "{word}": not a setting of a model that is compared.{closest(name, own) if dot else ""}',
                f"Write it as --set {names[-1]}.KEY=VALUE." if names else "Name the models with -m.",
            )
        own[name].append(setting)
    found = {name: model_settings(kind, name, tables, file, None, own[name]) for name, kind in kinds.items()}
    for name in names:
        if "task" in tables.get(name, {}) or any(setting.startswith("task=") for setting in own[name]):
            raise ConfigError(f"{name}: a comparison trains it for each task.", "Leave task out, and say --task.")
    return found


def _tell(outcome: "Outcome") -> None:
    """One line for a training that has ended."""
    say(_line(outcome))


def _line(outcome: "Outcome") -> str:
    from konomi.evaluate.compare import Failure
    from konomi.evaluate.tables import NAMES, aims, number, primary

    head = f"{outcome.name} ({aims(outcome)})"
    if isinstance(outcome, Failure):
        return f"{head}: failed: {outcome.reason}"
    errors = outcome.reports["valid"].metrics if "valid" in outcome.reports else {}
    measured = [f"{NAMES[key]} {number(errors[key])}" for key in map(primary, outcome.tasks) if key in errors]
    where = f"validation {', '.join(measured)}, " if measured else ""
    return f"{head}: {where}{outcome.seconds:.1f} s"


def _show(found: "Comparison") -> None:
    """The tables, each within a line of the terminal."""
    from konomi.evaluate import tables

    for task in found.standings:
        scores = tables.scores(found, task)
        show(_table(scores.only(SHORT)))
        if task == "interaction":
            show(_table(scores.only(set(scores.columns) - set(SHORT)), ""))
        if (differences := tables.differences(found, task)).rows:
            show(_table(differences.only(differences.columns[:3])))
    show(_table(tables.costs(found).only(("seconds", "rows/s", "epochs", "kept", "peak memory"))))


def _table(grid: "Grid", title: str | None = None) -> "Table":
    return table(grid.title if title is None else title, grid.columns, grid.rows, grid.columns[grid.heads :])
