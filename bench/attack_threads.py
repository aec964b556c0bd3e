"""Many threads that ask one recommender, beside a training: see attack.py.

Every answer has to be the one that is given alone, the bundle the one that is trained alone, and BLAS as it was before.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from attack_ground import ground
from konomi import Dataset, Dials, Recommender, Run, Where, train_model
from konomi.bundle.format import Bundle

THREADS, EACH, QUESTIONS = 16, 200, 60

Question = Callable[[Recommender], Any]


def thread_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """(what was asked, "equal", what is wrong) of each answer, of the training and of BLAS."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        ground(root)
        dataset = Dataset.open(root / "data-0")
        for _ in range(rounds):
            yield from _round(Recommender.load(root / "model", dataset), dataset, draw)


def _round(recommender: Recommender, dataset: Dataset, draw: random.Random) -> Iterator[tuple[str, str, str]]:
    questions = dict(_question(recommender, dataset, draw) for _ in range(QUESTIONS))
    asked = [[draw.choice(sorted(questions)) for _ in range(EACH)] for _ in range(THREADS)]
    alone = {said: _told(question, recommender) for said, question in questions.items()}
    limits, learnt = _limits(), _learnt(_train(dataset))
    shared = Recommender(recommender.bundle, dataset)  # what it keeps is first made by many at once
    with ThreadPoolExecutor(THREADS + 1) as pool:
        training = pool.submit(_train, dataset)
        answers = list(pool.map(lambda some: [_told(questions[said], shared) for said in some], asked))
        beside = _learnt(training.result())
    for said, told in zip(chain(*asked), chain(*answers), strict=True):
        yield said, "equal" if told == alone[said] else "other", "" if told == alone[said] else f"{told[:200]}"
    yield "training", "equal" if learnt == beside else "other", "" if learnt == beside else "it has learnt something else"
    yield "BLAS", "equal" if limits == _limits() else "other", "" if limits == _limits() else f"{_limits()}, not {limits}"


def _question(recommender: Recommender, dataset: Dataset, draw: random.Random) -> tuple[str, Question]:
    """A question, and its text."""
    ids = recommender.bundle.items["item_id"].to_list()
    genres = recommender.catalogue.genres
    rated: Any = {draw.choice(ids): draw.randint(1, 10) for _ in range(draw.randint(0, 20))}
    where = Where(
        any_genre=tuple(draw.sample(sorted(genres), draw.randint(0, 2))),
        years=(draw.choice([None, 1990, 2005]), None),
        expression=draw.choice([(), "year > 2000 or score > 7", "'Action' not in genres"]),
        parts=draw.random() < 0.3,
    )
    dials = Dials(*(round(draw.random(), 2) for _ in range(4)))
    wishes = {draw.choice(sorted(genres)): draw.randint(1, 10)} if draw.random() < 0.3 else None
    k = draw.randint(1, 30)
    kind = draw.choice(["recommend", "user", "similar", "predict"])
    if kind == "recommend":
        return f"recommend {rated} {k} {where} {dials} {wishes}", lambda r: r.recommend(rated, k, where, dials, wishes)
    if kind == "user":
        user = draw.choice(dataset.users.ids.to_list())
        return f"user {user} {k} {where} {dials}", lambda r: r.recommend(user=user, k=k, where=where, dials=dials)
    if kind == "similar":
        some = draw.sample(ids, draw.randint(1, 3))
        return f"similar {some} {k} {dials}", lambda r: r.similar(some, k, Where(), dials)
    pairs = [(rated, draw.choice(ids)) for _ in range(5)]
    return f"predict {pairs}", lambda r: r.predict(pairs).tobytes()


def _told(question: Question, recommender: Recommender) -> str:
    """An answer as text, with all digits; or what is said instead."""
    try:
        answer = question(recommender)
    except Exception as error:
        return repr(error)
    return repr(answer if isinstance(answer, bytes) else answer.to_dict())


def _train(dataset: Dataset) -> Bundle:
    return train_model(dataset, {"ease": {}, "mf": {"epochs": 8}}, run=Run(threads=2))


def _learnt(bundle: Bundle) -> dict[str, bytes]:
    return {f"{name}/{own}": array.tobytes() for name, model in bundle.models.items() for own, array in model.state().items()}


def _limits() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
