"""What the built-in metrics say, for somebody who meets them first: by key, without the number of places."""

MEANINGS = {
    "rmse": "How far predicted ratings are from the true ones, large errors weighing more: the root of the mean squared error.",
    "mae": "How far predicted ratings are from the true ones, on average.",
    "rmse_by_user": "The RMSE of each person, averaged, so that everybody weighs the same.",
    "mae_by_user": "The MAE of each person, averaged, so that everybody weighs the same.",
    "log_loss": "How surprised the predicted chances of liking are by what people liked; sure and wrong costs most.",
    "accuracy": "The share of entries where a chance above one half goes with liking, and below with not liking.",
    "precision": "Of what is said to be liked, the share that is.",
    "recall": "Of what is liked, the share that is found.",
    "auc": "The chance that a liked entry has a higher prediction than one that is not; 0.5 is a coin.",
    "average_precision": "Precision, averaged over all lengths of the list of predictions at which a liked entry stands.",
    "brier": "The mean squared error of the predicted chances of liking.",
    "ece": "How far predicted chances are from the shares that come true, in bins of alike chances.",
    "ndcg": "How many hidden likes the list has and how high they stand; 1 where they fill the top.",
    "ndcg_weighted": "NDCG where a little known title counts for more, since the well known are in the data too often.",
    "recall_capped": "Recall where a list full of hits has 1, even for somebody who likes more than it holds.",
    "recall_weighted": "Recall where a little known title counts for more.",
    "recall_head": "Recall among the best known titles, with half of all ratings.",
    "recall_middle": "Recall among the titles in between, with the next 30 % of the ratings.",
    "recall_tail": "Recall among the least known titles, with the last 20 % of the ratings.",
    "map": "Precision at the place of each hit, averaged: early hits count for more.",
    "mrr": "One over the place of the first hit: 1 at the top, 0.5 at the second place.",
    "hit": "The share of people with a hit in their list.",
    "coverage": "The share of the catalogue that is on somebody's list.",
    "gini": "How unevenly the places are shared out among titles: 0 evenly, 1 all to the same few.",
    "overlap": "How much the lists of two people have in common, on average: 1 where everybody gets the same.",
    "novelty": "How little known the recommended titles are, in bits: each bit halves the share of people who have one.",
    "ild": "How different the genres within a list are: 0 all alike, 1 nothing in common.",
}
IN_LISTS = {
    "precision": "The share of a list's places that hold a hidden like.",
    "recall": "The share of a person's hidden likes that the list has.",
}
"""Of lists, where a metric of interactions has the same name."""


def meaning(key: str, kind: str) -> str:
    """The meaning of a metric of a kind, "rating", "interaction" or "ranking"."""
    stem = key.partition("@")[0]
    return IN_LISTS[stem] if kind == "ranking" and stem in IN_LISTS else MEANINGS[stem]
