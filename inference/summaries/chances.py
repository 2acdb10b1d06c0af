"""A posterior probability, and whether it has crossed the threshold of a verdict. No heavy imports."""

from __future__ import annotations

from dataclasses import dataclass

DECIDED = 0.89  # a verdict needs this probability


@dataclass(frozen=True)
class Chance:
    """A posterior probability with its Monte Carlo standard error."""

    value: float
    mcse: float = 0.0

    @property
    def is_sure(self) -> bool:
        """Whether the probability reaches 0.89 by at least two Monte Carlo standard errors."""
        return self.value - 2 * self.mcse >= DECIDED

    @property
    def is_excluded(self) -> bool:
        """Whether the probability of the opposite is sure."""
        return Chance(1 - self.value, self.mcse).is_sure
