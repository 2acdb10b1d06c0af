"""The linear predictor of the number of chips: written once, for the model and for the estimands.

There are two stages: more than one chip, and more than eight if more than one. ``effect`` holds the effects of one
stage by name, as tensors of the model or as arrays of draws with any leading dims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

STAGES = ("several", "many")
EFFECTS = {  # of both stages, and the dims of each
    "venue_year_effect": ("stage", "venue_year"),
    "topic_effect": ("stage", "topic"),
    "size_effect": ("stage", "size"),
    "industry_year_effect": ("stage", "industry", "year"),
    "industry_venue_effect": ("stage", "industry", "venue"),
}


def tabulate_log_odds(effect: Mapping[str, Any], year_idx: Any, venue_idx: Any, concatenate: Any) -> Any:
    """Return the log-odds of a stage by team type and venue-year, without topic and team size: (..., team, venue_year).

    Parameters
    ----------
    effect
        Effects of the stage, without the dim ``stage``.
    year_idx, venue_idx
        Index of the year and of the venue of each venue-year, (venue_year,).
    concatenate
        Function that joins a list along the axis before the last.
    """
    academia_only = effect["venue_year_effect"][..., None, :]
    by_year, by_venue = effect["industry_year_effect"], effect["industry_venue_effect"]
    with_industry = academia_only + by_year[..., year_idx] + by_venue[..., venue_idx]
    return concatenate([academia_only, with_industry])


def compute_large_weights(location: Any, scale: Any, levels: Any) -> Any:
    """Return log weights of the numbers of chips above eight: a normal at the log2 of each, (..., large).

    Normalised to one, it is a discrete normal distribution (Kemp 1997, Journal of Statistical Planning and Inference
    63:223), cut at both ends.
    """
    return -0.5 * ((np.log2(levels) - location[..., None]) / scale[..., None]) ** 2
