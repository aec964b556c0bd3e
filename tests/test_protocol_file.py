"""Protocols in TOML: those that come with Konomi can be read, and what is wrong in one is named with its table."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from command_line import write
from konomi.errors import ConfigError
from konomi.pipeline.protocol import Data, Fetch, Files, HeldOutPeople, Index, Published, Rule, Shuffled, files_of
from konomi.pipeline.protocol_file import SHIPPED, is_protocol, load_protocol, protocol_names
from protocols import LISTED, protocol

PAGE = Path(__file__).parents[1] / "docs" / "benchmark.md"
FILES = 'kind = "files"\ntest = ["test.csv"]'
FIGURE = """
[[published]]
name = "Somebody's"
values = { "rmse" = 0.9 }
source = "https://example.org/paper"
where = "Table 1"
read = 2026-11-27
picked_on = "validation"
"""


@pytest.mark.parametrize("name", protocol_names())
def test_those_that_come_with_konomi(name):
    found = load_protocol(name)
    assert found.name == name and found.title and found.about and found.file == SHIPPED / f"{name}.toml"
    named = {*found.data.ratings, *found.data.contents, *files_of(found.split)}
    assert {*found.data.sums} <= named
    fetched = {file for fetch in found.data.fetch for file in fetch.files}
    assert not fetched or fetched == named
    for each in found.published:  # each figure has a source, and was read by somebody
        assert (
            each.source.startswith(("https://", "the founding notebook"))
            and len(each.where) > 10
            and re.fullmatch(r"20\d\d-\d\d-\d\d", each.read)
        )
        assert all(0 < value < 2 for value in each.values.values())
    assert len({each.name for each in found.published}) == len(found.published)


def test_every_kind_of_split_is_among_them():
    kinds = {type(load_protocol(name).split) for name in protocol_names()}
    assert len(kinds) == 5 and {Files, Index, Shuffled, HeldOutPeople} < kinds


def test_a_file_of_ones_own(tmp_path):
    path = protocol(tmp_path / "mine.toml", FILES, more=f"[as_published]\npicked = 'test'\n{FIGURE}")
    found = load_protocol(path)
    assert (found.name, found.task, [metric.key for metric in found.metrics]) == ("mine", "rating", ["rmse", "mae"])
    assert found.clean.picked == "valid" and found.as_published.picked == "test" and found.rule("as-published").valid == 0.1
    (figure,) = found.published
    assert (figure.values, figure.read, figure.picked_on) == ({"rmse": 0.9}, "2026-11-27", "validation")
    assert "mine" in repr(found)


def test_names_and_paths_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_protocol("ml-100k") and is_protocol("x/y.toml") and not is_protocol("data")
    (tmp_path / "ml-100k").mkdir()
    assert not is_protocol("ml-100k")  # a folder that is there is meant
    with pytest.raises(ConfigError, match=r'There is no protocol "ml-100"\. Did you mean "ml-10') as error:
        load_protocol("ml-100")
    assert "ml-100k-u1" in error.value.hint
    with pytest.raises(ConfigError, match=r"no\.toml: no such file"):
        load_protocol("no.toml")


WRONG = {
    "an unknown table": (FILES, {"more": "[rules]\n"}, 'unknown "rules". Did you mean "rule"?'),
    "an unknown key of the split": (f"{FILES}\nseeds = 1", {}, '[split]: unknown setting "seeds"'),
    "an unknown kind": ('kind = "file"', {}, "[split]: kind cannot be 'file'. Did you mean \"files\"?"),
    "no kind": ("", {}, "[split]: kind cannot be None"),
    "no test file": ('kind = "files"', {}, '[split]: there is no "test"'),
    "a text for a list": ('kind = "files"\ntest = "a"', {}, "[split]: test cannot be 'a'"),
    "one validation file for two folds": ('kind = "files"\ntest = ["a", "b"]\nvalid = ["c"]', {}, "a fold has a test file"),
    "a name that leads out": ('kind = "files"\ntest = ["../secret"]', {}, '[split]: "../secret" is no name within'),
    "an absolute name": ('kind = "index"\nfile = "/etc/passwd"', {}, '[split]: "/etc/passwd" is no name within'),
    "shares that do not ascend": ('kind = "shuffled"\ntrain_to = 0.9\nvalid_to = 0.8', {}, "[split]: A shuffled split of"),
    "nobody to test": ('kind = "people"\nvalid = 1\ntest = 0', {}, "[split]: A split of 1 people"),
    "a drawn split that cannot be": ('kind = "drawn"\nvalid = 0.6\ntest = 0.6', {}, "[split]: A split of valid 0.6"),
    "an unknown metric": (FILES, {"metrics": ("rmsd",)}, 'Unknown metric "rmsd"'),
    "no metric": (FILES, {"metrics": ()}, "metrics names none"),
    "a metric of the other task": (FILES, {"metrics": ("ndcg@10",)}, "ndcg@10 does not measure a rating"),
    "an unknown task": (FILES, {"task": "ranks"}, 'task cannot be "ranks"'),
    "a rule out of range": (FILES, {"more": "[rule]\nvalid = 1.5\n"}, "valid is 1.5"),
    "a rule of none": (FILES, {"more": "[rule]\npicked = 'tests'\n"}, 'picked cannot be "tests". Did you mean "test"?'),
    "people held out and learnt": ('kind = "people"\nvalid = 1\ntest = 1', {}, "people who are held out are not learnt from"),
    "thresholds under numbered rows": (
        'kind = "shuffled"', {"data": "rules = { k_core = 5 }"}, "rows are numbered before thresholds",
    ),
    "an unknown threshold": (FILES, {"data": "rules = { kcore = 5 }"}, '[data.rules]: unknown setting "kcore"'),
    "a scale that is none": (FILES, {"data": "read = { scale = 5 }"}, "[data.read]: scale cannot be 5"),
    "a scale that descends": (FILES, {"data": "read = { scale = [5, 1, 1] }"}, "[data.read]: A rating scale from 5 to 1"),
    "a sum that is none": (FILES, {"data": '[data.sums]\n"a.csv" = "abc"'}, "[data.sums] a.csv: 'abc' is no checksum"),
    "an address that is none": (
        FILES,
        {"data": "[[data.fetch]]\naddress = 'file:///x'\nlicence = ''\nfiles = ['a']"},
        '[[data.fetch]] 1: address cannot be "file:///x"',
    ),
    "a size that is none": (
        FILES,
        {"data": "[[data.fetch]]\naddress = 'https://x'\nlicence = ''\nfiles = ['a']\nmost = 'much'"},
        '[[data.fetch]] 1: most cannot be "much"',
    ),
    "a figure without its source": (FILES, {"more": FIGURE.replace("source", "sauce")}, 'there is no "source"'),
    "a figure of another metric": (FILES, {"more": FIGURE.replace("rmse", "mrr")}, '[[published]] 1: unknown "mrr"'),
    "a figure without a value": (FILES, {"more": FIGURE.replace("0.9", "'0.9'")}, "[[published]] 1: values has no figure"),
    "a figure with more than that": (FILES, {"more": FIGURE + "note = 'a'\n"}, '[[published]] 1: unknown "note"'),
    "a figure without end": (FILES, {"more": FIGURE.replace("0.9", "inf")}, "[[published]] 1: values has no figure"),
    "a fetch that is no list": (FILES, {"data": "fetch = 5"}, "data.fetch is no list"),
    "a fetch of nothing": (
        FILES,
        {"data": "[[data.fetch]]\naddress = 'https://x'\nlicence = ''\nfiles = []"},
        "[[data.fetch]] 1: files names none",
    ),
    "a fetch of other files": (
        FILES,
        {"data": "[[data.fetch]]\naddress = 'https://x'\nlicence = ''\nfiles = ['rating.csv']"},
        '[[data.fetch]] 1: unknown "rating.csv". Did you mean "ratings.csv"?',
    ),
    "a sum of another file": (
        FILES, {"data": f'[data.sums]\n"rating.csv" = "md5:{"0" * 32}"'}, '[data.sums]: unknown "rating.csv". Did you mean',
    ),
    "an unknown way to read": (FILES, {"data": "read = { separater = ';' }"}, '[data.read]: unknown "separater". Did you'),
    "a way to read that is not said there": (FILES, {"data": "read = { run = 5 }"}, '[data.read]: unknown "run"'),
    "titles from elsewhere": (FILES, {"data": "read = { items = '/etc/passwd' }"}, '[data.read]: unknown "items"'),
    "one number for two roles": ('kind = "index"\nfile = "a"\ntrain = 1', {}, "[split]: The numbers of train, valid and"),
    "a seed that NumPy refuses": ('kind = "shuffled"\nseed = 4294967296', {}, "[split]: seed is 4294967296"),
    "a seed below 0": ('kind = "people"\nvalid = 1\ntest = 1\nseed = -1', {}, "[split]: seed is -1"),
    "a figure picked elsewhere": (FILES, {"more": FIGURE.replace('"validation"', '"train"')}, 'picked_on cannot be "train"'),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_with_its_place(tmp_path, what):
    split, given, said = WRONG[what]
    path = protocol(tmp_path / "wrong.toml", split, **given)
    with pytest.raises(ConfigError) as error:
        load_protocol(path)
    assert error.value.message.startswith(str(path)) and said in error.value.message and error.value.hint


def test_a_rule_that_is_no_table(tmp_path):
    path = protocol(tmp_path / "wrong.toml", FILES)
    for key in ("rule", "as_published"):
        with pytest.raises(ConfigError, match=rf"\[{key}\]: is no table"):
            load_protocol(write(tmp_path / "top.toml", f"{key} = 5\n{path.read_text()}"))


def test_no_toml_at_all(tmp_path):
    with pytest.raises(ConfigError, match="not TOML"):
        load_protocol(write(tmp_path / "a.toml", "title = "))
    with pytest.raises(ConfigError, match="title is no text"):
        load_protocol(write(tmp_path / "b.toml", ""))
    with pytest.raises(ConfigError, match=r"there is no table \[data\]"):
        load_protocol(write(tmp_path / "c.toml", 'title = "a"\nabout = "b"\ntask = "rating"\nmetrics = ["rmse"]'))


def test_a_rule_that_a_protocol_has_not(tmp_path):
    found = load_protocol(protocol(tmp_path / "mine.toml", FILES, data=LISTED))
    with pytest.raises(ConfigError, match="what is published follows the clean rule"):
        found.rule("as-published")
    with pytest.raises(ConfigError, match='There is no rule "dirty"'):
        found.rule("dirty")


def test_the_page_has_a_protocol_that_works_and_every_key(tmp_path):
    page = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```", page, re.M | re.S)
    found = load_protocol(write(tmp_path / "mine.toml", example))
    assert found.split.config.kind == "last" and found.published[0].picked_on == "not said" and found.data.fetch[0].files
    keys = {
        each.name for kind in (Data, Fetch, Files, HeldOutPeople, Index, Published, Rule, Shuffled) for each in fields(kind)
    }
    assert {key for key in keys - {"fetch", "sums"} if f"`{key}`" not in page} == set()
