"""Verdicts: each rule, with posteriors planted on both sides of each threshold; the same posteriors by the old rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from inference.summaries.chances import Chance
from inference.summaries.earlier_rule import derive_earlier_verdict
from inference.summaries.verdicts import (
    compute_chance,
    decide,
    decide_shifted,
    describe_event_verdict,
    describe_verdict,
    find_rope,
)
from models.common.claim import Published

BACK = {"logit": lambda x: 1 / (1 + np.exp(-x)), "log": np.exp, "identity": lambda x: x}
UNITS = {"logit": "probability", "log": "ratio", "identity": "difference in probability"}
REFERENCES = {"log": 1.0, "identity": 0.0}
SHARE = Published("p", value=0.5, tolerance=0.5)
BELOW, ABOVE = Published("r", sign=-1), Published("r", sign=1)
RNG = np.random.default_rng(11)


def make_draws(centre: float, sd: float, scale: str = "log", unit: str | None = None) -> xr.DataArray:
    """Make draws that are exactly normal on their scale: its quantiles, in random order over four chains."""
    values = centre + sd * norm.ppf((np.arange(4000) + 0.5) / 4000)
    attrs: dict[str, Any] = {"scale": scale, "unit": unit or UNITS[scale], "kind": "quantity"}
    attrs |= {"reference": REFERENCES[scale]} if scale in REFERENCES else {}
    return xr.DataArray(BACK[scale](RNG.permutation(values).reshape(4, 1000)), dims=("chain", "draw"), attrs=attrs)


def judge(draws: xr.DataArray, known: Published | None) -> dict[str, Any]:
    low, median, high = (float(q) for q in draws.quantile([0.055, 0.5, 0.945]))
    row = {"kind": "quantity", "unit": draws.attrs["unit"], "scale": draws.attrs["scale"], "median": median}
    return row | {"eti_low": low, "eti_high": high, "mcse_low": 0.0, "mcse_high": 0.0} | describe_verdict(
        draws, known, low, high
    )  # fmt: skip


def place(chance: float, sd: float = 1.0) -> float:
    """Return the centre of a normal of which a share ``chance`` is above 0."""
    return sd * float(norm.ppf(chance))


# The Monte Carlo standard error of such a probability from 4,000 independent draws is 0.005: thresholds 0.90 and 0.10.
@pytest.mark.parametrize(
    ("chance", "verdict"),
    [(0.93, "supported"), (0.91, "supported"), (0.89, "inconclusive"), (0.50, "inconclusive"),
     (0.11, "inconclusive"), (0.09, "contradicted"), (0.02, "contradicted")],
)  # fmt: skip
@pytest.mark.parametrize("scale", ["log", "identity"])
@pytest.mark.parametrize("known", [ABOVE, BELOW])
def test_a_published_sign(chance: float, verdict: str, scale: str, known: Published):
    row = judge(make_draws(known.sign * place(chance), 1.0, scale), known)
    assert row["p_sign"] == pytest.approx(chance, abs=1e-3)
    assert row["p_sign_mcse"] == pytest.approx(math.sqrt(chance * (1 - chance) / 4000), rel=0.3)
    assert row["verdict"] == verdict
    assert row["covers_reference"] == (0.055 < chance < 0.945)


@pytest.mark.parametrize(
    ("sd", "verdict"), [(0.25, "agrees"), (0.30, "agrees"), (0.32, "inconclusive"), (0.45, "inconclusive")]
)
def test_a_published_number_at_the_centre(sd: float, verdict: str):
    """P(within) = 2 Phi(0.5 / sd) - 1: 0.95, 0.90, 0.88 and 0.73."""
    row = judge(make_draws(0.0, sd, "logit"), SHARE)
    assert row["p_within"] == pytest.approx(2 * norm.cdf(0.5 / sd) - 1, abs=1e-3)
    assert (row["verdict"], row["published_inside"]) == (verdict, True)


@pytest.mark.parametrize(
    ("chance", "verdict"), [(0.13, "inconclusive"), (0.11, "inconclusive"), (0.09, "disagrees"), (0.01, "disagrees")]
)
def test_a_published_number_far_away(chance: float, verdict: str):
    """The tolerance reaches to 0.5 log-odds; the posterior's centre is above it, so that P(within) is ``chance``."""
    row = judge(make_draws(0.5 - place(chance, 0.1), 0.1, "logit"), SHARE)
    assert row["p_within"] == pytest.approx(chance, abs=1e-3)
    assert (row["verdict"], row["published_inside"]) == (verdict, False)


