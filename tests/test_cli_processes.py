"""The command line in a process of its own: streams, terminals, Ctrl-C, a full disk."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from command_line import refused, write


def start(*words, before="", **more):
    """`konomi words` in a process, after the Python statements `before`."""
    code = f"{before}\nfrom konomi.cli.main import main\nmain()"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_help_lists_every_command():
    child = start("--help")
    shown, _ = child.communicate()
    assert child.returncode == 0
    for name in (
        "demo",
        "prepare",
        "synth",
        "info",
        "train",
        "evaluate",
        "compare",
        "recommend",
        "predict",
        "similar",
        "ask",
        "serve",
        "doctor",
    ):
        assert f" {name} " in shown
    assert "..." not in shown.partition("Commands:")[2]  # no summary is too long for its line


@pytest.mark.slow
def test_results_go_to_stdout_and_talk_to_stderr(place):
    child = start("recommend", place / "bundle", "--rate", "Mushishi=9", "--json")
    shown, said = child.communicate()
    assert child.returncode == 0 and json.loads(shown)["given"][0]["title"] == "Mushishi (2005)" and said == ""
    child = start("recommend", place / "bundle", "--rate", "Mushishi=9")
    shown, said = child.communicate()
    assert "→ Mushishi" in said and "→" not in shown and "\x1b" not in shown + said


@pytest.mark.slow
def test_a_terminal_without_unicode(place):
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown, _ = start("info", place / "data", env=narrow).communicate()
    assert "Ratings" in shown and shown.isascii()
    shown, _ = start("similar", place / "bundle", "カウボーイビバップ", "--json", env=narrow).communicate()
    assert json.loads(shown)["titles"] == ["Cowboy Bebop (1998)"] and shown.isascii()


READY = "print('ready', flush=True); time.sleep(60)"
IN_PREPARE = f"import numpy, time\ndef save(*_, **__):\n {READY}\nnumpy.save = save"
IN_TRAIN = f"import time, konomi.models.bayes_fit as bayes\ndef sweep(*_):\n {READY}\nbayes.one_sweep = sweep"
IN_SAVE = "import time, konomi.bundle.format as bundle\ndef write(path, *_):\n path.write_bytes(b'half')\n"
IN_SAVE += f" {READY}\nbundle.write = write"


ENDING = [(signal.SIGINT, 130, "interrupted."), (signal.SIGTERM, 143, "terminated."), (signal.SIGHUP, 129, "")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "hook", "ending"),
    [("prepare", IN_PREPARE, ENDING[0]), ("prepare", IN_PREPARE, ENDING[2]), ("train", IN_TRAIN, ENDING[1])]
    + [("train", IN_SAVE, ending) for ending in ENDING[:2]],
)
def test_a_signal_leaves_nothing_half_written(place, tmp_path, command, hook, ending):
    source, (number, code, word) = place / ("ratings.csv" if command == "prepare" else "data"), ending
    child = start(command, source, "-o", tmp_path / "out", before=hook)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(number)
    shown, said = child.communicate(timeout=30)
    assert child.returncode == code
    assert shown == "" and said.strip() == word
    assert list(tmp_path.iterdir()) == []


SLOW = "import time\nclass Slow:\n def __del__(self):\n  print('ready', flush=True); time.sleep(60)\n"
SLOW += "slow = Slow()\ndel slow\ntime.sleep(60)"
LOST = "try:\n print('ready', flush=True); time.sleep(60)\nexcept:\n pass\ntime.sleep(60)"
TRANSLATED = "try:\n print('ready', flush=True); time.sleep(60)\nexcept BaseException as e:\n raise ImportError('half') from e"


@pytest.mark.parametrize("ending", ENDING[:2])
@pytest.mark.parametrize("module", [SLOW, "import time\n" + LOST, "import time\n" + TRANSLATED])
def test_a_signal_while_something_is_imported(tmp_path, module, ending):
    """Whatever a library makes of it: where nothing can be raised it comes again, another error is not told."""
    number, code, word = ending
    write(tmp_path / "heavy.py", module)
    before = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import konomi.cli.commands as commands\n"
    child = start(before=before + "def app():\n import heavy\ncommands.app = app")
    assert child.stdout.readline() == "ready\n"
    child.send_signal(number)
    assert child.communicate(timeout=30) == ("", f"\n{word}\n")
    assert child.returncode == code


def test_a_second_signal_does_not_disturb_what_takes_away(tmp_path):
    app = "try:\n  print('ready', flush=True); time.sleep(60)\n "
    app += "finally:\n  print('away', flush=True); time.sleep(0.5); done.touch()"
    before = f"import time, pathlib, konomi.cli.commands as commands\ndone = pathlib.Path({str(tmp_path / 'done')!r})\n"
    child = start(before=f"{before}def app():\n {app}\ncommands.app = app")
    for line in ("ready\n", "away\n"):
        assert child.stdout.readline() == line
        child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130 and (tmp_path / "done").exists()


def test_a_signal_that_the_parent_wants_ignored():
    """As behind `nohup`, or in the background of a script."""
    before = "import time, konomi.cli.commands as commands\ndef app():\n print('ready', flush=True); time.sleep(0.3)\n"
    child = start(before=before + "commands.app = app", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGHUP)
    assert child.communicate(timeout=30) == ("", "") and child.returncode == 0


def test_no_reminder_comes_after_the_end():
    """A timer that ran out meanwhile would raise `Ended` where nothing catches it any more."""
    code = """
