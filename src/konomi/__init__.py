"""Konomi turns a table of ratings into a recommender that people can use.

    import konomi

    recommender = konomi.Recommender.load("demo/bundle")
    recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})

The names below are the public ones. They are imported when they are first used, so that `import konomi` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from konomi.errors import BundleError, ConfigError, DataError, FitError, KonomiError, RequestError

if TYPE_CHECKING:
    from konomi.bundle.format import Bundle, load_bundle, save_bundle
    from konomi.data.prepare import Rules, prepare
    from konomi.data.profiles import Profiles
    from konomi.data.scale import Scale
    from konomi.data.split import Split, SplitConfig, TrainSet, make_split
    from konomi.evaluate.metrics import METRICS, EntryMean, EntryMetric, ListMetric, register_metric
    from konomi.evaluate.records import Predictions, Report
    from konomi.lists.matching import Matched, match_list
    from konomi.lists.personal_list import PersonalList, read_list
    from konomi.models import MODELS
    from konomi.pipeline.compare import compare_models
    from konomi.pipeline.compare_people import compare_people
    from konomi.pipeline.comparison import Comparison
    from konomi.pipeline.evaluate import Evaluation, evaluate_model
    from konomi.pipeline.people_comparison import People
    from konomi.pipeline.train import train_model
    from konomi.ranking.dials import Dials
    from konomi.ranking.rank import Ranking, rank
    from konomi.reading.frame import Dataset
    from konomi.recommend.answer import Answer
    from konomi.recommend.filters import Where
    from konomi.recommend.recommender import Given, Recommender
    from konomi.report.folder import write_report
    from konomi.report.people import write_people
    from konomi.runtime import Run

_HOME = {
    "Answer": "konomi.recommend.answer.Answer",
    "Bundle": "konomi.bundle.format.Bundle",
    "Comparison": "konomi.pipeline.comparison.Comparison",
    "Dataset": "konomi.reading.frame.Dataset",
    "Dials": "konomi.ranking.dials.Dials",
    "EntryMean": "konomi.evaluate.metrics.EntryMean",
    "EntryMetric": "konomi.evaluate.metrics.EntryMetric",
    "Evaluation": "konomi.pipeline.evaluate.Evaluation",
    "Given": "konomi.recommend.recommender.Given",
    "ListMetric": "konomi.evaluate.metrics.ListMetric",
    "METRICS": "konomi.evaluate.metrics.METRICS",
    "MODELS": "konomi.models.MODELS",
    "Matched": "konomi.lists.matching.Matched",
    "People": "konomi.pipeline.people_comparison.People",
    "PersonalList": "konomi.lists.personal_list.PersonalList",
    "Predictions": "konomi.evaluate.records.Predictions",
    "Profiles": "konomi.data.profiles.Profiles",
    "Ranking": "konomi.ranking.rank.Ranking",
    "Recommender": "konomi.recommend.recommender.Recommender",
    "Report": "konomi.evaluate.records.Report",
    "Rules": "konomi.data.prepare.Rules",
    "Run": "konomi.runtime.Run",
    "Scale": "konomi.data.scale.Scale",
    "Split": "konomi.data.split.Split",
    "SplitConfig": "konomi.data.split.SplitConfig",
    "TrainSet": "konomi.data.split.TrainSet",
    "Where": "konomi.recommend.filters.Where",
    "compare_models": "konomi.pipeline.compare.compare_models",
    "compare_people": "konomi.pipeline.compare_people.compare_people",
    "evaluate_model": "konomi.pipeline.evaluate.evaluate_model",
    "load_bundle": "konomi.bundle.format.load_bundle",
    "make_split": "konomi.data.split.make_split",
    "match_list": "konomi.lists.matching.match_list",
    "prepare": "konomi.data.prepare.prepare",
    "rank": "konomi.ranking.rank.rank",
    "read_list": "konomi.lists.personal_list.read_list",
    "register_metric": "konomi.evaluate.metrics.register_metric",
    "save_bundle": "konomi.bundle.format.save_bundle",
    "train_model": "konomi.pipeline.train.train_model",
    "write_people": "konomi.report.people.write_people",
    "write_report": "konomi.report.folder.write_report",
}

__all__ = [
    "METRICS",
    "MODELS",
    "Answer",
    "Bundle",
    "BundleError",
    "Comparison",
    "ConfigError",
    "DataError",
    "Dataset",
    "Dials",
    "EntryMean",
    "EntryMetric",
    "Evaluation",
    "FitError",
    "Given",
    "KonomiError",
    "ListMetric",
    "Matched",
    "People",
    "PersonalList",
    "Predictions",
    "Profiles",
    "Ranking",
    "Recommender",
    "Report",
    "RequestError",
    "Rules",
    "Run",
    "Scale",
    "Split",
    "SplitConfig",
    "TrainSet",
    "Where",
    "compare_models",
    "compare_people",
    "evaluate_model",
    "load_bundle",
    "make_split",
    "match_list",
    "prepare",
    "rank",
    "read_list",
    "register_metric",
    "save_bundle",
    "train_model",
    "write_people",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'konomi' has no attribute {name!r}")
    home, _, own_name = _HOME[name].rpartition(".")
    return getattr(import_module(home), own_name)


def __dir__() -> list[str]:
    return __all__