@pytest.mark.parametrize(
    ("centre", "sd", "inside", "words"),
    [(0.4, 0.4, True, "which lies inside its interval"), (0.6, 0.3, False, "which lies outside its interval")],
)
def test_an_inconclusive_number_may_lie_inside_the_interval_or_not(centre: float, sd: float, inside: bool, words: str):
    row = judge(make_draws(centre, sd, "logit"), SHARE)
    assert (row["verdict"], row["published_inside"]) == ("inconclusive", inside)
    assert row["verdict_text"] == f"neither confirms nor rules out the published 0.50, {words}"
    assert row["verdict_note"].endswith("inside interval" if inside else "outside interval")


def test_a_probability_within_two_standard_errors_has_not_crossed_a_threshold():
    assert Chance(0.90, 0.005).is_sure
    assert not Chance(0.90, 0.0051).is_sure
    assert Chance(0.10, 0.005).is_excluded
    assert not Chance(0.10, 0.0051).is_excluded
    assert Chance(1.0).is_sure and Chance(0.0).is_excluded
    every = {"sign": Chance(0.895, 0.0), "rope": Chance(0.5, 0.0)}
    assert decide(ABOVE, every) == "supported"
    assert decide(ABOVE, every | {"sign": Chance(0.895, 0.003)}) == "inconclusive"
    assert decide(ABOVE, every | {"rope": Chance(0.895, 0.0)}) == "practically equivalent"
    assert decide(ABOVE, every | {"rope": Chance(0.895, 0.003)}) == "supported"
    within = {"within": Chance(0.895, 0.0)}
    assert decide(SHARE, within) == "agrees"
    assert decide(SHARE, {"within": Chance(0.895, 0.003)}) == "inconclusive"
    assert decide(SHARE, {"within": Chance(0.105, 0.0)}) == "disagrees"
    assert decide(SHARE, {"within": Chance(0.105, 0.003)}) == "inconclusive"


def test_correlated_draws_have_a_larger_error():
    """The same probability, once from independent draws and once from blocks of a hundred equal ones."""
    independent = xr.DataArray(
        RNG.permutation(np.repeat([True, False], [3640, 360])).reshape(4, 1000), dims=("chain", "draw")
    )
    blocks = np.repeat(RNG.permutation(np.repeat([True, False], [36, 4])), 100)
    correlated = xr.DataArray(blocks.reshape(4, 1000), dims=("chain", "draw"))
    assert compute_chance(independent).is_sure
    assert compute_chance(correlated).value == 0.9
    assert not compute_chance(correlated).is_sure
    assert compute_chance(independent | True) == Chance(1.0)


@pytest.mark.parametrize(
    ("scale", "unit", "rope", "low", "high"),
    [
        ("log", "ratio", math.log(1.1), 1 / 1.1, 1.1),
        ("identity", "log-odds", math.log(1.1), -math.log(1.1), math.log(1.1)),
        ("identity", "difference in probability", 0.01, -0.01, 0.01),
    ],
)
def test_the_rope_of_each_unit(scale: str, unit: str, rope: float, low: float, high: float):
    """Practically equivalent before all other verdicts: also if the sign is certain."""
    for share, verdict in ((0.6, "practically equivalent"), (0.9, "supported"), (1.1, "supported")):
        row = judge(make_draws(share * rope, 0.15 * rope, scale, unit), ABOVE)
        assert row["verdict"] == verdict
        assert row["p_sign"] > 0.99
        assert (row["rope_low"], row["rope_high"]) == (pytest.approx(low), pytest.approx(high))
        assert row["p_rope"] == pytest.approx(float(norm.cdf((1 - share) / 0.15)), abs=2e-3)
    assert "P(ROPE)" in judge(make_draws(0.0, 0.1 * rope, scale, unit), ABOVE)["verdict_note"]
    assert judge(make_draws(0.0, 0.1 * rope, scale, unit), ABOVE)["covers_reference"]


def test_a_share_with_a_reference_has_the_rope_of_its_odds():
    draws = make_draws(0.03, 0.02, "logit").assign_attrs(reference=0.5)
    row = judge(draws, ABOVE)
    assert row["verdict"] == "practically equivalent"
    assert row["rope_high"] / (1 - row["rope_high"]) == pytest.approx(1.1)
    assert row["rope_text"] == "0.476 to 0.524"


def test_a_published_value_may_declare_a_rope_of_its_own():
    """A tenth of the papers: the same region on the papers' scale is ten times narrower here."""
    draws, narrow = make_draws(-0.03, 0.005), Published("r", sign=-1, rope=0.1 * math.log(1.1))
    assert judge(draws, BELOW)["verdict"] == "practically equivalent"
    row = judge(draws, narrow)
    assert row["verdict"] == "supported"
    assert row["rope_text"] == "0.991 to 1.010"
    assert row["rope_high"] == pytest.approx(1.1**0.1)


