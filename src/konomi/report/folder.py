"""The report of a comparison: a folder with metrics.json for machines, tables.md to copy, and report.html to read."""

import json
import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from konomi.arguments import as_path, expect
from konomi.data.dataset import Dataset
from konomi.data.split import Split
from konomi.errors import DataError
from konomi.evaluate.bootstrap import DRAWS, LEVEL
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.extras import need
from konomi.files import whole_folder, write_manifest
from konomi.machine import available_cores
from konomi.models.api import TASKS, criterion
from konomi.pipeline.comparison import Comparison, Fit
from konomi.pipeline.train import history
from konomi.report import tables
from konomi.report.page import page
from konomi.report.verdict import answer, verdict
from konomi.runtime import Run, Stage

KIND = "konomi report"
FORMAT = 1
MADE_WITH = ("konomi", "numpy", "numba", "polars", "torch", "matplotlib")  # packages whose versions are noted, if imported


def write_report(path: Path | str, comparison: Comparison, source: Path | str = "", user_ids: bool = False) -> dict[str, Any]:
    """Write the folder whole or not at all; returns the contents of metrics.json. source: the path of the dataset.

    The page shows ratings of the most active users, called "user 1", "user 2" …, with `user_ids` by their ids. An older report
    is replaced; DataError where anything else is at the path. ConfigError where matplotlib is missing.
    """
    expect(source, (str, os.PathLike), "a path", DataError, "Give the dataset's path as `source`, or leave it out.", "source")
    expect(user_ids, bool, "a yes or no", DataError, "Give True or False as `user_ids`, or leave it out.", "user_ids")
    expect(comparison, Comparison, "a comparison", DataError, "Give what konomi.compare_models gave.")
    place = as_path(path, "a report", DataError)
    need("matplotlib", "The report")
    comparison.run.progress(Stage("report", 0, 1, "step"))
    with whole_folder(place, KIND, DataError) as folder:
        found = facts(comparison, source)
        text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
        (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")
        (folder / "tables.md").write_text(markdown(comparison), encoding="utf-8")
        (folder / "report.html").write_text(page(comparison, found, user_ids), encoding="utf-8")
        write_manifest(folder, {"kind": KIND, "format": FORMAT, "models": sorted({fit["model"] for fit in found["fits"]})})
    comparison.run.progress(Stage("report", 1, 1, "step"))
    return found


def facts(comparison: Comparison, source: Path | str = "") -> dict[str, Any]:
    """All results, as plain values without NaN."""
    return {
        "answer": answer(comparison),
        "verdict": verdict(comparison),
        **circumstances(comparison.dataset, comparison.split, comparison.run, source),
        "tasks": {task: _standing(comparison, task) for task in TASKS if task in comparison.standings},
        **{kind: _standing(comparison, kind) if kind in comparison.standings else None for kind in (SERVED, RANKING)},
        "fits": [_fit(fit) for fit in comparison.fits],
        "combinations": [
            {"name": each.name, "models": [*each.models], "tasks": each.tasks, "seconds": each.seconds}
            for each in comparison.combinations
        ],
        "failures": [
            {"model": failure.name, "tasks": failure.tasks, "reason": failure.reason} for failure in comparison.failures
        ],
        "skipped": comparison.skipped,
    }


def circumstances(dataset: Dataset, split: Split, run: Run, source: Path | str) -> dict[str, Any]:
    """The data, the split, the run, the machine and the versions of a comparison."""
    size = {"users": len(dataset.users), "items": len(dataset.items), "entries": len(dataset.item), "density": dataset.density}
    origin = {"path": str(source), "sha256": dataset.sha256, **{key: dataset.manifest[key] for key in ("source", "note")}}
    counts = {key: dataset.manifest[key] for key in ("histogram", "labels")}
    return {
        "data": {**origin, **size, "scale": asdict(dataset.scale), **counts},
        "split": {**split.spec, "sha256": split.sha256, "entries": split.counts()},
        "run": {name: value for name, value in vars(run).items() if isinstance(value, int | str) and name != "memory"},
        "machine": machine(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in MADE_WITH if name in sys.modules}},
        "bootstrap": {"draws": DRAWS, "level": LEVEL, "unit": "user"},
    }


def markdown(comparison: Comparison) -> str:
    """The tables of a comparison."""
    grids = [make(comparison, task) for task in comparison.standings for make in (tables.scores, tables.differences)]
    return "\n".join(grid.markdown() for grid in (*grids, tables.costs(comparison)) if grid.rows)


def machine() -> dict[str, Any]:
    """The machine that the models were trained on."""
    return {"system": platform.system(), "processor": _processor(), "cores": available_cores()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _standing(comparison: Comparison, task: str) -> dict[str, Any]:
    """The comparison on a task or on recommendations: the best model first; each pair once, the better one first."""
    standing, order, baselines = comparison.standings[task], tables.ranked(comparison, task), comparison.baselines(task)
    keys = tables.keys_of(tables.with_intervals(comparison, task))
    pairs = [(first, second, key) for first, second in tables.pairs(comparison, task) for key in keys]
    names = (*order, *baselines)
    return {
        "order": order,
        "liked": str(comparison.train.labelling),
        "intervals": {name: {key: found.to_dict() for key, found in standing.metrics[name].items()} for name in names},
        "differences": [
            {"first": first, "second": second, "metric": key, **found.to_dict(), "real": found.real}
            for first, second, key in pairs
            for found in (standing.differences[first, second, key],)
        ],
        "baselines": {name: report.values(task) for name, report in baselines.items()},
    }


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "model": fit.name,
        "tasks": fit.tasks,
        "config": asdict(fit.training.config),
        "seconds": fit.training.seconds,
        "rows": fit.rows,
        "rows_per_second": fit.rows_per_second,
        "epochs": fit.epochs,
        "best_epoch": fit.best,
        "peak_memory": fit.training.peak,
        "memory_grown": fit.training.grown,
        "criterion": criterion(fit.model).name or None,
        "history": history(fit.model),
        "metrics": {role: report.metrics for role, report in fit.reports.items()},
    }
