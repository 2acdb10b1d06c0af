"""What the figures of code release show: shares over time, ratios, instruments with tipping points, the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from models.code_release.definitions import GROUPS, WHOLE
from models.common.chart_data import Charts, Rows, compute_bands, list_bands, make_finite
from models.common.team_types import TEAM_TYPES

CONTRASTS = {"mixed": "mixed", "industry_only": "industry-only"}
SPECS = {"main": "coder's errors the same for all", "by_team": "coder's errors by kind of team"}
BOTH_GROUPS = "both groups"
BAND = ("low89", "median", "high89")
PAIR = ("academia-only", "mixed")
SHORT = {
    "full text, papers with a link field": "full text, same papers",
    "link in a list from first pages": "link, first page",
    "link in a list from OpenReview": "link, OpenReview",
    "full text by GROBID": "full text, GROBID",
}


def make_chart_data(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """Make the rows of every figure of the claim.

    Parameters
    ----------
    trees
        Stored fits by specification.
    estimates
        The claim's rows of estimates.json.

    Returns
    -------
    dict
        Name of a figure, or ``FIGURE/PART``, to its rows.
    """
    return {
        **_list_shares(trees),
        **_list_ratios(estimates),
        **_list_instruments(trees, estimates),
        **_list_fitted(trees["main"]),
    }


def _list_shares(trees: Mapping[str, xr.DataTree]) -> Charts:
    """List P(release) by kind of team and year, same papers for each kind, and the shares as observed."""
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
    """List the share of a kind's own papers that the coder says release code, by year with papers."""
    mine = dataset["at_team"].to_numpy() == dataset["team"].to_numpy().tolist().index(team)
    year = dataset["venue_year_year"].to_numpy()[dataset["at_venue_year"].to_numpy()]
    out: Rows = []
    for at in dataset["year"].to_numpy().tolist():
        n, y = (int(dataset[name].to_numpy()[mine & (year == at)].sum()) for name in ("n", "y"))
        if n:
            out.append({"spec": "main", "team": team, "year": at, "observed": y / n, "n": n})
    return out


def _list_ratios(estimates: Rows) -> Charts:
    """List the ratios by venue group and era, and pooled over the groups, under both treatments of error."""
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
                    at = {"spec": spec, "team": team, "venues": group, "era": era}
                    ratios.append(at | {key: row[key] for key in ("n", "median", "eti_low", "eti_high")})
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


