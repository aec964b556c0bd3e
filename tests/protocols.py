"""Protocols on made data, in each form: people with an obvious taste, and the TOML files that say how they are measured."""

import numpy as np

from command_line import write

HEADER = "user_id,item_id,rating"
TOP = """title = "A made protocol"
about = "Made for a test."
task = "{task}"
metrics = [{metrics}]

[data]
folder = "made"
ratings = [{ratings}]
{data}
[split]
{split}
"""
RATED = 'read = { source = "delimited", scale = [1, 10, 1] }'
LISTED = 'read = { source = "item-lists" }'


def rows(users=40, items=12):
    """(user, item, rating): even people like even items, odd people odd ones; some items are better, some people stricter.

    One in seven is missing.
    """
    return [
        (u, 10 + i, (7 if (u + i) % 2 == 0 else 2) + i % 3 - (u % 4 == 0))
        for u in range(users)
        for i in range(items)
        if (3 * u + 5 * i) % 7
    ]


def ratings(path, some):
    """A file of ratings."""
    return write(path, "\n".join([HEADER, *(",".join(map(str, row)) for row in some)]) + "\n")


def lists(path, some):
    """A file of item lists: each person and what they like."""
    people = dict[int, list[int]]()
    for user, item, rating in some:
        people.setdefault(user, [])
        if rating > 5:
            people[user].append(item)
    return write(path, "\n".join(" ".join(map(str, (user, *items))) for user, items in people.items()) + "\n")


def protocol(path, split, ratings=("ratings.csv",), data=RATED, task="rating", metrics=("rmse", "mae"), more=""):
    """A protocol file; returns its path."""
    named = (", ".join(f'"{word}"' for word in words) for words in (metrics, ratings))
    of_metrics, of_ratings = named
    text = TOP.format(task=task, metrics=of_metrics, ratings=of_ratings, data=data, split=split)
    return write(path, text + more)


def files(folder):
    """Ratings whose entries two files repeat, for two folds; the rows of each fold's test file."""
    some = rows()
    ratings(folder / "ratings.csv", some)
    for fold in (1, 2):
        ratings(folder / f"test{fold}.csv", some[fold::5])
        ratings(folder / f"valid{fold}.csv", some[fold + 2 :: 5])
    return some


def index(folder, n):
    """An index that trains, validates, tests and leaves out rows in turn; the numbers."""
    numbers = np.array([0, 0, 2, 0, 1, 0, -1])[np.arange(n) % 7]
    np.savez_compressed(folder / "index.npz", data=numbers)
    return numbers
