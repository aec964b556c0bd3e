"""New people, held out whole, and how the lists that they get are measured when so much is shown of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from konomi.arrays import F32, F64, I32, I64, Bools
from konomi.data.profiles import Profiles
from konomi.evaluate.recommendations import list_length, measure_lists, own_scores
from konomi.evaluate.records import Ranked
from konomi.kernels.topk import topk
from konomi.models.api import Model
from konomi.pipeline.people_comparison import ALL, FEW
from konomi.pipeline.steps import Experiment
from konomi.ranking.dials import AS_THEY_ARE
from konomi.ranking.offer import open_to_all
from konomi.ranking.rank import BLOCK
from konomi.ranking.ranker import Ranker
from konomi.runtime import Stage, blocks


@dataclass(frozen=True)
class Newcomers:
    """People held out whole. known: entries that can be shown; hidden: hidden entries; wanted: the liked ones among those."""

    known: Profiles
    hidden: Profiles
    wanted: Profiles
    experiment: Experiment

    def __len__(self) -> int:
        return len(self.known)

    def take(self, people: I64) -> "Newcomers":
        """The people of these rows."""
        known, hidden, wanted = (entries.take(people) for entries in (self.known, self.hidden, self.wanted))
        return Newcomers(known, hidden, wanted, self.experiment)

    @cached_property
    def shown(self) -> dict[str, Profiles]:
        """What is shown of them, by the names of rows: so many of their ratings, or all that can be."""
        key = np.random.default_rng(self.experiment.run.seed).random(len(self.known.item))
        return {**{str(n): drawn(self.known, n, key) for n in FEW}, ALL: self.known}

    def ranked(self, models: Sequence[Model], shown: Profiles) -> Ranked:
        """The metrics of the own order of models that are shown these profiles."""
        blend, threads = self.experiment.test.baselines.blend(models), self.experiment.run.threads
        all_items = np.ones(len(blend.items), np.bool_)

        def lists(start: int, stop: int, k: int) -> I32:
            scores, known = own_scores(blend, shown.slice(start, stop), threads), self.known.slice(start, stop)
            return topk(scores, k, known.indptr, known.item, all_items, threads)[0]

        return self._measured(lists)

    def served(self, models: Sequence[Model], shown: Profiles, wishes: F32 | None = None) -> Ranked:
        """The metrics of the lists that they get by models that are shown these profiles; wishes f32[P, G] or None."""
        ranker = Ranker(self.experiment.test.baselines.blend(models))
        allowed = open_to_all(self.experiment.catalogue)

        def lists(start: int, stop: int, k: int) -> I32:
            profiles, known = shown.slice(start, stop), self.known.slice(start, stop)
            asked = None if wishes is None else wishes[start:stop]
            scores = ranker.blend.weigh(profiles, AS_THEY_ARE, asked, self.experiment.run.threads).total
            scores[known.user, known.item] = np.nan
            return ranker.pick(scores, profiles, k, allowed, wishes=asked).items

        return self._measured(lists)

    def _measured(self, lists: Callable[[int, int, int], I32]) -> Ranked:
        """The metrics of lists(start, stop, k) i32[p, k] for each block of people."""
        run, metrics = self.experiment.run, self.experiment.metrics
        k, found = min(list_length(metrics), len(self.experiment.catalogue)), []
        for start, stop in blocks(len(self), BLOCK):
            run.progress(Stage("rank", start, len(self), "people"))
            with run.workers():
                found.append(lists(start, stop, k))
        run.progress(Stage("rank", len(self), len(self), "people"))
        rows, facts = np.arange(len(self), dtype=np.int32), self.experiment.test.baselines.item_facts
        return measure_lists(rows, np.concatenate(found), self.wanted, facts, metrics)


def drawn(profiles: Profiles, n: int, key: F64) -> Profiles:
    """The same people, each with only the n entries that `show` something with the lowest key f64[N], or all of them."""
    shown, user = shows(profiles), profiles.user
    order = np.lexsort((key, ~shown, user))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - profiles.indptr[:-1].repeat(profiles.counts)
    return profiles.keep(shown & (place < n))


def shows(profiles: Profiles) -> Bools:
    """bool[N]: the entries that show what somebody likes: those with a rating or, where nobody has any, what is consumed."""
    rated: Bools = ~np.isnan(profiles.rating)
    return rated if rated.any() else profiles.consumed
