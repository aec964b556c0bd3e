"""The one pool of threads, the limits of BLAS and torch, cancelling: what many callers at once must not upset."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from hashlib import pbkdf2_hmac
from threading import Barrier, Event, Thread, active_count

import pytest
import torch
from threadpoolctl import threadpool_info

from konomi import Cancelled, Recommender
from konomi.data.prepare import prepare
from konomi.machine import available_memory
from konomi.models import MODELS, ease, mf, nn
from konomi.neural.loop import one_torch_thread
from konomi.pipeline.train import train_model
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run, SharedLimit, beside, check_cancel, interruptible, one_blas_thread, workers
from konomi.simulate.ratings import simulate
from konomi.simulate.sample import catalogue


def blas_threads():
    """How many threads each BLAS library uses."""
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.fixture(scope="module")
def dataset():
    """80 people and the titles of the sample."""
    return prepare(simulate(catalogue(), 80, 2500, 1, Run(threads=1)).table())


CONFIGS = {"mf": mf.Config(dim=8, epochs=40, patience=0), "ease": ease.Config(), "nn": nn.Config(dim=8, hidden=8, epochs=6)}


def at_once(n, call):
    """call(0) … call(n − 1), each on a thread of its own, begun together; their results, or the first error."""
    results, errors, begin = [None] * n, [], Barrier(n)

    def work(k):
        begin.wait()
        try:
            results[k] = call(k)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=work, args=(k,)) for k in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def state(bundle):
    return {f"{name}.{key}": array.tobytes() for name, model in bundle.models.items() for key, array in model.state().items()}


@pytest.mark.slow
def test_answers_and_trainings_beside_each_other_are_those_alone(dataset):
    """16 threads × 200 answers beside a training of three models: everything bit-identical, every limit as before."""
    before = blas_threads(), torch.get_num_threads()
    bundle = train_model(dataset, CONFIGS, run=Run(threads=2))
    people = [dataset.profiles.slice(b, b + 1) for b in range(20)]
    alone = [Recommender(bundle).recommend(person, k=5) for person in people]
    shared = Recommender(bundle)  # what it keeps is first made by many at once

    def work(k):
        if k == 16:
            return train_model(dataset, CONFIGS, run=Run(threads=2))
        return [shared.recommend(people[(k + n) % len(people)], k=5) for n in range(200)]

    *answers, again = at_once(17, work)
    assert all(answer == alone[(k + n) % len(people)] for k, found in enumerate(answers) for n, answer in enumerate(found))
    assert state(again) == state(bundle) and again.facts == bundle.facts
    assert (blas_threads(), torch.get_num_threads()) == before


BYTES = """
import sys
[__import__(name) for name in sys.argv[1:]]
from dataclasses import replace
from konomi.data.prepare import prepare
from konomi.files import hash_array
from konomi.models import MODELS, module
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from konomi.simulate.sample import catalogue
from konomi.simulate.ratings import simulate
dataset = prepare(simulate(catalogue(), 80, 2_500, 1, Run(threads=2)).table())
for name in MODELS:
    config = module(name).Config()
    short = {"epochs": 2, "dim": 48} if name == "mf" else {"epochs": 1} if hasattr(config, "epochs") else {}
    model = (bundle := train_model(dataset, {name: replace(config, **short)}, run=Run(threads=2))).models[name]
    codes = model.encode(dataset.profiles, 2)
    arrays = [*model.state().values(), codes, *(model.score(codes, output) for output in sorted(model.outputs))]
    print(name, *map(hash_array, arrays), bundle.facts)
