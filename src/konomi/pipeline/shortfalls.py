"""Whether a model beats its baseline on the validation entries: `bias`, the majority class, or the lists of `popular`."""

import numpy as np

from konomi.evaluate.bootstrap import Standing, ranking_standing, standing
from konomi.evaluate.metrics import SERVED, primary
from konomi.evaluate.records import Report

BASELINES = {"rating": "bias", "interaction": "majority class", SERVED: "popular"}


def shortfalls(name: str, report: Report | None) -> tuple[str, ...]:
    """A sentence for each kind of figure in which the models of a bundle (`name`) do not beat the baseline.

    report: on the validation entries; None = there are none. A model that is the baseline itself is none.
    """
    said = []
    for kind, baseline in BASELINES.items():
        if report is None or not report.tests(kind) or baseline not in report.baselines:
            continue
        if kind in report.predictions and np.ptp(report.predictions[kind].true) == 0:
            continue  # everything is liked
        key, higher = primary(kind).key, primary(kind).better == "higher"
        ahead = report.values(kind)[key] - report.baselines[baseline].values(kind)[key]
        if ahead != 0 and (ahead > 0) == higher:
            continue
        found = _beside(kind, report, report.baselines[baseline])
        gap = found.differences["model", "baseline", key]
        if gap.value == gap.low == gap.high == 0:
            continue  # it is the baseline
        own, other = (found.metrics[name][key].value for name in ("model", "baseline"))
        what = f"{primary(kind).name}{' of the lists that people get' if kind == SERVED else ''}"
        said.append(
            f"{name} does not beat {baseline} on the validation entries: {what} {own:.4f} against {other:.4f} "
            f"(difference {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}])."
        )
    return tuple(said)


def _beside(kind: str, report: Report, baseline: Report) -> Standing:
    """How the models and the baseline stand to each other."""
    if kind != SERVED:
        return standing(kind, {"model": report.predictions[kind], "baseline": baseline.predictions[kind]})
    lists = {name: found for name, each in (("model", report), ("baseline", baseline)) if (found := each.lists(SERVED))}
    return ranking_standing(lists)
