"""Letters compared in bulk say what the plain definitions say, one by one."""

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from konomi.kernels.letters import WINDOWS, errors_at, letter_sets, occurrences
from konomi.lists.lines import NameLines, letters_of
from konomi.lists.typed import typing_errors

TEXTS = st.text("abあ", min_size=1, max_size=7)


def joined(names):
    """The letters of names with an end after each, and the place of every letter."""
    letters = letters_of("".join(f"{name}\0" for name in names))
    return letters, np.flatnonzero(letters).astype(np.int32)


@given(st.lists(TEXTS, min_size=1, max_size=5), TEXTS)
def test_occurrences_are_those_that_python_finds(names, text):
    letters, places = joined(names)
    whole = "".join(f"{name}\0" for name in names)
    found = occurrences(letters, places, letters_of(text))
    assert found.tolist() == [at for at in range(len(whole)) if whole.startswith(text, at)]


@given(st.lists(TEXTS, min_size=1, max_size=5), TEXTS, st.integers(0, 2))
@example(["abba"], "baba", 1)  # swapped letters are one error
@example(["abあb"], "abbあ", 2)
@settings(max_examples=300)
def test_errors_are_those_of_typing_errors(names, text, most):
    letters, places = joined(names)
    beginning, entire = errors_at(letters, places, letter_sets(letters, places), letters_of(text), most)
    rests = [name[at:] for name in names for at in range(len(name))]
    assert entire.tolist() == [typing_errors(text, rest, most) for rest in rests]
    least = [min(typing_errors(text, rest[:end], most) for end in range(len(rest) + 1)) for rest in rests]
    assert beginning.tolist() == least


def test_long_texts_are_compared_to_their_end():
    """What is known of the first letters decides nothing about the rest."""
    name = "".join(chr(97 + n % 26) for n in range(3 * max(WINDOWS)))
    letters, places = joined([name])
    sets = letter_sets(letters, places)
    for text, errors in ((name, 0), (name[:-1] + "é", 1), ("é" + name[1:], 1), (name[:40] + name[41:], 1), (name + "ab", 2)):
        beginning, entire = errors_at(letters, places, sets, letters_of(text), 2)
        assert (beginning[0], entire[0]) == (errors, errors)


def test_names_without_letters_have_no_bits():
    lines = NameLines.of(pl.DataFrame({"title": [None, "‪", "A b"], "titles": [None, [], ["!!"]]}))
    first, every = lines.bits
    assert lines.names == ["‪", "A b", "!!"] and lines.item.tolist() == [1, 2, 2]
    assert first[0] == every[0] == 0 and first[1] and every[1]