"""


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_environment():
    """What is trained, encoded, scored and measured is the same whatever the variables say and whatever is imported before."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BYTES, *imports],
            env={**os.environ, **dict.fromkeys(names, number)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number, imports in (("1", ()), ("2", ("torch", "scipy.linalg")))
    ]
    found = [process.communicate()[0].splitlines() for process in processes]
    assert found[0] == found[1] and len(found[0]) == len(MODELS)


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_tasks_than_threads_run_at_once(threads):
    running, most, lock = 0, 0, threading.Lock()

    def task(_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1

    with workers(threads) as each:
        each(task, range(30))
    assert most == threads


def test_tasks_that_ask_for_tasks_do_not_wait_for_each_other():
    def deep(level):
        with workers(4) as each:
            return 1 if level == 0 else sum(each(deep, [level - 1] * 4))

    assert deep(4) == 4**4
    assert at_once(8, lambda k: deep(3)) == [4**3] * 8


def test_threads_are_kept():
    def ask(_):
        with workers(4) as each:
            each(lambda task: time.sleep(0.001), range(8))

    ask(0)
    before = active_count()
    for _ in range(20):
        ask(0)
    assert active_count() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("where", ["caller", "helper"])
def test_after_an_error_no_queued_task_starts_and_none_runs_on(error, where):
    """As when Ctrl-C is pressed, which Python raises in the thread that asked for the tasks."""
    caller, begun, ended = threading.get_ident(), [], []
    both = Barrier(2)  # a task on each of the two threads

    def task(n):
        begun.append(n)
        if n < 2:
            both.wait()
            if (threading.get_ident() == caller) == (where == "caller"):
                raise error
        time.sleep(0.02)
        ended.append(n)

    with pytest.raises(error), workers(2) as each:
        each(task, range(100))
    assert len(begun) <= 3 and len(ended) == len(begun) - 1
    time.sleep(0.05)
    assert len(begun) <= 3


def test_cancelling_ends_the_work_everywhere_beneath():
    cancel, begun = Event(), []

    def inner(n):
        begun.append(n)
        if len(begun) == 5:
            cancel.set()
        return n

    def task(_):
        with workers(2) as each:  # knows nothing of the run, nor of the thread it is called on
            return each(inner, range(100))

    with pytest.raises(Cancelled) as caught, Run(threads=3, cancel=cancel).workers() as each:
        each(task, range(50))
    assert caught.value.hint and len(begun) <= 5 + 6
    check_cancel()  # outside of it nothing is cancelled
    with workers(2) as each:
        assert each(abs, [-1]) == [1]


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_a_training_that_is_cancelled_ends(dataset, tmp_path, name):
    cancel, told = Event(), []

    def progress(stage):
        told.append(stage.what)
        if stage.what == f"train {name}" and (stage.done or name == "ease"):
            cancel.set()

    run = Run(threads=2, cancel=cancel, progress=progress)
    with pytest.raises(Cancelled):
        train_model(dataset, {name: CONFIGS[name]}, run=run)
    assert told.count(f"train {name}") < 4 and not any(what == "evaluate" for what in told)


def test_preparing_and_reading_can_be_cancelled(tmp_path):
    (tmp_path / "ratings.csv").write_text("user_id,item_id,rating\n1,1,5\n1,2,3\n")
    run = Run()
    table = read_source(None, [tmp_path / "ratings.csv"], ReadOptions(), run)
    run.cancel.set()
    for work in (lambda: read_source(None, [tmp_path / "ratings.csv"], ReadOptions(), run), lambda: prepare(table, run=run)):
        with pytest.raises(Cancelled):
            work()


def test_ctrl_c_is_heard_in_a_long_call():
    """pbkdf2 hears no signal while it runs; another thread runs it."""
    done = []

    def long(rounds):
        done.append(pbkdf2_hmac("sha256", b"", b"", rounds))

    begin = time.perf_counter()
    long(20_000)
    rounds = int(20_000 / (time.perf_counter() - begin))  # about a second
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(long, rounds)
        pytest.fail("it was waited for")
    assert len(done) == 1
    assert interruptible(abs, -3) == 3 and [found() for found in [beside(abs, n) for n in (-1, -2)]] == [1, 2]
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)


def test_the_logger_is_quiet_until_it_is_heard(caplog):
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("konomi").handlers)
    caplog.set_level(logging.DEBUG, "konomi")
    with one_blas_thread():
        pass
    assert [record.name for record in caplog.records] == ["konomi.runtime"]


def test_a_run_that_can_be_cancelled_is_still_a_plain_record():
    assert Run(memory=1) == Run(memory=1) and "cancel" not in repr(Run())


