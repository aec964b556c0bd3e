"""The assertions of the laws, with messages that name the difference."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32
from konomi.data.profiles import Profiles
from konomi.models.api import Model


def agree(a: Model, b: Model, profiles: Profiles) -> None:
    """AssertionError unless two models give the same codes and scores, to the last bit."""
    codes = a.encode(profiles)
    equal(codes, b.encode(profiles), "codes")
    assert a.outputs == b.outputs, f"outputs are {set(a.outputs)} and {set(b.outputs)}"
    for output in a.outputs:
        equal(a.score(codes, output), b.score(codes, output), f"{output}: scores")


def equal(a: npt.ArrayLike, b: npt.ArrayLike, what: str) -> None:
    """AssertionError unless two arrays are equal."""
    np.testing.assert_array_equal(a, b, err_msg=what)


def close(a: F32, b: F32, what: str, share: float = 1e-5) -> None:
    """AssertionError where two arrays differ by more than this share of their values."""
    np.testing.assert_allclose(a, b, rtol=share, atol=share * float(np.abs(b).max(initial=0)), err_msg=what)


def raises(kind: type[Exception], call: Callable[[], Any], of: str) -> None:
    """AssertionError unless a call raises an error of this kind. of: its name in the message."""
    try:
        call()
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{of} ends in {type(error).__name__}, not in {kind.__name__}") from error
    raise AssertionError(f"{of} is no {kind.__name__}")
