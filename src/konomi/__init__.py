"""Konomi turns a table of ratings into a recommender that people can use.

    import konomi

    recommender = konomi.Recommender.load("demo/bundle")
    recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})

The names below are the public ones. They are imported when they are first used, so that `import konomi` costs nothing.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from konomi.errors import BundleError, Cancelled, ConfigError, DataError, FitError, KonomiError, RequestError

if TYPE_CHECKING:
    from konomi.bundle.format import Bundle, load_bundle, save_bundle
    from konomi.data.prepare import Rules, prepare
    from konomi.data.profiles import Profiles
    from konomi.data.scale import Scale
    from konomi.data.split import Split, SplitConfig, TrainSet, make_split
    from konomi.evaluate.compare import Comparison
    from konomi.evaluate.compare import compare as compare_models
    from konomi.evaluate.evaluate import Predictions, Report
    from konomi.evaluate.evaluate import evaluate as evaluate_model  # konomi.evaluate is the package
    from konomi.lists.matching import Matched, match_list
    from konomi.lists.personal_list import PersonalList, read_list
    from konomi.models import MODELS
    from konomi.pipeline import train as train_model  # not konomi.train, which is a command
    from konomi.ranking.dials import Dials
    from konomi.ranking.rank import Ranking, rank
    from konomi.reading.frame import Dataset
    from konomi.recommend.answer import Answer
    from konomi.recommend.filters import Where
    from konomi.recommend.recommender import Given, Recommender
    from konomi.report.folder import write_report
    from konomi.runtime import Run

_HOME = {
    "Answer": "konomi.recommend.answer.Answer",
    "Bundle": "konomi.bundle.format.Bundle",
    "Comparison": "konomi.evaluate.compare.Comparison",
    "Dataset": "konomi.reading.frame.Dataset",
    "Dials": "konomi.ranking.dials.Dials",
    "Given": "konomi.recommend.recommender.Given",
    "MODELS": "konomi.models.MODELS",
    "Matched": "konomi.lists.matching.Matched",
    "PersonalList": "konomi.lists.personal_list.PersonalList",
    "Predictions": "konomi.evaluate.evaluate.Predictions",
    "Profiles": "konomi.data.profiles.Profiles",
    "Ranking": "konomi.ranking.rank.Ranking",
    "Recommender": "konomi.recommend.recommender.Recommender",
    "Report": "konomi.evaluate.evaluate.Report",
    "Rules": "konomi.data.prepare.Rules",
    "Run": "konomi.runtime.Run",
    "Scale": "konomi.data.scale.Scale",
    "Split": "konomi.data.split.Split",
    "SplitConfig": "konomi.data.split.SplitConfig",
    "TrainSet": "konomi.data.split.TrainSet",
    "Where": "konomi.recommend.filters.Where",
    "compare_models": "konomi.evaluate.compare.compare",
    "evaluate_model": "konomi.evaluate.evaluate.evaluate",
    "load_bundle": "konomi.bundle.format.load_bundle",
    "make_split": "konomi.data.split.make_split",
    "match_list": "konomi.lists.matching.match_list",
    "prepare": "konomi.data.prepare.prepare",
    "rank": "konomi.ranking.rank.rank",
    "read_list": "konomi.lists.personal_list.read_list",
    "save_bundle": "konomi.bundle.format.save_bundle",
    "train_model": "konomi.pipeline.train",
    "write_report": "konomi.report.folder.write_report",
}

__all__ = [
    "MODELS",
    "Answer",
    "Bundle",
    "BundleError",
    "Cancelled",
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

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet, unless the program that uses it wants to hear


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'konomi' has no attribute {name!r}")
    home, _, own_name = _HOME[name].rpartition(".")
    return getattr(import_module(home), own_name)


def __dir__() -> list[str]:
    return __all__
