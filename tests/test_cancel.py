"""Work that is ended from outside: comparisons where `Run.cancel` is set, tasks where Ctrl-C is pressed."""

import threading
from threading import Event

import pytest

from konomi import Cancelled
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig
from konomi.pipeline.compare import compare_models
from konomi.pipeline.compare_people import compare_people
from konomi.runtime import Run, workers
from konomi.simulate.ratings import simulate
from konomi.simulate.sample import catalogue


@pytest.mark.parametrize(("compare", "kind"), [(compare_models, "random"), (compare_people, "users")])
def test_a_comparison_that_is_cancelled_ends(compare, kind):
    """While lists are made: that is no failure of a model, after which the next is trained."""
    dataset = prepare(simulate(catalogue(), 80, 2500, 1, Run(threads=1)).table())
    cancel, told = Event(), []

    def progress(stage):
        told.append(stage.what)
        if stage.what == "rank":
            cancel.set()

    with pytest.raises(Cancelled):
        compare(dataset, "bias,popular", split=SplitConfig(kind=kind, test=0.5), run=Run(cancel=cancel, progress=progress))
    assert told.count("rank") == 1


def test_ctrl_c_does_not_wait_for_a_task_without_end():
    """As where it came up while Numba held a lock, which the task on the other thread then never gets."""
    caller, begun, free, ended = threading.get_ident(), Event(), Event(), Event()

    def task(_):
        if threading.get_ident() == caller:
            begun.wait(10)
            raise KeyboardInterrupt
        begun.set()
        free.wait(10)
        ended.set()

    with pytest.raises(KeyboardInterrupt), workers(2) as each:
        each(task, range(2))
    assert begun.is_set() and not ended.is_set()
    free.set()
    assert ended.wait(10)
