# The public names, each once: where it lives and, at the end, what is called otherwise here than at home. Type checkers and
# editors read this file; so does `__init__.py`, which imports a name when it is first used.
from konomi.bundle.format import Bundle as Bundle
from konomi.bundle.format import load_bundle as load_bundle
from konomi.bundle.format import save_bundle as save_bundle
from konomi.data.prepare import Rules as Rules
from konomi.data.profiles import Profiles as Profiles
from konomi.data.scale import Scale as Scale
from konomi.data.split import Split as Split
from konomi.data.split import SplitConfig as SplitConfig
from konomi.data.split import TrainSet as TrainSet
from konomi.data.split import make_split as make_split
from konomi.data.table import Table as Table
from konomi.errors import BundleError as BundleError
from konomi.errors import ConfigError as ConfigError
from konomi.errors import DataError as DataError
from konomi.errors import FitError as FitError
from konomi.errors import KonomiError as KonomiError
from konomi.errors import RequestError as RequestError
from konomi.evaluate.compare import Comparison as Comparison
from konomi.evaluate.compare import compare as _compare
from konomi.evaluate.evaluate import Predictions as Predictions
from konomi.evaluate.evaluate import Report as Report
from konomi.evaluate.evaluate import evaluate as _evaluate
from konomi.lists.matching import Matched as Matched
from konomi.lists.matching import match_list as match_list
from konomi.lists.personal_list import PersonalList as PersonalList
from konomi.lists.personal_list import read_list as read_list
from konomi.models import MODELS as MODELS
from konomi.models import register_model as register_model
from konomi.pipeline import train as _train
from konomi.ranking.dials import Dials as Dials
from konomi.ranking.rank import Ranking as Ranking
from konomi.ranking.rank import rank as rank
from konomi.reading.frame import Dataset as Dataset
from konomi.reading.prepare import prepare as prepare
from konomi.reading.prepare import read_ratings as read_ratings
from konomi.recommend.answer import Answer as Answer
from konomi.recommend.filters import Where as Where
from konomi.recommend.person import Given as Given
from konomi.recommend.person import Person as Person
from konomi.recommend.recommender import Recommender as Recommender
from konomi.report.folder import write_report as write_report
from konomi.runtime import Run as Run

compare_models = _compare
evaluate_model = _evaluate  # konomi.evaluate is the package
train_model = _train  # konomi train is a command
