"""RecTools' own rankers; its others are those of implicit, LightFM and torch."""

from typing import Any

import numpy as np
import pandas as pd
from rectools.dataset import Dataset
from rectools.models import EASEModel, PopularModel, PureSVDModel

from ranges import Family, log_between, whole


def fitted(model: Any, X: Any) -> tuple[Any, Any, Any]:
    """The model on the entries, and the person and the item of each of its own rows."""
    pairs = X.tocoo()
    frame = pd.DataFrame({"user_id": pairs.row, "item_id": pairs.col, "weight": pairs.data, "datetime": "2026-01-01"})
    data = Dataset.construct(frame)
    model.fit(data)
    return model, data.user_id_map.external_ids, data.item_id_map.external_ids


def ease(X: Any, settings: dict[str, Any]) -> Any:
    model, _, item = fitted(EASEModel(**settings), X)
    return lambda people: on(item, X[people][:, item] @ model.weight, X.shape[1])


def svd(X: Any, settings: dict[str, Any]) -> Any:
    model, user, item = fitted(PureSVDModel(**settings), X)
    factors = np.zeros((X.shape[0], model.user_factors.shape[1]), np.float32)
    factors[user] = model.user_factors
    return lambda people: on(item, factors[people] @ model.item_factors.T, X.shape[1])


def popular(X: Any, settings: dict[str, Any]) -> Any:
    model, _, item = fitted(PopularModel(), X)
    ranked, score = model.popularity_list
    level = np.full(X.shape[1], -np.inf, np.float32)
    level[item[ranked]] = score
    return lambda people: np.tile(level, (len(people), 1))


def on(item: Any, scores: Any, n: int) -> Any:
    """The scores of these items among all n; items without an entry come last."""
    every = np.full((len(scores), n), -np.inf, np.float32)
    every[:, item] = scores
    return every


FAMILIES = {
    "Popular": Family(popular, {}),
    "EASE": Family(ease, {"regularization": log_between(1, 1e4, 500)}, dense=True),
    "PureSVD": Family(svd, {"factors": whole(4, 512, 32)}),
}
