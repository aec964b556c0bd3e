"""Konomi turns a table of ratings into a recommender that people can use.

    import konomi

    recommender = konomi.Recommender.load("demo/bundle")
    recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})

The public names are listed in `__init__.pyi`. They are read and imported when they are first used, so that `import konomi` is
quick, and a command hears Ctrl-C before anything else is done.
"""

_homes: dict[str, tuple[str, str]] = {}


def _public() -> dict[str, tuple[str, str]]:
    """Public name → (module, its name there), read from the stub: `from MODULE import NAME as NAME`, or `PUBLIC = NAME`."""
    if not _homes:
        homes = dict[str, tuple[str, str]]()
        with open(f"{__path__[0]}/__init__.pyi", encoding="utf-8") as stub:
            for words in map(str.split, stub):
                if words[:1] == ["from"]:
                    _, module, _, name, _, here = words
                    homes[here] = module, name
                elif words[1:2] == ["="]:
                    homes[words[0]] = homes.pop(words[2])
        _homes.update(homes)
    return _homes


def __getattr__(name: str) -> object:
    if name == "__all__":
        found: object = __dir__()
    elif name in _public():
        module, own_name = _public()[name]
        found = getattr(__import__(module, fromlist=[own_name]), own_name)
    else:
        raise AttributeError(f"module 'konomi' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(_public())
