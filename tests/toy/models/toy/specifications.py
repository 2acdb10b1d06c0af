"""The specifications of the toy claim."""

from __future__ import annotations

from typing import Any

from models.common.claim import Specification
from models.toy.choices import Choices, MeanPriors

SEED = 5  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
PRIORS: dict[str, Any] = {"mean": MeanPriors()}
SAMPLERS: dict[str, dict[str, Any]] = {}  # settings of NUTS that differ from the defaults, by model

SPECIFICATIONS = (
    Specification("main", "main", "main", "mean"),
    Specification(
        "half_scale", "priors of half the scale", "prior", "mean", priors={"mean_sd": 0.5 * PRIORS["mean"].mean_sd}
    ),
    Specification("five", "five numbers", "sampling", "mean", {"first": 5}, extended=True),
)
