"""Chart data of code release: shares over time, ratios, detection methods with tipping points, and the fit.

The annotator is the language model that read the full texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.code_release.definitions import GROUPS, WHOLE
from models.common.chart_data import Charts, Rows, compute_bands, list_bands, make_finite
from models.common.team_types import TEAM_TYPES

CONTRASTS = {"mixed": "mixed", "industry_only": "industry-only"}
SPECS = {"main": "annotator's errors pooled over team types", "by_team": "annotator's errors by team type"}
BOTH_GROUPS = "both groups"
BAND = ("low89", "median", "high89")
COMPARED = ("academia-only", "mixed")
SHORT = {
    "full text, papers with a link field": "full text, same papers",
    "link in a list from first pages": "link, first page",
    "link in a list from OpenReview": "link, OpenReview",
    "full text by GROBID": "full text, GROBID",
}


def make_chart_data(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """Make the rows of all figures of the claim.

    Parameters
    ----------
    trees
        Stored fits by specification.
    estimates
        Rows of the claim in estimates.json.

    Returns
    -------
    dict
        Rows by ``FIGURE`` or ``FIGURE/PART``.
    """
    return {
        **_list_shares(trees),
        **_list_ratios(estimates),
        **_list_methods(trees, estimates),
        **_list_fitted(trees["main"]),
    }


def _list_shares(trees: Mapping[str, xr.DataTree]) -> Charts:
    """List P(release) by team type and year, averaged over the same papers, and the observed shares."""
    shares: Rows = []
    for spec in SPECS:
        share = trees[spec]["estimands"].to_dataset()["share_by_year"]
        for team in TEAM_TYPES:
            shares += [{"spec": spec, "team": team} | row for row in list_bands(share.sel(team=team))]
    dataset = trees["main"]["constant_data"].to_dataset()
    return {
        "code_release": shares,
        "code_release/observed": [row for team in TEAM_TYPES for row in _list_observed(dataset, team)],
        "code_release/panels": [{"spec": spec, "title": title} for spec, title in SPECS.items()],
    }


def _list_observed(dataset: xr.Dataset, team: str) -> Rows:
    """List the share of a team type's papers that the annotator labels as releasing code, in years with papers."""
    of_team = dataset["team_idx"].to_numpy() == dataset["team"].to_numpy().tolist().index(team)
    years = dataset["venue_year_year"].to_numpy()[dataset["venue_year_idx"].to_numpy()]
    out: Rows = []
    for year in dataset["year"].to_numpy().tolist():
        n, y = (int(dataset[name].to_numpy()[of_team & (years == year)].sum()) for name in ("n", "y"))
        if n:
            out.append({"spec": "main", "team": team, "year": year, "observed": y / n, "n": n})
    return out


def _list_ratios(estimates: Rows) -> Charts:
    """List ratios by venue group and era, and pooled over the groups, with errors pooled and by team type."""
    main = [row for row in estimates if row["spec"] == "main" and row["estimand"] == "ratio_mixed"]
    eras = list(dict.fromkeys(row["coords"]["era"] for row in main))
    lines = [(group, era) for group in (*GROUPS, BOTH_GROUPS) for era in eras]
    ratios: Rows = []
    for name, team in CONTRASTS.items():
        for spec in SPECS:
            for group, era in reversed(lines):
                pooled = group == BOTH_GROUPS
                coords = {"era": era} if pooled else {"venues": group, "era": era}
                row = _find(estimates, spec, f"ratio_{name}{'_pooled' if pooled else ''}", coords)
                if row is not None:
                    keys = {"spec": spec, "team": team, "venues": group, "era": era}
                    ratios.append(keys | {key: row[key] for key in ("n", "median", "eti_low", "eti_high")})
    return {
        "code_release_ratios": ratios,
        "code_release_ratios/panels": [
            {"team": team, "title": f"{team} over {TEAM_TYPES[0]}"} for team in CONTRASTS.values()
        ],
        "code_release_ratios/specs": [{"spec": spec, "title": title} for spec, title in SPECS.items()],
        "code_release_ratios/lines": [
            {"venues": group, "era": era, "label": f"{group}, {era}", "pooled": group == BOTH_GROUPS,
             "whole": era == WHOLE}
            for group, era in lines
        ],
    }  # fmt: skip


def _find(estimates: Rows, spec: str, name: str, coords: Mapping[str, Any]) -> dict[str, Any] | None:
    found = (r for r in estimates if r["spec"] == spec and r["estimand"] == name and r["coords"] == dict(coords))
    return next(found, None)


