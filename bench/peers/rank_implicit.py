"""implicit's rankers."""

import os
from typing import Any

from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.cpu.lmf import LogisticMatrixFactorization
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from threadpoolctl import threadpool_limits

from ranges import Family, between, log_between, whole

THREADS = int(os.environ["OMP_NUM_THREADS"])
threadpool_limits(1, "blas")  # as the package asks: it has threads of its own


def factors(kind: Any) -> Any:
    """The scores of a model of two matrices."""

    def fit(X: Any, settings: dict[str, Any]) -> Any:
        model = kind(num_threads=THREADS, random_state=0, **settings)
        model.fit(X, show_progress=False)
        return lambda people: model.user_factors[people] @ model.item_factors.T

    return fit


def neighbours(kind: Any) -> Any:
    """The scores of a model of similar items."""

    def fit(X: Any, settings: dict[str, Any]) -> Any:
        model = kind(num_threads=THREADS, **settings)
        model.fit(X, show_progress=False)
        return lambda people: (X[people] @ model.similarity).toarray()

    return fit


NEAREST, FACTORS = {"K": whole(4, 1000, 20)}, whole(8, 256, 100)
FAMILIES = {
    "ALS": Family(
        factors(AlternatingLeastSquares),
        {
            "factors": FACTORS,
            "regularization": log_between(1e-3, 100, 0.01),
            "alpha": log_between(0.1, 100, 1),
            "iterations": whole(5, 30, 15),
        },
    ),
    "BPR": Family(
        factors(BayesianPersonalizedRanking),
        {
            "factors": FACTORS,
            "learning_rate": log_between(1e-3, 0.2, 0.01),
            "regularization": log_between(1e-4, 0.1, 0.01),
            "iterations": whole(30, 500, 100),
        },
    ),
    "LMF": Family(
        factors(LogisticMatrixFactorization),
        {
            "factors": FACTORS,
            "learning_rate": log_between(0.05, 2, 1),
            "regularization": log_between(0.05, 20, 0.6),
            "iterations": whole(10, 100, 30),
        },
    ),
    "BM25": Family(neighbours(BM25Recommender), {**NEAREST, "K1": log_between(0.05, 1000, 1.2), "B": between(0, 1, 0.75)}),
    "TFIDF": Family(neighbours(TFIDFRecommender), NEAREST),
    "Cosine": Family(neighbours(CosineRecommender), NEAREST),
}
