"""Bands of team size, venue groups, and indices of crossed coordinates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.common.cells import TEAM_SIZES, VENUE_GROUPS, band_team_size, cross_indices, group_rare, group_venues
from tests.models.topic_papers import find_size_band, find_venue_group


def test_bands_of_team_size_and_venue_groups():
    numbers = pd.Series([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 40, 4000])
    assert band_team_size(numbers).tolist() == [find_size_band(number) for number in numbers]
    assert set(band_team_size(numbers)) == set(TEAM_SIZES)
    venues = pd.Series(["NeurIPS", "ICML", "CVPR", "ACL", "AAAI"])
    assert group_venues(venues).tolist() == [find_venue_group(venue) for venue in venues]
    assert group_venues(pd.Series(["My workshop"])).tolist() == ["other"]
    members = [venue for group in VENUE_GROUPS.values() for venue in group]
    assert len(set(members)) == len(members)


def test_crossed_indices_are_those_of_the_array_of_levels():
    indices = {"topic": np.array([0, 1, 1]), "year": np.array([2, 0, 1])}
    lengths = {"topic": 2, "year": 3}
    table = np.array([["a", "b", "c"], ["d", "e", "f"]])
    assert table.ravel()[cross_indices(indices, lengths, "topic", "year")].tolist() == ["c", "d", "e"]
    assert table.T.ravel()[cross_indices(indices, lengths, "year", "topic")].tolist() == ["c", "d", "e"]


def test_rare_values_are_pooled_and_the_commonest_kept():
    values = pd.Series(["a"] * 3 + ["b"] * 2 + ["c"] * 2 + ["d"] + ["other"] * 9)
    pooled = group_rare(values, 2, "other")
    assert pooled.tolist() == ["a"] * 3 + ["b"] * 2 + ["other"] * 12  # the tie of b and c goes by name
    assert group_rare(values[::-1], 2, "other").sort_index().tolist() == pooled.tolist()
    assert group_rare(values, 4, "other").tolist() == values.tolist()  # nothing to pool: unchanged
