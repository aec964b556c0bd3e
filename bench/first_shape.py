"""Simulated ratings in the shape of the first founding notebook: 12.46 M of 41,735 × 3,448 to train on, 100,000 to test on."""

from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.split import Split, SplitConfig, make_split
from konomi.runtime import Run
from konomi.simulate.ratings import simulate
from konomi.simulate.titles import simulated_catalogue

USERS, ITEMS, RATINGS, TEST = 41_735, 3_448, 12_563_786, 100_000


def first_shape(run: Run) -> tuple[Dataset, Split, float]:
    """The dataset, the split, and the RMSE of the best possible predictor."""
    simulation = simulate(simulated_catalogue(ITEMS, 0), USERS, RATINGS, 0, run)
    dataset = prepare(simulation.table(), run=run)
    return dataset, make_split(dataset, SplitConfig(valid=0, test=TEST)), simulation.noise_floor
