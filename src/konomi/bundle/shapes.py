"""Checks a model's arrays by the `SHAPES` of its module: array → "dtype[shape] rule".

    {"item_code": "f32[I+1, D+1]", "penalty": "f32[2, D+1] >0", "genres": "u8[I+1, G] 0..1", "history": "f32[E, 2] nan"}

A shape is made of numbers and symbols. I is the number of items; any other symbol has the same value in all arrays. An array
may bring one new symbol; all others in its shape have to be in arrays before it. The rule bounds the values: "0..1", ends
included, "0.." without an upper end, ">0". Every number is finite and below `MOST`, except with the rule "nan". An array with a
"?" at the end may be absent.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.machine import available_cores
from konomi.runtime import blocks, workers

Array = npt.NDArray[Any]

MOST = 1e15  # every number of a model is below it, so that the product of two is far below the largest float32
BLOCK = 1 << 20  # numbers checked by one task
KINDS = {
    "f16": np.float16, "f32": np.float32, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "u8": np.uint8, "u16": np.uint16, "bool": np.bool_,
}  # fmt: skip
DECLARED = re.compile(r"(\w+)\[([^\]]*)\] ?(.*)")


def check_shapes(state: Mapping[str, Array], shapes: Mapping[str, str], n_items: int) -> dict[str, int]:
    """symbol → its value; ValueError where an array is missing or unknown, or has another dtype or shape."""
    if missing := [name for name in shapes if name not in state and not shapes[name].endswith("?")]:
        raise ValueError(f"{missing[0]} is missing")
    if unknown := [name for name in state if name not in shapes]:
        raise ValueError(f"{unknown[0]} is not one of its arrays: {', '.join(shapes)}")
    sizes = {"I": n_items}
    for name, declared in shapes.items():
        kind, shape, _ = _parsed(declared)
        if name not in state:
            continue
        array = state[name]
        axes = [axis for axis in shape.replace(" ", "").split(",") if axis]
        fits = array.dtype == KINDS[kind] and array.ndim == len(axes)
        if not fits or not all(_unify(axis, n, sizes) for axis, n in zip(axes, array.shape, strict=True)):
            known = ", ".join(f"{symbol} = {size}" for symbol, size in sizes.items() if re.search(rf"\b{symbol}\b", shape))
            found = f"{array.dtype}{list(array.shape)}"
            raise ValueError(f"{name} is {found}, not {kind}[{shape}]" + (f" with {known}" if known else ""))
    return sizes


def check_values(state: Mapping[str, Array], shapes: Mapping[str, str], sizes: Mapping[str, int], all_of_them: bool) -> None:
    """ValueError where an array has values that its rule does not allow. Unless `all_of_them`, only arrays of whole numbers are
    checked, since they are used as indices."""
    for name, array in state.items():
        kind, _, rule = _parsed(shapes[name])
        if array.size and rule != "nan" and (all_of_them or kind[0] != "f"):
            low, high = _extremes(array)
            if not _within(rule, low, high, sizes):
                expected = rule or f"finite and below {MOST:g}"
                raise ValueError(f"{name} has values from {low:g} to {high:g}, not {expected}")


def _parsed(declared: str) -> tuple[str, str, str]:
    """dtype, shape and rule."""
    found = DECLARED.fullmatch(declared)
    if found is None:
        raise ValueError(f'"{declared}" is no dtype and shape')
    return found[1], found[2], found[3].removesuffix("?")


def _unify(axis: str, n: int, sizes: dict[str, int]) -> bool:
    """Whether the size of an axis, such as "D+1", can be n; a new symbol gets the value that makes it n."""
    terms = axis.split("+")
    new = [term for term in terms if not term.isdigit() and term not in sizes]
    rest = n - sum(int(term) if term.isdigit() else sizes[term] for term in terms if term not in new)
    if not new:
        return rest == 0
    sizes[new[0]] = rest
    return len(new) == 1 and rest >= 0


def _extremes(array: Array) -> tuple[float, float]:
    """The least and the greatest value, NaN where there is a NaN, on all cores."""
    flat = array.reshape(-1)
    tasks = blocks(len(flat), BLOCK)
    with workers(min(available_cores(), len(tasks))) as each:
        found = each(lambda span: (flat[slice(*span)].min(), flat[slice(*span)].max()), tasks)
    lows, highs = zip(*found, strict=True)
    return float(np.min(lows)), float(np.max(highs))


def _within(rule: str, low: float, high: float, sizes: Mapping[str, int]) -> bool:
    """Whether a rule allows all values from low to high; False for NaN."""
    if not (-MOST < low <= high < MOST):
        return False
    if rule.startswith(">"):
        return low > float(rule[1:])
    least, _, most = rule.partition("..")
    end = float(sizes[most] if most in sizes else most or math.inf)
    return float(least or -math.inf) <= low and high <= end
