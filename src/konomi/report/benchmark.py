"""What a protocol found, beside what is published: tables as text cells, sentences, and all of it as plain values."""

from dataclasses import asdict
from typing import Any

from konomi.evaluate.metrics import Metric
from konomi.pipeline.benchmark import Benchmark, Row
from konomi.pipeline.protocol import AS_PUBLISHED, CLEAN, Protocol, Published
from konomi.report.folder import circumstances
from konomi.report.tables import MISSING, Grid, bytes_text, interval_text, number, real_text

OURS, BASELINE, THEIRS = "Konomi", "baseline", "published"


def beside(found: Benchmark) -> Grid:
    """Every row and every published figure, the best first; what lacks the first metric comes last."""
    metrics, first = found.protocol.metrics, found.protocol.metrics[0]
    rows = list[tuple[float | None, tuple[str, ...]]]()
    for row in found.rows:
        cells = (_value(row, metric) for metric in metrics)
        rows.append((row.values[first.key], (_name(row), BASELINE if row.baseline else OURS, *cells, "")))
    for each in found.protocol.published:
        cells = (_as_published(each, metric) for metric in metrics)
        rows.append((each.values.get(first.key), (each.name, THEIRS, *cells, each.picked_on)))
    sign = -1 if first.better == "higher" else 1
    rows.sort(key=lambda row: (row[0] is None, sign * (row[0] or 0)))
    title = f"{found.protocol.title} ({found.rule} rule)"
    return Grid(title, ("", "by", *(metric.name for metric in metrics), "picked on"), [cells for _, cells in rows], heads=2)


def standing(found: Benchmark) -> Grid:
    """Konomi's rows by the first metric: its interval, the difference to the best baseline, time and memory."""
    first, several = found.protocol.metrics[0], max(row.trials for row in found.rows) > 1
    columns = ("", f"{first.name}, 95 % interval", f"less {found.best}", "real?", "seconds", "peak memory")
    rows = []
    for row in found.rows:
        ahead = row.ahead.get(first.key)
        gap = ("", "") if ahead is None else (interval_text(ahead, signed=True), real_text(ahead))
        seconds = MISSING if row.seconds is None else f"{row.seconds:.2f}"
        rows.append((row.name, interval_text(row.intervals.get(first.key)), *gap, seconds, bytes_text(row.peak)))
    title = "Intervals from a bootstrap over people, cost of a training" + (", all trainings together" if several else "")
    return Grid(title, columns, rows)


def answer(found: Benchmark) -> str:
    """How the best model stands to the best baseline and to what is published."""
    first = found.protocol.metrics[0]
    own = [row for row in found.rows if not row.baseline] or list(found.rows)
    best = own[0]
    said = f"{best.name}: {first.name} {number(best.values[first.key])}"
    if (gap := best.ahead.get(first.key)) is not None:
        better = (gap.value > 0) == (first.better == "higher")
        how = "really better than" if gap.real and better else "really worse than" if gap.real else "not really different from"
        said += f", {how} the best baseline, {found.best}"
    figures = [each for each in found.protocol.published if first.key in each.values]
    if not figures:
        return f"{said}. Nothing is published here that it could stand beside."
    behind = [each for each in figures if _better(best.values[first.key], each.values[first.key], first)]
    return f"{said}. Ahead of {len(behind)} of {len(figures)} published figures."


def remarks(found: Benchmark) -> list[str]:
    """What has to be known to read the figures: how models were chosen, and what cannot be told."""
    rule, protocol = found.protocol.rule(found.rule), found.protocol
    said = [protocol.about]
    if rule.picked == "test":
        said.append("The test entries chose epochs and settings, as in publications: on new data they would be worse.")
    tested = sum(each.picked_on == "test" for each in protocol.published)
    unsaid = sum(each.picked_on == "not said" for each in protocol.published)
    if tested:
        said.append(f"{tested} of {len(protocol.published)} published figures were picked on the test entries.")
    if unsaid:
        said.append(
            f"The sources of {unsaid} of {len(protocol.published)} published figures do not say what they were picked on."
        )
    if found.rule == CLEAN and protocol.as_published is not None:
        said.append(
            f"The clean rule picks on validation entries. `rule`={AS_PUBLISHED} picks on the test entries, as publications may."
        )
    if found.unchecked:
        said.append(
            f"No checksum is known of {', '.join(found.unchecked)}: nothing says that they are those of the publications."
        )
    return [*said, *(f"{name} failed: {reason}" for name, reason in found.failures.items())]


def sources(protocol: Protocol) -> list[str]:
    """Where each figure stands: its names, the address, the place on the page, and when it was read there."""
    places = dict[tuple[str, str, str], list[str]]()
    for each in protocol.published:
        places.setdefault((each.source, each.where, each.read), []).append(each.name)
    return [f"{', '.join(names)}: {source} ({where}; read {read})" for (source, where, read), names in places.items()]


def facts(found: Benchmark) -> dict[str, Any]:
    """All of it, as plain values without NaN."""
    protocol, source = found.protocol, str(found.protocol.data.folder)
    return {
        "answer": answer(found),
        "remarks": remarks(found),
        "protocol": {
            "name": protocol.name,
            "title": protocol.title,
            "task": protocol.task,
            "metrics": [metric.key for metric in protocol.metrics],
        },
        "rule": {"name": found.rule, **asdict(protocol.rule(found.rule))},
        **circumstances(found.dataset, found.splits[0], found.run, source),
        "splits": [{**split.spec, "sha256": split.sha256, "entries": split.counts()} for split in found.splits],
        "seeds": found.seeds,
        "unchecked": [*found.unchecked],
        "rows": [_row(found, row) for row in found.rows],
        "published": [asdict(each) for each in protocol.published],
        "failures": dict(found.failures),
    }


def _row(found: Benchmark, row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "baseline": row.baseline,
        "values": dict(row.values),
        "deviations": dict(row.deviations),
        "intervals": {key: interval.to_dict() for key, interval in row.intervals.items()},
        "against": found.best if row.ahead else None,
        "differences": {key: {**gap.to_dict(), "real": gap.real} for key, gap in row.ahead.items()},
        "seconds": row.seconds,
        "peak_memory": row.peak,
        "trials": row.trials,
    }


def _name(row: Row) -> str:
    return row.name if row.trials == 1 or row.baseline else f"{row.name}, mean of {row.trials}"


def _value(row: Row, metric: Metric) -> str:
    """A mean and its deviation over trainings, where there are several."""
    spread = row.deviations.get(metric.key)
    return number(row.values[metric.key]) + ("" if spread is None else f" ± {number(spread)}")


def _as_published(each: Published, metric: Metric) -> str:
    """A figure with the digits that it is published with, but for zeros at its end."""
    return f"{each.values[metric.key]:g}" if metric.key in each.values else ""


def _better(own: float | None, other: float, metric: Metric) -> bool:
    return own is not None and (own > other if metric.better == "higher" else own < other)
