"""Who asks: whatever a profile comes from, it is understood once, checked, carried by the answer, and served the same way."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import stand_in
from command_line import write
from conftest import table_of
from konomi import Answer, Dataset, Dials, Person, Profiles, Recommender, Run, SplitConfig, Where, read_list, train_model
from konomi.data.labels import STATUS
from konomi.data.prepare import prepare
from konomi.errors import DataError, RequestError
from konomi.models import mf
from konomi.ranking.offer import Offer
from konomi.recommend.person import joined
from test_recommend import catalogue, make

WATCHED, DROPPED, PLANNED = (STATUS[name] for name in ("completed", "dropped", "plan to watch"))
ME = {"Cowboy Bebop": 9, "Mushishi": 3}
LIST = """title,rating
Cowboy Bebop,4
Hunter x Hunter (2011),9
Nothing of the Kind,7
"""


def rows():
    rated = [
        (user, item, 9 if (user + item) % 2 else 3)
        for user in range(40)
        for item in (10, 11, 12, 13, 14, 15, 17)
        if (user * 3 + item) % 5 and not (item == 11 and user % 3)
    ]
    return [(0, 16, None), *rated]  # on a list, never rated


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A prepared dataset on disk."""
    path = tmp_path_factory.mktemp("person") / "data"
    prepare(table_of(rows(), items=catalogue(), note="simulated ratings")).save(path)
    return path


def trained(data):
    models = {"mf": mf.Config(dim=4, epochs=30)}
    return train_model(Dataset.open(data), models, SplitConfig(valid=0, test=0), Run(threads=1), data)


@pytest.fixture(scope="module")
def bundle(data):
    return trained(data)


@pytest.fixture(scope="module")
def recommender(bundle):
    return Recommender(bundle)


@pytest.fixture
def listed(tmp_path):
    return write(tmp_path / "me.csv", LIST)


def entries(profile):
    return dict(zip(profile.item.tolist(), profile.rating.tolist(), strict=True))


# ---- all that a profile comes from


def test_a_profile_from_everywhere(recommender, listed, data):
    assert entries(recommender.person().profile) == {}
    assert entries(recommender.person(ME).profile) == {0: 9, 7: 3}
    assert entries(recommender.person({10: 9, "17": 3}).profile) == {0: 9, 7: 3}
    assert entries(recommender.person(Profiles.of([{3: 7.0}])).profile) == {3: 7}
    for file in (listed, str(listed), read_list(listed)):
        assert entries(recommender.person(list_file=file).profile) == {0: 4, 2: 9}
    own = Dataset.open(data).profile(7)
    for user in (7, "7", np.int64(7)):
        assert entries(recommender.person(user=user).profile) == entries(own)


def test_what_is_typed_goes_before_the_list(recommender, listed):
    person = recommender.person(ME, list_file=listed)
    assert entries(person.profile) == {0: 9, 2: 9, 7: 3}  # not the 4 of the list
    assert [one.title for one in person.given] == ["Cowboy Bebop (1998)", "Mushishi (2005)"]
    assert [miss.entry.name for miss in person.matched.unmatched] == ["Nothing of the Kind"]
    assert entries(recommender.person(Profiles.of([{0: 9.0}]), list_file=listed).profile) == {0: 9, 2: 9}


def test_statuses_stay_where_either_has_some():
    plain = Profiles.of([{1: 9.0, 5: 2.0}])
    with_status = replace(Profiles.of([{1: 3.0, 4: 8.0}]), status=np.array([1, 2], np.uint8))
    assert joined(plain, plain).status is None
    both = joined(plain, with_status)
    assert (both.item.tolist(), both.rating.tolist(), both.status.tolist()) == ([1, 4, 5], [9, 8, 2], [0, 2, 0])
    assert joined(with_status, plain).status.tolist() == [1, 2, 0]


def test_a_person_is_asked_for_once_and_answered_anywhere(recommender, bundle):
    person = recommender.person(ME, wishes={"Action": 9})
    assert recommender.recommend(person) == recommender.recommend(ME, wishes={"Action": 9})
    for more in ({"user": 1}, {"list_file": "x.csv"}, {"wishes": {"Drama": 9}}):
        with pytest.raises(RequestError, match="A Person is given, and more beside it"):
            recommender.recommend(person, **more)
    with pytest.raises(RequestError, match="understood by another Recommender"):
        Recommender(replace(bundle, items=bundle.items.clone())).recommend(person)


