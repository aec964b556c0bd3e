"""The trained network of `nn` and `hybrid`: settings, encoding and scoring, with NumPy alone.

    z_o = b_o + b_uo + b_io + e_u·e_i + V_o max(W_u e_u + W_i e_i + h, 0)

User and item vectors are concatenated and go through one hidden layer (He et al. 2017, eq. 7 with one layer). The dot product
of the vectors is added (as there in eq. 12), since a hidden layer learns it only with difficulty (Rendle et al. 2020). Outputs
are a rating, μ + σ z, a probability of liking, 1 / (1 + exp(−z)), or both. The model stores W_i e_i for each item, so that a
score needs no product with W_i.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from konomi.arrays import F32, F64, I8, I32
from konomi.data.labels import LEFT_OUT, Labelling
from konomi.data.profiles import Profiles
from konomi.errors import ConfigError
from konomi.kernels.fold_network import STEPS, fold_in
from konomi.models.api import check_output, in_short
from konomi.runtime import blocks, one_blas_thread, workers
from konomi.settings import check_types, positive

PEOPLE = 16  # people folded in by one task
PAIRS = 1 << 11  # pairs scored at once: few enough to stay in the cache
ITEMS = 1 << 10  # items of one person scored at once, likewise
DENSE, DENSE_LIKED = 3_400, 0.01  # the penalty of the layers: of ratings once, in entries; with interactions per batch


@dataclass(frozen=True)
class Layers:
    """The settings that `nn` and `hybrid` share: what is learnt and how fast.

    Penalties are per entry, and for ratings of standard deviation 1 (the log loss of interactions is scaled likewise). A vector
    has that of `PRIOR` entries besides (`fold_in.py`), which keeps what has few entries near 0.
    """

    dim: int = 64  # D, the length of a vector
    hidden: int = 64  # H, the units of the hidden layer
    product: bool = True  # add the dot product of the two vectors
    biased: bool = True  # learn b_u and b_i
    dropout: float = 0.0  # share of a vector's coordinates dropped; one draw for each user and item of a batch
    hidden_dropout: float = 0.0  # share of the hidden units dropped; one draw for each user of a batch
    optimizer: Literal["adam", "adagrad", "rowwise-adagrad", "sgd"] = "adam"  # how a step is taken
    rate: float = 0.004  # γ, the first epoch's learning rate
    decay: float = 0.1  # γ / (1 + decay·epoch)
    batch: int = 0  # entries of a batch, about; 0 = 1/64 of all, from 12,288 to 131,072, but at most 1/16 of all
    l2: float = 0.07  # λ, the penalty of the vectors
    l2_bias: float = 0.005  # λ_b, the penalty of the biases
    damping: float = 4.0  # κ, in entries at the mean: holds a bias of ratings to 0, once; 0 = not, and biases begin at 0
    l2_dense: float | None = None  # the penalty of the layers, per batch; None = 3,400 / the ratings, 0.01 with interactions
    init: float = 0.01  # standard deviation of the initial vectors
    epochs: int = 60  # at most
    patience: int = 5  # stop after this many epochs without a better validation error; 0 = never

    def __post_init__(self) -> None:
        check_types(self, "network")
        sizes = {name: getattr(self, name) for name in ("dim", "hidden", "rate", "init", "epochs")}
        positive("network", **sizes)
        if min(self.decay, self.batch, self.l2, self.l2_bias, self.damping, self.l2_dense or 0, self.patience) < 0:
            raise ConfigError(
                "network: a setting is negative.", "Set decay, batch, l2, l2_bias, damping, l2_dense and patience to 0 or more."
            )
        if not (0 <= self.dropout < 1 and 0 <= self.hidden_dropout < 1):
            raise ConfigError("network: a dropout is not a share.", "Set dropout and hidden_dropout to 0 or more and below 1.")


@dataclass(frozen=True)
class Losses:
    """What is learnt: the tasks, and how much the loss of the second weighs beside the first (or whether that is learnt)."""

    tasks: tuple[Literal["rating", "interaction"], ...]
    interaction: float = 1.0
    learned: bool = False

    def l2_dense(self, layers: Layers, entries: int) -> float:
        """The penalty of the layers, per batch, for so many training entries: as it is set; else of ratings that of a prior,
        which weighs less with every entry. What is liked is learnt through the layers from few entries, too."""
        if layers.l2_dense is not None:
            return layers.l2_dense
        return DENSE_LIKED if "interaction" in self.tasks else DENSE / entries


@dataclass(frozen=True)
class PairNetwork:
    """A trained model.

    W f32[D, H] and h f32[H]: from a person's vector to the hidden layer; V f32[O, H].

    right f32[I+1, H + P + O]: the items' side, [W_i e_i | e_i | b_i] (P is D, or 0 without the dot product), the row after the
    last item for an unknown item; item_known f32[I+1]; constant f32[O]; average f32[D + O]: the mean code; penalty
    f32[2, D + O], of a fold-in: per entry, and once for each person; heads f32[2]: the outputs that are the rating and the
    interaction, −1 = none; weights f32[2], of their losses; center f32[2]: μ and σ of the ratings; labelling f32[5]; dense
    f64[1]: the penalty of the layers in its training, None in bundles of earlier releases. A code is [e_u | b_u].
    """

    W: F32
    h: F32
    V: F32
    right: F32
    item_known: F32
    constant: F32
    average: F32
    penalty: F32
    heads: F32
    weights: F32
    center: F32
    labelling: F32
    history: F32
    dense: F64 | None = None

    __repr__ = in_short

    @property
    def chosen(self) -> dict[str, float]:
        """The penalty of the layers, which a Config may leave to the number of entries; none in bundles of earlier releases."""
        return {} if self.dense is None else {"l2_dense": float(self.dense[0])}

    @property
    def outputs(self) -> frozenset[str]:
        """ "rank", and "rating" and "interaction" where it has that head."""
        tasks = zip(("rating", "interaction"), self.heads, strict=True)
        return frozenset({"rank", *(task for task, head in tasks if head >= 0)})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """The codes that minimise the training objective on the profiles, f32[B, D + O]; see `kernels/fold_network.py`."""
        return self.folded(profiles, threads, STEPS)

    def folded(self, profiles: Profiles, threads: int, steps: int) -> F32:
        """The same after so many steps."""
        used, rating, label = targets(profiles, self.heads, self.center, self.labelling)
        codes = np.tile(self.average, (len(used), 1))
        fixed = [array.astype(np.float64) for array in (self.W, self.h, self.V, self.constant)]
        heads = (int(self.heads[0]), int(self.heads[1]))
        rest = (heads, self.weights.astype(np.float64), self.penalty.astype(np.float64), steps)
        with workers(threads if len(used) > PEOPLE else 1) as each:
            each(
                lambda span: fold_in(used.indptr, used.item, rating, label, self.right, *fixed, *rest, *span, codes),
                blocks(len(used), PEOPLE),
            )
        return codes

    @one_blas_thread()
    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        right = self.right[:-1] if items is None else self.right[items]
        left, o = self.left(codes), self.head(output)
        H, width = self.W.shape[1], self.right.shape[1] - len(self.V)
        z = left[:, H:width] @ right[:, H:width].T + left[:, width + o, None] + right[:, width + o]  # B × I
        for start, stop in blocks(len(right), ITEMS):
            hidden = np.empty((stop - start, H), np.float32)
            for b, a in enumerate(left[:, :H]):
                np.add(right[start:stop, :H], a, out=hidden)
                np.maximum(hidden, 0, out=hidden)
                z[b, start:stop] += hidden @ self.V[o]
        return self.finish(z, output, left, slice(0, -1) if items is None else items)

    @one_blas_thread()
    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        left = self.left(codes)
        z = self.join(left, np.arange(len(item_rows)), item_rows, self.head(output))
        return self.finish(z[:, None], output, left, item_rows[:, None])[:, 0]

    def join(self, left: F32, people: npt.NDArray[Any], items: npt.NDArray[Any], o: int) -> F32:
        """z_o of N pairs, f32[N]: rows people i[N] of `left` with rows items i[N] of `right`, `PAIRS` at a time."""
        H, width = self.W.shape[1], self.right.shape[1] - len(self.V)
        z = np.empty(len(items), np.float32)
        for start, stop in blocks(len(items), PAIRS):
            a, c = left[people[start:stop]], self.right[items[start:stop]]
            z[start:stop] = np.maximum(a[:, :H] + c[:, :H], 0) @ self.V[o] + a[:, width + o] + c[:, width + o]
            z[start:stop] += np.einsum("np,np->n", a[:, H:width], c[:, H:width])
        return z

    def left(self, codes: F32) -> F32:
        """The people's side, f32[B, H + P + O]."""
        D, products = len(self.W), self.right.shape[1] - self.W.shape[1] - len(self.V)
        return np.concatenate([codes[:, :D] @ self.W + self.h, codes[:, :products], codes[:, D:] + self.constant], axis=1)

    def head(self, output: str) -> int:
        """The o of the z_o that an output comes from; "rank" comes from the rating where there is one."""
        check_output(self, output)
        task = 1 if output == "interaction" or self.heads[0] < 0 else 0
        return int(self.heads[task])

    def finish(self, z: F32, output: str, left: F32, items: Any) -> F32:
        """From z f32[B, n] to the output. "rank" is shrunk towards the score of an unknown item, by `item_known`."""
        o = self.head(output)
        if output == "rank":
            unknown = self.join(left, np.arange(len(left)), np.full(len(left), -1), o)[:, None]
            z = np.asarray(unknown + (z - unknown) * self.item_known[items], np.float32)
        if output == "interaction":
            return np.asarray(expit(z), np.float32)
        return self.center[0] + self.center[1] * z if o == int(self.heads[0]) else z

    def item_vectors(self) -> F32:
        """The items' side of the hidden layer and the dot product, f32[I, H + P], for comparing items with each other."""
        return self.right[:-1, : -len(self.V)]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {name: array for name, array in vars(self).items() if array is not None}


SHAPES = {
    "W": "f32[D, H]",
    "h": "f32[H]",
    "V": "f32[O, H]",
    "right": "f32[I+1, H+P+O]",
    "item_known": "f32[I+1] 0..1",
    "constant": "f32[O]",
    "average": "f32[D+O]",
    "penalty": "f32[2, D+O] >0",
    "heads": "f32[2] -1..1",
    "weights": "f32[2] 0..",
    "center": "f32[2]",
    "labelling": "f32[L]",
    "history": "f32[E, 2] nan",
    "dense": "f64[1] 0..?",
}


def targets(profiles: Profiles, heads: F32, center: F32, labelling: F32) -> tuple[Profiles, F32, I8]:
    """The entries that a head learns from, their ratings in units of σ (NaN = none) and their labels (−1 = none)."""
    rating = (profiles.rating - center[0]) / center[1]
    label = Labelling.unpack(labelling).of(profiles)
    if heads[0] < 0:
        rating[:] = np.nan
    if heads[1] < 0:
        label[:] = LEFT_OUT
    used = ~np.isnan(rating) | (label != LEFT_OUT)
    return profiles.keep(used), rating[used], label[used]
