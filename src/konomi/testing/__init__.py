"""The contract suite: checks any model, also one of another package, against the contract in `konomi.models.api`.

    from konomi.testing import check_model, laws

    check_model("my-model")                              # AssertionError that names each law it breaks

    @pytest.mark.parametrize("law", laws("my-model"), ids=str)
    def test_contract(law):                              # or one test for each law
        law()

The laws are checked with a model trained on 30 people and 20 items; no test library is needed.
"""

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from konomi.models import module
from konomi.testing.capability_laws import CAPABILITIES
from konomi.testing.laws import (
    a_batch_is_its_single_people,
    a_bundle_brings_it_back,
    a_history_has_an_error_for_each_epoch,
    a_probability_is_one,
    a_withheld_liked_item_comes_before_every_disliked_one,
    all_ways_to_score_agree,
    another_seed_gives_another_model_where_any_does,
    it_has_what_a_model_file_has,
    loaded_it_says_the_same,
    more_can_be_asked_for_than_there_is,
    nobody_and_the_unscored_have_the_same_code,
    nothing_that_it_is_given_is_changed,
    scores_have_their_shapes_and_are_finite,
    the_order_of_a_profile_does_not_matter,
    the_same_seed_gives_the_same_bytes_at_any_thread_count,
)
from konomi.testing.settings_laws import every_setting_changes_something, what_it_cannot_do_is_said
from konomi.testing.subject import Subject

__all__ = ["Law", "check_model", "laws"]

FOR_EACH_TASK = (
    it_has_what_a_model_file_has,
    scores_have_their_shapes_and_are_finite,
    all_ways_to_score_agree,
    a_probability_is_one,
    a_withheld_liked_item_comes_before_every_disliked_one,
    a_batch_is_its_single_people,
    the_order_of_a_profile_does_not_matter,
    nobody_and_the_unscored_have_the_same_code,
    more_can_be_asked_for_than_there_is,
    the_same_seed_gives_the_same_bytes_at_any_thread_count,
    another_seed_gives_another_model_where_any_does,
    a_history_has_an_error_for_each_epoch,
    loaded_it_says_the_same,
    nothing_that_it_is_given_is_changed,
    *CAPABILITIES,
)
ONCE = (what_it_cannot_do_is_said, a_bundle_brings_it_back, every_setting_changes_something)


@dataclass(frozen=True)
class Law:
    """One law and a model; calling it raises AssertionError where the model breaks the law."""

    law: Callable[[Subject], None]
    subject: Subject

    def __call__(self) -> None:
        self.law(self.subject)

    def __str__(self) -> str:
        task = f" ({self.subject.task})" if self.subject.task else ""
        return f"{self.subject.name}{task}: {self.law.__name__.replace('_', ' ')}"


def laws(
    name: str,
    settings: Mapping[str, Any] | None = None,
    *,
    other: Mapping[str, Any] | None = None,
    beside: Mapping[str, Mapping[str, Any]] | None = None,
    personal: bool = True,
    random: bool | None = None,
) -> list[Law]:
    """Every law for a model that `konomi.models.module` knows by name, once for each task that its settings can choose.

    settings: of its Config, where the defaults do not suit 30 people with 17 ratings each. other: setting → another value,
    where half or double of it, or another choice, changes nothing. beside: setting → the other settings that it needs to have
    an effect, as in {"warm_up": {"schedule": "warm-up"}}. personal: whether it learns people's taste. random: whether its
    training uses random numbers; None = if it has epochs. RequestError for an unknown model.
    """
    tasks = typing.get_args(typing.get_type_hints(module(name).Config).get("task")) or (None,)
    subjects = [Subject(name, settings or {}, other or {}, beside or {}, task, personal, random) for task in tasks]
    once = Subject(name, settings or {}, other or {}, beside or {}, None, personal, random)
    return [*(Law(law, subject) for subject in subjects for law in FOR_EACH_TASK), *(Law(law, once) for law in ONCE)]


def check_model(
    name: str,
    settings: Mapping[str, Any] | None = None,
    *,
    other: Mapping[str, Any] | None = None,
    beside: Mapping[str, Mapping[str, Any]] | None = None,
    personal: bool = True,
    random: bool | None = None,
) -> None:
    """Check every law of a model, see `laws`; AssertionError that names each law that it breaks, and how."""
    broken: list[tuple[Law, Exception]] = []
    every = laws(name, settings, other=other, beside=beside, personal=personal, random=random)
    for law in every:
        try:
            law()
        except Exception as error:  # the model itself may raise anything
            broken.append((law, error))
    if broken:
        lines = [f"  {law}\n    {type(error).__name__}: {' '.join(str(error).split())}" for law, error in broken]
        raise AssertionError("\n".join([f"{name} breaks {len(broken)} of {len(every)} laws:", *lines])) from broken[0][1]