def test_statuses_are_read_once_and_mean_this():
    status = np.array([0, 0, WATCHED, DROPPED, PLANNED, PLANNED], np.uint8)
    rating = np.array([8, np.nan, np.nan, 2, np.nan, 9], np.float32)
    one = Profiles(np.array([0, 4, 6, 6]), np.array([0, 1, 2, 3, 0, 1], np.int32), rating, status)
    assert one.planned.tolist() == [False] * 4 + [True] * 2
    assert one.dropped.tolist() == [False] * 3 + [True] + [False] * 2
    assert one.consumed.tolist() == [True, False, True, True, False, False]
    assert one.silent.tolist() == [False, True, True]
    assert one.planned is one.planned and one.silent is one.silent
    plain = replace(one, status=None)
    assert not plain.planned.any() and not plain.dropped.any() and plain.silent.tolist() == [False, False, True]
    assert plain.consumed.tolist() == (~np.isnan(rating)).tolist()


# ---- what was understood stands in the answer


def test_an_answer_says_what_was_understood(recommender, listed):
    answer = recommender.recommend({"hunter x hunter": 9, 17: 3}, list_file=listed, k=2)
    first, second = answer.understood
    assert (first.text, first.title, first.item_id, first.rating) == ("hunter x hunter", "Hunter x Hunter (1999)", 11, 9) or (
        first.text,
        first.title,
        first.item_id,
        first.rating,
    ) == ("hunter x hunter", "Hunter x Hunter (2011)", 12, 9)
    assert len(first.also) == 1 and first.also[0].startswith("Hunter x Hunter (") and first.also[0] != first.title
    assert (second.text, second.item_id, second.also) == ("17", 17, ())
    said = repr(answer).splitlines()
    assert said[0] == f"hunter x hunter → {first.title}: 9; also {first.also[0]}"
    assert said[1:3] == ["17 → Mushishi (2005): 3", "CSV: 2 of 3 entries matched."]
    assert said[3] == "  Cowboy Bebop → Cowboy Bebop (1998), by title (95% sure)"  # the list has no years
    assert said[4] == "Not in this catalogue: Nothing of the Kind." and said[5].startswith("  1. ")
    assert "<p>CSV: 2 of 3 entries matched.</p>" in answer._repr_html_()
    facts = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert list(facts) == ["given", "list", "recommendations", "common", "remarks", "parts", "doubtful", "note"]
    assert facts["given"][0] == {
        "text": "hunter x hunter",
        "title": first.title,
        "item_id": first.item_id,
        "rating": 9,
        "also": list(first.also),
        "known": True,
    }
    assert [len(facts["list"][key]) for key in ("matched", "unmatched", "doubles")] == [2, 1, 0]
    assert facts["recommendations"] == json.loads(json.dumps(answer.to_dicts()))


def test_numbers_of_numpy_and_fractions_are_ready_for_json(recommender):
    answer = recommender.recommend({"Mushishi": np.float32(7), "Cowboy Bebop": Fraction(9)})
    assert [one["rating"] for one in json.loads(json.dumps(answer.to_dict()))["given"]] == [7, 9]


def test_nothing_was_understood_of_titles_like_a_title(recommender):
    answer = recommender.similar("Mushishi", k=1)
    assert answer.understood == () and answer.person is None
    told = answer.to_dict()
    assert next(iter(told)) == "recommendations" and told["common"] == told["remarks"] == []


def test_an_empty_answer_says_so(recommender):
    everything = recommender.recommend(dict.fromkeys(range(10, 18), 5))
    assert "\n(nothing)\n" in repr(everything)


# ---- users of the dataset


def test_users_by_id(recommender, data, tmp_path):
    answer = recommender.recommend(user=8, k=3)
    assert answer == recommender.recommend(Dataset.open(data).profile(8), k=3)
    assert answer != recommender.recommend(k=3)
    assert recommender.recommend(user=8, wishes={"Action": 10})[0].wishes
    with pytest.raises(RequestError, match='Unknown user "7000"'):
        recommender.recommend(user=7000)
    with pytest.raises(RequestError, match="Somebody in the dataset has a profile") as error:
        recommender.recommend(ME, user=8)
    assert error.value.hint == "Give a user, or a profile and a list."