def test_limits_that_overlap_are_restored_by_the_last():
    before = blas_threads(), torch.get_num_threads()
    inside, first_out = Event(), Event()

    def second(k):
        with one_blas_thread(), one_torch_thread():
            inside.set()
            first_out.wait(10)
            assert set(blas_threads()) == {1} and torch.get_num_threads() == 1
        return torch.get_num_threads()

    other = beside(second, 0)
    with one_blas_thread(), one_torch_thread():
        inside.wait(10)
        assert set(blas_threads()) == {1} and torch.get_num_threads() == 1
    first_out.set()
    assert other() == before[1]
    assert (blas_threads(), torch.get_num_threads()) == before


def test_any_thread_may_set_the_limit_of_blas():
    """threadpoolctl lets no other thread do so while the one that first did is alive."""
    before = blas_threads()
    with one_blas_thread():
        assert set(blas_threads()) == {1}

    def inside(_):
        with one_blas_thread():
            return blas_threads()

    assert set(at_once(1, inside)[0]) == {1} and blas_threads() == before


def test_a_shared_limit_is_set_once_and_restored_once():
    told = []

    def impose():
        told.append("set")
        return lambda: told.append("restore")

    limit = SharedLimit(impose)
    with limit(), limit():
        assert told == ["set"]
        with pytest.raises(ValueError), limit():
            raise ValueError
        assert told == ["set"]
    assert told == ["set", "restore"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_has_a_pool_and_limits_of_its_own():
    """Forked while another thread holds the limit and the pool is busy: the child has threads, and does not keep the limit."""
    code = """
import os, threading, time, warnings
from konomi.runtime import workers, one_blas_thread
from threadpoolctl import threadpool_info
warnings.simplefilter("ignore")  # newer Pythons warn of a fork beside threads
blas = lambda: [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
with one_blas_thread(): pass
before, inside = blas(), threading.Event()

def busy():
    with workers(4) as each:
        each(lambda n: (inside.set(), time.sleep(.05)), range(40))

def check_child():
    if not (child := os.fork()):
        with workers(2) as each:
            both = threading.Barrier(2)  # passed by two threads, or not at all
            each(lambda n: both.wait(20), range(2))
        assert blas() == before
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

thread = threading.Thread(target=busy)
thread.start()
inside.wait()
check_child()
thread.join()
check_child()  # and when its threads are idle
assert blas() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def write(root, files):
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


FREE = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:   5000 kB\n"}


def test_memory_is_what_the_machine_has_free(tmp_path):
    assert available_memory() > 1e6
    assert available_memory(tmp_path) > 1e6  # of systems without /proc: all there is
    assert available_memory(write(tmp_path, FREE)) == 5000 * 1024


@pytest.mark.parametrize("version", [1, 2])
def test_memory_is_what_a_control_group_leaves(tmp_path, version):
    """The tightest of the own group and those above, where there is a limit; files that were read count as free."""
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    names, top = (
        (names, "sys/fs/cgroup/memory")
        if version == 1
        else (("memory.max", "memory.current", "inactive_file"), "sys/fs/cgroup")
    )
    own = "9:cpu:/else\n4:memory:/a/b\n" if version == 1 else "0::/a/b\n"
    unlimited = str(2**63 - 4096) if version == 1 else "max"

    def group(path, limit, used, idle):
        folder = f"{top}/{path}".rstrip("/")
        return {
            f"{folder}/{names[0]}": f"{limit}\n",
            f"{folder}/{names[1]}": f"{used}\n",
            f"{folder}/memory.stat": f"x 1\n{names[2]} {idle}\n",
        }

    root = write(tmp_path, {**FREE, "proc/self/cgroup": own, **group("a/b", unlimited, 10, 0)})
    assert available_memory(root) == 5000 * 1024
    write(root, group("a", 3000, 2500, 200))
    assert available_memory(root) == 700
    write(root, group("a/b", 2000, 1900, 50))
    assert available_memory(root) == 150
    write(root, {"proc/self/cgroup": own.replace("/a/b", "/of/another/namespace")} | group("", 1000, 2000, 1))
    assert available_memory(root) == 0
