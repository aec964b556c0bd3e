"""What a notebook shows of a public record fits a line, whatever is in it."""

from dataclasses import fields, is_dataclass

import pytest

import konomi
from konomi.bundle.store import Store
from konomi.models import MODELS

LONGEST = 200  # characters


@pytest.fixture(scope="module")
def dataset():
    return konomi.prepare([], source="sample")


@pytest.fixture(scope="module")
def bundle(dataset):
    quick = [name for name in MODELS if name not in ("nn", "hybrid", "two_tower", "genre", "popular", "slim")]
    return konomi.train_model(dataset, quick, refit=False)


def test_records(dataset, bundle, tmp_path):
    recommender, split = konomi.Recommender(bundle, dataset), konomi.make_split(dataset, konomi.SplitConfig())
    titles = recommender.bundle.items["title"].drop_nulls().to_list()
    (tmp_path / "list.csv").write_text(
        "title,rating\n" + "".join(f'"{title}",7\n' for title in titles[:50] if '"' not in title)
    )
    personal = konomi.read_list(tmp_path / "list.csv")
    person = recommender.person(list_file=personal)
    evaluation = konomi.evaluate_model(bundle, dataset)
    records = [
        *(dataset, dataset.profiles, dataset.scale, split, split.train_set(dataset), split.test(dataset)[0]),
        *(bundle, bundle.facts, *bundle.models.values(), recommender, recommender.catalogue, person, personal, person.matched),
        *(evaluation, evaluation.report, *evaluation.predictions.values(), evaluation.report.ranked),
        *(konomi.Run(), konomi.Rules(), konomi.SplitConfig(), konomi.Where(years=(1990, None)), konomi.Dials()),
        *(konomi.METRICS.values()),
        *(Store(tmp_path), recommender.best(dataset.profiles, 5)(0, 2)),
    ]
    assert [(type(record).__name__, len(repr(record))) for record in records if len(repr(record)) >= LONGEST] == []
    assert [text for record in records if "\n" in (text := repr(record))] == []
    answer = recommender.recommend(person)
    assert all(len(line) < LONGEST for line in repr(answer).splitlines())


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    """Each shows itself in a word and a number, not by the arrays that it is made of."""
    from importlib import import_module

    made = [
        kind
        for module in (import_module(f"konomi.models.{each}") for each in (name, *HOMES.get(name, ())))
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and "item_known" in {each.name for each in fields(kind)}
    ]
    assert made and all(kind.__repr__.__name__ == "in_short" for kind in made)


HOMES = {"mf": ["factors"], "two_tower": ["towers"], "nn": ["network"], "hybrid": ["network"]}
