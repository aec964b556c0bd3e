"""What somebody does not want to be offered again: "not for me", of a title or of all that belongs to it.

It is neither a rating nor a status: whoever has enough of a title has not said that it is bad, and may like what is like it.
So nothing of it stands in a profile, where models would learn from it and fold it in. It only narrows the choice.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from konomi.arguments import expect
from konomi.arrays import I32
from konomi.errors import RequestError
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.person import Person
from konomi.settings import shown

Far = Literal["title", "franchise"]
Hidden = Mapping[int | str, Far] | Mapping[str, Far] | Mapping[int, Far]
"""Title as the catalogue has it, or item id → whether it alone is hidden, or its whole franchise."""


def hidden_rows(hidden: Hidden, catalogue: Catalogue) -> I32:
    """The item rows that are hidden, i32[H], in ascending order.

    RequestError for what is no such mapping, or a title or id that the catalogue does not have.
    """
    expect(hidden, Mapping, "what is hidden", RequestError, 'Give {title: "title" or "franchise"}.', "hidden")
    rows, franchises = set[int](), set[int]()
    for title, far in hidden.items():
        if not isinstance(far, str) or far not in get_args(Far):
            raise RequestError(f"{shown(far)} does not say how far.", f"It is one of: {', '.join(get_args(Far))}.", "hidden")
        (rows if far == "title" else franchises).add(catalogue.find(title, exactly=True).row)
    own = np.array(sorted(rows), np.int32)
    if not franchises:
        return own
    franchise = catalogue.items["franchise"].to_numpy()
    return np.union1d(own, np.flatnonzero(np.isin(franchise, franchise[sorted(franchises)]))).astype(np.int32)


def hidden_of(people: Sequence[Person]) -> list[I32] | None:
    """The hidden item rows of each person; None where nobody hides anything."""
    return [person.hidden for person in people] if any(len(person.hidden) for person in people) else None