def test_the_dataset_may_have_moved(recommender, bundle, data, tmp_path):
    facts = replace(bundle.facts, data=replace(bundle.facts.data, path=str(tmp_path / "gone")))
    gone = replace(bundle, facts=facts)
    with pytest.raises(DataError, match="gone: the dataset of this model is not there") as error:
        Recommender(gone).recommend(user=8)
    assert "`data`" in error.value.hint
    for where in (data, str(data), Dataset.open(data)):
        assert Recommender(gone, where).recommend(user=8) == recommender.recommend(user=8)
    prepare(table_of(rows()[:-1], items=catalogue())).save(tmp_path / "other")
    for other in (tmp_path / "other", Dataset.open(tmp_path / "other")):
        with pytest.raises(DataError, match="not the dataset that this model was trained on"):
            Recommender(bundle, other).recommend(user=8)
    assert len(Recommender(gone).recommend(ME)) > 0  # who is not in it needs no dataset


# ---- many people


def alike(one: Answer, other: Answer):
    """The same titles and reasons in the same order; numbers to rounding."""
    assert [row.item_id for row in one] == [row.item_id for row in other]
    for mine, theirs in zip(one, other, strict=True):
        assert mine.score == pytest.approx(theirs.score, abs=2e-4) and mine.rating == pytest.approx(theirs.rating, abs=2e-4)
        assert [reason.item_id for reason in mine.up] == [reason.item_id for reason in theirs.up]
        assert (mine.interval, mine.planned) == (theirs.interval, theirs.planned)


@pytest.mark.parametrize("dials", [Dials(), Dials(love=0.7, niche=0.3), Dials(diverse=0.5, calibrate=0.5)])
def test_many_people_are_answered_in_order_as_each_is(recommender, data, dials):
    plans = replace(Profiles.of([{0: np.nan, 3: 8.0}]), status=np.array([PLANNED, WATCHED], np.uint8))
    people = [ME, None, plans, recommender.person(wishes={"Drama": 9}), recommender.person(user=8), {}, Profiles.of([{2: 9.0}])]
    answers = recommender.recommend_many(people, 4, dials=dials)
    assert len(answers) == len(people) and all(isinstance(answer, Answer) for answer in answers)
    for who, answer in zip(people, answers, strict=True):
        alike(answer, recommender.recommend(who, 4, dials=dials))
    assert answers[0].understood[0].title == "Cowboy Bebop (1998)"
    everybody = Dataset.open(data).profiles
    many = recommender.recommend_many(everybody, 3, dials=dials)
    assert len(many) == 40
    for user in (0, 8, 39):
        alike(many[user], recommender.recommend(everybody.slice(user, user + 1), 3, dials=dials))


def test_nobody_is_no_answer(recommender):
    assert recommender.recommend_many([]) == [] == recommender.recommend_many(Profiles.of([]))


@pytest.mark.parametrize("where", [Where(), Where(planned="show", parts=True), Where(again=True, sensitive=True)])
def test_what_is_served_is_what_can_be_measured(recommender, data, where):
    """Answers, lists for everybody and the ranker that evaluation may ask are the same list."""
    profiles, dials = Dataset.open(data).profiles, Dials(love=0.5, diverse=0.3)
    ids = recommender.bundle.items["item_id"].to_numpy()
    offer = Offer(where.planned, where.again, where.parts)
    measured = recommender.ranker.best(profiles, 4, recommender.allowed(where), dials, offer)
    bulk = recommender.best(profiles, 4, where, dials)(0, 40)
    np.testing.assert_array_equal(measured.items, bulk.items)
    np.testing.assert_array_equal(measured.scores, bulk.scores)
    for user, answer in enumerate(recommender.recommend_many(profiles, 4, where, dials, why=0)):
        found = measured.items[user][measured.items[user] >= 0]
        assert [row.item_id for row in answer] == ids[found].tolist()


# ---- predicted ratings of pairs


