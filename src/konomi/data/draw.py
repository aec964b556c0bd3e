"""Random numbers that belong to ids: those of entries follow from (user id, item id, seed), those of users and items from (id,
seed). So a dataset that grows, or is put in another order, keeps the numbers of what it had.
"""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64
from konomi.data.dataset import Dataset
from konomi.data.vocab import Vocab
from konomi.kernels.random import GOLDEN, mixed, pair_numbers
from konomi.runtime import interruptible

U64 = npt.NDArray[np.uint64]

SALT = 0x5B117  # of the numbers that split


def of_entries(dataset: Dataset, seed: int) -> F64:
    """A number in [0, 1) for each entry, f64[N]."""
    numbers = np.empty(len(dataset.item))
    left, right = _hashes(dataset.users, seed, "user"), _hashes(dataset.item_ids, seed, "item")
    interruptible(pair_numbers, left, right, dataset.indptr, dataset.item, numbers)
    return numbers


def of_ids(vocab: Vocab, seed: int, what: str) -> F64:
    """A number in [0, 1) for each id of a vocabulary of users or items (`what`), f64[n]."""
    return (_hashes(vocab, seed, what) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _hashes(vocab: Vocab, seed: int, what: str) -> U64:
    """64 bits for each id, u64[n]: int64 ids are mixed, texts hashed; `what` keeps user 7 and item 7 apart."""
    salt = np.uint64(int.from_bytes(blake2b(f"{SALT} {seed} {what}".encode(), digest_size=8).digest(), "little"))
    if vocab.integer:
        ids = vocab.ids.to_numpy().view(np.uint64)
    else:
        digests = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in vocab.ids)
        ids = np.frombuffer(digests, "<u8").astype(np.uint64)
    numbers: U64 = mixed(mixed(ids + GOLDEN) ^ salt)
    return numbers
