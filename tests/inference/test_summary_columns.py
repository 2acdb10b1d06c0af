"""Columns of an estimate, each recomputed from the raw draws with ArviZ's array functions.

The draws are skewed and correlated, and their chains differ. No two columns are equal, so that swapped columns are
detected.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats

from inference.summaries.estimates import summarise

CHAINS, DRAWS = 4, 500
LOW, HIGH = 0.055, 0.945  # the ends of an 89 % interval
# ArviZ's default for the tail is its interval's probability: the smaller ESS of the quantiles at 0.11 and 0.89.
TAIL = 0.89
SCALES = ("identity", "log", "logit")
INVERSE = {"identity": lambda x: x, "log": np.exp, "logit": lambda x: 1 / (1 + np.exp(-x))}
FORWARD = {"identity": lambda x: x, "log": np.log, "logit": lambda p: np.log(p / (1 - p))}
Rows = dict[tuple[str, int], dict[str, Any]]
# Unit by scale, and a reference that the posterior is mostly above.
UNITS = {"identity": ("x", 0.5), "log": ("ratio", 1.5), "logit": ("probability", 0.6)}


def chains(seed: int, memory: float) -> np.ndarray:
    """Make skewed autoregressive draws; the chains have different centres."""
    rng = np.random.default_rng(seed)
    noise = rng.gamma(1.5, 1.0, (CHAINS, DRAWS)) - 1.5
    out = np.empty_like(noise)
    out[:, 0] = noise[:, 0]
    for i in range(1, DRAWS):
        out[:, i] = memory * out[:, i - 1] + noise[:, i]
    return out + 0.4 * np.arange(CHAINS)[:, None]


def made() -> tuple[xr.DataTree, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Make a toy fit with one estimand on each scale at two years; return it with its raw draws."""
    posterior, prior, data, before = {}, {}, {}, {}
    rng = np.random.default_rng(1)
    for i, scale in enumerate(SCALES):
        on_scale = np.stack([1.0 + 0.25 * chains(10 * i + year, 0.3 + 0.3 * year) for year in range(2)], axis=-1)
        raw = INVERSE[scale](on_scale)
        raw_prior = INVERSE[scale](rng.normal(0, 1.5, (1, 2000, 2)))
        unit, reference = UNITS[scale]
        attrs = {"unit": unit, "scale": scale, "kind": "quantity", "reference": reference}
        dims = ("chain", "draw", "year")
        posterior[scale], prior[scale] = (dims, raw, attrs), (dims, raw_prior, attrs)
        data[scale], before[scale] = raw, raw_prior
    counts = {"n_by_year": ("year", [7, 8], {"kind": "rows"})}
    theta = data["identity"][..., 0]
    tree = xr.DataTree.from_dict(
        {
            "estimands": xr.Dataset(posterior | counts, {"year": [2020, 2021]}),
            "prior_estimands": xr.Dataset(prior | counts, {"year": [2020, 2021]}),
            "log_prior": xr.Dataset({"theta": (("chain", "draw"), -0.5 * theta**2)}),
            "log_likelihood": xr.Dataset({"total": (("chain", "draw"), -2 * (theta - 1) ** 2)}),
        }
    )
    return tree, data, before


_, DATA, BEFORE = made()
POINTS = list(itertools.product(SCALES, (2020, 2021)))


@pytest.fixture(scope="module")
def rows() -> Rows:
    return {(row["estimand"], row["coords"]["year"]): row for row in summarise("toy", "main", made()[0])}


def by_hand(scale: str, year: int) -> dict[str, float]:
    draws, before = (values[scale][..., year - 2020] for values in (DATA, BEFORE))
    one, two = (array_stats.mcse(draws, method="quantile", prob=prob) for prob in (LOW, HIGH))
    after, first = (np.var(FORWARD[scale](values)) for values in (draws, before))
    above = (draws > UNITS[scale][1]).mean()
    return {
        "median": np.median(draws),
        "eti_low": np.quantile(draws, LOW),
        "eti_high": np.quantile(draws, HIGH),
        "sd": np.std(draws, ddof=1),
        "mcse": array_stats.mcse(draws, method="median"),
        "mcse_low": one,
        "mcse_high": two,
        "ess_bulk": array_stats.ess(draws, method="bulk"),
        "ess_tail": array_stats.ess(draws, method="tail", prob=TAIL),
        "r_hat": array_stats.rhat(draws),
        "p_direction": max(above, 1 - above),
        "contraction": 1 - after / first,
    }


