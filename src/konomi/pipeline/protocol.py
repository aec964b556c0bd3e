"""Protocols: how published figures are measured, as records. `protocol_file.py` reads them from TOML, see docs/benchmark.md.

Protocol
├── data       files, how they are read, what of them is kept, their checksums, where they can be fetched
├── split      the role of each entry: given by files or an index, shuffled with a seed, drawn, or whole people
├── clean      the rule: what chooses epochs and settings, what is learnt, what is shown of people
├── published  figures of others, each with its source
└── metrics    of the task, the first one orders the table
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from konomi.arguments import expect
from konomi.data.prepare import Rules
from konomi.data.split import SplitConfig
from konomi.errors import ConfigError
from konomi.evaluate.metrics import Metric
from konomi.settings import check_types

Learnt = Literal["train", "train and valid"]
PickedOn = Literal["validation", "test", "nothing", "not said"]  # nothing: default settings
RATING, RANKING = "rating", "ranking"  # the tasks
SEEDS = 1 << 32  # of NumPy's RandomState


@dataclass(frozen=True)
class Fetch:
    """What `--fetch` downloads: a zip, or a file as it is.

    address: begins with https:// or http://; licence: as its source states it; files: those that are taken of it, as the data
    names them; most: what is larger is refused; sum: of what is downloaded, "" = unknown.
    """

    address: str
    licence: str
    files: tuple[str, ...]
    most: str = "100MB"
    sum: str = ""


@dataclass(frozen=True)
class Data:
    """The data of a protocol.

    folder: the name of its folder; ratings, items, users: names of files within it; read: options of reading, as
    `konomi.prepare` takes them; least: of ratings, those below are left out, and all others are presence; rules: what else is
    left out, and what is liked; sums: the checksum of each file, "sha256:…" or "md5:…", where one is known.
    """

    folder: str
    ratings: tuple[str, ...]
    items: tuple[str, ...] = ()
    users: str = ""
    least: float | None = None
    read: Mapping[str, Any] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    sums: Mapping[str, str] = field(default_factory=dict)
    fetch: tuple[Fetch, ...] = ()

    @property
    def contents(self) -> tuple[str, ...]:
        """The files that tell of titles and people."""
        return (*self.items, *([self.users] if self.users else []))


@dataclass(frozen=True)
class Files:
    """Entries that files repeat: those of test[n], and of valid[n] where there are any, test and validate in fold n."""

    test: tuple[str, ...]
    valid: tuple[str, ...] = ()


@dataclass(frozen=True)
class Index:
    """A file with a number for each row of the ratings: which numbers are training, validation and test entries. Rows with
    any other are left out."""

    file: str
    train: int = 0
    valid: int = 1
    test: int = 2

    def __post_init__(self) -> None:
        check_types(self, "split")
        if len({self.train, self.valid, self.test}) < 3:
            said = f"The numbers of train, valid and test are {self.train}, {self.valid} and {self.test}."
            raise ConfigError(said, "Give each role a number of its own.", "valid")


@dataclass(frozen=True)
class Shuffled:
    """Rows in the order of NumPy's RandomState(seed).permutation, which is that of pandas' sample(frac=1) and of scikit-learn.

    Those before the share train_to train, from there to valid_to they validate, the rest tests. With folds, fold n is the n-th
    of so many pieces, of which the first ones have a row more where there is a remainder.
    """

    seed: int = 0
    train_to: float = 0.9
    valid_to: float = 0.9
    folds: int = 0

    def __post_init__(self) -> None:
        check_types(self, "split")
        check_seed(self.seed)
        if not 0 < self.train_to <= self.valid_to < 1 or self.folds < 0 or self.folds == 1:
            raise ConfigError(
                f"A shuffled split of train_to {self.train_to:g}, valid_to {self.valid_to:g} and {self.folds} folds.",
                "The shares ascend between 0 and 1, and there are 2 folds or more, or none.",
            )


@dataclass(frozen=True)
class Drawn:
    """Entries drawn by `SplitConfig`; with folds, each tests once."""

    config: SplitConfig


@dataclass(frozen=True)
class HeldOutPeople:
    """Whole people, held out as Liang et al. 2018 do: of the people in order of id, permuted by RandomState(seed), the last
    `test` and the `valid` before them. Of each one's entries whose items others have trained, a share `hidden` is drawn by
    RandomState(seed) and hidden, of people with five or more; the rest is shown."""

    valid: int
    test: int
    seed: int = 0
    hidden: float = 0.2

    def __post_init__(self) -> None:
        check_types(self, "split")
        check_seed(self.seed)
        if self.valid < 1 or self.test < 1 or not 0 < self.hidden < 1:
            raise ConfigError(
                f"A split of {self.valid:,} people to validate and {self.test:,} to test, {self.hidden:g} of each hidden.",
                "Hold out 1 or more, and hide a share between 0 and 1.",
            )


def check_seed(seed: int) -> None:
    """ConfigError for what NumPy's RandomState takes for no seed."""
    if not 0 <= seed < SEEDS:
        raise ConfigError(f"seed is {seed}.", f"NumPy's RandomState takes 0 to {SEEDS - 1:,}.", "seed")