def _list_instruments(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """List the naive ratio by instrument, and where errors that differ by team would turn its sign.

    Rows of ``curves`` are points of lines (``part`` curve, measured) or single (``part`` point, turn).
    """
    rows, names = _list_naive(estimates)
    sensitivity, lists, curves = _list_tipping_sensitivity(estimates)
    specificity, more, band = _list_tipping_specificity(trees)
    return {
        "code_release_instruments": [*rows, *sensitivity, *specificity],
        "code_release_instruments/curves": [*curves, *more],
        "code_release_instruments/band": band,
        "code_release_instruments/labels": [
            {"panel": panel, "row": at, "label": _shorten(at)}
            for panel, listed in (("ratio", names), ("sensitivity", lists))
            for at in listed
        ],
    }


def _list_naive(estimates: Rows) -> tuple[Rows, list[str]]:
    """List the naive ratios from the last row up, and the names of the rows in that order."""
    found = [row for row in estimates if row["spec"] == "instruments" and row["estimand"] == "naive_ratio_mixed"]
    names = [row["coords"]["row"] for row in reversed(found)]
    rows: Rows = []
    for name, team in CONTRASTS.items():
        for at in names:
            row = _find(estimates, "instruments", f"naive_ratio_{name}", {"row": at})
            assert row is not None
            rows.append({"panel": "ratio", "row": at, "team": team, "x": None, "n": row["n"]}
                        | {key: row[key] for key in ("median", "eti_low", "eti_high")})  # fmt: skip
    return rows, names


def _shorten(name: str) -> str:
    instrument, _, place = name.partition(": ")
    return f"{SHORT.get(instrument, instrument)}: {place.replace('machine learning', 'ML')}"


def _list_tipping_sensitivity(estimates: Rows) -> tuple[Rows, list[str], Rows]:
    """List what was measured, the lists of links, and true ratios by the ratio of sensitivities, of each naive ratio.

    ``turn`` is where the true ratio is one.
    """
    grid = np.linspace(0.6, 2.0, 50)
    found_rows = [r for r in estimates if r["estimand"] == "found_ratio_mixed"]
    # Of each kind of list the last era, its largest row.
    found_rows.sort(key=lambda r: (r["coords"]["lists"][-7:], r["n"]))
    last = {r["coords"]["lists"].partition(": ")[0]: r["coords"]["lists"] for r in found_rows}
    rows: Rows = []
    curves: Rows = []
    for name, team in CONTRASTS.items():
        for at in last.values():
            naive = _find(estimates, "instruments", f"naive_ratio_{name}", {"row": at})
            found = _find(estimates, "instruments", f"found_ratio_{name}", {"lists": at})
            if naive is None or found is None:
                continue
            low, middle, high = (found[key] for key in ("eti_low", "median", "eti_high"))
            ratio = naive["median"]
            measured = np.linspace(low, high, 20)
            point = np.array([middle])
            for part, x in (("curve", grid), ("measured", measured), ("point", point)):
                curves += _list_points("sensitivity", part, at, team, x, ratio / x)
            curves += _list_points("sensitivity", "turn", at, team, np.array([ratio]), np.array([1.0]))
            rows.append({"panel": "sensitivity", "row": at, "team": team, "x": middle, "n": found["n"],
                         "median": ratio, "eti_low": low, "eti_high": high})  # fmt: skip
    return rows, list(last.values()), curves


def _list_points(panel: str, part: str, row: str, team: str, x: Any, y: Any) -> Rows:
    """List the points of a line, x and y of one shape."""
    at = {"panel": panel, "part": part, "row": row, "team": team}
    return [at | {"x": float(one), "y": make_finite(other)} for one, other in zip(x, y, strict=True)]


def _correct_ratio(seen: Mapping[str, float], sensitivity: Mapping[str, float], false: Mapping[str, Any]) -> Any:
    """Return the true ratio of mixed to academia-only shares, from shares seen and the coder's rates.

    After Rogan and Gladen (1978); of the shape of ``false``, the rates of false positives.
    """
    share = {team: (seen[team] - false[team]) / (sensitivity[team] - false[team]) for team in PAIR}
    return share["mixed"] / share["academia-only"]


def _list_tipping_specificity(trees: Mapping[str, xr.DataTree]) -> tuple[Rows, Rows, Rows]:
    """List true ratios, mixed over academia-only, by how many more false positives academia-only papers have.

    The level matters beside the difference: along the lines the mean of the two rates is that of the fit, and what the
    papers coded by hand say has rates of its own. Some points, all of them, and the fit's difference are listed.
    """
    if "by_team" not in trees:
        return [], [], []
    estimands = trees["by_team"]["estimands"].to_dataset()
    dataset = trees["main"]["constant_data"].to_dataset()
    last = str(estimands["specificity"]["years"].to_numpy()[-1])
    draws = {team: 1 - estimands["specificity"].sel(years=last, team=team, drop=True) for team in PAIR}
    gap = draws["academia-only"] - draws["mixed"]
    level = float((draws["academia-only"] + draws["mixed"]).median()) / 2
    sensitivity = {team: float(estimands["sensitivity"].sel(team=team).median()) for team in PAIR}
    none = dataset["hand_none"].isel(era=-1).to_numpy()[:2]
    rates = 1 - dataset["hand_none_coded"].isel(era=-1).to_numpy()[:2] / np.maximum(none, 1)
    by_hand = dict(zip(PAIR, rates, strict=True))
    grid = np.linspace(-0.1, 0.25, 60)
    rows: Rows = []
    curves: Rows = []
    for group in GROUPS:
        seen = _take_seen_shares(dataset, group)
        ratio = _correct_ratio(seen, sensitivity, {"academia-only": level + grid / 2, "mixed": level - grid / 2})
        curves += _list_points("specificity", "curve", group, "mixed", grid, ratio)
        points = [("specificity", x, r) for x, r in zip(grid[::6], ratio[::6], strict=True)]
        if none.all():
            x = by_hand["academia-only"] - by_hand["mixed"]
            points.append(("specificity by hand", x, _correct_ratio(seen, sensitivity, by_hand)))
        rows += [{"panel": panel, "row": group, "team": "mixed", "x": float(x), "n": None, "median": make_finite(r),
                  "eti_low": None, "eti_high": None} for panel, x, r in points]  # fmt: skip
    low, middle, high = (float(gap.quantile(q)) for q in (0.055, 0.5, 0.945))
    return rows, curves, [{"years": last, "low89": low, "median": middle, "high89": high}]


def _take_seen_shares(dataset: xr.Dataset, group: str) -> dict[str, float]:
    """Return the share coded as released, last era, by kind of team, at the venue-years' mix of all papers."""
    era = dataset.sizes["era"] - 1
    mine = (dataset["at_era"].to_numpy() == era) & (dataset["at_venues"].to_numpy() == list(GROUPS).index(group))
    n, y = _sum_cells(dataset, mine)
    full = (n > 0).all(1)
    weights = n[full].sum(1)
    shares = (y[full] / n[full] * weights[:, None]).sum(0) / weights.sum()
    return dict(zip(dataset["team"].to_numpy().tolist(), shares.tolist(), strict=True))


def _sum_cells(dataset: xr.Dataset, cells: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Sum papers, and those coded as released, of some cells: each (venue_year, team)."""
    at = tuple(dataset[f"at_{name}"].to_numpy()[cells] for name in ("venue_year", "team"))
    n, y = (np.zeros((dataset.sizes["venue_year"], dataset.sizes["team"])) for _ in range(2))
    np.add.at(n, at, dataset["n"].to_numpy()[cells])
    np.add.at(y, at, dataset["y"].to_numpy()[cells])
    return n, y


def _list_fitted(tree: xr.DataTree) -> Charts:
    """List expected and observed shares, a row a venue-year and kind of team with papers."""
    dataset = tree["constant_data"].to_dataset()
    n, y = _sum_cells(dataset, slice(None))
    bands = compute_bands(tree["estimands"].to_dataset()["fitted"])
    places, teams = (dataset[name].to_numpy().tolist() for name in ("venue_year", "team"))
    rows: Rows = []
    for k, team in enumerate(teams):
        for i in np.flatnonzero(n[:, k] > 0).tolist():
            row = {"venue_year": places[i], "team": team, "n": int(n[i, k]), "observed": float(y[i, k] / n[i, k])}
            rows.append(row | {name: make_finite(bands[name][i, k]) for name in BAND})
    return {
        "code_release_fitted": rows,
        "code_release_fitted/panels": [{"team": team} for team in teams],
        "code_release_fitted/places": [{"venue_year": place, "venue": place.split(" ")[0]} for place in places],
    }
