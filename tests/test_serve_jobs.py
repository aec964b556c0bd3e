"""The rows of jobs and of models: who has a training, what waits, and which model answers."""

import pytest

from konomi.serve.store import jobs, models
from konomi.serve.store.jobs import add_job, claim_job, end_job, find_job, give_back_job, renew_job
from konomi.serve.store.models import activate_model, add_model, remove_model, served, set_aside
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.training.trainer import When
from stores import KINDS, new_place


@pytest.fixture(params=KINDS)
def do(request, tmp_path):
    """Calls within a transaction of the writer."""
    store = PeopleStore.open(new_place(request.param, tmp_path), tmp_path / "erased")
    yield lambda call, *words: store.writer.call(lambda connection: call(connection, *words)).result()
    store.close()


def test_one_training_waits_and_one_runs(do):
    assert do(claim_job) is None
    first = do(add_job, "warm")
    assert do(add_job, "warm") == first and do(find_job, first).how == "warm"
    assert do(add_job, "whole") == first and do(find_job, first).how == "whole"  # more is asked of it
    job = do(claim_job)
    assert (job.id, job.state, job.attempts) == (first, "running", 1) and job.began >= job.created
    assert do(claim_job) is None
    second = do(add_job, "warm")
    assert second > first and do(claim_job).id == second
    assert [each.id for each in do(jobs.jobs)] == [second, first]
    assert do(find_job, 99) is None


def test_a_lease_that_ends_is_taken_over(do, monkeypatch):
    id = do(add_job, "warm")
    assert do(claim_job).id == id
    assert do(renew_job, id, {"what": "fit"}) and do(find_job, id).progress == {"what": "fit"}
    later = jobs.now() + jobs.LEASE + 1
    monkeypatch.setattr(jobs, "now", lambda: later)
    taken = do(claim_job)
    assert (taken.id, taken.attempts) == (id, 2)
    do(give_back_job, id)
    assert (do(find_job, id).state, do(find_job, id).attempts) == ("waiting", 1)
    do(claim_job)
    do(give_back_job, id, True)
    assert do(find_job, id).attempts == 2


def test_what_has_ended_stays_so(do):
    id = do(add_job, "warm")
    do(claim_job)
    assert do(end_job, id, "cancelled") and not do(end_job, id, "done")
    assert not do(renew_job, id, {}) and do(claim_job) is None
    do(give_back_job, id)
    assert do(find_job, id).state == "cancelled" and do(find_job, id).ended
    waiting = do(add_job, "warm")
    assert do(end_job, waiting, "failed", "no disk") and do(find_job, waiting).error == "no disk"


def test_old_trainings_are_forgotten(do, monkeypatch):
    monkeypatch.setattr(jobs, "REMEMBERED", 3)
    for _ in range(6):
        do(end_job, do(add_job, "warm"), "done")
    assert len(do(jobs.jobs)) == 3


def test_which_model_answers(do):
    for n, id in enumerate("abc"):
        do(add_model, id, n)
    do(add_model, "a", 99)  # is there already
    assert [each.id for each in do(models.models)] == ["c", "b", "a"] and do(served) == []
    for id in "abcb":
        do(activate_model, id)
    assert [each.id for each in do(served)] == ["b", "c", "a"]
    do(set_aside, "b")
    assert [each.id for each in do(served)] == ["c", "a"]
    do(remove_model, "c")
    assert [each.id for each in do(served)] == ["a"] and len(do(models.models)) == 2


@pytest.mark.parametrize(
    ("when", "since", "new", "due"),
    [
        (When(), 1e9, 10**9, False),
        (When(every=60), 59, 10, False),
        (When(every=60), 60, 10, True),
        (When(every=60), 60, 0, False),
        (When(after=10), 0, 9, False),
        (When(after=10), 0, 10, True),
        (When(60, 10), 60, 1, True),
        (When(60, 10), 1, 10, True),
        (When(60, 10), 1, 9, False),
    ],
)
def test_when_it_trains_by_itself(when, since, new, due):
    assert when.due(since, new) == due
