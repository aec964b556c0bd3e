"""The settings of `bayes`."""

from dataclasses import dataclass, replace
from typing import Literal

from konomi.errors import ConfigError
from konomi.settings import check_types, positive

LEAST_FREEDOM, LEAST_SHAPE = 2.0, 1.0
MANY, FEW_DIM, MANY_DIM = 200_000, 16, 32  # ratings, and the length of vectors below and from there on


@dataclass(frozen=True)
class Config:
    """What is learnt, and for how long. Priors are for targets of standard deviation 1, so they mean the same on any scale."""

    method: Literal["gibbs", "vb"] = "gibbs"  # vb: variational Bayes, means instead of draws: quicker, a little worse
    dim: int = 0  # K, the length of a vector, whose last coordinate is the bias; 0 = 16 below 200,000 ratings, then 32
    contents: bool = True  # learn from genres, type, year, episodes and studios, and from the features of people
    implicit: bool = True  # learn from who has rated what, on both sides
    freedom: float = 8.0  # ν, the degrees of freedom of the prior of people; 0 = normal
    shape: float = 4.0  # k, of the prior of a person's noise: how much alike people are
    epochs: int = 160  # sweeps, at most
    burn_in: int = 40  # sweeps before the first sample is kept, at most half of all
    samples: int = 24  # S, samples that are kept
    patience: int = 20  # stop after so many sweeps after the burn-in without a better validation error; 0 = never

    def __post_init__(self) -> None:
        check_types(self, "bayes")
        positive("bayes", shape=self.shape, epochs=self.epochs, samples=self.samples)
        if self.dim != 0 and self.dim < 2:
            raise ConfigError(f"bayes: dim is {self.dim}.", "Set dim to 2 or more, or to 0.")
        if min(self.burn_in, self.patience) < 0:
            raise ConfigError("bayes: a setting is negative.", "Set burn_in and patience to 0 or more.")
        if self.shape < LEAST_SHAPE or not (self.freedom == 0 or self.freedom >= LEAST_FREEDOM):
            raise ConfigError(
                f"bayes: shape is {self.shape:g}, freedom is {self.freedom:g}.",
                f"Set shape to {LEAST_SHAPE:g} or more, and freedom to {LEAST_FREEDOM:g} or more, or to 0.",
            )

    def for_ratings(self, ratings: int) -> "Config":
        """The same, with a length of the vectors for so many ratings where none is set."""
        return self if self.dim else replace(self, dim=FEW_DIM if ratings < MANY else MANY_DIM)
