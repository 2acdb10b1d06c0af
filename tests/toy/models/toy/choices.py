"""Choices of the analysis and hyper-parameters of the model: they enter a fit by value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    vintage: str = "2023-12"
    first: int = 10  # number of models with a known compute, from the top of the table


@dataclass(frozen=True)
class MeanPriors:
    """Hyper-parameters, with what they imply."""

    mean_sd: float = 1.0  # dex; a mean between 10^18 and 10^22 FLOP
