"""konomi info: shows the contents of a dataset or a bundle."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from konomi.cli.console import note, show, show_json, table
from konomi.cli.lookup import errors_table, say_when_measured, split_name
from konomi.cli.options import Json
from konomi.errors import DataError, RequestError

if TYPE_CHECKING:
    from konomi.bundle.format import Bundle


def info(
    path: Annotated[Path, typer.Argument(metavar="DATA|BUNDLE", help="What `konomi prepare` or `konomi train` wrote.")],
    user: Annotated[
        str | None, typer.Option(metavar="ID", help="One person of a dataset: profile and taste per genre.")
    ] = None,
    json: Json = False,
) -> None:
    """What is in a dataset or a bundle, or in one person's profile."""
    from konomi.files import kind_of

    kind = kind_of(path)
    if kind is None and not path.is_file():
        reason = "is not a dataset or a bundle" if path.exists() else "no such file or folder"
        raise DataError(f"{path}: {reason}.", "Give what `konomi prepare` or `konomi train` wrote.")
    if kind == "konomi dataset":
        _dataset(path, user, json)
    elif user is None:
        _bundle(path, json)
    else:
        raise RequestError("A bundle holds nobody's ratings.", "Give the dataset: konomi info DATA --user ID.")


def _dataset(path: Path, user: str | None, json: bool) -> None:
    from konomi.cli.summary import crosstab, show_dataset, show_taste, size, taste
    from konomi.data.dataset import Dataset

    dataset = Dataset.open(path, check=user is None)
    if user is not None:
        facts = taste(dataset, user)
        show_json(facts) if json else show_taste(facts)
    elif json:
        show_json({"path": str(path), **size(dataset), **dataset.manifest})
    else:
        show_dataset(dataset)
        show(crosstab(dataset))


def _able(bundle: "Bundle") -> list[str]:
    """What a bundle can do, in words."""
    from konomi.models.api import first_placing

    models = {id(model): name for name, model in bundle.models.items()}
    said = [f"order titles ({bundle.order}, and what is popular among people like somebody)"]
    if (rater := bundle.giving("rating")) is not None:
        said.append(f"predict ratings ({models[id(rater)]}{', with intervals' if bundle.facts.intervals else ''})")
    if (liker := bundle.giving("interaction")) is not None:
        said.append(f"predict what is liked ({models[id(liker)]})")
    placed = first_placing(bundle.models.values()) is not None
    return [*said, f"find similar titles ({'by factors and contents' if placed else 'by contents'})"]


def _bundle(path: Path, json: bool) -> None:
    from konomi.bundle.format import load_bundle
    from konomi.data.statistics import RATERS

    bundle = load_bundle(path)
    facts = bundle.facts
    if json:
        show_json({"path": str(path), "models": bundle.configs, "items": len(bundle.items), **facts.to_json()})
        return
    spec = {key: value for key, value in facts.split.spec.items() if key not in ("kind", "after")}
    how = ", ".join(f"{key}={value}" for key, value in spec.items()) + (", of what was added" if facts.split.after else "")
    rated = int((bundle.items["ratings"] > 0).sum())
    about: dict[str, Any] = {
        **{name: ", ".join(f"{key}={value}" for key, value in config.items()) for name, config in bundle.configs.items()},
        "items": f"{len(bundle.items):,}, {rated:,} of them rated by {RATERS} or more",
        "scale": str(bundle.scale),
        "liked": str(bundle.labelling),
        "can": "; ".join(_able(bundle)),
        "data": f"{facts.data.path} ({facts.data.source})",
        "split": f"{split_name(facts.split.to_json())} ({how})",
        "entries": ", ".join(f"{name} {n:,}" for name, n in facts.split.entries.items() if n),
        "learnt": "everything" if facts.refitted else "the training entries",
        **({"start": " ".join(facts.start)} if facts.start else {}),
        **({"chosen": " ".join(facts.chosen)} if facts.chosen else {}),
        "seed": facts.seed,
        "made with": ", ".join(f"{name} {version}" for name, version in facts.versions.items()),
    }
    show(table("Bundle", ("", ""), about.items()))
    if facts.metrics:
        show(errors_table("Errors", facts.metrics, labelling=bundle.labelling))
        say_when_measured(facts)
        for warning in facts.warnings or ():
            show(warning)
    best = bundle.items.sort("ratings", descending=True).head(10)
    rows = zip(best["title"], best["item_id"], best["ratings"], best["bayes"], strict=True)
    cells = ((title or item_id, f"{n:,}", f"{bayes:.2f}") for title, item_id, n, bayes in rows)
    show(table("Most rated in training", ("title", "ratings", "Bayesian average"), cells, ("ratings", "Bayesian average")))
    note(facts.data.note)
