"""konomi train: splits a dataset, fits models on it, measures them, and saves them as one bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from konomi.cli.console import called, note, running, say, shell, show, show_json
from konomi.cli.lookup import errors_table, say_when_measured, split_name
from konomi.cli.options import MODELS, Device, Folds, Json, Measured, Memory, Seed, TestFile, Threads, ValidFile
from konomi.cli.settings import check_needs, model_configs, networks, split_settings
from konomi.errors import ConfigError

if TYPE_CHECKING:
    from konomi.bundle.format import Bundle

MOST_LINES = 60  # epochs of a model that are printed


def train(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A dataset that `konomi prepare` wrote.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="BUNDLE", help="The file to write.")],
    models: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="A,B,…",
            help=f"One or several of: {MODELS}. What several can say the first says.  [default: chosen, and said why]",
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", metavar="BUNDLE", help="Go on from an earlier model of this dataset, before it was added to."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="What it predicts, where it has the choice: rating or interaction (liked or not).")
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="[MODEL.]KEY=VALUE", help="A setting of the model, or of one of them; give several."),
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="Settings in tables: [mf], [split].")] = None,
    valid: Annotated[float | None, typer.Option(help="Share (or count) that chooses the epoch.  [default: 0.1]")] = None,
    test: Annotated[float | None, typer.Option(help="Share (or count) that tests the model.  [default: 0.1]")] = None,
    split: Annotated[str | None, typer.Option(help="random, per-user, last, time, users, items.  [default: random]")] = None,
    folds: Folds = None,
    test_file: TestFile = None,
    valid_file: ValidFile = None,
    seed: Seed = 0,
    threads: Threads = None,
    device: Device = "cpu",
    memory: Memory = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long training may take, as in 30s, 5min, 1h: chooses models.  [default: 10min]"),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Train once more, on everything, after choosing and measuring.")
    ] = True,
    measured: Measured = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the training of one model here, bayes or a network, and go on from there."),
    ] = None,
    json: Json = False,
) -> None:
    """Fit models, measure them on what is held out, save them."""
    from konomi.bundle.format import check_target, load_bundle, save_bundle
    from konomi.data.dataset import Dataset
    from konomi.files import check_file
    from konomi.models.api import criterion, ordering
    from konomi.neural.checkpoint import is_checkpoint, remove
    from konomi.pipeline.arguments import check_apart, check_checkpoint, model_names
    from konomi.pipeline.budget import BUDGET
    from konomi.pipeline.refit import second
    from konomi.pipeline.splits import check_files, split_by_files
    from konomi.pipeline.train import train_model
    from konomi.pipeline.usual import Usual
    from konomi.runtime import Run
    from konomi.settings import byte_size, duration, read_toml

    tables = read_toml(config) if config else {}
    how = split_settings(tables, config, seed, split, valid, test, folds)
    check_files(test_file, valid_file, {"kind": split, "valid": valid, "test": test, "folds": folds})
    of_models = {"--model": models is not None, "--task": task is not None, "--set": words, "--config": set(tables) - {"split"}}
    begun, chosen, time = None, None, None if budget is None else duration(budget, "--budget")
    if budget and (models is not None or start):
        raise ConfigError("--budget: it chooses models, and they are named.", "Leave out --budget, or the models.")
    if start is not None:
        if said := next((name for name, value in (*of_models.items(), ("--test-file", test_file)) if value), None):
            raise ConfigError(f"{said}: models and settings are those of {start}.", f"Leave out {said}, or --from.")
        begun = load_bundle(start)
    elif any(of_models.values()):
        room = Run() if memory is None else Run(memory=byte_size(memory, "--memory"))
        taken = {} if models is not None else Usual.of(Dataset.open(data), room, time or BUDGET).models
        named = list(taken) if models is None else model_names(models)
        chosen = model_configs(named, tables, config, words or [], task, taken)
    names = list(begun.models if begun else chosen or ())
    if names:
        check_checkpoint(checkpoint, names)
    elif checkpoint or device != "cpu":
        raise ConfigError(
            "--checkpoint and --device are for one model that uses them.", f"Name one: -m {' or -m '.join(networks())}."
        )
    check_needs(names, device)
    inputs = [data, *(path for path in (config, test_file, valid_file) if path)]
    check_target(output, inputs)
    checkpoints = [checkpoint, second(checkpoint)] if checkpoint else []
    for place in checkpoints:
        check_file(place, ConfigError, inputs, "checkpoint", ("a checkpoint", is_checkpoint))
        check_apart(place, output)
    dataset = Dataset.open(data)
    with running(seed, threads, device, checkpoint, memory, json=json) as run:
        frozen = split_by_files(dataset, test_file, valid_file, how.valid, seed, run) if test_file else how
        as_before = begun and "split" not in tables and all(value is None for value in (split, valid, test, folds))
        budgeted = time if chosen is None else None
        bundle = train_model(dataset, chosen, None if as_before else frozen, run, data, refit, measured, begun, budgeted)
        save_bundle(output, bundle)
        for place in checkpoints:
            remove(place)
    if json:
        show_json({"path": str(output), "models": bundle.configs, **bundle.facts.to_json()})
        return
    for name, history in bundle.facts.history.items():
        every = -(-len(history) // MOST_LINES)
        for epoch, (error, valid_error) in enumerate(history, 1):
            if (len(history) - epoch) % every:
                continue
            valid_text = f"  valid {valid_error:.4f}" if valid_error is not None else ""
            say(f"{name} epoch {epoch:>3}  train {criterion(bundle.models[name]).name} {error:.4f}{valid_text}")
        if bundle.facts.refitted and history:
            say(f"{name} is trained again, on everything, to epoch {len(bundle.models[name].history)}.")
    if begun is None:
        say_what_validates(bundle, asked=bool(valid_file or how.valid or how.valid_from is not None))
    show_errors(bundle)
    for sentence in (*(bundle.facts.start or ()), *(bundle.facts.chosen or ())):
        say(sentence)
    if bundle.facts.weights is not None:
        say(f"Titles are ordered by {bundle.order}, as fits the validation entries.")
    elif len(ordering(bundle.models.values())) > 1:
        say(f"Titles are ordered by {bundle.order}: too few people have validation entries to weigh it with others.")
    for warning in bundle.facts.warnings or ():
        say(warning)
    say(f"Written to {output}." + (f" The checkpoint {checkpoint} is deleted." if checkpoint else ""))
    if begun is None:
        say(f"Next: {called()} recommend {shell(output)} --rate {shell(example(bundle))}")


def example(bundle: "Bundle") -> str:
    """What somebody would give who likes the best known title: "Death Note=10"."""
    best = bundle.items.sort("ratings", descending=True).row(0, named=True)
    return f"{best['title'] or best['item_id']}={bundle.scale.high:g}"


def say_what_validates(bundle: "Bundle", asked: bool) -> None:
    """Say, where no validation entries were `asked` for, what chose the epoch."""
    entries, epochs = bundle.facts.split.entries.get("valid"), any(bundle.facts.history.values())
    if entries and not asked:
        say(f"Something has to say when to stop: {entries:,} entries that were drawn did, and were learnt in the end.")
    if not entries and epochs:
        say("No entries said when to stop: all epochs were run.")


def show_errors(bundle: "Bundle") -> None:
    """The models' errors on the test entries beside the baselines', and on the validation entries."""
    metrics = bundle.metrics
    rows = {f"{', '.join(bundle.models)}, {role}": metrics[role] for role in metrics}
    if "test" in metrics:
        rows |= {f"{name}, test": errors for name, errors in metrics["test"]["baselines"].items()}
    if rows:
        show(errors_table(f"Errors (split {split_name(bundle.facts.split.to_json())})", rows, labelling=bundle.labelling))
        say_when_measured(bundle.facts)
    else:
        new = "Nothing of what is new to the earlier model" if bundle.facts.start else "Nothing"
        say(f"{new} was held out, so nothing was measured.")
    note(bundle.facts.data.note)
