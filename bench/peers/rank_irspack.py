"""irspack's rankers, with ranges about as wide as its own."""

from collections.abc import Callable
from typing import Any

from irspack import recommenders

from ranges import Family, between, log_between, one_of, whole


def learnt(name: str, **fixed: Any) -> Callable[[Any, dict[str, Any]], Any]:
    """The scores of such a recommender."""
    kind = getattr(recommenders, f"{name}Recommender")
    return lambda X, settings: kind(X, **fixed, **settings).learn().get_score


NEAREST, SHRINKAGE = whole(4, 1000, 100), between(0, 1000, 0)
WEIGHTING = one_of("NONE", "TF_IDF", "BM_25")
FAMILIES = {
    "TopPop": Family(learnt("TopPop"), {}),
    "IALS": Family(
        learnt("IALS"),
        {
            "n_components": whole(8, 256, 64),
            "alpha0": log_between(0.003, 1, 0.1),
            "reg": log_between(1e-4, 0.1, 1e-3),
            "train_epochs": whole(4, 32, 16),
        },
    ),
    "DenseSLIM": Family(learnt("DenseSLIM"), {"reg": log_between(1, 1e4, 150)}, dense=True),
    "EDLAE": Family(learnt("EDLAE"), {"reg": log_between(1, 1e4, 150), "dropout_p": between(0, 0.9, 0.25)}, dense=True),
    "SLIM": Family(
        learnt("SLIM", n_iter=20), {"alpha": log_between(1e-5, 1, 1e-3), "l1_ratio": log_between(1e-3, 1, 0.05)}, dense=True
    ),
    "RP3beta": Family(
        learnt("RP3beta"),
        {
            "top_k": whole(4, 1000, 100),
            "alpha": between(0.2, 2, 1),
            "beta": between(0, 1, 0.6),
            "normalize_weight": one_of(False, True),
        },
    ),
    "P3alpha": Family(
        learnt("P3alpha"), {"top_k": whole(4, 1000, 100), "alpha": between(0.2, 2, 1), "normalize_weight": one_of(False, True)}
    ),
    "CosineKNN": Family(
        learnt("CosineKNN"),
        {"top_k": NEAREST, "shrinkage": SHRINKAGE, "normalize": one_of(False, True), "feature_weighting": WEIGHTING},
    ),
    "AsymmetricCosineKNN": Family(
        learnt("AsymmetricCosineKNN"),
        {"top_k": NEAREST, "shrinkage": SHRINKAGE, "alpha": between(0, 1, 0.5), "feature_weighting": WEIGHTING},
    ),
    "TverskyIndexKNN": Family(
        learnt("TverskyIndexKNN"),
        {"top_k": NEAREST, "shrinkage": SHRINKAGE, "alpha": between(0, 2, 0.5), "beta": between(0, 2, 0.5)},
    ),
    "AsymmetricCosineUserKNN": Family(
        learnt("AsymmetricCosineUserKNN"),
        {"top_k": NEAREST, "shrinkage": SHRINKAGE, "alpha": between(0, 1, 0.5), "feature_weighting": WEIGHTING},
    ),
    "TruncatedSVD": Family(learnt("TruncatedSVD"), {"n_components": whole(4, 512, 32)}),
}
