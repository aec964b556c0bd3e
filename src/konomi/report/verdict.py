"""The results of a comparison in a few sentences."""

import math

from konomi.evaluate.metrics import primary
from konomi.pipeline.comparison import Comparison
from konomi.report.tables import TITLES, measured_on, number, ranked, sorted_by_primary

REAL = (
    "A difference is called real where its 95 % interval, from a bootstrap over the users with test entries, leaves out 0; "
    "another seed or other data are another question."
)


def verdict(comparison: Comparison) -> list[str]:
    """A paragraph for each task and for recommendations, the reasons for skipped tasks and failures, and what "real" means."""
    paragraphs = [_verdict_on(comparison, task) for task in comparison.standings]
    paragraphs += comparison.skipped.values()
    paragraphs += dict.fromkeys(f"{failure.name} failed: {failure.reason}" for failure in comparison.failures)
    return [*paragraphs, REAL] if any(standing.differences for standing in comparison.standings.values()) else paragraphs


def answer(comparison: Comparison) -> str:
    """Which model to take, and whether it is worth its training, by the lists that people get, or else the first task; "" where
    nothing was compared.

    Of models that may be as good as the best, one that trains in half its time is taken.
    """
    task = next(iter(comparison.standings), None)
    if task is None:
        return ""
    standing, metric, fits = comparison.standings[task], primary(task), comparison.on(task)
    best, *others = ranked(comparison, task)
    seconds = {name: fits[name].seconds for name in (best, *others)}
    equal = [name for name in others if not standing.differences[name, best, metric.key].real]
    known_time = {name: time for name, time in seconds.items() if time is not None}
    cheaper = [name for name in equal if known_time.get(name, math.inf) < known_time.get(best, 0) / 2]
    take = min(cheaper, key=known_time.__getitem__, default=best)
    value = {name: found[metric.key].value for name, found in standing.metrics.items()}
    known = sorted_by_primary(comparison, task, comparison.baselines(task))
    if known and not _ahead(comparison, task, take, known[0]):
        return f"Take the baseline {known[0]}: no model is really better ({metric.name} {number(value[known[0]])})."
    said = f"Take {take}: {metric.name} {number(value[take])}"
    if known:
        said += f" where the baseline {known[0]} has {number(value[known[0]])}"
    if take in known_time:
        time = known_time[take]
        said += f", for {f'{time:.2g}' if time < 10 else f'{time:,.0f}'} s of training"
    if take != best:
        said += f"; {best} has {number(value[best])}, which may be chance, for {known_time[best]:,.1f} s"
    return f"{said}."


def _ahead(comparison: Comparison, task: str, name: str, baseline: str) -> bool:
    """Whether a model is really better than a baseline."""
    metric, gap = primary(task), comparison.standings[task].differences[name, baseline, primary(task).key]
    return gap.real and (gap.value > 0) == (metric.better == "higher")


def _verdict_on(comparison: Comparison, task: str) -> str:
    standing, metric = comparison.standings[task], primary(task)
    best, *others = ranked(comparison, task)
    found = standing.metrics[best][metric.key]
    what = f"{TITLES[task]} ({measured_on(comparison, task)})"
    head = f"{what}: the {metric.name} of {best} is {number(found.value)} ({_span(found.low, found.high)})"
    sentences = [f"{head}."]
    if others:
        gap = standing.differences[others[0], best, metric.key]
        far = abs(gap.value)
        share = f" ({100 * far / found.value:.1f} %)" if found.value else ""
        place, way = ("highest", "below") if metric.better == "higher" else ("lowest", "above")
        sentences = [f"{head}, the {place}; {others[0]} comes next, {number(far)}{share} {way} it."]
        tied = [other for other in others if not standing.differences[other, best, metric.key].real]
        clear = [other for other in others if other not in tied]
        if tied:
            sentences.append(f"Its lead over {and_list(tied)} may be chance: the interval of the difference holds 0.")
        if clear:
            sentences.append(f"Its lead over {and_list(clear)} is real.")
    known = [name for name in comparison.baselines(task) if name in standing.metrics]
    return " ".join([*sentences, *(_beside(comparison, task, best, name) for name in known)])


def _beside(comparison: Comparison, task: str, best: str, baseline: str) -> str:
    """How the best model stands to a baseline."""
    standing, metric = comparison.standings[task], primary(task)
    value, gap = standing.metrics[baseline][metric.key].value, standing.differences[best, baseline, metric.key]
    said = ("beaten" if _ahead(comparison, task, best, baseline) else "better") if gap.real else "not told apart from it"
    return f"The baseline {baseline} has {number(value)}: {said}."


def _span(low: float, high: float) -> str:
    return f"95 % interval {number(low)} to {number(high)}"


def and_list(names: list[str]) -> str:
    """Such as: a, b and c."""
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)
