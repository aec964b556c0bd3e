"""Two bundles beside each other, by what was measured of the same people when each was trained."""

from pathlib import Path

from konomi.arguments import whole
from konomi.bundle.format import Bundle
from konomi.bundle.given import bundle_from
from konomi.errors import DataError
from konomi.evaluate.bootstrap import Standing
from konomi.evaluate.people import standings

FIRST, SECOND = "first", "second"  # their names in the standings


def compare_bundles(first: Bundle | Path | str, second: Bundle | Path | str, seed: int = 0) -> dict[str, Standing]:
    """How two bundles stand to each other: "served", "rating", "interaction" and "ranking" → intervals and paired differences.

    Nothing is measured anew; the two are called `FIRST` and `SECOND`. DataError unless both were measured on the same test
    entries of the same dataset.
    """
    bundles, seed = [bundle_from(each) for each in (first, second)], whole("seed", seed, 0)
    hint = "Train both on the same dataset with the same `split`, `test` and `seed`."
    for bundle in bundles:
        if not bundle.people.width:
            raise DataError(f"{bundle}: nothing was measured of it.", hint)
    if len({bundle.facts.split.sha256 for bundle in bundles}) > 1:
        raise DataError("The two were not measured on the same test entries.", hint)
    rules = [(bundle.facts.data.labels, bundle.facts.data.liked) for bundle in bundles]
    if rules[0] != rules[1]:
        raise DataError("What is liked is not the same in the two.", "Train both on a dataset with the same `liked`.")
    return standings({FIRST: bundles[0].people, SECOND: bundles[1].people}, seed)
