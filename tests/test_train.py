"""One call from a dataset to a bundle, for one model or several that answer together."""

import dataclasses

import numpy as np
import pytest

from konomi.bundle.format import load_bundle, save_bundle
from konomi.errors import ConfigError, RequestError
from konomi.evaluate import held_out
from konomi.evaluate.evaluate import evaluate
from konomi.models import bias, ease, mf, popular
from konomi.pipeline.train import train_model
from konomi.runtime import Run

SMALL = mf.Config(dim=4, epochs=3)


@pytest.fixture(scope="module")
def both(checkerboard):
    return train_model(checkerboard, {"ease": ease.Config(l2=1.0), "mf": SMALL}, run=Run(threads=1), refit=False)


def test_the_first_model_that_has_an_output_gives_it(both):
    assert list(both.models) == ["ease", "mf"]
    assert both.giving("rank") is both.models["ease"] and both.giving("rating") is both.models["mf"]
    assert both.giving("interaction") is None


def test_each_figure_is_of_the_model_that_answers(both, checkerboard):
    from konomi.data.split import SplitConfig, make_split

    split = make_split(checkerboard, SplitConfig())
    train, (seen, hidden) = split.train_set(checkerboard), split.test(checkerboard)
    alone = {name: evaluate(model, seen, hidden, train, Run(threads=1)).metrics for name, model in both.models.items()}
    found = both.metrics["test"]
    assert found["rmse"] == alone["mf"]["rmse"] and found["ndcg@10"] == alone["ease"]["ndcg@10"]
    assert found["ndcg@10"] != alone["mf"]["ndcg@10"]
    assert set(found["baselines"]) == {"global mean", "bias", "popular"}


def test_what_only_ranks_gives_the_order_wherever_it_is_named(both, checkerboard):
    turned = train_model(checkerboard, {"mf": SMALL, "ease": ease.Config(l2=1.0)}, run=Run(threads=1))
    assert turned.metrics == both.metrics


def test_nothing_is_fitted_or_ranked_twice(checkerboard, monkeypatch):
    """On two sets of entries, `ease` and `popular` rank once by themselves and once as served."""
    fitted, ranked = [], []
    for module in (bias, popular):
        monkeypatch.setattr(module, "fit", lambda *words, fit=module.fit, module=module: fitted.append(module) or fit(*words))
    measure = held_out.measure_recommendations
    monkeypatch.setattr(held_out, "measure_recommendations", lambda *words: ranked.append(words[0]) or measure(*words))
    made = train_model(checkerboard, {"ease": ease.Config(l2=1.0), "mf": SMALL}, run=Run(threads=1), refit=False)
    assert fitted == [bias, popular]
    assert len(ranked) == 2 * 2 * 2 and list(made.models) == ["ease", "mf"]


def test_saved_together_they_are_loaded_together(both, tmp_path, checkerboard):
    save_bundle(tmp_path / "both", both)
    again = load_bundle(tmp_path / "both")
    assert list(again.models) == ["ease", "mf"] and again.configs["mf"] == dataclasses.asdict(SMALL)
    for name, model in both.models.items():
        scores = [each.score(each.encode(checkerboard.profiles), "rank") for each in (model, again.models[name])]
        np.testing.assert_array_equal(*scores)


def test_the_catalogue_says_what_is_part_of_what(both):
    assert both.items["franchise"].to_list() == list(range(20)) and both.items["part"].to_list() == [0] * 20


@pytest.mark.parametrize(
    ("models", "error", "message"),
    [
        ("", ConfigError, "There is no model."),
        ("mf,mf", ConfigError, "mf is named twice."),
        ("mf,eas", RequestError, 'Unknown model "eas". Did you mean "ease"?'),
    ],
)
def test_which_models(checkerboard, models, error, message):
    with pytest.raises(error) as caught:
        train_model(checkerboard, models)
    assert message in str(caught.value)


def test_no_intervals_without_validation(checkerboard):
    from konomi.data.split import SplitConfig

    assert train_model(checkerboard, {"mf": SMALL}).facts.intervals
    assert train_model(checkerboard, {"mf": SMALL}, SplitConfig(valid=0), refit=False).facts.intervals is None
    assert train_model(checkerboard, "popular").facts.intervals is None
