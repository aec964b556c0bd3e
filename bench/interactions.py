"""Liked or not: mf, nn and hybrid on the real lists of 2022, beside the notebook's models in Keras and the majority class.

    python bench/interactions.py [--models mf,nn,hybrid] [--labels scored] [--seeds 3]

The interactions of `userlists.py`, the same split for all. --labels unscored-negative counts a missing rating as a low one, as
the notebook does.
"""

from typing import get_args

import numpy as np

from contest import Parts, contest, options
from konomi.data.labels import LEFT_OUT, Rule
from konomi.evaluate.metrics import entry_values
from konomi.evaluate.records import Predictions
from measure import save
from userlists import userlists

TWINS = {"mf": "notebook2-mf-interaction", "nn": "notebook2-nn-interaction", "hybrid": "notebook2-hybrid"}

parser = options(__doc__, TWINS, "notebook2*")
parser.add_argument("--labels", default="scored", choices=get_args(Rule))
said = parser.parse_args()

parts = Parts.of(*userlists(said.labels))
learnt, tested = (
    (label[label != LEFT_OUT] > 0).astype("f4") for label in map(parts.train.labelling.of, (parts.train.seen, parts.hidden))
)
nobody = np.zeros(len(tested), np.int32)
guess = Predictions(nobody, nobody, tested, 0 * tested + learnt.mean())
majority = {name: value and round(value, 4) for name, value in entry_values("interaction", guess).items()}
found = contest(said, TWINS, [], parts, task="interaction")
save(
    "interactions",
    {"labels": said.labels, "trained on": len(learnt), "tested on": len(tested), "majority class": majority, **found},
    not said.quick,
)
