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


def compute_log_odds(effect: Mapping[str, Any], idx: Mapping[str, Any], team: Any, prefix: str = "") -> Any:
    """Return the log-odds of a stage, (..., cell).

    Parameters
    ----------
    effect
        Effects of the stage, without the dim ``stage``.
    idx
        Index vectors (cell,): ``{prefix}venue_year_idx`` and those of topic, size, year and venue.
    team
        Index of the team type, by cell or one for all.
    prefix
        Of the names of index vectors.
    """
    names = ("venue_year", "topic", "size")
    by_paper = sum(effect[f"{name}_effect"][..., idx[f"{prefix}{name}_idx"]] for name in names)
    has_industry = team > 0
    level = (team - 1) * has_industry  # of dim ``industry``; academia-only has no effect
    year, venue = idx[f"{prefix}year_idx"], idx[f"{prefix}venue_idx"]
    by_team = effect["industry_year_effect"][..., level, year] + effect["industry_venue_effect"][..., level, venue]
    return by_paper + has_industry * by_team


def join_classes(several: Any, many: Any, stack: Any) -> Any:
    """Return the probabilities of one chip, two to eight, and more, (..., class).

    Parameters
    ----------
    several, many
        (...,), probability of more than one chip, and of more than eight if more than one.
    stack
        Function that joins a list along a new last axis.
    """
    return stack([1 - several, several * (1 - many), several * many])


def compute_large_weights(location: Any, scale: Any, levels: Any) -> Any:
    """Return log weights of the numbers of chips above eight: a normal at the log2 of each, (..., large).

    Normalised to one, it is a discrete normal distribution (Kemp 1997, Journal of Statistical Planning and Inference
    63:223), cut at both ends.
    """
    return -0.5 * ((np.log2(levels) - location[..., None]) / scale[..., None]) ** 2
