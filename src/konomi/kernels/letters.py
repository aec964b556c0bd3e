"""Where a text begins in many names that are joined into one array of letters: as it is, and but for typing errors.

To look at every letter of a catalogue takes about a millisecond, so there is no index that has to be built, kept and grown.
"""

import numba
import numpy as np

END = 0  # stands after every name, and in no text
WINDOWS = (12, 32)  # letters from a place on whose sets are kept: most texts with too many errors are known by them
BITS = 63  # of a set: letters with the same code modulo this are one to it


@numba.njit(nogil=True, cache=True)
def occurrences(letters, places, text):
    """The places, of i32[S], at which the letters u32[N] go on with text u32[n], n ≥ 1: i32[M], in order."""
    found, n, size = np.empty(len(places), np.int32), len(text), 0
    first = text[0]
    for at in places:
        if letters[at] != first:
            continue
        same = 1
        while same < n and letters[at + same] == text[same]:
            same += 1
        if same == n:
            found[size] = at
            size += 1
    return found[:size].copy()


@numba.njit(nogil=True, cache=True)
def more_than(most, bits):
    """Whether more than `most` bits are set."""
    for _ in range(most):
        bits &= bits - 1
    return bits != 0


@numba.njit(nogil=True, cache=True)
def letter_sets(letters, places):
    """Which letters stand in each of the `WINDOWS` from each place on, up to the next `END`, as bits: i64[S, 2]."""
    sets = np.zeros((len(places), len(WINDOWS)), np.int64)
    for s in range(len(places)):
        for w in range(len(WINDOWS)):
            n = 0
            while n < WINDOWS[w] and letters[places[s] + n] != END:
                sets[s, w] |= np.int64(1) << np.int64(letters[places[s] + n] % BITS)
                n += 1
    return sets


@numba.njit(nogil=True, cache=True)
def errors_at(letters, places, sets, text, most):
    """(beginning u8[S], whole u8[S]): how many letters of text u32[n] are changed, added, missing or swapped with the next
    (optimal string alignment) for it to be a beginning of what the letters go on with at each place, and the whole of it up to
    the next `END`; most + 1 where there are more than `most`.

    sets: the `letter_sets` of the places; every letter that is missing in them is an error. Only the 2·most + 1 cells beside
    the diagonal are computed, and no further row once all of them are above `most`.
    """
    n, width = len(text), 2 * most + 1
    asked = np.zeros(len(WINDOWS), np.int64)
    for w in range(len(WINDOWS)):
        for letter in text[: WINDOWS[w] - most]:
            asked[w] |= np.int64(1) << np.int64(letter % BITS)
    beginning, whole = np.full(len(places), most + 1, np.uint8), np.full(len(places), most + 1, np.uint8)
    rows = np.empty((3, width), np.int64)  # cell d of row i is of the first i letters of the text and i + d − most of the name
    for s in range(len(places)):
        at, far = places[s], most + 1
        if more_than(most, asked[0] & ~sets[s, 0]) or more_than(most, asked[1] & ~sets[s, 1]):
            continue
        left = 0  # letters of the name, as far as they can matter
        while left < n + most + 1 and letters[at + left] != END:
            left += 1
        if left + most < n:
            continue
        for d in range(width):
            rows[0, d] = d - most if 0 <= d - most <= left else far
        lowest = 0
        for i in range(1, n + 1):
            row, before, earlier = rows[i % 3], rows[(i - 1) % 3], rows[(i - 2) % 3]
            lowest = far
            for d in range(width):
                j = i + d - most
                if j < 0 or j > left:
                    row[d] = far
                    continue
                cost = before[d + 1] + 1 if d + 1 < width else far
                if d > 0:
                    cost = min(cost, row[d - 1] + 1)
                if j > 0:
                    cost = min(cost, before[d] + (text[i - 1] != letters[at + j - 1]))
                    if i > 1 and j > 1 and text[i - 1] == letters[at + j - 2] and text[i - 2] == letters[at + j - 1]:
                        cost = min(cost, earlier[d] + 1)
                row[d] = min(cost, far)
                lowest = min(lowest, row[d])
            if lowest > most:
                break
        if lowest <= most:
            beginning[s] = lowest
            d = left - n + most
            if 0 <= d < width:
                whole[s] = rows[n % 3, d]
    return beginning, whole
