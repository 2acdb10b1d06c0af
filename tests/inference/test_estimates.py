"""Estimates: summaries of draws, verdicts, formatting and declared sensitivities."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from inference.summaries import formatting
from inference.summaries.estimates import summarise
from inference.summaries.refits import add_refits
from inference.summaries.sensitivity import list_flags, list_needless, list_undeclared
from inference.summaries.verdicts import decide
from models.common.claim import Headline, Published
from models.common.estimand import to_scale

RNG = np.random.default_rng(11)


def draws(
    centre: float, sd: float, scale: str = "identity", reference: float | None = None, unit: str = "x"
) -> xr.DataArray:
    """Make independent draws that are normal on their scale."""
    values = centre + sd * RNG.normal(size=(4, 1000))
    back = {"logit": lambda x: 1 / (1 + np.exp(-x)), "log": np.exp, "identity": lambda x: x}[scale]
    attrs = {"scale": scale, "unit": unit, "kind": "quantity"} | ({} if reference is None else {"reference": reference})
    return xr.DataArray(back(values), dims=("chain", "draw"), attrs=attrs)


def figures(values: xr.DataArray, mcse: float = 0.0) -> dict[str, float]:
    low, high = values.quantile([0.055, 0.945]).values
    return {"eti_low": low, "eti_high": high, "mcse_low": mcse, "mcse_high": mcse}


def judged(values: xr.DataArray, known: Published, mcse: float = 0.0) -> str:
    return decide(values, known, figures(values, mcse))


LOGIT_HALF = Published("p", value=0.5, tolerance=0.5)


@pytest.mark.parametrize(
    ("centre", "sd", "expected"),
    [(0.0, 0.1, "agrees"), (2.0, 0.3, "disagrees"), (0.4, 0.4, "compatible"), (0.9, 0.45, "undecided")],
)
def test_verdict_on_a_share(centre: float, sd: float, expected: str):
    assert judged(draws(centre, sd, "logit"), LOGIT_HALF) == expected


def test_probability_near_a_threshold_has_not_crossed_it():
    # P(within) = 0.895 +- 0.005: above 0.89, but not by two Monte Carlo standard errors.
    sd = 0.5 / 1.6211
    values = draws(0.0, sd, "logit")
    within = float((abs(to_scale(values, "logit")) < 0.5).mean())
    assert 0.885 < within < 0.90
    assert judged(values, LOGIT_HALF) == "compatible"


def test_interval_is_widened_by_two_monte_carlo_errors():
    values = draws(0.9, 0.45, "logit")
    low = figures(values)["eti_low"]
    assert judged(values, LOGIT_HALF, mcse=(low - 0.5) / 2 + 1e-6) == "compatible"


def test_verdict_on_a_sign():
    fall = Published("d", sign=-1)
    assert judged(draws(-2, 0.5, reference=0.0), fall) == "agrees"
    assert judged(draws(2, 0.5, reference=0.0), fall) == "disagrees"
    assert judged(draws(-0.3, 0.5, reference=0.0), fall) == "undecided"


def test_practical_equivalence_comes_first():
    rise = Published("r", sign=1)
    assert judged(draws(0.03, 0.01, "log", reference=1.0), rise) == "negligible"
    assert judged(draws(0.03, 0.01, "identity", reference=0.0, unit="log-odds"), rise) == "negligible"


def test_other_quantity_has_no_verdict():
    other = Published("r", value=5.0, tolerance=0.4, not_comparable="hardware")
    assert judged(draws(1.6, 0.01, "log"), other) == "not comparable"


def fitted() -> xr.DataTree:
    """Make a toy fit whose prior and posterior are normal on the log-odds, so that all summaries are known."""
    prior = RNG.normal(size=(1, 4000))
    theta = 1 + 0.5 * RNG.normal(size=(4, 1000))
    inverse = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    dims = ("chain", "draw")
    attrs = {"scale": "logit", "unit": "probability", "kind": "quantity", "reference": 0.5}
    event = {"unit": "probability", "kind": "probability", "scale": "identity"}

    def group(values: np.ndarray) -> xr.Dataset:
        return xr.Dataset(
            {
                "share": ((*dims, "year"), inverse(values)[..., None], attrs),
                "never": (dims, np.zeros(values.shape, "int8"), event),
                "sometimes": (dims, (values > 1).astype("int8"), event),
                "n_by_year": ("year", [40], {"kind": "rows"}),
            },
            {"year": [2020]},
        )

    return xr.DataTree.from_dict(
        {
            "estimands": group(theta),
            "prior_estimands": group(prior),
            "log_prior": xr.Dataset({"theta": (dims, -0.5 * theta**2)}),
            "log_likelihood": xr.Dataset({"y": ((*dims, "i"), (-((theta - 4 / 3) ** 2) * 1.5)[..., None])}),
        }
    )


def test_a_row_of_estimates_by_hand():
    published = (Published("share", {"year": 2020}, 0.62, tolerance=0.5),)
    rows = summarise(
        "toy", "main", fitted(), published, (Headline("main", "share", {"year": 2020}),), {"share": "the share"}
    )
    share, never, sometimes = rows
    assert share["coords"] == {"year": 2020}
    assert share["n"] == 40
    assert share["headline"]
    assert not never["headline"]
    assert share["median"] == pytest.approx(1 / (1 + math.exp(-1)), abs=0.01)
    assert share["eti_low"] == pytest.approx(1 / (1 + math.exp(-(1 - 0.5 * 1.598))), abs=0.02)
    assert share["contraction"] == pytest.approx(1 - 0.25, abs=0.05)  # on the log-odds
    assert share["p_direction"] == pytest.approx(0.977, abs=0.01)
    assert share["value"] is None
    assert share["prior_sensitivity"] > 0.05  # a prior that holds a quarter of the information
    assert share["prior_sensitive"]
    assert share["likelihood_sensitivity"] > 0.05
    assert share["diagnosis"] == "prior-data conflict"
    assert share["title"] == "the share, 2020"
    assert never["value"] == 0
    assert never["mcse"] > 0
    assert never["text"] == "below 0.01"
    assert sometimes["value"] == pytest.approx(0.5, abs=0.05)
    assert sometimes["median"] is None


def test_sensitivity_must_be_declared_and_needless_declarations_are_found():
    calm = {"claim": "c", "spec": "main", "estimand": "e", "coords": {}, "headline": True, "kind": "quantity"}
    calm |= {"prior_sensitive": False, "contraction": 0.9, "prior_shift": 0.1, "verdict_changes": []}
    moved = calm | {"prior_sensitive": True}
    loose = calm | {"contraction": 0.3}
    assert list_flags(calm | {"prior_shift": 0.4}) == ["a refit under another prior"]
    changed = calm | {"verdict_changes": ["agrees under half scale"]}
    assert list_flags(changed) == ["verdict: agrees under half scale"]
    assert list_undeclared([changed], {}) == ["c/main/e: verdict: agrees under half scale"]
    assert list_flags(calm | {"prior_sensitive": None}) == ["sensitivity could not be computed"]
    declared = {"c/main/e": {"reason": "r", "sentence": "s"}}
    assert list_flags(loose) == ["contraction below one half"]
    assert list_undeclared([calm], {}) == []
    assert list_undeclared([moved], declared) == []
    assert list_undeclared([moved], {}) == ["c/main/e: power-scaling of the prior"]
    assert list_undeclared([loose], {}) == ["c/main/e: contraction below one half"]
    assert list_needless([moved], declared) == []
    assert list_needless([calm], declared) == ["c/main/e"]
    assert list_undeclared([moved | {"headline": False}], {}) == []


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (formatting.format_quantity(0.6612, 0.512, 0.791, 0.002), "0.66 (0.51 to 0.79)"),
        (formatting.format_quantity(0.017, 0.0031, 0.0504, 0.0002, "logit"), "0.017 (0.003 to 0.050)"),
        (formatting.format_quantity(-2.61, -3.38, -1.79, 0.02), "−2.6 (−3.4 to −1.8)"),
        (formatting.format_quantity(36.2, 9.97, 123.4, 0.4, "log"), "36 (10 to 120)"),
        (formatting.format_quantity(36.2, 9.97, 123.4, 4.0, "log"), "40 (10 to 100)"),
        (formatting.format_quantity(0.927, 0.842, 1.021, 0.001, "log"), "0.93 (0.84 to 1.02)"),
        (formatting.format_quantity(0.781, 0.616, 0.9991, 0.001, "log"), "0.78 (0.62 to 1.00)"),
        (formatting.format_quantity(1.42, 0.842, 2.21, 0.02, "log"), "1.4 (0.84 to 2.2)"),
        (formatting.format_number(-0.001, 2), "0.00"),
        (formatting.format_probability(0.0, 1e-4), "below 0.01"),
        (formatting.format_probability(1.0, 1e-4), "above 0.99"),
        (formatting.format_probability(0.731, 0.007), "0.73"),
        (formatting.format_published(0.1, None, None, "probability"), "0.10"),
        (formatting.format_published(5.0, None, 1.0, "ratio"), "5"),
        (formatting.format_published(None, -1, 0.0), "fall"),
        (formatting.format_published(None, 1, 0.5), "majority"),
    ],
)
def test_texts(made: str, text: str):
    assert made == text


def test_shift_under_other_priors_by_hand():
    row = {"claim": "c", "estimand": "e", "coords": {"year": 1, "team": "a"}, "kind": "quantity", "text": "t"}
    main = row | {"spec": "main", "median": 1.0, "eti_low": 0.0, "eti_high": 2.0, "sd": 0.5, "verdict": "agrees"}
    read = {"coords": {"team": "a", "year": 1}}  # from a file, whose keys are sorted
    prior = main | read | {"spec": "p", "median": 1.1, "eti_low": -0.2, "verdict": "undecided"}
    other_model = main | {"spec": "q", "median": 9.0}
    other_rows = main | {"spec": "r", "median": 8.0}
    rows = [main, prior, other_model, other_rows, prior | {"estimand": "f"}]
    fit = {"kind": "prior", "model": "m", "title": "P", "differs": {"choices": {}, "priors": {"s": 1}}}
    fits = {
        "c/main": fit | {"kind": "main"},
        "c/p": fit,
        "c/q": fit | {"model": "other"},
        "c/r": fit | {"differs": {"choices": {"team": "labelled"}, "priors": {}}},  # a step: other rows, same priors
    }
    add_refits(rows, fits)
    assert rows[0]["prior_shift"] == pytest.approx(0.4)
    assert rows[0]["prior_shift_text"] == "0.4"
    assert rows[0]["verdict_changes"] == ["undecided under P"]
    assert [refit["spec"] for refit in rows[0]["refits"]] == ["p"]
    assert rows[0]["refits"][0]["shift"] == {
        "median": pytest.approx(0.2),
        "eti_low": pytest.approx(-0.4),
        "eti_high": 0,
    }
    assert rows[1]["prior_shift"] is None
    assert rows[1]["refits"] == []


def test_no_more_digits_than_the_draws_support():
    assert formatting.format_quantity(0.6612, 0.512, 0.791, 0.02) == "0.7 (0.5 to 0.8)"