Parting = Files | Index | Shuffled | Drawn | HeldOutPeople


def files_of(split: Parting) -> tuple[str, ...]:
    """The files that a split is given by."""
    if isinstance(split, Files):
        return (*split.test, *split.valid)
    return (split.file,) if isinstance(split, Index) else ()


def holds_out_people(split: Parting) -> bool:
    """Whether those who validate and test are others than those who train."""
    return isinstance(split, HeldOutPeople) or (isinstance(split, Drawn) and split.config.kind == "users")


@dataclass(frozen=True)
class Rule:
    """How a model is chosen and shown people.

    picked: the entries that choose its epoch and its settings; valid: the share of the training entries that is drawn for that
    where the split has none, with this seed; learnt: what the model that is measured has learnt; shown: what it is
    shown of the people, which is then never listed. Where the test entries pick, nothing validates, and everything else is
    learnt and shown.
    """

    picked: Literal["valid", "test"] = "valid"
    valid: float = 0.1
    seed: int = 0
    learnt: Learnt = "train and valid"
    shown: Learnt = "train and valid"

    def __post_init__(self) -> None:
        check_types(self, "rule")
        if not 0 <= self.valid < 1 or self.seed < 0:
            raise ConfigError(f"valid is {self.valid:g}, seed {self.seed}.", "A share goes from 0 to 1, a seed from 0 up.")


CLEAN, AS_PUBLISHED = "clean", "as-published"  # the names of the rules


@dataclass(frozen=True)
class Published:
    """A figure of others: the name of the method, key of a metric → value, the source (an address, and the place on the page),
    and the entries that its settings were picked on."""

    name: str
    values: Mapping[str, float]
    source: str
    where: str
    read: str  # the day on which somebody read it there, as in 2026-11-27
    picked_on: PickedOn

    def __post_init__(self) -> None:
        if self.picked_on not in get_args(PickedOn):
            raise ConfigError(f'picked_on cannot be "{self.picked_on}".', f"It is one of: {', '.join(get_args(PickedOn))}.")


@dataclass(frozen=True)
class Protocol:
    """One protocol; see the head of this file. as_published: the rule of the publications, where theirs is another."""

    name: str
    title: str
    about: str
    task: Literal["rating", "ranking"]
    metrics: tuple[Metric, ...]
    data: Data
    split: Parting
    clean: Rule
    as_published: Rule | None
    published: tuple[Published, ...]
    file: Path

    def __repr__(self) -> str:
        return f"Protocol({self.name}: {self.title}, {len(self.published)} published)"

    def rule(self, name: str) -> Rule:
        """The rule of this name; ConfigError where the protocol has none."""
        expect(name, str, "a rule", ConfigError, f"The rules are {CLEAN} and {AS_PUBLISHED}.", "rule")
        if name == CLEAN:
            return self.clean
        if name == AS_PUBLISHED and self.as_published is not None:
            return self.as_published
        if name == AS_PUBLISHED:
            raise ConfigError(f"{self.name}: what is published follows the clean rule.", "Leave `rule` out.", "rule")
        raise ConfigError(f'There is no rule "{name}".', f"The rules are {CLEAN} and {AS_PUBLISHED}.", "rule")
