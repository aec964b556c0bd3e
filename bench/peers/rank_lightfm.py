"""LightFM without features, with the loss that is made for ranking."""

import os
from typing import Any

from lightfm import LightFM

from ranges import Family, log_between, one_of, whole

THREADS = int(os.environ["OMP_NUM_THREADS"])


def fit(X: Any, settings: dict[str, Any]) -> Any:
    epochs = settings.pop("epochs")
    model = LightFM(random_state=0, **settings).fit(X.tocoo(), epochs=epochs, num_threads=THREADS)
    return lambda people: model.user_embeddings[people] @ model.item_embeddings.T + model.item_biases


FAMILIES = {
    "LightFM": Family(
        fit,
        {
            "no_components": whole(8, 256, 64),
            "loss": one_of("warp", "bpr"),
            "learning_rate": log_between(5e-3, 0.2, 0.05),
            "item_alpha": log_between(1e-8, 1e-3, 1e-6),
            "user_alpha": log_between(1e-8, 1e-3, 1e-6),
            "epochs": whole(5, 100, 30),
        },
    )
}
