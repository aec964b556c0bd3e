"""Whether typed names find what people mean: two ways in which each of the 100 best known titles is written.

    python bench/typed_names.py [-v]

The names of typed_names.csv and the catalogue of MyAnimeList of 2020 beside the checkout, whose 100 most rated titles they are.
The first name is the abbreviation that people use, else a half or the beginning; the second the English name as it is typed,
else a typing error. They were written before the matcher was changed, and are not edited. Right: the title that is meant is
the answer. Silent: another is, and the right one is not among those that are named beside it. -v prints what is not right.
Then how long it takes to find 200 titles as the catalogue has them, and these names.
"""

import csv
import sys

from konomi.errors import RequestError
from konomi.lists.titles import Match, TitleIndex
from matching import DATA, catalogue
from measure import BENCH, milliseconds, save


def attempt(typed: str) -> Match | RequestError:
    """The match of a name, or its refusal."""
    try:
        return index.find(typed)
    except RequestError as error:
        return error


items = catalogue(DATA / "anime-meta-2020" / "anime.csv")
index, ids = TitleIndex(items), items["item_id"].to_list()
count = {"right": 0, "another, the right one named beside it": 0, "refused": 0, "another, in silence": 0}
with (BENCH / "typed_names.csv").open(encoding="utf-8") as file:
    names = [(int(row["item_id"]), row["typed"]) for row in csv.DictReader(file)]
for item_id, typed in names:
    row = ids.index(item_id)
    match = attempt(typed)
    if isinstance(match, Match):
        end = "right" if match.row == row else list(count)[1] if row in match.also else list(count)[3]
        told = index.name(match.row)
    else:
        end, told = "refused", match.hint
    count[end] += 1
    if "-v" in sys.argv[1:] and end != "right":
        print(f"{typed} ({index.name(row)}): {end}: {told}", file=sys.stderr)
found = {end: f"{n} ({n / len(names):.1%})" for end, n in count.items()}
exact = [name for name in items["title"].head(200).to_list() if name]
times = {"exact titles": milliseconds(index.find, exact), "typed names": milliseconds(attempt, [typed for _, typed in names])}
save("typed_names", {"names": len(names), **found, **times})
