"""konomi train: split a dataset, fit a model on it, measure it, save it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, running, say, show, show_json
from konomi.cli.lookup import errors_table, given_split, split_name
from konomi.cli.options import Json, Seed, Threads
from konomi.errors import BundleError, ConfigError

if TYPE_CHECKING:
    from konomi.bundle import Bundle


def train(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A dataset that `konomi prepare` wrote.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="BUNDLE", help="The folder to write.")],
    model: Annotated[str, typer.Option("-m", "--model", help="bias, or mf: matrix factorisation.")] = "mf",
    words: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the model; give several.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="TOML", help="Settings in tables: [mf], [split].")] = None,
    valid: Annotated[float | None, typer.Option(help="Share (or count) that chooses the epoch.  [default: 0.1]")] = None,
    test: Annotated[float | None, typer.Option(help="Share (or count) that tests the model.  [default: 0.1]")] = None,
    split: Annotated[str | None, typer.Option(help="random, per-user, last, users or items.  [default: random]")] = None,
    test_file: Annotated[
        Path | None, typer.Option(help="Ratings of the dataset that are the test part, such as u1.test.")
    ] = None,
    valid_file: Annotated[Path | None, typer.Option(help="Likewise those of the validation part; needs --test-file.")] = None,
    seed: Seed = 0,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Fit a model, measure it on held-out ratings, save it."""
    from konomi.bundle import KIND, save_bundle
    from konomi.config import read_toml, settings
    from konomi.data.dataset import Dataset
    from konomi.data.split import SplitConfig, make_split
    from konomi.files import refuse_foreign
    from konomi.models import module
    from konomi.train import train as fit_and_measure

    tables = read_toml(config) if config else {}
    chosen = model_settings(module(model).Config, model, tables, config, words or [])
    parts = {name: value for name, value in (("kind", split), ("valid", valid), ("test", test)) if value is not None}
    by_file = settings(SplitConfig, {"seed": seed, **tables.get("split", {})}, f"{config} [split]")
    how = settings(SplitConfig, {**asdict(by_file), **parts}, "--split")
    if test_file and (split or test is not None or (valid_file and valid is not None)):
        raise ConfigError(
            "--test-file and --valid-file say what those parts are.", "Leave out --split, --test and such a --valid."
        )
    if valid_file and not test_file:
        raise ConfigError("--valid-file needs --test-file.", "Give both, or --valid and --test.")
    refuse_foreign(output, KIND, BundleError)
    dataset = Dataset.open(data)
    with running(seed, threads) as run:
        frozen = given_split(dataset, test_file, valid_file, how.valid, seed, run) if test_file else make_split(dataset, how)
        bundle = fit_and_measure(dataset, model, chosen, frozen, run, data)
        save_bundle(output, bundle)
    if json:
        show_json({"path": str(output), "model": model, "config": bundle.config, **bundle.facts})
        return
    for epoch, (error, valid_error) in enumerate(bundle.facts["history"], 1):
        say(f"epoch {epoch:>3}  train RMSE {error:.4f}" + (f"  valid {valid_error:.4f}" if valid_error is not None else ""))
    show_errors(bundle)
    say(f"Written to {output}.")


def model_settings(kind: type[Any], model: str, tables: dict[str, Any], file: Path | None, words: list[str]) -> Any:
    """A model's Config from its table in a TOML file and the key=value words, which go before it."""
    from konomi.config import closest, settings
    from konomi.models import MODELS

    for name, table in tables.items():
        if name not in (known := (*MODELS, "split")) or not isinstance(table, dict):
            raise ConfigError(f"{file}: unknown table [{name}].{closest(name, known)}", f"The tables are: {', '.join(known)}.")
    pairs = [word.partition("=") for word in words]
    for key, sign, _ in pairs:
        if not sign:
            raise ConfigError(f'--set "{key}": no value.', "Write it as --set dim=32.")
    by_file = settings(kind, tables.get(model, {}), f"{file} [{model}]")
    return settings(kind, {**asdict(by_file), **{key: value for key, _, value in pairs}}, "--set")


def show_errors(bundle: "Bundle") -> None:
    """The model's errors on the test part beside the baselines', and on the validation part."""
    metrics = bundle.facts["metrics"]
    rows = {f"{bundle.name}, {part}": metrics[part] for part in metrics}
    if "test" in metrics:
        rows |= {f"{name}, test": errors for name, errors in metrics["test"]["baselines"].items()}
    if rows:
        show(errors_table(f"Errors (split {split_name(bundle.facts['split'])})", rows))
    else:
        say("Nothing was held out, so nothing was measured.")
    note(bundle.facts["data"]["note"])
