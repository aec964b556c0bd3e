"""How many people have both of two items, from the people of every item."""

import numba


@numba.njit(nogil=True, cache=True)
def people_with_both(indptr, user, a, b):
    """indptr i64[I+1], user i32[N]: item i is had by the people user[indptr[i]:indptr[i+1]], in ascending order."""
    m, n, both = indptr[a], indptr[b], 0
    while m < indptr[a + 1] and n < indptr[b + 1]:
        left, right = user[m], user[n]
        both += left == right
        m += left <= right
        n += right <= left
    return both