def test_predicted_ratings_of_pairs(recommender, data, monkeypatch):
    model, profiles = recommender.bundle.models["mf"], Dataset.open(data).profiles
    every = model.score(model.encode(profiles), "rating").clip(1, 10)
    found = recommender.predict([(3, "Mushishi"), ("5", 10), (3, "Cowboy Bebop"), (np.int64(39), np.int64(17))])
    assert found.dtype == np.float32 and found.shape == (4,)
    np.testing.assert_allclose(found, [every[3, 7], every[5, 0], every[3, 0], every[39, 7]], rtol=1e-5)
    shown = {row.item_id: row.rating for row in recommender.recommend(ME, why=0)}
    pairs = [(ME, item) for item in shown]
    np.testing.assert_allclose(recommender.predict(pairs), list(shown.values()), atol=1e-4)
    me = recommender.person(ME)
    np.testing.assert_array_equal(recommender.predict([(me, item) for item in shown]), recommender.predict(pairs))
    assert recommender.predict([]).shape == (0,)
    monkeypatch.setattr("konomi.recommend.predict.NUMBERS", 1)
    monkeypatch.setattr("konomi.recommend.predict.BLOCK", 1)
    np.testing.assert_allclose(recommender.predict([(3, "Mushishi"), ("5", 10)]), found[:2], rtol=1e-5)


def test_who_or_what_is_unknown_has_no_prediction(recommender):
    found = recommender.predict([(7000, "Mushishi"), (3, "Nothing of the Kind"), ("anna", 10), (3, 999), ({}, 10), (3, 16)])
    assert np.isnan(found).tolist() == [True, True, True, True, False, False]  # 16: in the catalogue, never rated


def test_equal_profiles_of_a_loop_are_not_taken_for_one_another(recommender):
    """Each dict is gone after its pair, and the next may have its place in memory."""
    pairs = ((({"Cowboy Bebop": 1 + n % 10}), "Mushishi") for n in range(30))
    found = recommender.predict(pairs)
    assert len(set(found[:10].tolist())) == 10
    np.testing.assert_array_equal(found[:10], found[10:20])


def test_a_bundle_that_predicts_no_ratings(data):
    config = stand_in.Config("interaction")
    with pytest.raises(RequestError, match="No model of this bundle predicts ratings"):
        make(Dataset.open(data), stand_in, "stand-in", config).predict([(1, 10)])


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (5, "5 is not several pairs."),
        ({3: "Mushishi"}, "is not several pairs."),
        ("abc", "'abc' is not several pairs."),
        ([3], "3 is no pair."),
        ([(3, "Mushishi", 1)], "is no pair."),
        (["ab"], "'ab' is no pair."),
        ([(None, "Mushishi")], "None is neither a user id nor a profile."),
        ([(True, "Mushishi")], "True is neither a user id nor a profile."),
        ([(3, 2.5)], "2.5 is neither a title nor an item id."),
        ([(3, None)], "None is neither a title nor an item id."),
        ([({"Mushishi": 11}, 10)], '"Mushishi": 11 is not a rating'),
    ],
)
def test_pairs_that_are_none(recommender, pairs, message):
    with pytest.raises(RequestError) as error:
        recommender.predict(pairs)
    assert message in str(error.value) and error.value.hint


# ---- short names of things


def test_reprs_are_short(recommender, data):
    profiles = Dataset.open(data).profiles
    scores = recommender.ranker.blend.weigh(profiles, Dials())
    ranking = recommender.ranker.best(profiles, 3, recommender.allowed(Where()))
    person = recommender.person(ME, wishes={"Drama": 9})
    known = {
        "Recommender(mf: 8 items, simulated ratings)": recommender,
        f"Profiles(40 × {len(profiles.item)} entries)": profiles,
        "Ranking(40 × 3 items)": ranking,
        "Blend(MF: 8 items)": recommender.ranker.blend,
        "Scores(40 × 8: ScoredTerm(rank of MF, shrunk))": scores,
        "Person(entries: 2, wishes: 1)": person,
        "Given('Mushishi' → 'Mushishi (2005)': 3)": person.given[1],
        "Catalogue(8 items, rated 1 to 10 in steps of 1)": recommender.catalogue,
    }
    for expected, thing in known.items():
        assert repr(thing) == expected
    assert isinstance(person, Person)
