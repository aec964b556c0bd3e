"""Whether `bayes` draws from the posterior that it claims: the joint distribution (Geweke 2004, "Getting it right"), simulated
posteriors (Talts et al. 2018, "Validating Bayesian inference algorithms with simulation-based calibration"), and coverage."""

import numpy as np
import pytest
from scipy import stats

from konomi.models import bayes_side
from konomi.models.bayes_design import design, one_hot, who_rated_what
from konomi.models.bayes_side import Ratings, Side
from konomi.models.chance import Draws
from konomi.runtime import Run

K, SHAPE, NOISE, FREEDOM = 2, 4.0, 2.0, 6.0
ROWS = {"users": 7, "items": 5}
MOST = 6  # errors: they are estimated from ten batches, and τ moves slowly


@pytest.fixture
def strong(monkeypatch):
    """Priors that keep to numbers of a size; those of use have no moments."""
    for name, value in {"FREEDOM": 6.0, "SCALE": 2.0, "EFFECT_SCALE": 2.0}.items():
        monkeypatch.setattr(bayes_side, name, value)


def entries():
    """Who has rated what: the entries by user, and the order of these by item."""
    user, item = np.nonzero((3 * np.arange(7)[:, None] + 5 * np.arange(5)) % 4)
    return user.astype(np.int32), item.astype(np.int32), np.argsort(item, kind="stable")


def world(draw):
    """Both sides, drawn from the prior, and α of people; targets are 0."""
    user, item, order = entries()
    sides = []
    for own, other, n, name in ((user, item, 5, "users"), (item[order], user[order], 7, "items")):
        R = ROWS[name]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=R))]).astype(np.int64)
        told = [one_hot(np.arange(R) % 3, 3)]
        side = Side.begin(
            Ratings(indptr, other, np.zeros(len(own), np.float32)), design(who_rated_what(indptr, other, n), told), K, draw
        )
        side.spread = Draws(draw).wishart(6.0 * K, 2.0 * K * np.eye(K))
        side.tau = np.array([1.0, draw.standard_gamma(1)])
        weight = side.tau[side.design.group]
        side.effects = normal(side.spread, weight, draw).astype(np.float32)
        side.precision = Draws(draw).wishart(6.0 * K, 2.0 * K * np.eye(K))
        side.centre = normal(side.precision, np.ones(1), draw)[0]
        if name == "users":
            side.omega = (draw.standard_gamma(FREEDOM / 2, R) / (FREEDOM / 2)).astype(np.float32)
        side.told = (side.design.by_row @ side.effects).astype(np.float32)
        side.rows = (side.centre + side.told + normal(side.precision, side.omega, draw)).astype(np.float32)
        sides.append(side)
    return *sides, (draw.standard_gamma(SHAPE, 7) * NOISE / SHAPE).astype(np.float32)


def normal(precision, weight, draw):
    """A row ~ N(0, (w Λ)⁻¹) for each weight."""
    lower = np.linalg.cholesky(precision)
    return np.linalg.solve(lower.T, draw.standard_normal((K, len(weight)))).T / np.sqrt(weight)[:, None]


def rate(users, items, alpha, draw):
    """Draw the ratings anew."""
    user, item, order = entries()
    dot = (users.rows[user, :-1] * items.rows[item, :-1]).sum(axis=1) + users.rows[user, -1] + items.rows[item, -1]
    target = (dot + draw.standard_normal(len(user)) / np.sqrt(alpha[user])).astype(np.float32)
    users.ratings, items.ratings = users.ratings._replace(target=target), items.ratings._replace(target=target[order])


def sweep(users, items, draw, each):
    """One sweep, with a₀ known; returns α."""
    squares = np.bincount(entries()[0], (users.ratings.target - dots(users, items)) ** 2, minlength=7)
    alpha = (draw.standard_gamma(SHAPE + np.diff(users.ratings.indptr) / 2) / (SHAPE / NOISE + squares / 2)).astype(np.float32)
    users.sweep(items, np.ones(5, np.float32), alpha, FREEDOM, Draws(draw), each)
    items.sweep(users, np.sqrt(alpha), np.ones(5, np.float32), 0.0, Draws(draw), each)
    return alpha


def dots(users, items):
    user, item, _ = entries()
    return (users.rows[user, :-1] * items.rows[item, :-1]).sum(axis=1) + users.rows[user, -1] + items.rows[item, -1]


def told(users, items, alpha):
    """Bounded functions of everything."""
    found = [np.tanh(dots(users, items)[:4]), np.tanh(dots(users, items)[:4]) ** 2, np.log(alpha[:2]), np.log(users.omega[:2])]
    for side in (users, items):
        found += [
            [np.linalg.slogdet(side.precision)[1], np.linalg.slogdet(side.spread)[1], np.tanh(np.log(side.tau[1]))],
            np.tanh(side.centre), np.tanh(side.rows[0]) ** 2, np.tanh(side.effects[0]) ** 2, np.tanh(side.effects[-1]) ** 2,
            [np.tanh(side.rows[0] @ side.effects[0]), np.tanh(side.rows[0] @ side.centre)],
        ]  # fmt: skip
    return np.concatenate(found)


@pytest.mark.slow
def test_the_joint_distribution(strong):
    """Ratings drawn from what was learnt from them, again and again, leave everything distributed as in the prior."""
    draw, many, batch = np.random.default_rng(3), 4000, 400
    prior = np.array([told(*world(draw)) for _ in range(2000)])
    users, items, alpha = world(draw)
    chain = np.empty((many, prior.shape[1]))
    with Run(threads=1).workers() as each:
        for n in range(many):
            rate(users, items, alpha, draw)
            alpha = sweep(users, items, draw, each)
            chain[n] = told(users, items, alpha)
    means = chain.reshape(-1, batch, chain.shape[1]).mean(axis=1)
    error = np.sqrt(prior.var(axis=0) / len(prior) + means.var(axis=0, ddof=1) / len(means))
    z = (chain.mean(axis=0) - prior.mean(axis=0)) / error
    assert np.abs(z).max() < MOST, z.round(1)


@pytest.mark.slow
def test_simulated_posteriors_are_calibrated(strong):
    """Of draws after data from the prior, the truth is as often the k-th as any other."""
    draw, ranks, thin, kept = np.random.default_rng(5), [], 8, 9
    with Run(threads=1).workers() as each:
        for _ in range(60):
            users, items, alpha = world(draw)
            rate(users, items, alpha, draw)
            truth, found = dots(users, items)[[0, 5, 11]], []
            for n in range(kept * thin):
                sweep(users, items, draw, each)
                if n % thin == thin - 1:
                    found.append(dots(users, items)[[0, 5, 11]])
            ranks.append((np.array(found) < truth).sum(axis=0))
    for rank in np.array(ranks).T:
        assert stats.chisquare(np.bincount(rank // 2, minlength=5)).pvalue > 0.001
