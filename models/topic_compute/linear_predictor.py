"""The linear predictor of the contrast: written once, for the model and for the estimands.

``effect`` holds effects by name. They are tensors of the model, or arrays of draws with any leading dims: the functions
index the last axes only. ``idx`` holds index vectors and covariates of the dataset by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.common.pymc_helpers import gather

EFFECTS = {  # the effects, and the dims of each
    "venue_year_effect": ("venue_year",),
    "topic_effect": ("topic",),
    "topic_venue_effect": ("topic_venue",),
    "size_effect": ("venue_group", "size"),
}
PARTLY = np.array([0.0, 1.0])
INDICES = ("venue_year_topic_idx", "topic_exposure_idx", "venue_group_size_partly_idx")
"""Index of each cell in each of the three tables that ``compute_log_odds`` returns."""


def compute_log_odds(
    effect: Mapping[str, Any], slope: Any, idx: Mapping[str, Any], unseen_shift: Any
) -> tuple[Any, Any, Any]:
    """Return three tables; the sum of one entry of each is the log-odds that a paper's team is academia-only.

    Parameters
    ----------
    effect
        The effects of ``EFFECTS``, log-odds.
    slope
        (..., topic, family), log-odds per unit of ``value``.
    idx
        ``topic_venue_idx`` (venue_year, topic) and ``value`` (exposure, family).
    unseen_shift
        Log-odds by which partly observed teams differ from others.

    Returns
    -------
    by_topic
        (..., venue_year, topic): venue-year, topic, and topic-by-venue interaction.
    by_exposure
        (..., topic, exposure): slopes times exposures.
    by_size
        (..., venue_group, size, partly): team size, and the shift of partly observed teams.
    """
    at_venue = gather(effect["topic_venue_effect"], idx["topic_venue_idx"])
    by_topic = effect["venue_year_effect"][..., :, None] + effect["topic_effect"][..., None, :] + at_venue
    by_exposure = compute_exposure_effects(slope, idx["value"])
    by_size = effect["size_effect"][..., None] + unseen_shift * PARTLY
    return by_topic, by_exposure, by_size


def compute_exposure_effects(slope: Any, value: Any) -> Any:
    """Return slopes (..., topic, family) times exposures (exposure, family): (..., topic, exposure), log-odds."""
    return slope @ value.T
