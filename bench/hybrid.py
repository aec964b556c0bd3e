"""What two tasks gain: ratings alone, interactions alone, both at several weights, and with the weights learnt.

    python bench/hybrid.py [--seeds 3]

The same network for all, `hybrid` with its default settings or `nn` with the same; the founding split of 419,943 MyAnimeList
ratings (liked: above 5) and the lists of 2022.
"""

from dataclasses import asdict, replace

from caserec_split import RATINGS, caserec
from contest import Roles, changed, measured, options
from konomi.models import hybrid, nn
from measure import save
from userlists import userlists

said = options(__doc__).parse_args()

both = changed(hybrid.Config(), **({"epochs": 1} if said.quick else {}))
alone = changed(nn.Config(), **asdict(both))
WAYS = {
    "ratings alone": ("nn", replace(alone, task="rating")),
    "interactions alone": ("nn", replace(alone, task="interaction")),
    **{f"both, 1 : {weight}": ("hybrid", replace(both, interaction=weight)) for weight in (0.1, 0.25, 0.5, 1, 2)},
    "both, learnt weights": ("hybrid", replace(both, learned=True)),
}
DATA = {"caserec": caserec(RATINGS), "lists of 2022": userlists()}
save(
    "hybrid",
    {
        data: {way: measured(name, config, Roles.of(*divided), said.seeds) for way, (name, config) in WAYS.items()}
        for data, divided in DATA.items()
    },
    not said.quick,
)
