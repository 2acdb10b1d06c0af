"""The contrast's estimands compared with calculations by hand, paper by paper: two chains of three draws."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models.common.cells import FEW
from models.topic_compute.cells import prepare, select
from models.topic_compute.definitions import TERMS
from models.topic_compute.estimands import compute_estimands, predict_new_topic
from models.topic_compute.reporting import LABELS
from tests.models.topic_papers import (
    CHOICES,
    TOPICS,
    Draws,
    compute_probability,
    flatten,
    make_papers,
    make_random_draws,
    multiply_slopes,
    simulate_papers,
    sum_base,
)

SHIFTED = dataclasses.replace(CHOICES, unseen_shift=0.5)
FAMILIES = list(TERMS)


@pytest.fixture(scope="module")
def hand() -> dict[str, Any]:
    """Return papers, draws and their estimands, with the log-odds of each paper by hand."""
    frame = pd.concat(
        [simulate_papers(160, 9), make_papers([{"year": 2022, "terms": [], "times": 5}])], ignore_index=True
    )
    frame["id"] = [f"{identifier[:-12]}{number:012x}" for number, identifier in enumerate(frame["id"])]
    rows, data = select({"papers": frame}, SHIFTED).frame, prepare({"papers": frame}, SHIFTED)
    draws = make_random_draws(data, 10)
    uses = np.array([list(exposure) for exposure in rows["exposure"]])
    return {
        "rows": rows,
        "draws": draws,
        "found": compute_estimands(draws, data, SHIFTED),
        "base": sum_base(rows, draws, 0.5),
        "slopes": multiply_slopes(rows, draws, FAMILIES),
        "uses": uses,
        "exposed": uses.any(axis=1),
        "topics": rows["topic_used"].to_numpy(),
    }


def test_odds_ratio_by_hand(hand: dict[str, Any]):
    by_paper = hand["slopes"].sum(axis=2)[:, hand["exposed"]]
    np.testing.assert_allclose(np.log(flatten(hand["found"]["odds_ratio"])), by_paper.mean(axis=1))
    np.testing.assert_allclose(np.log(flatten(hand["found"]["ratio_per_ten_points"])), by_paper.mean(axis=1) / 10)
    assert int(hand["found"]["n_exposed"]) == hand["exposed"].sum()
    assert int(hand["found"]["n_all"]) == len(hand["rows"])


def compute_mix(hand: dict[str, Any]) -> Draws:
    """Return the uses of each family per paper with terms."""
    mix: Draws = hand["uses"][hand["exposed"]].mean(axis=0)
    return mix


def test_odds_ratio_by_topic_by_hand(hand: dict[str, Any]):
    draws, mix = hand["draws"], compute_mix(hand)
    assert mix.sum() > 1
    logs = {}
    for topic in TOPICS:
        slope = draws["slope"].sel(topic=topic)
        logs[topic] = flatten(sum((slope.sel(family=f) * mix[i] for i, f in enumerate(FAMILIES)), xr.DataArray(0.0)))
        same_mix = hand["found"]["odds_ratio_by_topic_same_mix"].sel(topic=topic)
        np.testing.assert_allclose(np.log(flatten(same_mix)), logs[topic])
        in_topic = hand["exposed"] & (hand["topics"] == topic)
        by_topic = hand["slopes"].sum(axis=2)[:, in_topic].mean(axis=1)
        np.testing.assert_allclose(np.log(flatten(hand["found"]["odds_ratio_by_topic"].sel(topic=topic))), by_topic)
        n = int(in_topic.sum())
        assert int(hand["found"]["n_by_topic"].sel(topic=topic)) == n >= FEW
    n = np.array([(hand["exposed"] & (hand["topics"] == topic)).sum() for topic in TOPICS])
    table = np.stack(list(logs.values()))
    mean = (n[:, None] * table).sum(0) / n.sum()
    sd = np.sqrt((n[:, None] * (table - mean) ** 2).sum(0) / n.sum())
    np.testing.assert_allclose(flatten(hand["found"]["sd_between_topics"]), sd)
    differ = (table.min(0) < 0) & (table.max(0) > 0)
    np.testing.assert_array_equal(flatten(hand["found"]["topics_differ_in_sign"]), differ)
    assert 0 < differ.sum() < len(differ)  # both cases occur


def test_odds_ratio_by_family_by_hand(hand: dict[str, Any]):
    logs, using = [], hand["uses"] > 0
    for i, family in enumerate(FAMILIES):
        logs.append(hand["slopes"][:, using[:, i], i].mean(axis=1))
        np.testing.assert_allclose(np.log(flatten(hand["found"]["odds_ratio_by_family"].sel(family=family))), logs[-1])
        assert int(hand["found"]["n_by_family"].sel(family=family)) == using[:, i].sum()
    n, table = using.sum(axis=0)[:, None], np.stack(logs)
    sd = np.sqrt((n * (table - (n * table).sum(0) / n.sum()) ** 2).sum(0) / n.sum())
    np.testing.assert_allclose(flatten(hand["found"]["sd_between_families"]), sd)
    more = sd > flatten(hand["found"]["sd_between_topics"])
    np.testing.assert_array_equal(flatten(hand["found"]["families_differ_more"]), more)


def test_odds_ratio_in_a_new_topic_is_drawn_from_the_population(hand: dict[str, Any]):
    """The moments of its logarithm by hand, at fixed parameters and the mix of families of the papers."""
    family_slope, mix = np.array([0.4, -0.3, 0.1, -0.7, 0.2, -0.1]), compute_mix(hand)
    topic_slope_sd, topic_family_sd = 0.3, 0.5
    shape, count = (4, 50_000), 200_000
    draws = xr.Dataset(
        {
            "family_slope": (("chain", "draw", "family"), np.broadcast_to(family_slope, (*shape, len(mix)))),
            "topic_slope_sd": (("chain", "draw"), np.full(shape, topic_slope_sd)),
            "topic_family_sd": (("chain", "draw"), np.full(shape, topic_family_sd)),
        },
        {"chain": np.arange(shape[0]), "draw": np.arange(shape[1]), "family": FAMILIES},
    )

    def predict(**sds: float) -> Draws:
        changed = draws.assign({name: xr.full_like(draws[name], value) for name, value in sds.items()})
        return flatten(predict_new_topic(changed, xr.DataArray(mix, {"family": FAMILIES})))

    mean = float(family_slope @ mix)
    of_topic = topic_slope_sd**2 * mix.sum() ** 2
    of_family = topic_family_sd**2 * ((mix**2).sum() - mix.sum() ** 2 / len(mix))
    for log_ratio, variance in (
        (predict(), of_topic + of_family),
        (predict(topic_family_sd=0.0), of_topic),
        (predict(topic_slope_sd=0.0), of_family),
    ):
        assert log_ratio.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / count))
        assert log_ratio.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / count))
    np.testing.assert_allclose(predict(topic_slope_sd=0.0, topic_family_sd=0.0), mean)
    np.testing.assert_array_equal(predict(), predict())  # the same at each call


def test_odds_ratio_in_a_new_topic_has_the_mix_of_the_papers(hand: dict[str, Any]):
    draws, mix = hand["draws"], xr.DataArray(compute_mix(hand), {"family": FAMILIES})
    found = hand["found"]["odds_ratio_new_topic"]
    np.testing.assert_allclose(np.log(flatten(found)), flatten(predict_new_topic(draws, mix)))


def test_differences_in_probability_by_hand(hand: dict[str, Any]):
    base, slopes, found = hand["base"], hand["slopes"], hand["found"]
    gain = compute_probability(base + slopes.sum(axis=2)) - compute_probability(base)
    np.testing.assert_allclose(flatten(found["difference"]), gain[:, hand["exposed"]].mean(axis=1))
    for topic in TOPICS:
        in_topic = hand["exposed"] & (hand["topics"] == topic)
        np.testing.assert_allclose(
            flatten(found["difference_by_topic"].sel(topic=topic)), gain[:, in_topic].mean(axis=1)
        )
    for i, family in enumerate(FAMILIES):
        using = hand["uses"][:, i] > 0
        others = compute_probability(base + slopes.sum(axis=2) - slopes[:, :, i])
        gain_of_family = (compute_probability(base + slopes.sum(axis=2)) - others)[:, using].mean(axis=1)
        np.testing.assert_allclose(flatten(found["difference_by_family"].sel(family=family)), gain_of_family)
    draws = hand["draws"]["slope"].transpose("chain", "draw", "topic", "family")
    typical = (draws * xr.DataArray(compute_mix(hand), dims="family")).sum("family").to_numpy().reshape(len(base), -1)
    with_mix = typical[:, [list(draws["topic"].values).index(topic) for topic in hand["topics"]]]
    np.testing.assert_allclose(
        flatten(found["difference_corpus"]),
        (compute_probability(base + with_mix) - compute_probability(base)).mean(axis=1),
    )


def test_estimands_have_their_attributes(hand: dict[str, Any]):
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
    data = prepare({"papers": make_papers(rows)}, CHOICES)
    found = compute_estimands(make_random_draws(data, 1), data, CHOICES)
    for name in ("odds_ratio_by_topic", "difference_by_topic"):
        assert found[name]["topic"].values.tolist() == [TOPICS[0]]
    for name in ("odds_ratio_by_family", "difference_by_family"):
        assert found[name]["family"].values.tolist() == ["scale"]
    assert all(np.isfinite(values.values.astype(float)).all() for values in found.data_vars.values())
