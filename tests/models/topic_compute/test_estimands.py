"""The contrast's estimands against calculations by hand, paper by paper: two chains of three draws."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models.common.cells import FEW
from models.topic_compute.cells import prepare, select
from models.topic_compute.definitions import TERMS
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.reporting import LABELS
from tests.models.topic_papers import (
    CHOICES,
    TOPICS,
    Draws,
    base_of,
    flat,
    papers,
    random_draws,
    share,
    slopes_of,
    varied,
)

SHIFTED = dataclasses.replace(CHOICES, unseen_shift=0.5)
FAMILIES = list(TERMS)


@pytest.fixture(scope="module")
def hand() -> dict[str, Any]:
    """Papers, draws and what the claim makes of them; log-odds of each paper by hand."""
    frame = pd.concat([varied(160, 9), papers([{"year": 2022, "terms": [], "times": 5}])], ignore_index=True)
    frame["id"] = [f"{identifier[:-12]}{number:012x}" for number, identifier in enumerate(frame["id"])]
    rows, data = select({"papers": frame}, SHIFTED).frame, prepare({"papers": frame}, SHIFTED)
    draws = random_draws(data, 10)
    uses = np.array([list(exposure) for exposure in rows["exposure"]])
    return {
        "rows": rows,
        "draws": draws,
        "found": compute_estimands(draws, data, SHIFTED),
        "base": base_of(rows, draws, 0.5),
        "slopes": slopes_of(rows, draws, FAMILIES),
        "uses": uses,
        "exposed": uses.any(axis=1),
        "topics": rows["topic_used"].to_numpy(),
    }


def test_odds_ratio_by_hand(hand: dict[str, Any]):
    of_papers = hand["slopes"].sum(axis=2)[:, hand["exposed"]]
    np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio"])), of_papers.mean(axis=1))
    np.testing.assert_allclose(np.log(flat(hand["found"]["ratio_per_ten_points"])), of_papers.mean(axis=1) / 10)
    assert int(hand["found"]["n_exposed"]) == hand["exposed"].sum()
    assert int(hand["found"]["n_all"]) == len(hand["rows"])


def mix_of(hand: dict[str, Any]) -> Draws:
    """Use of each family by a paper with terms."""
    mix: Draws = hand["uses"][hand["exposed"]].mean(axis=0)
    return mix


def test_odds_ratio_by_topic_by_hand(hand: dict[str, Any]):
    draws, mix = hand["draws"], mix_of(hand)
    assert mix.sum() > 1
    logs = {}
    for topic in TOPICS:
        slope = draws["slope"].sel(topic=topic)
        logs[topic] = flat(sum((slope.sel(family=f) * mix[i] for i, f in enumerate(FAMILIES)), xr.DataArray(0.0)))
        same_mix = hand["found"]["odds_ratio_by_topic_same_mix"].sel(topic=topic)
        np.testing.assert_allclose(np.log(flat(same_mix)), logs[topic])
        mine = hand["exposed"] & (hand["topics"] == topic)
        own = hand["slopes"].sum(axis=2)[:, mine].mean(axis=1)
        np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_by_topic"].sel(topic=topic))), own)
        n = int(mine.sum())
        assert int(hand["found"]["n_by_topic"].sel(topic=topic)) == n >= FEW
    n = np.array([(hand["exposed"] & (hand["topics"] == topic)).sum() for topic in TOPICS])
    table = np.stack(list(logs.values()))
    centre = (n[:, None] * table).sum(0) / n.sum()
    spread = np.sqrt((n[:, None] * (table - centre) ** 2).sum(0) / n.sum())
    np.testing.assert_allclose(flat(hand["found"]["sd_between_topics"]), spread)
    differ = (table.min(0) < 0) & (table.max(0) > 0)
    np.testing.assert_array_equal(flat(hand["found"]["topics_differ_in_sign"]), differ)
    assert 0 < differ.sum() < len(differ)  # so that the check sees both


def test_odds_ratio_by_family_by_hand(hand: dict[str, Any]):
    logs, using = [], hand["uses"] > 0
    for i, family in enumerate(FAMILIES):
        logs.append(hand["slopes"][:, using[:, i], i].mean(axis=1))
        np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_by_family"].sel(family=family))), logs[-1])
        assert int(hand["found"]["n_by_family"].sel(family=family)) == using[:, i].sum()
    n, table = using.sum(axis=0)[:, None], np.stack(logs)
    spread = np.sqrt((n * (table - (n * table).sum(0) / n.sum()) ** 2).sum(0) / n.sum())
    np.testing.assert_allclose(flat(hand["found"]["sd_between_families"]), spread)
    more = spread > flat(hand["found"]["sd_between_topics"])
    np.testing.assert_array_equal(flat(hand["found"]["families_differ_more"]), more)


def test_odds_ratio_in_a_new_topic_by_hand(hand: dict[str, Any]):
    draws, wanted = hand["draws"], []
    for chain, draw in itertools.product(draws["chain"].values, draws["draw"].values):
        at = draws.sel(chain=chain, draw=draw)
        of_topic = float(at["topic_slope_sd"]) * float(at["new_topic_raw"])
        of_family = at["family_slope"].values + float(at["topic_family_sd"]) * at["new_topic_family_raw"].values
        wanted.append(sum(mix * (of_topic + slope) for mix, slope in zip(mix_of(hand), of_family, strict=True)))
    np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_new_topic"])), wanted)


def test_differences_in_probability_by_hand(hand: dict[str, Any]):
    base, slopes, found = hand["base"], hand["slopes"], hand["found"]
    gain = share(base + slopes.sum(axis=2)) - share(base)
    np.testing.assert_allclose(flat(found["difference"]), gain[:, hand["exposed"]].mean(axis=1))
    for topic in TOPICS:
        of = hand["exposed"] & (hand["topics"] == topic)
        np.testing.assert_allclose(flat(found["difference_by_topic"].sel(topic=topic)), gain[:, of].mean(axis=1))
    for i, family in enumerate(FAMILIES):
        using = hand["uses"][:, i] > 0
        others = share(base + slopes.sum(axis=2) - slopes[:, :, i])
        gone = (share(base + slopes.sum(axis=2)) - others)[:, using].mean(axis=1)
        np.testing.assert_allclose(flat(found["difference_by_family"].sel(family=family)), gone)
    draws = hand["draws"]["slope"].transpose("chain", "draw", "topic", "family")
    typical = (draws * xr.DataArray(mix_of(hand), dims="family")).sum("family").to_numpy().reshape(len(base), -1)
    given = typical[:, [list(draws["topic"].values).index(topic) for topic in hand["topics"]]]
    np.testing.assert_allclose(flat(found["difference_corpus"]), (share(base + given) - share(base)).mean(axis=1))


def test_estimands_say_what_they_are(hand: dict[str, Any]):
    for name, values in hand["found"].data_vars.items():
        assert values.attrs["kind"] in ("quantity", "probability", "rows", "fitted"), name
        if values.attrs["kind"] == "quantity":
            assert name in LABELS
            assert values.attrs["rows"] in hand["found"]
            reference = {"ratio": 1, "difference in probability": 0}.get(values.attrs["unit"])
            assert values.attrs.get("reference") == reference, name
    assert hand["found"]["difference"].attrs["reference"] == 0
    assert hand["found"]["odds_ratio"].attrs["reference"] == 1


def test_topics_and_families_without_terms_are_not_reported():
    rows = [{"terms": ["scale"], "times": 3}, {"topic": TOPICS[1], "times": 4}]
    data = prepare({"papers": papers(rows)}, CHOICES)
    found = compute_estimands(random_draws(data, 1), data, CHOICES)
    for name in ("odds_ratio_by_topic", "difference_by_topic"):
        assert found[name]["topic"].values.tolist() == [TOPICS[0]]
    for name in ("odds_ratio_by_family", "difference_by_family"):
        assert found[name]["family"].values.tolist() == ["scale"]
    assert all(np.isfinite(values.values.astype(float)).all() for values in found.data_vars.values())