def _list_methods(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """List the naive ratio by detection method, and the errors by team type at which its sign changes.

    A row of ``curves`` is a point on a line (``part`` is curve or measured) or a single point (point or turn).
    """
    rows, names = _list_naive(estimates)
    sensitivity, lists, curves = _list_tipping_sensitivity(estimates)
    specificity, more, band = _list_tipping_specificity(trees)
    return {
        "code_release_instruments": [*rows, *sensitivity, *specificity],
        "code_release_instruments/curves": [*curves, *more],
        "code_release_instruments/band": band,
        "code_release_instruments/labels": [
            {"panel": panel, "row": name, "label": _shorten(name)}
            for panel, listed in (("ratio", names), ("sensitivity", lists))
            for name in listed
        ],
    }


def _list_naive(estimates: Rows) -> tuple[Rows, list[str]]:
    """List naive ratios, with the last row of the estimates first, and the names of the rows in that order."""
    found = [row for row in estimates if row["spec"] == "instruments" and row["estimand"] == "naive_ratio_mixed"]
    names = [row["coords"]["row"] for row in reversed(found)]
    rows: Rows = []
    for name, team in CONTRASTS.items():
        for method in names:
            row = _find(estimates, "instruments", f"naive_ratio_{name}", {"row": method})
            assert row is not None
            rows.append({"panel": "ratio", "row": method, "team": team, "x": None, "n": row["n"]}
                        | {key: row[key] for key in ("median", "eti_low", "eti_high")})  # fmt: skip
    return rows, names


def _shorten(name: str) -> str:
    method, _, stratum = name.partition(": ")
    return f"{SHORT.get(method, method)}: {stratum.replace('machine learning', 'ML')}"


def _list_tipping_sensitivity(estimates: Rows) -> tuple[Rows, list[str], Rows]:
    """List measured ratios of sensitivities, the lists of links, and the true ratio over a grid of such ratios.

    There is one curve for each naive ratio. At ``turn`` the true ratio is 1, so the sign changes.
    """
    grid = np.linspace(0.6, 2.0, 50)
    found_rows = [r for r in estimates if r["estimand"] == "found_ratio_mixed"]
    # For each detection method, the list with the most releases in the last era.
    found_rows.sort(key=lambda r: (r["coords"]["lists"][-7:], r["n"]))
    last = {r["coords"]["lists"].partition(": ")[0]: r["coords"]["lists"] for r in found_rows}
    rows: Rows = []
    curves: Rows = []
    for name, team in CONTRASTS.items():
        for links in last.values():
            naive = _find(estimates, "instruments", f"naive_ratio_{name}", {"row": links})
            found = _find(estimates, "instruments", f"found_ratio_{name}", {"lists": links})
            if naive is None or found is None:
                continue
            low, middle, high = (found[key] for key in ("eti_low", "median", "eti_high"))
            ratio = naive["median"]
            measured = np.linspace(low, high, 20)
            point = np.array([middle])
            for part, x in (("curve", grid), ("measured", measured), ("point", point)):
                curves += _list_points("sensitivity", part, links, team, x, ratio / x)
            curves += _list_points("sensitivity", "turn", links, team, np.array([ratio]), np.array([1.0]))
            rows.append({"panel": "sensitivity", "row": links, "team": team, "x": middle, "n": found["n"],
                         "median": ratio, "eti_low": low, "eti_high": high})  # fmt: skip
    return rows, list(last.values()), curves


def _list_points(panel: str, part: str, row: str, team: str, x: Any, y: Any) -> Rows:
    """List the points of a line; x and y have the same shape."""
    keys = {"panel": panel, "part": part, "row": row, "team": team}
    return [keys | {"x": float(one), "y": make_finite(other)} for one, other in zip(x, y, strict=True)]


def _correct_ratio(seen: Mapping[str, float], sensitivity: Mapping[str, float], false: Mapping[str, Any]) -> Any:
    """Return the true ratio of mixed to academia-only shares, from observed shares and the annotator's error rates.

    The correction is that of Rogan and Gladen (1978). The result has the shape of the values of ``false``, the rates of
    false positives.
    """
    share = {team: (seen[team] - false[team]) / (sensitivity[team] - false[team]) for team in COMPARED}
    return share["mixed"] / share["academia-only"]


def _list_tipping_specificity(trees: Mapping[str, xr.DataTree]) -> tuple[Rows, Rows, Rows]:
    """List true ratios, mixed over academia-only, by the difference in false-positive rates, academia-only minus mixed.

    The ratio depends on both the mean and the difference of the two rates. Along the curves, the mean is that of the
    fit. The point of the papers with a human label has their mean and their difference.

    Returns
    -------
    tuple
        Selected points, all points of the curves, and the difference in the fit with its interval.
    """
    if "by_team" not in trees:
        return [], [], []
    estimands = trees["by_team"]["estimands"].to_dataset()
    dataset = trees["main"]["constant_data"].to_dataset()
    last = str(estimands["specificity"]["years"].to_numpy()[-1])
    draws = {team: 1 - estimands["specificity"].sel(years=last, team=team, drop=True) for team in COMPARED}
    gap = draws["academia-only"] - draws["mixed"]
    mean = float((draws["academia-only"] + draws["mixed"]).median()) / 2
    sensitivity = {team: float(estimands["sensitivity"].sel(team=team).median()) for team in COMPARED}
    none = dataset["human_none"].isel(era=-1).to_numpy()[:2]
    rates = 1 - dataset["human_none_labelled"].isel(era=-1).to_numpy()[:2] / np.maximum(none, 1)
    human = dict(zip(COMPARED, rates, strict=True))
    grid = np.linspace(-0.1, 0.25, 60)
    rows: Rows = []
    curves: Rows = []
    for group in GROUPS:
        seen = _take_seen_shares(dataset, group)
        ratio = _correct_ratio(seen, sensitivity, {"academia-only": mean + grid / 2, "mixed": mean - grid / 2})
        curves += _list_points("specificity", "curve", group, "mixed", grid, ratio)
        points = [("specificity", x, r) for x, r in zip(grid[::6], ratio[::6], strict=True)]
        if none.all():
            x = human["academia-only"] - human["mixed"]
            points.append(("specificity by hand", x, _correct_ratio(seen, sensitivity, human)))
        rows += [{"panel": panel, "row": group, "team": "mixed", "x": float(x), "n": None, "median": make_finite(r),
                  "eti_low": None, "eti_high": None} for panel, x, r in points]  # fmt: skip
    low, middle, high = (float(gap.quantile(q)) for q in (0.055, 0.5, 0.945))
    return rows, curves, [{"years": last, "low89": low, "median": middle, "high89": high}]


def _take_seen_shares(dataset: xr.Dataset, group: str) -> dict[str, float]:
    """Compute the labelled share of a venue group in the last era, by team type, at one mix of venue-years.

    Each venue-year in which all team types have papers is weighted by its papers of all team types.
    """
    era = dataset.sizes["era"] - 1
    of_era = dataset["era_idx"].to_numpy() == era
    of_group = dataset["venue_group_idx"].to_numpy() == list(GROUPS).index(group)
    n, y = _sum_cells(dataset, of_era & of_group)
    full = (n > 0).all(1)
    weights = n[full].sum(1)
    shares = (y[full] / n[full] * weights[:, None]).sum(0) / weights.sum()
    return dict(zip(dataset["team"].to_numpy().tolist(), shares.tolist(), strict=True))


def _sum_cells(dataset: xr.Dataset, cells: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Sum papers, and papers labelled as released, over some cells; both sums are (venue_year, team)."""
    idx = tuple(dataset[f"{name}_idx"].to_numpy()[cells] for name in ("venue_year", "team"))
    n, y = (np.zeros((dataset.sizes["venue_year"], dataset.sizes["team"])) for _ in range(2))
    np.add.at(n, idx, dataset["n"].to_numpy()[cells])
    np.add.at(y, idx, dataset["y"].to_numpy()[cells])
    return n, y


def _list_fitted(tree: xr.DataTree) -> Charts:
    """List expected and observed shares, one row per venue-year and team type with papers."""
    dataset = tree["constant_data"].to_dataset()
    n, y = _sum_cells(dataset, slice(None))
    bands = compute_bands(tree["estimands"].to_dataset()["fitted"])
    venue_years, teams = (dataset[name].to_numpy().tolist() for name in ("venue_year", "team"))
    rows: Rows = []
    for k, team in enumerate(teams):
        for i in np.flatnonzero(n[:, k] > 0).tolist():
            row = {"venue_year": venue_years[i], "team": team, "n": int(n[i, k]), "observed": float(y[i, k] / n[i, k])}
            rows.append(row | {name: make_finite(bands[name][i, k]) for name in BAND})
    return {
        "code_release_fitted": rows,
        "code_release_fitted/panels": [{"team": team} for team in teams],
        "code_release_fitted/places": [{"venue_year": name, "venue": name.split(" ")[0]} for name in venue_years],
    }
