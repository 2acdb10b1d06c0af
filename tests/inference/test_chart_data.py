"""Chart data common to all claims: plain rows, computed from a small fit and from estimates."""

from __future__ import annotations

import ast
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from figures import checks, sensitivity
from inference.store.paths import ROOT
from inference.summaries.chart_data import BINS, THIN, make_check_data, make_sensitivity_data

CHAINS, DRAWS, YEARS, TEAMS = 4, 200, [2020, 2021], ["a", "b"]
FIGURES = {"median": 0.5, "eti_low": 0.2, "eti_high": 0.9}


def make_tree() -> xr.DataTree:
    """A fit with two scalar parameters, one by year, and three test quantities: integer, real and missing."""
    rng = np.random.default_rng(4)
    coords = {"chain": np.arange(CHAINS), "draw": np.arange(DRAWS)}
    both = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "slope": (both, rng.normal(size=(CHAINS, DRAWS))),
            "intercept": (both, rng.normal(size=(CHAINS, DRAWS))),
            "walk": ((*both, "year"), rng.normal(size=(CHAINS, DRAWS, 2))),
        },
        coords | {"year": YEARS},
    )
    groups: dict[str, xr.Dataset] = {
        "posterior": posterior,
        "log_prior": posterior,
        "statistics": xr.Dataset({"count": 3, "mean": 0.25, "absent": np.nan}),
    }
    for key, scale in (("prior", 3), ("posterior", 1)):
        groups[f"{key}_statistics"] = xr.Dataset(
            {
                "count": (both, rng.poisson(3 * scale, (CHAINS, DRAWS)).astype(float)),
                "mean": (both, np.where(rng.random((CHAINS, DRAWS)) < 0.01, np.nan, rng.normal(size=(CHAINS, DRAWS)))),
                "absent": (both, np.full((CHAINS, DRAWS), np.nan)),
            },
            coords,
        )
        share = rng.random((CHAINS, DRAWS, 2, 2))
        groups["estimands" if key == "posterior" else "prior_estimands"] = xr.Dataset(
            {"share_by_year": ((*both, "year", "team"), share, {"scale": "logit"}), "n_by_year": ("year", [3, 4])},
            coords | {"year": YEARS, "team": TEAMS},
        )
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["kind"] = "main"
    return tree


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    return make_tree()


@pytest.fixture(scope="module")
def charts(tree: xr.DataTree) -> dict[str, list[dict[str, Any]]]:
    other = xr.DataTree()
    other.attrs["kind"] = "prior"
    return make_check_data("toy", {"main": tree, "another_prior": other})


def test_checks_are_of_main_fits_and_json_holds_them(charts: dict[str, list[dict[str, Any]]]):
    parts = ("predictive", "predictive/bins", "prior", "ranks", "ranks/draws")
    assert list(charts) == [f"toy_main_{part}" for part in parts]
    assert json.loads(json.dumps(charts, allow_nan=False)) == charts
    values = [value for rows in charts.values() for row in rows for value in row.values()]
    assert {type(value) for value in values} <= {float, int, str, type(None)}


def test_histograms_are_densities_of_the_finite_draws(tree: xr.DataTree, charts: dict[str, list[dict[str, Any]]]):
    rows, bins = charts["toy_main_predictive"], charts["toy_main_predictive/bins"]
    assert [(row["statistic"], row["draws"]) for row in rows] == [
        (statistic, draws) for statistic in ("count", "mean") for draws in ("prior", "posterior")
    ]
    for row in rows:
        values = tree[f"{row['draws']}_statistics"][row["statistic"]].values.ravel()
        values = values[np.isfinite(values)]
        histogram = [one for one in bins if (one["statistic"], one["draws"]) == (row["statistic"], row["draws"])]
        assert row["median"] == pytest.approx(np.median(values))
        assert sum(one["density"] * (one["high"] - one["low"]) for one in histogram) == pytest.approx(1)
        inside = values[(values >= histogram[0]["low"]) & (values <= histogram[-1]["high"])]
        for one in histogram[:-1]:
            share = ((inside >= one["low"]) & (inside < one["high"])).mean()
            assert one["density"] * (one["high"] - one["low"]) == pytest.approx(share)
        if row["statistic"] == "count":  # integers have bins centred on them
            assert {one["low"] % 1 for one in histogram} == {0.5}
        else:
            assert len(histogram) == BINS