import os, signal
from konomi.cli.main import Ended, Ending
for call in ("arrived", "remind"):
    ending = Ending()
    ending.listen()
    ending.signal = signal.SIGPIPE
    ending.arrived() if call == "arrived" else ending.remind(0)
    try:
        os.kill(os.getpid(), signal.SIGALRM)
        print(call, "quiet")
    except Ended:
        print(call, "raised")
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.stdout.splitlines() == ["arrived quiet", "remind raised"] and child.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--help",), ("info", "data"), ("info", "data", "--json")])
def test_a_pipe_that_is_closed_is_no_error(place, words):
    """As behind `| head`, which reads a line and is content."""
    reader, writer = os.pipe()
    os.close(reader)
    code = "from konomi.cli.main import main\nmain()"
    child = subprocess.run([sys.executable, "-c", code, *words], stdout=writer, stderr=subprocess.PIPE, cwd=place)
    os.close(writer)
    assert (child.returncode, child.stderr) == (128 + signal.SIGPIPE, b"")


@pytest.mark.slow
def test_a_signal_that_comes_after_the_error_that_it_is_of(place):
    """Python may handle the signal of a closed pipe after it has raised that the write failed."""
    code = """
import signal, konomi.cli.main as cli
arrived = cli.Ending.arrived
def late(self):
    if self.signal is None:
        self.end(signal.SIGPIPE, None)
    arrived(self)
cli.Ending.arrived = late
cli.main()
"""
    child = subprocess.run([sys.executable, "-c", code, "info", "data", "--json"], capture_output=True, cwd=place)
    assert (child.returncode, child.stderr) == (128 + signal.SIGPIPE, b"")


@pytest.mark.slow
def test_ctrl_c_while_threads_are_learning(place, tmp_path):
    before = "import konomi.models.mf_fit as mf\nlearn = mf._epoch\n"
    before += "def epoch(*a):\n print('ready', flush=True)\n return learn(*a)\nmf._epoch = epoch"
    words = ("train", place / "data", "-o", tmp_path / "out", "--set", "epochs=1000000", "--set", "patience=0", "--threads", 2)
    child = start(*words, "-m", "mf", before=before)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130 and said.strip() == "interrupted."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_keeps_the_older_artefact(place, tmp_path):
    older = shutil.copyfile(place / "bundle", tmp_path / "out")
    before = older.read_bytes()
    child = start("train", place / "data", "-o", older, before=IN_SAVE)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert older.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
@pytest.mark.parametrize("most", [100, 3000])
@pytest.mark.parametrize("command", ["prepare", "train"])
def test_a_full_disk(place, tmp_path, command, most):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    if command == "prepare":
        rows = np.arange(4000)
        text = "user_id,item_id,rating\n" + "".join(f"{n % 97},{n // 97},{n % 10 + 1}\n" for n in rows)
        words = ("prepare", write(tmp_path / "many.csv", text))
    else:
        words = ("train", place / "data", "-m", "ease,mf", "--set", "dim=256", "--set", "epochs=1")
    # the limit stands for a full disk; Numba's own cache may not be written under it
    child = start(*words, "-o", tmp_path / "out", preexec_fn=limit, env={**os.environ, "NUMBA_CACHE_DIR": ""})
    shown, said = child.communicate()
    assert child.returncode == 2 and shown == "", said
    assert said.splitlines()[0] == f"error: {tmp_path / 'out'}: cannot be written: the disk is full."
    assert said.splitlines()[1] == "hint: Free some space or choose another place with -o."
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".csv"] == []


def test_a_place_that_may_not_be_written(place):
    message, hint = refused("prepare", place / "ratings.csv", "-o", Path("/proc/konomi/data"))
    assert "/proc/konomi/data: cannot be written: " in message and "-o" in hint
