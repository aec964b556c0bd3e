"""Konomi turns a table of ratings into a recommender that people can use.

    import konomi

    recommender = konomi.Recommender.load("demo/bundle")
    recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})

The public names are listed in `__init__.pyi`. Each is imported when it is first used, so that `import konomi` is quick.
"""

import logging
import os
from importlib import import_module


def _public() -> dict[str, tuple[str, str]]:
    """Public name → (module, its name there), read from the stub: `from MODULE import NAME as NAME`, or `PUBLIC = NAME`."""
    homes = dict[str, tuple[str, str]]()
    with open(f"{os.path.splitext(__file__)[0]}.pyi", encoding="utf-8") as stub:
        for words in map(str.split, stub):
            if words[:1] == ["from"]:
                _, module, _, name, _, here = words
                homes[here] = module, name
            elif words[1:2] == ["="]:
                homes[words[0]] = homes.pop(words[2])
    return homes


_HOME = _public()
__all__ = sorted(_HOME)

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet, unless the calling program sets up logging


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'konomi' has no attribute {name!r}")
    module, own_name = _HOME[name]
    found = globals()[name] = getattr(import_module(module), own_name)
    return found


def __dir__() -> list[str]:
    return __all__
