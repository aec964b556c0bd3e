"""What bundles note of how they were measured: by themselves, and beside each other."""

from pathlib import Path
from typing import TYPE_CHECKING

from konomi.cli.console import note, say, show, show_json, table
from konomi.cli.lookup import errors_table, say_when_measured, split_name
from konomi.errors import DataError

if TYPE_CHECKING:
    from konomi.bundle.format import Bundle


def show_noted(path: Path, bundle: "Bundle", json: bool) -> None:
    """The metrics of a bundle on the test entries and those of the baselines, as they were when it was trained."""
    facts = bundle.facts
    if "test" not in facts.metrics:
        raise DataError(f"{path}: nothing was measured on test entries.", "Give TEST, or train with a higher --test.")
    values = facts.metrics["test"]
    if json:
        show_json({"measured": "when trained", "learnt": facts.learnt, "split": facts.split.sha256, **values})
        return
    rows = {"this model": values, **values["baselines"]}
    show(errors_table(f"Errors (split {split_name(facts.split.to_json())})", rows, labelling=bundle.labelling))
    say_when_measured(facts)
    for warning in facts.warnings or ():
        say(warning)
    note(facts.data.note)


def show_against(path: Path, bundle: "Bundle", other: Path, json: bool) -> None:
    """How a bundle differs from another one, by what was measured of the same people when each was trained."""
    from konomi.pipeline.against import FIRST, SECOND, compare_bundles
    from konomi.report.tables import TITLES, interval_text, real_text

    found = compare_bundles(bundle, other)
    gaps = {kind: {key: gap for (a, b, key), gap in standing.differences.items() if (a, b) == (FIRST, SECOND)}
            for kind, standing in found.items()}  # fmt: skip
    if not gaps:
        raise DataError(
            f"{path} and {other} have no figure in common.", "Compare models that do the same: rank, or predict ratings."
        )
    if json:
        show_json({kind: {key: {**gap.to_dict(), "real": gap.real} for key, gap in of.items()} for kind, of in gaps.items()})
        return
    for kind, of in gaps.items():
        people = next(iter(of.values())).users
        title = f"{TITLES[kind]}: {path.name} less {other.name}, {people:,} people, 95 % intervals"
        cells = ((key, interval_text(gap, signed=True), real_text(gap)) for key, gap in of.items())
        show(table(title, ("", "difference", "real?"), cells))
    say_when_measured(bundle.facts)
