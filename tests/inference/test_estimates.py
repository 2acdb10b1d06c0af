"""Estimates: summaries of draws, formatting and declared sensitivities."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from inference.summaries import formatting
from inference.summaries.estimates import summarise
from inference.summaries.refits import add_refits
from inference.summaries.sensitivity import (
    format_rows_csv,
    list_flags,
    list_needless,
    list_undeclared,
    select_rows,
)
from models.common.claim import Headline, Published

RNG = np.random.default_rng(11)


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
        (formatting.format_quantity(0.816, 0.763, 0.842, 0.013, "logit"), "0.82 (0.76 to 0.84)"),
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


def test_an_estimate_that_is_known_exactly():
    """A share of labelled rows, all known, has no interval, and depends on no prior."""
    tree = fitted()
    groups = {name: tree[name].to_dataset() for name in tree.children}
    for name in ("estimands", "prior_estimands"):
        groups[name]["table"] = groups[name]["share"] * 0 + 18 / 28
        groups[name]["table"].attrs = groups[name]["share"].attrs
    headline = (Headline("main", "table", {"year": 2020}),)
    published = (Published("table", {"year": 2020}, 0.65, tolerance=0.5),)
    rows = summarise("toy", "main", xr.DataTree.from_dict(groups), published, headline)
    (row,) = [row for row in rows if row["estimand"] == "table"]
    assert row["median"] == row["eti_low"] == row["eti_high"] == pytest.approx(18 / 28)
    assert row["text"] == "0.64 (exact)"
    assert (row["sd"], row["mcse"], row["mcse_low"], row["sd_scale"]) == (0, 0, 0, 0)
    assert row["contraction"] == 1
    assert row["prior_sensitive"] is False
    assert row["prior_sensitivity_by_group"] == {"theta": 0.0}
    assert [row[name] for name in ("r_hat", "ess_bulk", "ess_tail", "published_inside")] == [None] * 4
    assert (row["verdict"], row["p_within"]) == ("agrees", 1)
    assert list_flags(row | {"prior_shift": None, "verdict_changes": []}) == []


def test_verdict_changes_of_an_event_that_is_a_headline():
    event = {"claim": "c", "estimand": "e", "coords": {}, "kind": "probability", "headline": True, "sd": None}
    event |= {"median": None, "eti_low": None, "eti_high": None, "text": "0.95", "prior_sensitive": None}
    rows = [event | {"spec": "main", "verdict": "supported"}, event | {"spec": "p", "verdict": "inconclusive"}]
    fit = {"kind": "prior", "model": "m", "title": "P", "differs": {"choices": {}, "priors": {"s": 1}}}
    add_refits(rows, {"c/main": fit | {"kind": "main"}, "c/p": fit})
    assert rows[0]["verdict_changes"] == ["inconclusive under P"]
    assert rows[0]["prior_shift"] is None
    assert rows[0]["refits"][0]["shift"] == {"median": None, "eti_low": None, "eti_high": None}
    assert list_flags(rows[0]) == ["verdict: inconclusive under P"]
    assert list_undeclared(rows, {}) == ["c/main/e: verdict: inconclusive under P"]
    assert format_rows_csv([], {}) == b""
    columns = {"title": "t", "unit": "probability", "prior_sensitivity": None, "likelihood_sensitivity": None}
    columns |= {"diagnosis": None, "prior_sensitivity_by_group": None, "contraction": None}
    assert format_rows_csv([rows[0] | columns], {}).count(b"\n") == 2
    assert select_rows(rows) == rows[:1]


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