@pytest.mark.parametrize(("scale", "year"), POINTS)
def test_columns_are_those_of_arviz(scale: str, year: int, rows: Rows):
    row, wanted = rows[scale, year], by_hand(scale, year)
    for name, value in wanted.items():
        assert row[name] == pytest.approx(float(value), rel=1e-8), name
    assert row["value"] is None and row["n"] == year - 2013


@pytest.mark.parametrize(("scale", "year"), POINTS)
def test_swapped_columns_would_be_detected(scale: str, year: int):
    """Values that could be mistaken for one another differ by more than the tolerance of the comparison."""
    draws, wanted = DATA[scale][..., year - 2020], by_hand(scale, year)
    errors = [wanted[name] for name in ("mcse", "mcse_low", "mcse_high")]
    errors += [array_stats.mcse(draws, method=method) for method in ("mean", "sd")]
    assert apart(errors)
    assert apart([wanted["ess_bulk"], wanted["ess_tail"], array_stats.ess(draws, method="mean")])
    assert apart([wanted["eti_low"], wanted["eti_high"], *np.quantile(draws, [0.05, 0.95, 0.025, 0.975])])
    assert apart([wanted["median"], draws.mean()])
    assert apart([wanted["r_hat"], array_stats.rhat(draws, method="split")], 1e-6)


def apart(values: list[Any], by: float = 1e-3) -> bool:
    """Return whether every two values differ by more than a share of the larger one."""
    return all(abs(a - b) > by * max(abs(a), abs(b)) for a, b in itertools.combinations(values, 2))


@pytest.mark.parametrize("scale", ["log", "logit"])
def test_contraction_is_on_the_declared_scale(scale: str, rows: Rows):
    """On the untransformed scale of a share or a ratio, the contraction of the same draws differs."""
    for year in (2020, 2021):
        draws, before = (values[scale][..., year - 2020] for values in (DATA, BEFORE))
        plain = 1 - draws.var() / before.var()
        found = rows[scale, year]["contraction"]
        assert abs(found - plain) > 0.005
        of_normal = 1 - FORWARD[scale](draws).var() / 1.5**2  # the prior is a normal of this sd, there
        assert found == pytest.approx(of_normal, abs=0.05)
        assert rows[scale, year]["contraction_text"] == f"{found:.2f}"


def test_contraction_may_be_the_other_way_round():
    """For a ratio that the data make large, the variance of its logarithm falls while its own variance rises."""
    attrs = {"unit": "ratio", "scale": "log", "kind": "quantity", "reference": 1.0}
    rng = np.random.default_rng(3)
    on_scale = {"estimands": rng.normal(4.0, 0.3, (4, 500)), "prior_estimands": rng.normal(0.0, 1.0, (4, 500))}
    groups = {
        name: xr.Dataset({"ratio": (("chain", "draw"), np.exp(values), attrs), "n_by_year": ("year", [1])})
        for name, values in on_scale.items()
    }
    for group in groups.values():
        group["n_by_year"].attrs["kind"] = "rows"
    flat = xr.Dataset({"theta": (("chain", "draw"), -0.5 * on_scale["estimands"] ** 2)})
    (row,) = summarise("toy", "main", xr.DataTree.from_dict({**groups, "log_prior": flat, "log_likelihood": flat}))
    assert row["contraction"] == pytest.approx(1 - 0.3**2, abs=0.03)
    raw = {name: np.exp(values).var() for name, values in on_scale.items()}
    assert 1 - raw["estimands"] / raw["prior_estimands"] < -1


def test_an_event_has_the_error_of_its_mean():
    rng = np.random.default_rng(4)
    switches = (chains(5, 0.6) > rng.normal(0.7, 0.3, (CHAINS, 1))).astype("int8")
    event = {"unit": "probability", "kind": "probability", "scale": "identity"}
    group = xr.Dataset({"event": (("chain", "draw"), switches, event), "n_by_year": ("year", [3], {"kind": "rows"})})
    # ``summarise`` expects at least one quantity.
    group["other"] = (("chain", "draw"), chains(7, 0.1), {"unit": "x", "scale": "identity", "kind": "quantity"})
    flat = xr.Dataset({"theta": (("chain", "draw"), chains(6, 0.1))})
    tree = {"estimands": group, "prior_estimands": group, "log_prior": flat, "log_likelihood": flat}
    row = next(row for row in summarise("toy", "main", xr.DataTree.from_dict(tree)) if row["estimand"] == "event")
    assert 0.2 < row["value"] < 0.8
    assert row["value"] == pytest.approx(switches.mean())
    assert row["mcse"] == pytest.approx(float(array_stats.mcse(switches.astype(float), method="mean")), rel=1e-8)
    assert not math.isclose(row["mcse"], math.sqrt(row["value"] * (1 - row["value"]) / switches.size), rel_tol=0.05)
