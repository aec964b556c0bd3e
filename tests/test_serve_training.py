"""Training from the store: step by step, ended and gone on with, judged, and in a process beside the service."""

import shutil
import signal
import time
from dataclasses import replace
from threading import Event

import numpy as np
import psutil
import pytest

from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.dataset import Dataset
from konomi.data.split import SplitConfig, make_split
from konomi.errors import Cancelled
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from konomi.serve.models import Models
from konomi.serve.service import Service
from konomi.serve.store.entries import Change
from konomi.serve.store.items import ItemChange
from konomi.serve.store.jobs import add_job, end_job, find_job
from konomi.serve.store.models import Kept
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.training import trainer
from konomi.serve.training.gate import judged, rival
from konomi.serve.training.shelf import Shelf
from konomi.serve.training.trainer import Trainer, When
from konomi.serve.training.work import Order, Outcome, train

RUN = Run(threads=1)
LEAST = 19  # the lowest priority
PAIRS = [(u, i) for u in range(40) for i in range(20) if (u + i) % 3]
SAID = [Change(f"p{u}", str(10 * i), 9.0 if (u + i) % 2 == 0 else 2.0, 0, 10**15) for u, i in PAIRS]


@pytest.fixture
def store(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    yield store
    store.close()


@pytest.fixture
def models(given, store, tmp_path):
    return Models(store, Shelf.open(tmp_path / "models"), given / "bundle")


def order_of(models, how="warm", job=1):
    served = models.find(models.current.served.id)
    place = models.store.database.place
    return Order(job, how, place, f"{place}.erased", str(models.shelf.folder), served.id, served.made)


def taken(models, outcome, job=1):
    """Take in what a training has made, and let it answer."""
    files = [models.shelf.work(job) / name for name in ("model", "twin")]
    id = models.add(*files, Kept("", outcome.began, None, job, outcome.seq, outcome.report), True)
    models.shelf.clear(job)
    return id


def test_a_whole_training_and_a_warm_one_after_it(models, store):
    store.put(SAID).result()
    first = train(order_of(models), RUN)
    assert first.report["how"] == "whole" and (first.report["entries"], first.report["people"]) == (len(SAID), 40)
    assert first.seq == len(SAID) and {each["of"] for each in first.report["figures"]} == {"served", "rating"}
    taken(models, first)
    learnt = models.current.served.recommender.bundle
    assert learnt.facts.refitted and list(learnt.models) == ["mf", "ease"] and learnt.facts.split.entries["test"]
    store.put([Change("new", "10", 9.0, 0, 10**15), Change("p1", "20", 3.0, 0, 2 * 10**15)]).result()
    second = train(order_of(models, job=2), RUN)
    assert second.report["how"] == "warm" and second.report["entries"] == 2
    model, twin = (load_bundle(models.shelf.work(2) / name) for name in ("model", "twin"))
    assert "went on from the earlier model" in model.facts.start[0] and "went on" in twin.facts.start[0]
    earlier = load_bundle(models.shelf.twin(models.current.served.id))
    assert not twin.facts.refitted and twin.facts.split.spec == earlier.facts.split.spec


def test_with_a_damaged_twin_it_trains_anew(models, store):
    store.put(SAID).result()
    id = taken(models, train(order_of(models), RUN))
    models.shelf.twin(id).write_bytes(b"garbage")
    store.put([Change("new", "10", 9.0, 0, 10**15)]).result()
    assert train(order_of(models, job=2), RUN).report["how"] == "whole"


def test_the_frozen_test_stays_as_the_store_grows(models, store):
    """No entry that the twin has learnt is a test entry afterwards, whatever is put to the dataset."""
    store.put(SAID).result()
    taken(models, train(order_of(models), RUN))
    before = Dataset.open(models.shelf.data)
    tested = make_split(before, SplitConfig(valid=0.1, test=0.1)).role == 2
    pairs = set(zip(before.users.ids.gather(before.profiles.user[tested]), before.item[tested].tolist(), strict=True))
    store.put([Change(f"q{u}", str(10 * i), 9.0, 0, 10**15) for u in range(9) for i in range(9)]).result()
    train(order_of(models, job=2), RUN)
    after = Dataset.open(models.shelf.data)
    again = make_split(after, SplitConfig(valid=0.1, test=0.1)).role == 2
    assert pairs <= set(zip(after.users.ids.gather(after.profiles.user[again]), after.item[again].tolist(), strict=True))


def test_whoever_was_erased_has_it_trained_anew(models, store):
    store.put(SAID).result()
    taken(models, train(order_of(models), RUN))
    store.erase("p3").result()
    assert train(order_of(models, job=2), RUN).report["how"] == "whole"
    shutil.rmtree(models.shelf.work(2))  # that one came to nothing
    store.put([Change("p4", "10", 1.0, 0, 2 * 10**15)]).result()
    third = train(order_of(models, job=3), RUN)
    assert third.report["how"] == "whole"  # still: the served one knows them
    taken(models, third, 3)
    store.put([Change("p4", "10", 2.0, 0, 3 * 10**15)]).result()
    assert train(order_of(models, job=4), RUN).report["how"] == "warm"


def test_what_clients_say_of_items_is_learnt_and_what_nobody_has_rated_yet_stays_offered(models, store):
    facts = {str(10 * i): {"title": f"Title {i}", "genres": ["Even" if i % 2 == 0 else "Odd"]} for i in range(20)}
    facts["777"] = {"title": "New", "genres": ["Even"]}
    store.change_items([ItemChange(id, said, False) for id, said in facts.items()]).result()
    store.put([*SAID, *(Change(f"p{u}", "555", 9.0, 0, 10**15) for u in range(0, 40, 2))]).result()
    Service(models.current, store=store, models=models)  # it follows what clients say
    taken(models, train(order_of(models), RUN))
    served = models.current.served
    learnt = {id: row for row, id in enumerate(served.bundle.items["item_id"])}
    assert served.bundle.items["title"][learnt[777]] == "New" and served.bundle.models["ease"].item_known[learnt[777]] == 0
    assert served.bundle.models["ease"].item_known[learnt[555]] > 0
    assert served.recommender.bundle.items["kin"][learnt[777]].len() == 3
    titles = [row.item_id for row in served.recommender.recommend({0: 9.0, 20: 9.0, 10: 2.0}, k=30).rows]
    assert 777 in titles and 555 in titles


def test_an_interrupted_training_ends_in_the_same_bytes(models, store, tmp_path):
    store.put(SAID).result()
    shutil.copytree(models.shelf.folder, tmp_path / "before")
    expected, names = train(order_of(models), RUN), ("model", "twin")
    made = [(models.shelf.work(1) / name).read_bytes() for name in names]
    shutil.rmtree(models.shelf.folder)
    shutil.move(tmp_path / "before", models.shelf.folder)
    seen, ends = [], 0
    while True:
        run = Run(threads=1, cancel=Event())

        def progress(stage, cancel=run.cancel):
            place = (stage.what, stage.done)
            if place not in seen:
                seen.append(place)
                cancel.set() if len(seen) % 4 == 0 else None

        try:
            found = train(order_of(models), replace(run, progress=progress))
            break
        except Cancelled:
            ends += 1
    assert ends > 5 and found.report == expected.report
    assert [(models.shelf.work(1) / name).read_bytes() for name in names] == made


def test_the_gate(given):
    data = Dataset.open(given / "data")
    split = make_split(data, SplitConfig(valid=0.1, test=0.1))
    good, bad = (train_model(data, {"mf": {"dim": 2, "epochs": n, "rate": 0.2}}, split, RUN, refit=False) for n in (20, 1))
    worse = judged(bad, good, data, split, RUN)
    assert not worse.passed and "worse than the served one: " in worse.why and "RMSE" in worse.why
    assert judged(good, bad, data, split, RUN).passed and judged(good, good, data, split, RUN).passed
    few = data.profiles.user < 5
    tested = replace(split, role=np.where(~few & (split.role == 2), np.uint8(0), split.role))
    assert "Fewer than 30" in judged(good, bad, data, tested, RUN).why
    none = replace(split, role=np.zeros_like(split.role))
    assert "no test entries" in judged(good, bad, data, none, RUN).why


def test_the_rival_has_not_learnt_the_test(given):
    """A bundle that was given has learnt everything: what it is measured by is trained without."""
    data, served = Dataset.open(given / "data"), load_bundle(given / "bundle")
    split = make_split(data, SplitConfig(valid=0.1, test=0.1))
    twin = rival(served, None, data, split, RUN)
    assert not twin.facts.refitted and twin.facts.split.entries["train"] == split.counts()["train"]
    assert rival(served, twin, data, split, RUN) is twin
    unknown = replace(served, facts=replace(served.facts, data=replace(served.facts.data, sha256="sha256:0")))
    assert rival(unknown, None, data, split, RUN) is unknown


# ---- the process beside the service


@pytest.fixture
def begin(models, store, monkeypatch):
    """Begins a trainer; its jobs are ended with the test."""
    monkeypatch.setattr(trainer, "LOOK", 0.05)
    monkeypatch.setattr(trainer, "RENEW", 0.1)
    begun = []

    def made(when=When()):  # noqa: B008
        begun.append(Trainer(models, store.ledger.erased.path, store.database.place, when))
        begun[-1].start()
        return begun[-1]

    yield made
    for each in begun:
        each.close()


def until(store, id, *states, seconds=120):
    """The job, once it is in one of these states."""
    end = time.monotonic() + seconds
    while True:
        with store.database.read() as connection:
            job = find_job(connection, id)
        if job is not None and job.state in states:
            return job
        assert time.monotonic() < end, job
        time.sleep(0.02)


def ask(store, how="warm"):
    return store.writer.call(lambda connection: add_job(connection, how)).result()


def children():
    return [each for each in psutil.Process().children() if "konomi.serve.training" in each.cmdline()]


def test_a_training_by_number_of_new_ratings_answers_in_the_end(begin, models, store):
    before = models.current.served.id
    begin(When(after=len(SAID)))
    store.put(SAID[:-1]).result()
    time.sleep(0.3)
    assert not children()  # not enough yet
    store.put(SAID[-1:]).result()
    job = until(store, 1, "done", "failed")
    assert job.error is None and models.current.served.id != before
    made = models.find(models.current.served.id)
    assert (made.job, made.seq) == (1, len(SAID)) and made.report["why"] == "It is not worse than the served one."
    assert models.shelf.twin(made.id).is_file()
    time.sleep(0.3)
    assert not children() and not models.shelf.work(1).exists()  # nothing is new


def test_a_training_that_is_killed_begins_again_and_one_that_is_cancelled_does_not(begin, models, store):
    store.put(SAID).result()
    begin()
    id = ask(store)
    while not (there := children()):
        time.sleep(0.01)
    while there[0].nice() != LEAST:
        time.sleep(0.01)
    there[0].send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while not (again := [each for each in children() if each.pid != there[0].pid]):
        assert time.monotonic() < end
        time.sleep(0.01)
    store.writer.call(lambda connection: end_job(connection, id, "cancelled")).result()
    while again[0].is_running() and again[0].status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert until(store, id, "cancelled").attempts == 2
    while models.shelf.work(id).exists():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_training_that_the_end_of_the_service_interrupts_goes_on_with_the_next(begin, models, store):
    store.put(SAID).result()
    first = begin()
    id = ask(store)
    while not (models.shelf.work(id) / "grown.json").exists():
        time.sleep(0.01)
    first.close()
    assert until(store, id, "waiting").attempts == 0 and not children()
    written = (models.shelf.work(id) / "grown.json").stat().st_mtime_ns
    begin()
    assert until(store, id, "done", "failed").error is None
    assert written and models.find(models.current.served.id).job == id


def test_a_process_that_cannot_begin_ends_no_later_training(begin, models, store, monkeypatch):
    begun, failed = trainer._Child, Event()

    def refused(order):
        monkeypatch.setattr(trainer, "_Child", begun)
        failed.set()
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(trainer, "_Child", refused)
    monkeypatch.setattr(trainer, "LATER", 0.1)
    service = begin()
    ask(store)
    assert failed.wait(60)
    time.sleep(0.5)
    assert service._thread.is_alive()


def test_why_a_training_has_failed_is_told(begin, models, store):
    shutil.move(models.current.served.recommender.bundle.facts.data.path, models.shelf.folder.parent / "away")
    try:
        begin()
        job = until(store, ask(store), "failed")
        assert "nothing to learn from" in job.error
    finally:
        shutil.move(models.shelf.folder.parent / "away", models.current.served.recommender.bundle.facts.data.path)


@pytest.mark.parametrize("passed", [True, False])
def test_a_model_that_is_worse_stays_a_candidate(models, store, given, tmp_path, passed):
    before, bundle = models.current.served.id, load_bundle(given / "bundle")
    for name in ("model", "twin"):
        save_bundle(tmp_path / name, replace(bundle, facts=replace(bundle.facts, seed=9)))
    job = store.writer.call(lambda connection: find_job(connection, add_job(connection, "warm"))).result()
    outcome = Outcome(str(tmp_path / "model"), str(tmp_path / "twin"), 5, 10**17, passed, {"why": "so"})
    it = Trainer(models, store.ledger.erased.path, store.database.place, When())
    assert it._taken(job, outcome) is None
    made = next(each for each in models.all() if each.job == job.id)
    assert (made.seq, made.report) == (5, {"why": "so"}) and (made.activated is not None) == passed
    assert models.current.served.id == (made.id if passed else before)
