"""What an answer says of its titles: why, what they have in common, whether any is likely to please, in every language."""

import json
import re
from dataclasses import replace
from importlib.resources import files
from itertools import product

import numpy as np
import pytest

from conftest import table_of
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig
from konomi.errors import RequestError
from konomi.pipeline.train import train_model
from konomi.ranking.dials import Dials
from konomi.recommend.recommender import Recommender
from konomi.recommend.words import languages, words
from konomi.runtime import Run

RUN = Run(threads=1)
TASTE = {"dim": 4, "epochs": 60, "init": 0.3, "l2": 0.01, "patience": 0}  # learns the two colours
MODELS = [
    {"ease": {"l2": 5.0}},
    {"ease": {"l2": 5.0}, "mf": {"dim": 4, "epochs": 20}},
    {"mf": TASTE},
    {"genre": None},
]


def trained(models, dataset):
    return Recommender(train_model(dataset, models, SplitConfig(valid=0.2), RUN))


@pytest.fixture(scope="module", params=MODELS, ids=[",".join(each) for each in MODELS])
def recommender(request, checkerboard):
    return trained(request.param, checkerboard)


LIKES = {0: 9, 20: 10, 40: 8, 10: 2}  # even items, and an odd one that is disliked


def test_what_is_told_adds_up_to_the_score(recommender):
    """Every entry, popularity and what is the same for all; with a row for each title."""
    answer = recommender.recommend(LIKES, k=4, why=100)
    assert answer.parts and len(answer) == 4
    for row in answer:
        assert row.up or row.popular is not None, "nothing speaks for it"
        assert [reason.effect for reason in row.up] == sorted((reason.effect for reason in row.up), reverse=True)
        assert len(row.down) <= 1


def test_what_was_rated_low_speaks_for_nothing(recommender):
    """Not even to a model that makes of a dislike a liking for the rest."""
    for asked, dials in product((LIKES, {0: 1, 20: 2}, {0: 9, 10: 1, 30: 1}), (Dials(), Dials(love=1))):
        for row in recommender.recommend(asked, k=8, why=100, dials=dials):
            assert not {reason.item_id for reason in row.up} & {key for key, rating in asked.items() if rating <= 5}


def test_leaving_out_is_still_there(recommender):
    answer = recommender.recommend(LIKES, k=3, why="without")
    assert not answer.parts and answer.remarks()[-1] == words("en")["without"]
    row, one = answer[0], next(iter((*answer[0].up, *answer[0].down)))
    fewer = {key: rating for key, rating in LIKES.items() if key != one.item_id}
    (again,) = [each for each in recommender.recommend(fewer, k=16, why=0) if each.item_id == row.item_id]
    assert row.score - again.score == pytest.approx(one.effect, abs=2e-3)
    with pytest.raises(RequestError, match="why"):
        recommender.recommend(LIKES, why="with")


def test_no_reasons_where_none_are_wanted(recommender):
    answer = recommender.recommend(LIKES, k=3, why=0)
    assert answer.remarks() == [] and not any(row.up or row.down or row.popular for row in answer)


def test_what_nearly_all_titles_have_in_common_is_told_once(checkerboard):
    answer = trained({"ease": {"l2": 5.0}}, checkerboard).recommend({0: 9}, k=5)
    assert [reason.item_id for reason in answer.common] == [0]
    assert answer.remarks()[0] == "Most of these because of 0 9."
    assert all(row.up for row in answer) and not any("because" in answer.why(row)[0] for row in answer)
    assert answer.to_dict()["common"][0]["item_id"] == 0


def test_where_nothing_is_likely_to_please_the_answer_says_so():
    """Everybody rates everything 1 or 2 here, so nothing is predicted above the middle."""
    rows = [(u, i, 1 + (u + i) % 2) for u in range(30) for i in range(20) if (u + 3 * i) % 5]
    dour = trained({"ease": None, "mf": {"dim": 2, "epochs": 5}}, prepare(table_of(rows)))
    answer = dour.recommend({0: 1, 1: 2}, k=3)
    assert answer.doubtful and answer.remarks()[0] == words("en")["nothing_pleases"] and len(answer) == 3
    assert abs(answer[0].score) < 10  # no trace of what put it later


def test_what_is_predicted_to_be_disliked_comes_after_all_else(checkerboard):
    """Even items please, odd ones do not: of those that are left, odd ones come last, and are not called pleasing."""
    answer = trained({"ease": {"l2": 5.0}, "mf": TASTE}, checkerboard).recommend({0: 9, 20: 9, 10: 2}, k=17)
    ratings = [row.rating for row in answer]
    assert not answer.doubtful and sorted(np.array(ratings) < 5) == (np.array(ratings) < 5).tolist() and min(ratings) < 5


def test_every_language_has_the_same_words():
    assert languages() == ["en", "ja"]
    holes = {language: {key: re.findall(r"{\w+}", text) for key, text in words(language).items()} for language in languages()}
    assert holes["en"] == holes["ja"]
    assert all(isinstance(json.loads((files("konomi.recommend") / f"{each}.json").read_text("utf-8")), dict) for each in holes)
    with pytest.raises(RequestError, match="No words in"):
        words("jp")


def test_an_answer_in_japanese(recommender):
    answer = recommender.recommend(LIKES, k=4, wishes=None)
    row = replace(answer[0], up=answer[0].up or (), wishes=(("Drama", 0.2), ("Horror", -0.1)), popular=0.5, tags=(("TV", 0.1),))
    alone = replace(answer, rows=(row, replace(row, popular=None), replace(row, popular=None)), common=())
    said, against = alone.why(row, "ja")
    assert (
        "希望のジャンル: Drama" in said and "人気作" in said and "好みのTV" in said and "希望しないジャンル: Horror" in against
    )
    assert ("が好きだから" in said) == bool(row.up)
    assert alone.why(row)[0].endswith("popular") and "wished for: Drama" in alone.why(row)[0]


def test_no_title_stands_without_something_for_it(recommender):
    for asked in (LIKES, {0: 9}, {10: 2}, {}):
        assert all(row.up or row.popular is not None for row in recommender.recommend(asked, k=12))
