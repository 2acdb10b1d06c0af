r"""The linear predictor of code release: written once, for the model and for the estimands.

Every function takes ``effect``, the effects by name, and ``idx``, index vectors and covariates of the dataset by name.
Effects are tensors of the model, or arrays of draws with any leading dims: the functions index the last axes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.common.pymc_helpers import gather

# By team type: whether any author is from industry, whether all are, and indicators of the levels of dim ``industry``.
WITH_INDUSTRY, INDUSTRY_ALONE = np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0])
TEAM_TYPE_OF_INDUSTRY = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
EFFECTS = {  # the effects, and the dims of each
    "venue_year_effect": ("venue_year",),
    "topic_effect": ("topic",),
    "topic_trend": ("topic",),
    "topic_venue_effect": ("topic_venue",),
    "size_effect": ("size",),
    "size_venue_effect": ("size_venue",),
    "any_industry": ("venues", "era"),
    "only_industry": ("venues", "era"),
    "size_team_effect": ("industry", "size"),
}
INDICES = ("topic_venue_idx", "size_venue_idx", "venue_year_group_idx", "venue_year_era_idx", "time")


def compute_topic_effects(effect: Mapping[str, Any], idx: Mapping[str, Any]) -> Any:
    """Return the effects of topics at a venue-year, (..., venue_year, topic), log-odds."""
    at_venue = gather(effect["topic_venue_effect"], idx["topic_venue_idx"])
    return effect["topic_effect"][..., None, :] + at_venue + effect["topic_trend"][..., None, :] * idx["time"][:, None]


def compute_size_effects(effect: Mapping[str, Any], idx: Mapping[str, Any]) -> Any:
    """Return the effects of team size at a venue-year, (..., venue_year, size), log-odds."""
    return effect["size_effect"][..., None, :] + gather(effect["size_venue_effect"], idx["size_venue_idx"])


def compute_team_effects(effect: Mapping[str, Any], idx: Mapping[str, Any]) -> Any:
    """Return the effects of team type at a venue-year, (..., team, venue_year), log-odds: 0 for academia-only."""
    here = (..., None, idx["venue_year_group_idx"], idx["venue_year_era_idx"])
    return (
        effect["any_industry"][here] * WITH_INDUSTRY[:, None] + effect["only_industry"][here] * INDUSTRY_ALONE[:, None]
    )


def compute_log_odds(effect: Mapping[str, Any], idx: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return eta as two tables; the sum of one entry of each is the log-odds that a paper releases its code.

    Returns
    -------
    by_topic
        (..., venue_year, topic): venue-year, topic, topic-by-venue interaction, and trend of the topic.
    by_team_size
        (..., team, venue_year, size): team type by venue group and era, team size, and the interactions of team size.
    """
    by_topic = effect["venue_year_effect"][..., :, None] + compute_topic_effects(effect, idx)
    size_by_team = TEAM_TYPE_OF_INDUSTRY @ effect["size_team_effect"]  # (..., team, size)
    by_team = compute_team_effects(effect, idx)[..., None] + size_by_team[..., :, None, :]
    return by_topic, by_team + compute_size_effects(effect, idx)[..., None, :, :]
