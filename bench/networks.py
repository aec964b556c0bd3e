"""mf, the networks and genre on real ratings, beside the founding notebooks' models in Keras; the data beside the checkout.

    python bench/networks.py [caserec | ml-latest-small] [--models mf,nn,…] [--presets '*'] [--seeds 3]
    python bench/networks.py --at-scale

caserec: the founding split of 419,943 MyAnimeList ratings with the catalogue of 2020; ml-latest-small: a random tenth tests, a
tenth validates. Default settings and every preset of docs/presets that the model has: test errors over the seeds of training,
time, rows/s, and the same of the Keras twin; how many times its rows/s; GFLOP/s (counted in `flops.py`) as a share of
what a large matrix product reaches here.

--at-scale: nn on 12.46 M simulated ratings of 41,735 × 3,448 for three epochs, its rows/s beside those of its Keras twin over
2,000 steps.
"""

from pathlib import Path

from caserec_split import CATALOGUE, RATINGS, caserec
from contest import Roles, against_keras, contest, fits, options, rates, settings_of
from first_shape import first_shape
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.split import Split, SplitConfig, make_split
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run
from measure import save

MODELS = ("mf", "nn", "hybrid", "two_tower", "genre")
TWINS = {"mf": "notebook2-mf", "nn": "notebook2-nn", "hybrid": "notebook2-hybrid", "two_tower": "notebook4-towers"}
OTHERS = {"caserec": ["notebook1-dot"], "ml-latest-small": ["notebook3-dot", "notebook3-bias", "notebook3-nn"]}
SMALL = Path("../shared/data/ml-latest-small-2018")
EPOCHS, STEPS = 3, 2000  # at scale, ours and Keras'


def small() -> tuple[Dataset, Split]:
    dataset = prepare(read_source("movielens", [SMALL], ReadOptions(), Run()))
    return dataset, make_split(dataset, SplitConfig())


parser = options(__doc__, MODELS)
parser.add_argument("data", nargs="?", default="caserec", choices=OTHERS)
parser.add_argument("--at-scale", action="store_true")
said = parser.parse_args()

if said.at_scale:
    roles = Roles.of(*first_shape(Run())[:2])
    ours = {"nn": {}}
    for label, config in settings_of("nn", "notebook2*", said.quick, epochs=EPOCHS, patience=0).items():
        models, ours["nn"][label] = fits("nn", config, roles.train, 1)
        ours["nn"][label]["training RMSE"] = round(float(models[0].history[-1, 0]), 4)
    peers = against_keras(["notebook2-nn"], roles, said.quick, epochs=1, steps=STEPS)
    del peers["notebook2-nn"]["rmse"], peers["notebook2-nn"]["mae"]  # of a model that is not yet trained
    save("networks_at_scale", {"konomi": ours, "keras": peers, **rates(ours, peers, TWINS)}, not said.quick)
else:
    roles = Roles.of(*(caserec(RATINGS, CATALOGUE) if said.data == "caserec" else small()))
    found = contest(said, TWINS, OTHERS[said.data], roles, task="rating")
    save(f"networks_{said.data}", found, not said.quick)
