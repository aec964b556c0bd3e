"""The generator of random numbers of all kernels: a number is a function of a key and its place in the key's stream, so it
depends neither on threads nor on blocks. (SplitMix64: Steele, Lea & Flood 2014.)
"""

import math

import numba
import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / φ, the step of SplitMix64
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)  # the multipliers of SplitMix64's output function
MIX_2 = np.uint64(0x94D049BB133111EB)


@numba.njit(nogil=True, cache=True, inline="always")
def mix(z):
    """The output function of SplitMix64 (Steele, Lea & Flood 2014): u64 → u64."""
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    return z ^ (z >> np.uint64(31))


@numba.njit(nogil=True, cache=True, inline="always")
def uniform(key, n):
    """The n-th number of a key's stream, in [0, 1) with 53 random bits."""
    return float(mix(key + np.uint64(n) * GOLDEN) >> np.uint64(11)) * 2.0**-53


@numba.njit(nogil=True, cache=True, inline="always")
def stream(key, n):
    """The key of the n-th stream of random numbers that a key has, u64."""
    return mix(key + np.uint64(n) * GOLDEN)


@numba.njit(nogil=True, cache=True)
def normals(key, out):
    """Standard normal numbers into out[n], each two of them from two numbers of a key's stream (Box & Muller 1958)."""
    for k in range(0, len(out), 2):
        radius = math.sqrt(-2.0 * math.log(1.0 - uniform(key, k)))
        angle = 2.0 * math.pi * uniform(key, k + 1)
        out[k] = radius * math.cos(angle)
        if k + 1 < len(out):
            out[k + 1] = radius * math.sin(angle)


@numba.njit(nogil=True, cache=True)
def gamma(key, shape):
    """A number from the gamma distribution of this shape ≥ 1 and scale 1, from a key's stream (Marsaglia & Tsang 2000, "A
    simple method for generating gamma variables", section 2)."""
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    z = np.empty(1)
    n = 0
    while True:
        normals(stream(key, 2 * n), z)
        v = (1.0 + c * z[0]) ** 3
        if v > 0.0 and math.log(1.0 - uniform(key, 2 * n + 1)) < 0.5 * z[0] * z[0] + d * (1.0 - v + math.log(v)):
            return d * v
        n += 1


@numba.njit(nogil=True, cache=True)
def mixed(values):
    """`mix` of every number, u64[n] → u64[n]."""
    out = np.empty(len(values), np.uint64)
    for n in range(len(values)):
        out[n] = mix(values[n])
    return out


@numba.njit(nogil=True, cache=True)
def pair_numbers(left, right, indptr, item, out):
    """A number in [0, 1) for each entry, into out f64[N], from the hashes of its user and of its item alone.

    left u64[U], right u64[I]: the hashes; indptr i64[U+1], item i32[N].
    """
    for row in range(len(indptr) - 1):
        for entry in range(indptr[row], indptr[row + 1]):
            out[entry] = uniform(mix(left[row]) ^ right[item[entry]], 0)
