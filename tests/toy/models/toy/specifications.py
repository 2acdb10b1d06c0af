"""The specifications of the toy claim."""

from __future__ import annotations

from typing import Any

from models.common.claim import Specification
from models.toy.choices import Choices, MeanPriors

SEED = 5  # fixed before fitting, never chosen afterwards
CHOICES = Choices()
PRIORS: dict[str, Any] = {"mean": MeanPriors()}
SAMPLERS: dict[str, dict[str, Any]] = {}  # settings of NUTS that differ from the defaults, by model
# By model, groups of priors that are power-scaled and varied together: their scales, and the parameters they set.
PRIOR_GROUPS = {"mean": {"mean": (("mean_sd",), ("mean",))}}

SAME = ("mean_by_year",)  # headline estimands that are the same quantity in another specification
SPECIFICATIONS = (
    Specification("main", "main", "main", "mean", role="main"),
    Specification(
        "half_scale",
        "half the scale of the mean",
        "prior",
        "mean",
        priors={"mean_sd": 0.5 * PRIORS["mean"].mean_sd},
        role="defensible",
        same_quantity=SAME,
    ),
    Specification(
        "five", "five numbers", "sampling", "mean", {"first": 5}, extended=True, role="defensible", same_quantity=SAME
    ),
)
