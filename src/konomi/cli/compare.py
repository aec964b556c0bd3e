"""konomi compare: compares several models on the same split, or on people held out whole, and writes a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json
from konomi.cli.grids import as_table, show_in_lines
from konomi.cli.hints import within
from konomi.cli.options import (
    MODELS,
    Device,
    Fetch,
    Folds,
    Json,
    Measured,
    Memory,
    Metrics,
    ProtocolData,
    Seed,
    TestFile,
    Threads,
    ValidFile,
)
from konomi.cli.settings import check_needs, model_configs, split_settings
from konomi.errors import ConfigError, DataError

if TYPE_CHECKING:
    from konomi.data.dataset import Dataset
    from konomi.data.split import Split
    from konomi.pipeline.comparison import Comparison, Outcome
    from konomi.pipeline.people_comparison import People
    from konomi.pipeline.protocol import Protocol
    from konomi.runtime import Run

BOTH = "both"


def compare(
    ctx: typer.Context,
    given: Annotated[
        Path,
        typer.Argument(
            metavar="DATA|PROTOCOL", help="A dataset that `konomi prepare` wrote, or a protocol of `konomi benchmark`."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="REPORT", help="The folder to write.")],
    models: Annotated[
        str,
        typer.Option(
            "-m",
            "--models",
            metavar="A,B,…",
            help=f"The models to compare, or several joined by + as one bundle, of: {MODELS}. Or bundles, as in ./model.",
        ),
    ],
    task: Annotated[str, typer.Option(help="What is compared: rating, interaction (liked or not) or both.")] = BOTH,
    words: Annotated[
        list[str] | None, typer.Option("--set", metavar="MODEL.KEY=VALUE", help="A setting of a model; give several.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="Settings in tables: [mf], [split].")] = None,
    valid: Annotated[float | None, typer.Option(help="Share (or count) that chooses the epoch.  [default: 0.1]")] = None,
    test: Annotated[float | None, typer.Option(help="Share (or count) that tests the models.  [default: 0.1]")] = None,
    split: Annotated[str | None, typer.Option(help="random, per-user, last, time, users, items.  [default: random]")] = None,
    folds: Folds = None,
    test_file: TestFile = None,
    valid_file: ValidFile = None,
    seed: Seed = 0,
    threads: Threads = None,
    device: Device = "cpu",
    memory: Memory = None,
    people: Annotated[
        bool, typer.Option("--people", help="Compare on people held out whole, with 1, 5, 20 and all of their ratings shown.")
    ] = False,
    metrics: Metrics = "",
    measured: Measured = None,
    data: ProtocolData = None,
    fetch: Fetch = False,
    user_ids: Annotated[
        bool, typer.Option("--user-ids", help="Name the most active users in the report by their ids, not by numbers.")
    ] = False,
    json: Json = False,
) -> None:
    """Train models on the same split, and report how they differ."""
    from konomi.evaluate.metrics import metrics_with
    from konomi.extras import need
    from konomi.files import check_folder
    from konomi.models.api import TASKS
    from konomi.pipeline.arguments import apart, model_names
    from konomi.pipeline.compare import compare_models
    from konomi.pipeline.compare_people import compare_people
    from konomi.pipeline.protocol_file import is_protocol, load_protocol
    from konomi.pipeline.splits import check_files, split_by_files
    from konomi.report.folder import KIND, write_report
    from konomi.report.people import write_people
    from konomi.settings import closest, read_toml

    if task not in (*TASKS, BOTH):
        known = (*TASKS, BOTH)
        raise ConfigError(f'--task cannot be "{task}".{closest(task, known)}', f"It is one of: {', '.join(known)}.")
    tables = read_toml(config) if config else {}
    named = apart(models)
    chosen = configs(model_names(named.models) if named.models else [], tables, config, words or [])
    by_file = tables.get("split", {}).get("kind")
    how = split_settings(tables, config, seed, split or ("users" if people and by_file is None else None), valid, test, folds)
    check_files(test_file, valid_file, {"kind": split, "valid": valid, "test": test, "folds": folds})
    protocol = load_protocol(given) if is_protocol(given) else None
    ways = {
        "--split": split,
        "[split]": tables.get("split"),
        "--valid": valid,
        "--test": test,
        "--folds": folds,
        "--test-file": test_file,
    }
    _check_protocol(protocol, given, {**ways, "--people": people or None}, {"--data": data, "--fetch": fetch or None})
    need("matplotlib", "The report")
    check_needs(chosen, device)
    read = [given, *named.bundles.values(), *(path for path in (config, test_file, valid_file) if path)]
    check_folder(output, KIND, DataError, read)
    metrics_with(metrics)
    if people and folds:
        raise ConfigError("--folds: people are held out once.", "Leave it out, or leave out --people.")
    if people and user_ids:
        raise ConfigError("--user-ids: a report on people held out names nobody.", "Leave it out.")
    if people and test_file:
        raise ConfigError("--test-file: with --people, it is people who are held out.", "Leave one of them out.")
    everything = {**chosen, **dict.fromkeys(named.combinations), **dict.fromkeys(named.bundles)}
    if protocol is not None:
        metrics = ",".join([metrics, *(metric.key for metric in protocol.metrics)])

    def tell(line: str) -> None:
        say(within(ctx, line))

    def tell_of(name: str, message: str) -> None:
        tell(f"{name}: {message}")

    with running(seed, threads, device, memory=memory, json=json) as run:
        dataset, frozen = _opened(given, protocol, data or Path("."), fetch, run)
        if test_file:
            frozen = split_by_files(dataset, test_file, valid_file, how.valid, seed, run)
        if people:
            aim = "rating" if task == BOTH else task
            newcomers = compare_people(dataset, everything, how, aim, run, tell_of, metrics, measured)
            facts = write_people(output, newcomers, given.resolve())
        else:
            compared = TASKS if task == BOTH else (task,)
            found = compare_models(
                dataset,
                everything,
                compared,
                frozen or how,
                run,
                lambda outcome: tell(_line(outcome)),
                metrics,
                measured,
            )
            facts = write_report(output, found, protocol.file if protocol else given.resolve(), user_ids)
    if json:
        show_json({"path": str(output), **facts})
        return
    show(facts["answer"], "")
    _show_people(newcomers) if people else _show(found)
    for sentence in facts["verdict"]:
        show(sentence, "")
    note(facts["data"]["note"])
    say(f"The report is {output / 'report.html'}.")


def _check_protocol(protocol: "Protocol | None", given: Path, ways: dict[str, Any], of_data: dict[str, Any]) -> None:
    """ConfigError where an option says what a protocol says, or what only a protocol needs."""
    taken = ways if protocol is not None else of_data
    if said := next((name for name, value in taken.items() if value is not None), None):
        if protocol is not None:
            raise ConfigError(f"{said}: the protocol {protocol.name} says how its data is split.", f"Leave out {said}.")
        raise ConfigError(f"{said}: {given} is a dataset, and no protocol.", f"Leave out {said}.")


def _opened(
    given: Path, protocol: "Protocol | None", data: Path, fetch: bool, run: "Run"
) -> "tuple[Dataset, Split | list[Split] | None]":
    """The dataset that is given or that a protocol has, and its splits by the protocol."""
    from konomi.data.dataset import Dataset
    from konomi.pipeline.fetch import fetch_data
    from konomi.pipeline.protocol_data import open_protocol

    if protocol is None:
        return Dataset.open(given), None
    if fetch:
        fetch_data(protocol, data, run, say)
    return open_protocol(protocol, data, run)


def configs(names: list[str], tables: dict[str, Any], file: Path | None, words: list[str]) -> dict[str, Any]:
    """`model_configs` without a choice of task: ConfigError where there is one."""
    found = model_configs(names, tables, file, words)
    for name in names:
        chosen = (word.startswith((f"{name}.task=", "task=")) for word in words)
        if "task" in tables.get(name, {}) or any(chosen):
            raise ConfigError(f"{name}: a comparison trains it for each task.", "Leave task out, and say --task.")
    return found


def _line(outcome: "Outcome") -> str:
    """The line printed for a training that has ended."""
    from konomi.evaluate.metrics import SERVED, primary
    from konomi.pipeline.comparison import Failure, purpose
    from konomi.report.tables import number

    head = f"{outcome.name} ({purpose(outcome.tasks)})"
    if isinstance(outcome, Failure):
        return f"{head}: failed: {outcome.reason}"
    kinds = [(primary(task), task) for task in outcome.tasks or (SERVED,)]
    found = [(metric, outcome.reports["valid"].values(task)) for metric, task in kinds if "valid" in outcome.reports]
    measured = [f"{metric.name} {number(values[metric.key])}" for metric, values in found if metric.key in values]
    errors = f"validation {', '.join(measured)}, " if measured else ""
    return f"{head}: {errors}{outcome.training.seconds:.1f} s"


def _show(found: "Comparison") -> None:
    """The tables, each within a line of the terminal: first the metrics with intervals."""
    from konomi.report import tables

    for task in found.standings:
        show_in_lines(tables.scores(found, task))
        if (differences := tables.differences(found, task)).rows:
            show(as_table(differences.only(differences.columns[:3])))
    if found.fits:
        show(as_table(tables.costs(found).only(("seconds", "rows/s", "epochs", "kept", "peak memory"))))


def _show_people(found: "People") -> None:
    """The tables, each within a line of the terminal."""
    from konomi.report import people

    show_in_lines(people.scores(found))
    if (leads := people.leads(found)).rows:
        show(as_table(leads))
