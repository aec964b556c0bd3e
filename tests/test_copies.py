"""A recommender that has answered goes to another process."""

import copy
import pickle

from konomi.pipeline.train import train_model
from konomi.recommend.recommender import Recommender


def test_a_recommender_that_has_answered_can_be_copied(checkerboard):
    recommender = Recommender(train_model(checkerboard, "popular"), checkerboard)
    answer = recommender.recommend(user=100)
    for other in (pickle.loads(pickle.dumps(recommender)), copy.deepcopy(recommender)):
        assert other.recommend(user=100) == answer