def test_bands_are_of_prior_and_posterior_by_team(tree: xr.DataTree, charts: dict[str, list[dict[str, Any]]]):
    rows = charts["toy_main_prior"]
    assert len(rows) == len(TEAMS) * 2 * len(YEARS)
    assert [row["panel"] for row in rows] == ["by year: a"] * 4 + ["by year: b"] * 4
    [row] = [row for row in rows if (row["team"], row["group"], row["year"]) == ("b", "estimands", 2021)]
    draws = tree["estimands"]["share_by_year"].sel(team="b", year=2021)
    for name, q in (("low89", 0.055), ("low50", 0.25), ("median", 0.5), ("high50", 0.75), ("high89", 0.945)):
        assert row[name] == pytest.approx(float(draws.quantile(q)))


def test_ranks_have_thinned_draws_of_scalar_parameters(tree: xr.DataTree, charts: dict[str, list[dict[str, Any]]]):
    rows, draws = charts["toy_main_ranks"], charts["toy_main_ranks/draws"]
    assert [row["parameter"] for row in rows] == ["slope", "intercept"]
    assert all(row["r_hat"] < 1.05 and row["ess_bulk"] > 300 for row in rows)
    assert len(draws) == CHAINS * DRAWS / THIN
    for row in draws:
        draw = {"chain": row["chain"], "draw": row["draw"]}
        assert row["intercept"] == float(tree["posterior"]["intercept"].sel(draw))


def estimate(spec: str, **changed: Any) -> dict[str, Any]:
    refits = [{"title": "half the scale", "to": {**FIGURES, "median": 0.4}}]
    row = {"spec": spec, "spec_title": f"the {spec} one", "title": "ratio", "headline": True, "kind": "quantity",
           "unit": "ratio", "published": None, "refits": refits, "estimand": "ratio", "coords": {}}  # fmt: skip
    return row | FIGURES | changed


def test_sensitivity_is_of_headline_quantities_that_were_refitted():
    rows = [estimate("main"), estimate("by_team", unit="probability", published=0.3)]
    left = [estimate("main", headline=False), estimate("main", kind="probability"), estimate("main", refits=[])]
    assert make_sensitivity_data("toy", left) == {}
    charts = make_sensitivity_data("toy", rows + left)
    assert charts["toy_sensitivity/panels"] == [
        {"panel": "ratio", "published": None, "scale": "log"},
        {"panel": "ratio (the by_team one)", "published": 0.3, "scale": "linear"},
    ]
    shown = charts["toy_sensitivity"]
    assert [(row["panel"], row["label"], row["median"]) for row in shown[:2]] == [
        ("ratio", "the project's priors", 0.5),
        ("ratio", "half the scale", 0.4),
    ]
    assert len(shown) == 4
    eras = [estimate("main", coords={"era": era}, title=era) for era in ("2014-18", "2014-22")]
    assert [one["panel"] for one in make_sensitivity_data("toy", eras)["toy_sensitivity/panels"]] == ["2014-22"]


def test_figures_of_all_claims_are_drawn_from_rows(charts: dict[str, list[dict[str, Any]]], tmp_path: Path):
    """Rows come from JSON, as if they had been stored; charts of other figures are ignored."""
    everything = charts | make_sensitivity_data("toy", [estimate("main")]) | {"toy": [{"spec": "main"}]}
    again = json.loads(json.dumps(everything))
    checks.draw(again, tmp_path)
    sensitivity.draw(again, tmp_path)
    names = {name for name in everything if "/" not in name} - {"toy"}
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{end}" for name in names for end in ("pdf", "png", "csv")
    }
    for name in names:
        with (tmp_path / f"{name}.csv").open(newline="") as handle:
            assert len(list(csv.DictReader(handle))) == len(everything[name])


@pytest.mark.parametrize("path", sorted((ROOT / "figures").glob("*.py")), ids=lambda path: path.stem)
def test_figures_import_nothing_that_computes(path: Path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    packages = {name.partition(".")[0] for name in names}
    assert not packages & {"models", "inference", "benchmarks", "paper", "xarray", "scipy", "pandas", "pymc"}
