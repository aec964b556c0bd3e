"""What the service answers on models and trainings. msgspec writes these records as JSON, and OpenAPI describes the same."""

from dataclasses import dataclass

from konomi.serve.status import How, State


@dataclass(frozen=True)
class Figure:
    """A metric of the new model and of the one that was served, both as trained without the test entries. of: what it measures:
    "served", the lists that people get, or "rating" or "interaction", predictions; difference: new − served, within low and
    high, the bounds of its 95 % interval over people."""

    metric: str
    of: str
    new: float
    served: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Model:
    """A model that the service has. made: when its training began, so it knows of nobody who was erased before; RFC 3339.
    activated: when it was last made the one that answers; training: the id of its job, null = it was given; how: from the
    model before, or anew; entries, people: how many changes its training found, and of how many people; why: whether it may
    answer by itself."""

    id: str
    serving: bool
    made: str
    activated: str | None
    training: int | None = None
    how: How | None = None
    entries: int | None = None
    people: int | None = None
    why: str | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Step:
    """How far a training has come: done of total units."""

    what: str
    done: float
    total: int
    unit: str


@dataclass(frozen=True)
class Training:
    """A training. step: where it is; error: why it failed; model: the id of what it has made."""

    id: int
    how: How
    state: State
    created: str
    began: str | None
    ended: str | None
    step: Step | None = None
    error: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Activated:
    """The model that answers from now on."""

    id: str


@dataclass(frozen=True)
class Cancelled:
    """A training that is not wanted any more. cancelled: no = it had ended already."""

    id: int
    cancelled: bool