def test_a_unit_without_a_rope_and_an_estimand_without_a_reference_have_none():
    draws = make_draws(-2.0, 1.0, "identity", "log10 FLOP")
    assert find_rope(draws.attrs) is None
    row = judge(draws, BELOW)
    assert (row["verdict"], row["p_rope"], row["rope_text"]) == ("supported", None, None)
    share = judge(make_draws(0.0, 1.0, "logit"), SHARE)
    assert (share["p_rope"], share["covers_reference"], share["p_sign"]) == (None, None, None)


def test_probabilities_are_reported_without_a_published_value():
    row = judge(make_draws(0.05, 0.01), None)
    assert row["p_rope"] > 0.99
    assert row["covers_reference"] is False
    assert [row[name] for name in ("p_sign", "p_within", "verdict", "published", "verdict_note")] == [None] * 5


def test_what_is_not_comparable_has_no_published_value():
    for known in (
        Published("r", value=5.0, tolerance=0.4, not_comparable="hardware"),
        Published("r", sign=-1, not_comparable="hardware"),
        Published("r", not_comparable="hardware"),
    ):
        row = judge(make_draws(1.6, 0.01), known)
        assert (row["verdict"], row["not_comparable"]) == ("not comparable", "hardware")
        shown = ("published", "published_sign", "published_text", "p_sign", "p_within", "published_inside")
        assert [row[name] for name in shown] == [None] * 6
        assert "5" not in row["verdict_text"]
        assert row["p_rope"] == 0


@pytest.mark.parametrize(
    ("value", "sign", "verdict"),
    [(0.95, 1, "supported"), (0.895, 1, "inconclusive"), (0.5, 1, "inconclusive"), (0.105, 1, "inconclusive"),
     (0.09, 1, "contradicted"), (0.09, -1, "supported"), (0.95, -1, "contradicted")],
)  # fmt: skip
def test_an_event_is_judged_by_its_own_probability(value: float, sign: Any, verdict: str):
    row = describe_event_verdict(value, 0.004, Published("e", sign=sign))
    assert row["verdict"] == verdict
    assert row["p_sign"] == pytest.approx(value if sign > 0 else 1 - value)
    assert row["published_text"] == ("true" if sign > 0 else "false")
    assert derive_earlier_verdict(row | {"kind": "probability"}) is None
    assert describe_event_verdict(value, 0.004, None)["verdict"] is None
    other = describe_event_verdict(value, 0.004, Published("e", sign=sign, not_comparable="another year"))
    assert (other["verdict"], other["published_text"], other["p_sign"]) == ("not comparable", None, None)


def test_a_shifted_posterior_keeps_its_width():
    draws = make_draws(-0.2, 0.1)
    assert judge(draws, BELOW)["verdict"] == "supported"
    assert decide_shifted(draws, BELOW, math.exp(-0.2)) == "supported"
    assert decide_shifted(draws, BELOW, math.exp(-0.05)) == "inconclusive"
    assert decide_shifted(draws, BELOW, math.exp(0.3)) == "contradicted"
    share = make_draws(0.0, 0.2, "logit")
    assert decide_shifted(share, SHARE, 0.5) == "agrees"
    assert decide_shifted(share, SHARE, 1 / (1 + math.exp(-0.9))) == "disagrees"


@pytest.mark.parametrize(
    ("centre", "sd", "known", "earlier", "present"),
    [
        (0.0, 0.1, SHARE, "agrees", "agrees"),
        (2.0, 0.3, SHARE, "disagrees", "disagrees"),
        (0.4, 0.4, SHARE, "compatible", "inconclusive"),
        (0.6, 0.3, SHARE, "undecided", "inconclusive"),
        (-2.0, 0.5, BELOW, "agrees", "supported"),
        (2.0, 0.5, BELOW, "disagrees", "contradicted"),
        (-0.3, 0.5, BELOW, "undecided", "inconclusive"),
        (-0.03, 0.01, BELOW, "negligible", "practically equivalent"),
    ],
)
def test_every_verdict_under_both_rules(centre: float, sd: float, known: Published, earlier: str, present: str):
    row = judge(make_draws(centre, sd, "logit" if known is SHARE else "log"), known)
    assert (derive_earlier_verdict(row), row["verdict"]) == (earlier, present)


def test_a_small_difference_in_probability_had_no_rope_under_the_earlier_rule():
    row = judge(make_draws(-0.003, 0.001, "identity"), BELOW)
    assert (derive_earlier_verdict(row), row["verdict"]) == ("agrees", "practically equivalent")


def test_the_earlier_rule_widened_the_interval_by_two_monte_carlo_errors():
    row = judge(make_draws(0.9, 0.45, "logit"), SHARE)
    assert row["eti_low"] > 0.5
    assert derive_earlier_verdict(row) == "undecided"
    assert derive_earlier_verdict(row | {"mcse_low": (row["eti_low"] - 0.5) / 2 + 1e-9}) == "compatible"
