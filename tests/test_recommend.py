"""Profile → ranking → an answer that a person can read."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stand_in
from conftest import table_of
from konomi.bundle.facts import DataFacts, Facts
from konomi.bundle.format import Bundle
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.errors import RequestError
from konomi.models import bias, mf
from konomi.ranking import rank as rank_file
from konomi.ranking.rank import rank
from konomi.recommend.filters import Where
from konomi.recommend.recommender import Recommender
from konomi.recommend.similar import nearness
from konomi.runtime import Run

TITLES = ["Cowboy Bebop", "Hunter x Hunter", "Hunter x Hunter", "[Oshi no Ko]", "Late Night", None, "Never Rated", "Mushishi"]


def catalogue():
    """Items 10 to 17; 14 is sensitive, 15 has no title, nobody rated 16."""
    n = len(TITLES)
    return pl.DataFrame(
        {
            "item_id": range(10, 10 + n),
            "title": TITLES,
            "titles": [["カウボーイビバップ"], [], [], [], [], [], [], []],
            "genres": [["Action", "Sci-Fi"], ["Action"], ["Action"], ["Drama"], ["Hentai"], None, ["Drama"], ["Mystery"]],
            "year": [1998, 1999, 2011, 2023, 2001, None, 2020, 2005],
            "type": ["TV", "TV", "TV", "TV", "OVA", None, "TV", "TV"],
            "episodes": [26, 62, 148, 11, 2, None, 1, 26],
            "score": [None] * n,
            "score_count": [None] * n,
            "image": [None] * n,
            "sensitive": [False] * 4 + [True] + [False] * 3,
        },
        schema_overrides={
            "year": pl.Int32,
            "score": pl.Float32,
            "score_count": pl.Int64,
            "image": pl.String,
            "episodes": pl.Int32,
        },
    )


@pytest.fixture(scope="module")
def people():
    """Forty people; whoever likes an odd item likes them all. More of them know Hunter x Hunter of 2011."""
    rows = []
    for user in range(40):
        for item in (10, 11, 12, 13, 14, 15, 17):
            if (user * 3 + item) % 5 and not (item == 11 and user % 3):
                rows.append((user, item, 9 if (user + item) % 2 else 3))
    rows.append((0, 16, None))  # on a list, never rated
    return prepare(table_of(rows, items=catalogue(), note="simulated ratings"))


@pytest.fixture(scope="module", params=["bias", "mf"])
def recommender(people, request):
    return make(people, {"bias": bias, "mf": mf}[request.param], request.param)


def make(dataset, module, name, config=None):
    train = make_split(dataset, SplitConfig(valid=0, test=0)).train_set(dataset)
    config = config or (mf.Config(dim=4, epochs=60) if module is mf else module.Config())
    model = module.fit(train, config, Run(threads=1))
    alone = {"franchise": pl.int_range(pl.len(), dtype=pl.Int32), "part": pl.lit(0, pl.Int32)}
    items = add_statistics(train.items, train.seen, train.scale).with_columns(**alone)
    return Recommender(Bundle({name: model}, {name: {}}, items, train.scale, Facts(data=DataFacts(note="simulated ratings"))))


@pytest.fixture(scope="module")
def taste(people):
    return make(people, mf, "mf")


def test_never_a_seen_item_never_a_made_up_one(recommender, people):
    model = recommender.bundle.giving("rank")
    everything = np.ones(len(TITLES), bool)
    ranking = rank(model, people.profiles, 20, everything)
    assert ranking.items.shape == ranking.scores.shape == (40, 20)
    for user in range(40):
        entries = people.profiles.take(np.array([user]))
        found = ranking.items[user][ranking.items[user] >= 0]
        assert set(found) == set(range(len(TITLES))) - set(entries.item)  # unscored entries are seen too
        assert np.isnan(ranking.scores[user][len(found) :]).all() and (ranking.items[user][len(found) :] == -1).all()
        assert (np.diff(ranking.scores[user][: len(found)]) <= 0).all()


@given(st.lists(st.sets(st.integers(0, 7)), max_size=9), st.integers(1, 9), st.sampled_from([1, 8, 20, 1 << 24]))
def test_many_people_in_blocks_equal_one_at_a_time(taste, seen, k, held):
    profiles = Profiles.of([dict.fromkeys(items, 7.0) for items in seen])
    allowed = taste.allowed(Where()) & taste.ranker.blend.known
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_file, "SCORES", held)
        together = rank(taste.bundle.giving("rank"), profiles, k, allowed, threads=2)
    for b in range(len(seen)):
        alone = rank(taste.bundle.giving("rank"), profiles.slice(b, b + 1), k, allowed)
        np.testing.assert_array_equal(together.items[b], alone.items[0])
        np.testing.assert_allclose(together.scores[b], alone.scores[0], rtol=1e-5)


def test_order_follows_the_output(taste):
    profile = Profiles.of([{0: 9.0}])
    allowed = np.ones(len(TITLES), bool)
    for output in ("rating", "rank"):
        ranking = rank(taste.bundle.giving("rank"), profile, 7, allowed, output)
        scores = taste.bundle.giving("rank").score(taste.bundle.giving("rank").encode(profile), output)[0]
        np.testing.assert_array_equal(ranking.scores[0], np.sort(scores[1:])[::-1])
    default = rank(taste.bundle.giving("rank"), profile, 7, allowed)
    np.testing.assert_array_equal(default.scores, rank(taste.bundle.giving("rank"), profile, 7, allowed, "rank").scores)


def test_typed_titles_give_titles(taste):
    answer = taste.recommend({"cowboy bebop": 3, "oshi no ko": 9})
    ids = [row.item_id for row in answer]
    assert not {10, 13} & set(ids)  # seen
    assert 14 not in ids and 16 not in ids  # sensitive; never rated
    assert ids[0] in (11, 15, 17)  # the odd ones are liked by whoever likes 13
    first = answer[0]
    assert 1 <= first.rating <= 10 and first.title and isinstance(first.genres, tuple)
    assert answer.note == "simulated ratings"
    assert "simulated ratings" in repr(answer) and first.title in repr(answer)
    assert list(answer.to_dicts()[0])[:8] == ["item_id", "title", "year", "type", "genres", "score", "rating", "interval"]
    assert len(answer) == 4


@pytest.mark.parametrize(
    ("task", "both", "rating", "probability"),
    [("rating", False, True, False), ("interaction", False, False, True), ("rating", True, True, True)],
)
def test_what_a_model_says_of_its_titles(people, task, both, rating, probability):
    """A predicted rating, a probability of liking, or both; what it does not say is None."""
    recommender = make(people, stand_in, "stand-in", stand_in.Config(task, both))
    found = recommender.recommend({10: 9}, k=2)
    rows = [recommender.catalogue.item_ids.row(row.item_id, "item") for row in found]
    p = recommender.bundle.models["stand-in"].probability[rows].tolist()
    assert [row.score for row in found] == sorted((row.score for row in found), reverse=True)
    assert [row.probability for row in found] == (pytest.approx(p, abs=1e-4) if probability else [None, None])
    assert [row.rating for row in found] == (pytest.approx([1 + 9 * each for each in p], abs=1e-3) if rating else [None, None])
    said = [f"{1 + 9 * p[0]:.2f}"] * rating + [f"{p[0]:.3f}"] * probability
    lines = repr(found).splitlines()
    assert lines[1] == "Reasons: by how much a score would change without a rating."  # a model of others
    assert lines[2].startswith(f"  1. {'  '.join(said)}  {found[0].title} (")


def test_predicted_ratings_are_on_the_scale(taste):
    narrow = Recommender(replace(taste.bundle, scale=Scale(1, 6, 1)))
    found = [row.rating for row in narrow.recommend({13: 6, 15: 6, 17: 6})]
    model = narrow.bundle.models["mf"]
    assert max(found) == 6 < model.score(model.encode(Profiles.of([{3: 6, 5: 6, 7: 6}])), "rating").max()


def test_ids_and_other_titles_are_the_same_item(taste):
    by_title, by_id = taste.recommend({"カウボーイビバップ": 8}), taste.recommend({10: 8})
    assert by_title == by_id == taste.recommend({"10": 8}) == taste.recommend(Profiles.of([{0: 8.0}]))
    assert by_title == taste.recommend({np.int64(10): np.float32(8)})
    assert taste.similar("Cowboy Bebop") == taste.similar(10) == taste.similar(np.int64(10))


def test_sensitive_titles_by_wish_only(taste):
    everything = Where(sensitive=True)
    wanted = {row.item_id for row in taste.recommend({10: 9}, where=everything)}
    assert wanted - {row.item_id for row in taste.recommend({10: 9})} == {14}
    near = {row.item_id for row in taste.similar(10, where=everything)}
    assert near - {row.item_id for row in taste.similar(10)} == {14}


def test_ecchi_is_hidden_by_wish(taste):
    genres = [["Ecchi", "Comedy"], None, ["Ecchi Ecchi"], [], ["Hentai", "Ecchi"], None, ["Ecchi"], ["Drama"]]
    items = taste.bundle.items.with_columns(pl.Series("genres", genres))
    other, mild = Recommender(replace(taste.bundle, items=items)), Where(ecchi=False)
    assert (other.allowed(mild) & other.ranker.blend.known).tolist() == [False, True, True, True, False, True, False, True]
    assert 10 not in {row.item_id for row in other.recommend({13: 9}, where=mild)}
    assert 10 not in {row.item_id for row in other.similar(13, where=mild)}


def test_k_from_one_to_any_number(taste):
    assert len(taste.recommend({10: 9}, k=1)) == 1
    assert len(taste.recommend({10: 9}, k=10**12)) == 5 and len(taste.similar(10, k=10**12)) == 6  # the unrated one, too
    with pytest.raises(RequestError, match="k is 0") as error:
        taste.recommend({10: 9}, k=0)
    assert error.value.hint == "Give a whole number, 1 or more."


def test_an_empty_profile_is_answered(recommender):
    assert len(recommender.recommend({}, k=3)) == 3


def test_everything_seen_is_an_empty_answer(taste):
    answer = taste.recommend(dict.fromkeys(range(10, 18), 5))
    assert len(answer) == 0 and answer.to_dicts() == []


def test_the_more_rated_of_two_with_one_title(taste):
    first, second = taste.recommend({"Hunter x Hunter": 9, "Hunter x Hunter (1999)": 8}).understood
    assert (first.match.row, first.match.also) == (2, (1,)) and second.match.row == 1
    assert (first.title, second.title) == ("Hunter x Hunter (2011)", "Hunter x Hunter (1999)")


@pytest.mark.parametrize(
    ("ratings", "message", "hint"),
    [
        ({"Cowboy Bebop": 11}, '"Cowboy Bebop": 11 is not a rating', "Ratings go from 1 to 10 in steps of 1."),
        ({"Cowboy Bebop": 1e300}, "1e+300 is not a rating", "Ratings go from 1 to 10"),
        ({"Cowboy Bebop": 7.5}, "7.5 is not a rating", "Ratings go from 1 to 10"),
        ({"Cowboy Bebop": float("nan")}, "nan is not a rating", "Ratings go from 1 to 10"),
        ({"Coowbow Bebopp": 7}, 'No title is like "Coowbow Bebopp".', 'Did you mean "Cowboy Bebop (1998)"?'),
        ({"Cowboy Bebop": 7, 10: 8}, '"Cowboy Bebop" and "10" are the same title: Cowboy Bebop (1998).', "Rate it once."),
        ({999: 7}, 'Unknown item "999".', "There are 8 items"),
        ({"Cowboy Bebop": "9"}, "\"Cowboy Bebop\": '9' is not a number.", "Ratings go from 1 to 10"),
        ({10: None}, '"10": None is not a number.', "Ratings go from 1 to 10"),
        ({1.5: 7}, "1.5 is neither a title nor an item id.", "whole number"),
        ({"Cowboy Bebop (1999)": 7}, "there is no item of that title and year.", 'Did you mean "Cowboy Bebop (1998)"?'),
        ({"Cowboy Bebop": 10**400}, "is not a number.", "Ratings go from 1 to 10"),
        ({"Cowboy Bebop": True}, "True is not a number.", "Ratings go from 1 to 10"),
        (["Cowboy Bebop"], "A list is not a profile.", "Give {title or item id: rating}"),
        (Profiles.of([{0: float("inf")}]), "The profile has a rating of inf.", "Ratings go from 1 to 10"),
        (Profiles.of([{0: 0.5}]), "The profile has a rating of 0.5.", "Ratings go from 1 to 10"),
        (Profiles.of([]), "Profiles of 0 people.", "recommend_many"),
        (Profiles.of([{0: 7}, {1: 7}]), "Profiles of 2 people.", "recommend_many"),
        (Profiles.of([{8: 7}]), "an item row that is not in the catalogue", "Rows go from 0 to 7."),
        (Profiles.of([{-1: 7, 2: 7}]), "an item row that is not in the catalogue", "Rows go from 0 to 7."),
    ],
)
def test_what_cannot_be_understood(taste, ratings, message, hint):
    with pytest.raises(RequestError) as error:
        taste.recommend(ratings)
    assert message in str(error.value) and hint in error.value.hint


class Placed:
    """A model that only places items: on a line, but for the one without a vector."""

    outputs = frozenset({"rank"})

    def item_vectors(self):
        return np.array([[1, 0], [2, 0.1], [-1, 0], [0, 0], [1, 1], [1.5, 0]], np.float32)


def placed(ratings, genres=None):
    """A bundle of six items."""
    items = pl.DataFrame(
        {
            "item_id": range(6),
            "title": [f"T{n}" for n in range(6)],
            "genres": genres or [[]] * 6,
            "type": [None] * 6,
            "year": [None] * 6,
            "ratings": ratings,
        },
        schema_overrides={"genres": pl.List(pl.String), "type": pl.String, "year": pl.Int32, "ratings": pl.Int64},
    )
    return Bundle({"placed": Placed()}, {}, items, Scale(1, 10, 1), Facts())


def test_near_by_factors_by_hand():
    bundle = placed([1 << 40] * 6)  # so many ratings that nothing is shrunk
    cosine = nearness(bundle, np.array([0]), "factors")
    np.testing.assert_allclose(cosine, [1, 2 / np.sqrt(4.01), -1, np.nan, np.sqrt(0.5), 1], rtol=1e-6)  # 3 has no direction
    euclidean = nearness(bundle, np.array([0]), "factors", "euclidean")
    np.testing.assert_allclose(euclidean, [0, -np.sqrt(1.01), -2, -1, -1, -0.5], rtol=1e-6, atol=1e-6)
    several = nearness(bundle, np.array([0, 2]), "factors")
    np.testing.assert_allclose(several[[0, 1, 2, 5]], 0, atol=1e-6)  # as near to one as far from the other


def test_near_trusts_what_is_known():
    """With 25 ratings half of a similarity counts, with 75 three quarters; without any there is none."""
    bundle = placed([1, 75, 75, 0, 75, 25])
    cosine = nearness(bundle, np.array([0]), "factors")
    np.testing.assert_allclose(cosine[1:], [1.5 / np.sqrt(4.01), -0.75, np.nan, 0.75 * np.sqrt(0.5), 0.5], rtol=1e-6)
    euclidean = nearness(bundle, np.array([0]), "factors", "euclidean")
    np.testing.assert_allclose(euclidean[4:], [-1 / 0.75, -0.5 / 0.5], rtol=1e-6)


def test_near_by_content_and_by_both():
    """A genre that three of six have weighs log 2, one that two have log 3; the last two have none."""
    bundle = placed([1 << 40] * 5 + [0], [["A", "B"], ["A"], ["B"], ["A"], [], []])
    content = nearness(bundle, np.array([0]), "content")
    a, b = np.log(2), np.log(3)
    length = np.hypot(a, b)
    np.testing.assert_allclose(content, [1, a / length, b / length, a / length, np.nan, np.nan], rtol=1e-6)
    both = nearness(bundle, np.array([0]), "both")
    factors = nearness(bundle, np.array([0]), "factors")
    np.testing.assert_allclose(both[:3], (content + factors)[:3] / 2, rtol=1e-6)
    assert both[3] == pytest.approx(content[3] / 2) and both[4] == pytest.approx(factors[4] / 2) and np.isnan(both[5])


def test_like_what_nobody_has_rated(taste):
    """By its contents: the only other drama is nearest."""
    assert taste.similar("Never Rated", k=1)[0].item_id == 13
    with pytest.raises(RequestError, match="Never Rated has no training rating, so nothing is near it") as error:
        taste.similar("Never Rated", by="factors")
    assert error.value.hint == "Compare by content."


def test_like_several(taste):
    answer = taste.similar([13, 15], k=3)
    assert not {13, 15} & {row.item_id for row in answer} and len(answer) == 3
    assert answer == taste.similar([15, 13, 15], k=3)


def test_similar_says_what_it_cannot_do(taste, people):
    with pytest.raises(RequestError, match='Unknown metric "cosin"') as error:
        taste.similar(10, by="factors", metric="cosin")
    assert 'Did you mean "cosine"' in str(error.value)
    with pytest.raises(RequestError, match="No model of this bundle has item vectors") as error:
        make(people, bias, "bias").similar("Mushishi", by="factors")
    assert "such as mf" in error.value.hint
    with pytest.raises(RequestError, match='Unknown way "contents"'):
        taste.similar(10, by="contents")
    with pytest.raises(RequestError, match="compared by cosine alone"):
        taste.similar(10, metric="euclidean")
    with pytest.raises(RequestError, match="Like what"):
        taste.similar([])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"k": 2.5}, "k is 2.5."),
        ({"k": "2"}, "k is '2'."),
        ({"why": -1}, "why is -1."),
        ({"why": "3"}, "why is '3'."),
        ({"where": {}}, "A dict says neither where nor how."),
        ({"where": None}, "None says neither where nor how."),
        ({"dials": {"love": 1}}, "A dict says neither where nor how."),
        ({"wishes": ["Action"]}, "A list is not wishes."),
        ({"wishes": {"Action": True}}, 'The wish "Action": True is not on the scale'),
        ({"wishes": {"Action": 10**400}}, "is not on the scale"),
        ({"wishes": {"Action": 9, "action": 2}}, 'The genre "Action" is wished for twice.'),
    ],
)
def test_questions_that_cannot_be_asked(taste, asked, message):
    with pytest.raises(RequestError) as error:
        taste.recommend({"Mushishi": 9}, **asked)
    assert message in str(error.value)


def test_an_answer_in_a_notebook(taste):
    """A table whose titles are no markup."""
    answer = taste.recommend({"Mushishi": 9}, k=2)
    odd = replace(answer, rows=(replace(answer[0], title="<b>&"), *answer.rows[1:]))
    shown = odd._repr_html_()
    assert (
        shown.startswith("<p>Mushishi → Mushishi (2005): 9</p><table>")
        and "<td>&lt;b&gt;&amp;</td>" in shown
        and shown.count("<tr>") == 3
    )
    assert "Mushishi 9" in shown and "simulated ratings" in shown


def test_a_row_has_what_the_catalogue_knows(recommender):
    known = {item["item_id"]: item for item in catalogue().to_dicts()}
    rows = recommender.recommend(k=8, where=Where(sensitive=True, parts=True))
    assert {15, 14, 10} <= {row.item_id for row in rows}
    for row in rows:
        item = known[row.item_id]
        told = (item["title"] or str(row.item_id), item["year"], item["type"], tuple(item["genres"] or ()))
        assert (row.title, row.year, row.type, row.genres) == told
