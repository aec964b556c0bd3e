"""konomi benchmark: runs a protocol, and shows its figures beside those that are published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from konomi.cli.console import note, running, say, show, show_json, table
from konomi.cli.grids import show_in_lines
from konomi.cli.hints import within
from konomi.cli.options import MODELS, Device, Fetch, Json, Memory, ProtocolData, Seed, Threads
from konomi.cli.settings import check_needs, model_configs
from konomi.errors import ConfigError

if TYPE_CHECKING:
    from konomi.pipeline.benchmark import Trial


def benchmark(
    ctx: typer.Context,
    protocol: Annotated[
        str | None,
        typer.Argument(metavar="[PROTOCOL]", help="The name of a protocol, or a TOML file. Without one, all names are shown."),
    ] = None,
    data: ProtocolData = None,
    models: Annotated[
        str | None,
        typer.Option(
            "-m", "--models", metavar="A,B,…", help=f"Of: {MODELS}.  [default: what is trained where nothing is named]"
        ),
    ] = None,
    words: Annotated[
        list[str] | None, typer.Option("--set", metavar="[MODEL.]KEY=VALUE", help="A setting of a model; give several.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="Settings in tables: [mf].")] = None,
    rule: Annotated[
        str, typer.Option(metavar="RULE", help="clean, or as-published, where the publications do otherwise.")
    ] = "clean",
    seeds: Annotated[int, typer.Option(min=1, help="How many trainings of each model, with --seed and those after it.")] = 1,
    by_ids: Annotated[
        bool, typer.Option("--by-ids", help="Leave out what is known of titles and people besides their ids.")
    ] = False,
    fetch: Fetch = False,
    seed: Seed = 0,
    threads: Threads = None,
    device: Device = "cpu",
    memory: Memory = None,
    json: Json = False,
) -> None:
    """Measure models as publications do, beside what is published."""
    from konomi.pipeline import benchmark as running_of
    from konomi.pipeline.fetch import fetch_data
    from konomi.pipeline.protocol_file import load_protocol
    from konomi.report import benchmark as report
    from konomi.settings import read_toml

    if protocol is None:
        _names(json)
        return
    found = load_protocol(protocol)
    found.rule(rule)
    tables = read_toml(config) if config else {}
    if "split" in tables:
        raise ConfigError(f"{config}: the split is that of the protocol.", "Leave the table [split] out.")
    chosen = None
    if models is not None:
        from konomi.pipeline.arguments import model_names

        chosen = model_configs(model_names(models), tables, config, words or [])
        running_of.able(chosen, found.task)
    elif words or tables:
        raise ConfigError("--set and --config are settings of models.", "Name the models with -m.")
    check_needs(chosen or (), device)

    place = data or Path(".")

    def tell(what: "Trial | str") -> None:
        say(within(ctx, what) if isinstance(what, str) else _line(what, found.metrics[0].key))

    with running(seed, threads, device, memory=memory, json=json) as run:
        if fetch:
            fetch_data(found, place, run, say, not by_ids)
        measured = running_of.benchmark(found, place, chosen, run, rule, seeds, by_ids, tell)
    if json:
        show_json(report.facts(measured))
        return
    show(report.answer(measured), "")
    show_in_lines(report.beside(measured))
    show_in_lines(report.standing(measured))
    for sentence in report.remarks(measured):
        show(within(ctx, sentence))
    note(measured.dataset.manifest["note"])
    for line in report.sources(found):
        show(line)


def _names(json: bool) -> None:
    """The protocols that come with Konomi."""
    from konomi.pipeline.protocol_file import load_protocol, protocol_names

    known = [load_protocol(name) for name in protocol_names()]
    if json:
        show_json([{"name": each.name, "title": each.title, "about": each.about, "task": each.task} for each in known])
        return
    rows = ((each.name, each.title, len(each.published) or "none") for each in known)
    show(table("Protocols", ("name", "", "published"), rows, ("published",)))


def _line(trial: "Trial", key: str) -> str:
    """The line printed for a trial that has ended."""
    from konomi.report.tables import number

    where = f"{trial.name}, fold {trial.fold + 1}, seed {trial.seed}"
    return f"{where}: {key} {number(trial.report.metrics[key])}, {trial.seconds:.1f} s"
