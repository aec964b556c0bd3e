"""The results of a comparison in a few sentences."""

from konomi.evaluate.metrics import primary
from konomi.pipeline.comparison import Comparison
from konomi.report.tables import TITLES, measured_on, number, ranked

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
    ahead = (gap.value > 0) == (metric.better == "higher")
    said = ("beaten" if ahead else "better") if gap.real else "not told apart from it"
    return f"The baseline {baseline} has {number(value)}: {said}."


def _span(low: float, high: float) -> str:
    return f"95 % interval {number(low)} to {number(high)}"


def and_list(names: list[str]) -> str:
    """Such as: a, b and c."""
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)
