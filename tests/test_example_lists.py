"""Lists of a few people in a report: the very lists that were measured, told by what these people like."""

from dataclasses import replace

import numpy as np
import pytest

from compared import compared, two_tastes
from konomi.evaluate.metrics import SERVED
from konomi.report.examples import HIT, LIKES, PLACES, examples
from konomi.report.tables import MISSING


@pytest.fixture(scope="module")
def found():
    return compared(two_tastes())


def test_they_are_the_lists_that_were_measured(found):
    lists, (seen, hidden) = found.lists(SERVED), found.split.test(found.dataset)
    names = examples(found)[0].columns[1:]
    assert sorted(names) == sorted(lists)
    titles, likes_by_lists = found.dataset.titles(range(len(found.dataset.items))), {}
    for place, user in enumerate(lists[names[0]].user.tolist()):
        profiles = (some.take(np.array([user])) for some in (seen, hidden))
        liked, wanted = (some.item[found.train.labelling.of(some) == 1].tolist() for some in profiles)
        cells = [
            [
                f"{titles[item]} {HIT}" if item in wanted else titles[item]
                for item in lists[name].items[place][:PLACES]
                if item >= 0
            ]
            for name in names
        ]
        likes_by_lists[str(cells)] = {titles[item] for item in liked}
    shown = examples(found)
    assert 1 <= len(shown) <= len(LIKES)
    for grid in shown:
        columns = [[cell for cell in column if cell != MISSING] for column in list(zip(*grid.rows, strict=True))[1:]]
        likes = likes_by_lists[str(columns)]
        assert grid.title.removeprefix("Somebody who likes ").partition(";")[0] in (likes or {"nothing that is known"})


def test_there_are_none_of_several_folds(found):
    def without(report):
        served = report.served and replace(report.served, items=None)
        return replace(report, served=served, baselines={name: without(each) for name, each in report.baselines.items()})

    fits = [replace(fit, reports={"test": without(fit.reports["test"])}) for fit in found.fits]
    assert examples(replace(found, fits=fits)) == []
