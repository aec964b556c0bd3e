"""The models, by name; `api.py` says what each of them has."""

from importlib import import_module
from typing import Any

from konomi.errors import RequestError
from konomi.models.api import ModelModule
from konomi.settings import closest

MODELS = {
    "popular": "konomi.models.popular",
    "bias": "konomi.models.bias",
    "genre": "konomi.models.genre",
    "mf": "konomi.models.mf",
    "ease": "konomi.models.ease",
    "nn": "konomi.models.nn",
    "hybrid": "konomi.models.hybrid",
    "two_tower": "konomi.models.two_tower",
}
"""The only registry: name → module."""


def module(name: str) -> ModelModule:
    """The file of a model, or a `RequestError` with the name that was meant."""
    if name not in MODELS:
        raise RequestError(f'Unknown model "{name}".{closest(name, MODELS)}', f"The models are: {', '.join(MODELS)}.")
    found: Any = import_module(MODELS[name])
    return found  # type: ignore[no-any-return]
