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
    from konomi.bundle import Bundle, load_bundle, save_bundle
    from konomi.config import Run
    from konomi.data.dataset import Dataset
    from konomi.data.lists import PersonalList, read_list
    from konomi.data.prepare import Rules, prepare
    from konomi.data.profiles import Profiles
    from konomi.data.scale import Scale
    from konomi.data.split import Split, SplitConfig, TrainSet, make_split
    from konomi.evaluate.compare import Comparison
    from konomi.evaluate.compare import compare as compare_models
    from konomi.evaluate.evaluate import Predictions, Report
    from konomi.evaluate.evaluate import evaluate as evaluate_model  # konomi.evaluate is the package
    from konomi.evaluate.report import write_report
    from konomi.models import MODELS
    from konomi.order.dials import Dials
    from konomi.order.rank import Ranking, rank
    from konomi.recommend.answer import Answer
    from konomi.recommend.matching import Matched, match_list
    from konomi.recommend.recommender import Given, Recommender
    from konomi.recommend.where import Where
    from konomi.train import train as train_model  # likewise konomi.train

_HOME = {
    "Answer": "konomi.recommend.answer.Answer",
    "Bundle": "konomi.bundle.Bundle",
    "Comparison": "konomi.evaluate.compare.Comparison",
    "Dataset": "konomi.data.dataset.Dataset",
    "Dials": "konomi.order.dials.Dials",
    "Given": "konomi.recommend.recommender.Given",
    "MODELS": "konomi.models.MODELS",
    "Matched": "konomi.recommend.matching.Matched",
    "PersonalList": "konomi.data.lists.PersonalList",
    "Predictions": "konomi.evaluate.evaluate.Predictions",
    "Profiles": "konomi.data.profiles.Profiles",
    "Ranking": "konomi.order.rank.Ranking",
    "Recommender": "konomi.recommend.recommender.Recommender",
    "Report": "konomi.evaluate.evaluate.Report",
    "Rules": "konomi.data.prepare.Rules",
    "Run": "konomi.config.Run",
    "Scale": "konomi.data.scale.Scale",
    "Split": "konomi.data.split.Split",
    "SplitConfig": "konomi.data.split.SplitConfig",
    "TrainSet": "konomi.data.split.TrainSet",
    "Where": "konomi.recommend.where.Where",
    "compare_models": "konomi.evaluate.compare.compare",
    "evaluate_model": "konomi.evaluate.evaluate.evaluate",
    "load_bundle": "konomi.bundle.load_bundle",
    "make_split": "konomi.data.split.make_split",
    "match_list": "konomi.recommend.matching.match_list",
    "prepare": "konomi.data.prepare.prepare",
    "rank": "konomi.order.rank.rank",
    "read_list": "konomi.data.lists.read_list",
    "save_bundle": "konomi.bundle.save_bundle",
    "train_model": "konomi.train.train",
    "write_report": "konomi.evaluate.report.write_report",
}

__all__ = [
    "MODELS",
    "Answer",
    "Bundle",
    "BundleError",
    "Comparison",
    "ConfigError",
    "DataError",
    "Dataset",
    "Dials",
    "FitError",
    "Given",
    "KonomiError",
    "Matched",
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
    "evaluate_model",
    "load_bundle",
    "make_split",
    "match_list",
    "prepare",
    "rank",
    "read_list",
    "save_bundle",
    "train_model",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'konomi' has no attribute {name!r}")
    home, _, own_name = _HOME[name].rpartition(".")
    return getattr(import_module(home), own_name)


def __dir__() -> list[str]:
    return __all__
