"""konomi compare: several models on the same split, or on people they have never met, and a report of how they differ."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json, table
from konomi.cli.options import MODELS, Device, Json, Memory, Seed, Threads
from konomi.cli.settings import check_needs, model_configs, split_settings
from konomi.errors import ConfigError, DataError

if TYPE_CHECKING:
    from rich.table import Table

    from konomi.data.dataset import Dataset
    from konomi.data.split import SplitConfig
    from konomi.evaluate.compare import Comparison, Outcome
    from konomi.report.tables import Grid
    from konomi.runtime import Run

BOTH = "both"
SHORT = ("RMSE", "MAE", "log loss", "accuracy", "NDCG@10", "recall@20")
"""With their intervals they fill a line; the rest gets tables of its own, of `WIDTH` columns at most."""
WIDTH = 6


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
    memory: Memory = None,
    people: Annotated[
        bool, typer.Option("--people", help="Compare on people held out whole, with 1, 5, 20 and all of their ratings shown.")
    ] = False,
    json: Json = False,
) -> None:
    """Train models on the same split, and report how they differ."""
    from konomi.data.dataset import Dataset
    from konomi.data.split import make_split
    from konomi.evaluate.compare import compare as train_and_measure
    from konomi.extras import need
    from konomi.files import check_folder
    from konomi.models.api import TASKS
    from konomi.pipeline import names
    from konomi.report.folder import KIND, write_report
    from konomi.settings import closest, read_toml

    if task not in (*TASKS, BOTH):
        known = (*TASKS, BOTH)
        raise ConfigError(f'--task cannot be "{task}".{closest(task, known)}', f"It is one of: {', '.join(known)}.")
    tables = read_toml(config) if config else {}
    chosen = configs(names(models), tables, config, words or [])
    by_file = tables.get("split", {}).get("kind")
    how = split_settings(tables, config, seed, split or ("users" if people and by_file is None else None), valid, test)
    need("matplotlib", "The report")
    check_needs(chosen, device)
    check_folder(output, KIND, DataError, [data, *([config] if config else [])])
    dataset = Dataset.open(data)
    if people:
        with running(seed, threads, device, memory=memory) as run:
            _show_people(dataset, chosen, how, "rating" if task == BOTH else task, run, output, data, json)
        return
    with running(seed, threads, device, memory=memory) as run:
        wanted = TASKS if task == BOTH else (task,)
        found = train_and_measure(dataset, chosen, wanted, make_split(dataset, how), run, _tell)
        facts = write_report(output, found, data.resolve())
    if json:
        show_json({"path": str(output), **facts})
        return
    _show(found)
    for sentence in facts["verdict"]:
        show(sentence, "")
    note(facts["data"]["note"])
    say(f"The report is {output / 'report.html'}.")


def _show_people(
    dataset: "Dataset", chosen: dict[str, Any], how: "SplitConfig", task: str, run: "Run", output: Path, data: Path, json: bool
) -> None:
    """The comparison on people held out, from training to what is printed."""
    from konomi.evaluate.people import compare_people
    from konomi.report import people as people_report

    found = compare_people(dataset, chosen, how, task, run, lambda model, said: say(f"{model}: {said}"))
    facts = people_report.write_people(output, found, data.resolve())
    if json:
        show_json({"path": str(output), **facts})
        return
    for grid in (people_report.scores(found), people_report.leads(found)):
        if grid.rows:
            show(_table(grid))
    for sentence in facts["verdict"]:
        show(sentence, "")
    note(facts["data"]["note"])
    say(f"The report is {output / 'people.md'}.")


def configs(names: list[str], tables: dict[str, Any], file: Path | None, words: list[str]) -> dict[str, Any]:
    """`model_configs` without a choice of task: ConfigError where there is one."""
    found = model_configs(names, tables, file, words)
    for name in names:
        chosen = (word.startswith((f"{name}.task=", "task=")) for word in words)
        if "task" in tables.get(name, {}) or any(chosen):
            raise ConfigError(f"{name}: a comparison trains it for each task.", "Leave task out, and say --task.")
    return found


def _tell(outcome: "Outcome") -> None:
    """One line for a training that has ended."""
    say(_line(outcome))


def _line(outcome: "Outcome") -> str:
    from konomi.evaluate.bootstrap import RANKING
    from konomi.evaluate.compare import Failure, aims
    from konomi.report.tables import NAMES, number, primary

    head = f"{outcome.name} ({aims(outcome.tasks)})"
    if isinstance(outcome, Failure):
        return f"{head}: failed: {outcome.reason}"
    errors = outcome.reports["valid"].metrics if "valid" in outcome.reports else {}
    measured = [f"{NAMES[key]} {number(errors[key])}" for key in map(primary, outcome.tasks or (RANKING,)) if key in errors]
    where = f"validation {', '.join(measured)}, " if measured else ""
    return f"{head}: {where}{outcome.seconds:.1f} s"


def _show(found: "Comparison") -> None:
    """The tables, each within a line of the terminal."""
    from konomi.report import tables

    for task in found.standings:
        scores = tables.scores(found, task)
        show(_table(scores.only(SHORT)))
        rest = [column for column in scores.columns[1:] if column not in SHORT] if task != "rating" else []
        lines = -(-len(rest) // WIDTH)
        for line in range(lines):
            show(_table(scores.only(rest[line * len(rest) // lines : (line + 1) * len(rest) // lines]), ""))
        if (differences := tables.differences(found, task)).rows:
            show(_table(differences.only(differences.columns[:3])))
    show(_table(tables.costs(found).only(("seconds", "rows/s", "epochs", "kept", "peak memory"))))


def _table(grid: "Grid", title: str | None = None) -> "Table":
    return table(grid.title if title is None else title, grid.columns, grid.rows, grid.columns[grid.heads :])
