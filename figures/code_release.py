"""Figures of code release: shares over time, odds ratios, instruments with tipping points, fitted against observed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, WIDTH, bands, ribbon, save

Rows = list[dict[str, Any]]
TEAMS = {"academia-only": BLUE, "mixed": PURPLE, "industry-only": ORANGE}
CONTRASTS = {"mixed": "mixed", "industry_only": "industry-only"}
GROUPS = ("machine learning", "AI")
WHOLE = "2014-22"
SPECS = {"main": "coder's errors the same for all", "by_team": "coder's errors by kind of team"}
RATES = ("low89", "median", "high89")


def draw(trees: Mapping[str, xr.DataTree], estimates: Rows, out: Path) -> None:
    """Draw every figure of the claim from its stored fits into a folder.

    Parameters
    ----------
    trees
        Stored fits by specification.
    estimates
        The claim's rows of estimates.json.
    out
        Where to write PDF, PNG and CSV.
    """
    shares_over_time(trees, out)
    ratios(estimates, out)
    instruments(trees, estimates, out)
    fitted(trees["main"], out)


def shares_over_time(trees: Mapping[str, xr.DataTree], out: Path) -> None:
    """P(release) by kind of team and year, same papers for each kind; the shares as observed as circles."""
    figure, grid = plt.subplots(1, 2, figsize=(WIDTH, 2.7), sharey=True)
    data: Rows = []
    for axes, (spec, title) in zip(grid, SPECS.items(), strict=True):
        share = trees[spec]["estimands"].to_dataset()["share_by_year"]
        years = share["year"].values
        for team, colour in TEAMS.items():
            at = bands(share.sel(team=team))
            ribbon(axes, years, at, colour, team)
            for i, year in enumerate(years):
                data.append({"spec": spec, "team": team, "year": int(year)} | {k: float(v[i]) for k, v in at.items()})
        if spec == "main":
            dataset = trees[spec]["constant_data"].to_dataset()
            for team, colour in TEAMS.items():
                observed, n = _observed(dataset, team)
                axes.scatter(years, observed, s=np.sqrt(n), facecolor="none", edgecolor=colour, lw=0.8, zorder=3)
        axes.set_title(title)
        axes.set_xlabel("year of publication")
    grid[0].set_ylabel("share of papers that release code")
    grid[0].set_ylim(0, None)
    grid[0].legend(loc="upper left")
    save(figure, out, "code_release", data)


def _observed(dataset: xr.Dataset, team: str) -> tuple[Any, Any]:
    """Share of a kind's own papers that the coder says release code, and papers, by year."""
    mine = dataset["at_team"].values == dataset["team"].values.tolist().index(team)
    year = dataset["venue_year_year"].values[dataset["at_venue_year"].values]
    years = dataset["year"].values
    n, y = (np.array([dataset[name].values[mine & (year == at)].sum() for at in years]) for name in ("n", "y"))
    return np.where(n > 0, y / np.maximum(n, 1), np.nan), n


def ratios(estimates: Rows, out: Path) -> None:
    """Forest of the ratios by venue group and era, and pooled over the groups, under both treatments of error."""
    eras = list(dict.fromkeys(row["coords"]["era"] for row in estimates if row["estimand"] == "ratio_mixed"
                              and row["spec"] == "main"))  # fmt: skip
    figure, grid = plt.subplots(1, 2, figsize=(WIDTH, 3.4), sharey=True)
    lines = [(group, era) for group in (*GROUPS, "both groups") for era in eras]
    data: Rows = []
    for axes, (name, team) in zip(grid, CONTRASTS.items(), strict=True):
        for offset, (spec, colour) in zip((0.15, -0.15), zip(SPECS, (BLUE, ORANGE), strict=True), strict=True):
            for y, (group, era) in enumerate(reversed(lines)):
                pooled = group not in GROUPS
                coords = {"era": era} if pooled else {"venues": group, "era": era}
                row = _one(estimates, spec, f"ratio_{name}{'_pooled' if pooled else ''}", coords)
                if row is None:
                    continue
                axes.plot([row["eti_low"], row["eti_high"]], [y + offset] * 2, color=colour, lw=1.3)
                axes.plot(row["median"], y + offset, "s" if pooled else "o", color=colour, ms=4 if era == WHOLE else 3)
                data.append({"spec": spec, "team": team, "venues": group, "era": era}
                            | {key: row[key] for key in ("n", "median", "eti_low", "eti_high")})  # fmt: skip
        axes.axvline(1, color=BLACK, lw=0.5, ls=":")
        axes.set_xscale("log")
        ticks = [0.3, 0.5, 0.7, 1, 1.3]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_title(f"{team} over academia-only")
        axes.set_xlabel("ratio, median and 89 % interval")
    names = [f"{group}, {era}" for group, era in reversed(lines)]
    grid[0].set_yticks(range(len(lines)), names)
    handles = [
        Line2D([], [], color=c, marker="o", ms=4, label=t) for c, t in zip((BLUE, ORANGE), SPECS.values(), strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    save(figure, out, "code_release_ratios", data)


def _one(estimates: Rows, spec: str, name: str, coords: Mapping[str, Any]) -> dict[str, Any] | None:
    found = (r for r in estimates if r["spec"] == spec and r["estimand"] == name and r["coords"] == dict(coords))
    return next(found, None)


def instruments(trees: Mapping[str, xr.DataTree], estimates: Rows, out: Path) -> None:
    """Why figures disagree: the naive ratio by instrument, and where errors that differ by team would turn its sign."""
    figure = plt.figure(figsize=(WIDTH, 5.8))
    grid = figure.add_gridspec(2, 2, width_ratios=(1.2, 1))
    data: Rows = []
    _forest(figure.add_subplot(grid[:, 0]), estimates, data)
    _tipping_sensitivity(figure.add_subplot(grid[0, 1]), estimates, data)
    _tipping_specificity(figure.add_subplot(grid[1, 1]), trees, data)
    save(figure, out, "code_release_instruments", data)


def _forest(axes: Axes, estimates: Rows, data: Rows) -> None:
    rows = [row for row in estimates if row["spec"] == "instruments" and row["estimand"] == "naive_ratio_mixed"]
    names = [row["coords"]["row"] for row in rows]
    for name, offset, colour in (("mixed", 0.15, PURPLE), ("industry_only", -0.15, ORANGE)):
        for y, at in enumerate(reversed(names)):
            row = _one(estimates, "instruments", f"naive_ratio_{name}", {"row": at})
            assert row is not None
            axes.plot([row["eti_low"], row["eti_high"]], [y + offset] * 2, color=colour, lw=1.3)
            axes.plot(row["median"], y + offset, "o", color=colour, ms=3)
            data.append({"panel": "ratio", "row": at, "team": CONTRASTS[name], "x": "", "n": row["n"]}
                        | {key: row[key] for key in ("median", "eti_low", "eti_high")})  # fmt: skip
    axes.axvline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_xscale("log")
    axes.set_xticks([0.3, 0.5, 1, 2], ["0.3", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.set_yticks(range(len(names)), [_short(name) for name in reversed(names)], fontsize=6)
    axes.set_xlabel("share with code seen, over academia-only")
    handles = [Line2D([], [], color=c, marker="o", ms=3, label=t) for t, c in TEAMS.items() if t != "academia-only"]
    axes.legend(handles=handles, loc="upper right", fontsize=6.5)


def _short(name: str) -> str:
    instrument, _, place = name.partition(": ")
    short = {
        "full text": "full text",
        "full text, papers with a link field": "full text, same papers",
        "link in a list from first pages": "link, first page",
        "link in a list from OpenReview": "link, OpenReview",
        "full text by GROBID": "full text, GROBID",
    }
    return f"{short.get(instrument, instrument)}: {place.replace('machine learning', 'ML')}"


def _tipping_sensitivity(axes: Axes, estimates: Rows, data: Rows) -> None:
    """True ratio against the ratio of sensitivities, one line a naive ratio; what was measured of the same papers."""
    grid = np.linspace(0.6, 2.0, 50)
    rows = [r for r in estimates if r["estimand"] == "found_ratio_mixed"]
    rows.sort(key=lambda r: (r["coords"]["lists"][-7:], r["n"]))  # of each kind of list the last era, its largest row
    last = {r["coords"]["lists"].partition(": ")[0]: r["coords"]["lists"] for r in rows}
    for name, colour in (("mixed", PURPLE), ("industry_only", ORANGE)):
        for at, style in zip(last.values(), ("-", "--"), strict=False):
            naive = _one(estimates, "instruments", f"naive_ratio_{name}", {"row": at})
            found = _one(estimates, "instruments", f"found_ratio_{name}", {"lists": at})
            if naive is None or found is None:
                continue
            axes.plot(grid, naive["median"] / grid, color=colour, ls=style, lw=1)
            x = [found[key] for key in ("eti_low", "median", "eti_high")]
            measured = np.linspace(x[0], x[2], 20)
            axes.plot(measured, naive["median"] / measured, color=colour, lw=3, alpha=0.4)
            axes.plot(x[1], naive["median"] / x[1], "o", color=colour, ms=4)
            axes.plot(naive["median"], 1, "|", color=colour, ms=9)
            data.append({"panel": "sensitivity", "row": at, "team": CONTRASTS[name], "x": x[1], "n": found["n"],
                         "median": naive["median"], "eti_low": x[0], "eti_high": x[2]})  # fmt: skip
    axes.axhline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_xlabel(
        "sensitivity of the link over academia-only's\n(points: measured; ticks: the sign turns)", fontsize=7
    )
    axes.set_ylabel("true ratio")
    handles = [
        Line2D([], [], color=GREY, ls=style, label=_short(at))
        for at, style in zip(last.values(), ("-", "--"), strict=False)
    ]
    axes.legend(handles=handles, fontsize=6)


def corrected_ratio(seen: Mapping[str, float], sensitivity: Mapping[str, float], false: Mapping[str, Any]) -> Any:
    """True ratio of mixed to academia-only shares, from shares seen and the coder's rates (Rogan and Gladen 1978)."""
    share = {
        team: (seen[team] - false[team]) / (sensitivity[team] - false[team]) for team in ("academia-only", "mixed")
    }
    return share["mixed"] / share["academia-only"]


def _tipping_specificity(axes: Axes, trees: Mapping[str, xr.DataTree], data: Rows) -> None:
    """True ratio, mixed over academia-only, against how many more false positives academia-only papers have.

    The level matters beside the difference: along the lines the mean of the two rates is that of the fit, and what the
    papers coded by hand say has rates of its own.
    """
    if "by_team" not in trees:
        return
    estimands = trees["by_team"]["estimands"].to_dataset()
    dataset = trees["main"]["constant_data"].to_dataset()
    last = str(estimands["specificity"]["years"].values[-1])
    pair = ("academia-only", "mixed")
    draws = {team: 1 - estimands["specificity"].sel(years=last, team=team, drop=True) for team in pair}
    gap = draws["academia-only"] - draws["mixed"]
    level = float(sum(draws.values()).median()) / 2  # type: ignore[union-attr]
    sensitivity = {team: float(estimands["sensitivity"].sel(team=team).median()) for team in pair}
    none = dataset["hand_none"].isel(era=-1).values[:2]
    by_hand = dict(zip(pair, 1 - dataset["hand_none_coded"].isel(era=-1).values[:2] / np.maximum(none, 1), strict=True))
    grid = np.linspace(-0.1, 0.25, 60)
    for group, style in zip(GROUPS, ("-", "--"), strict=True):
        seen = seen_shares(dataset, group)
        ratio = corrected_ratio(seen, sensitivity, {"academia-only": level + grid / 2, "mixed": level - grid / 2})
        axes.plot(grid, ratio, color=PURPLE, ls=style, lw=1, label=group)
        rows = [("specificity", float(x), float(r)) for x, r in zip(grid[::6], ratio[::6], strict=True)]
        if none.all():
            x = by_hand["academia-only"] - by_hand["mixed"]
            rows.append(("specificity by hand", x, float(corrected_ratio(seen, sensitivity, by_hand))))
            axes.plot(*rows[-1][1:], "o", color=GREEN, ms=5, mfc=GREEN if style == "-" else "none")
        data += [{"panel": panel, "row": group, "team": "mixed", "x": x, "n": "", "median": r, "eti_low": "",
                  "eti_high": ""} for panel, x, r in rows]  # fmt: skip
    low, middle, high = (float(gap.quantile(q)) for q in (0.055, 0.5, 0.945))
    axes.axvspan(low, high, color=PURPLE, alpha=0.15, lw=0)
    axes.axvline(middle, color=PURPLE, lw=0.8)
    axes.axhline(1, color=BLACK, lw=0.5, ls=":")
    axes.set_ylim(0.6, 1.8)
    axes.set_xlabel(
        f"false positives, academia-only less mixed,\n{last} (band: all labels; green: by hand)", fontsize=7
    )
    axes.set_ylabel("true ratio, mixed")
    axes.legend(fontsize=6.5)


def seen_shares(dataset: xr.Dataset, group: str) -> dict[str, float]:
    """Share of papers coded as released, last era, of each kind of team, at the venue-years' mix of all papers."""
    era = dataset.sizes["era"] - 1
    mine = (dataset["at_era"].values == era) & (dataset["at_venues"].values == list(GROUPS).index(group))
    place, team = dataset["at_venue_year"].values[mine], dataset["at_team"].values[mine]
    shape = (dataset.sizes["venue_year"], dataset.sizes["team"])
    n, y = np.zeros(shape), np.zeros(shape)
    np.add.at(n, (place, team), dataset["n"].values[mine])
    np.add.at(y, (place, team), dataset["y"].values[mine])
    full = (n > 0).all(1)
    weights = n[full].sum(1)
    shares = (y[full] / n[full] * weights[:, None]).sum(0) / weights.sum()
    return dict(zip(dataset["team"].values.tolist(), shares.tolist(), strict=True))


def fitted(tree: xr.DataTree, out: Path) -> None:
    """Expected against observed shares, a point a venue-year and kind of team, with 89 % intervals."""
    dataset = tree["constant_data"].to_dataset()
    expected = tree["estimands"].to_dataset()["fitted"]
    shape = (dataset.sizes["venue_year"], dataset.sizes["team"])
    n, y = np.zeros(shape), np.zeros(shape)
    at = (dataset["at_venue_year"].values, dataset["at_team"].values)
    np.add.at(n, at, dataset["n"].values)
    np.add.at(y, at, dataset["y"].values)
    band = bands(expected)
    venues = [name.split(" ")[0] for name in dataset["venue_year"].values]
    figure, grid = plt.subplots(1, 3, figsize=(WIDTH, 2.6), sharex=True, sharey=True)
    colours = dict(zip(dict.fromkeys(venues), (BLUE, ORANGE, GREEN, PURPLE, BLACK), strict=False))
    data: Rows = []
    for k, (axes, team) in enumerate(zip(grid, dataset["team"].values, strict=True)):
        some = n[:, k] >= 10
        observed = y[:, k] / np.maximum(n[:, k], 1)
        for venue, colour in colours.items():
            mine = some & (np.array(venues) == venue)
            low, mid, high = (band[name][mine, k] for name in RATES)
            axes.errorbar(mid, observed[mine], xerr=[mid - low, high - mid], fmt="none", ecolor=colour, lw=0.7)
            axes.scatter(mid, observed[mine], s=1.2 * np.sqrt(n[mine, k]), color=colour, label=venue, zorder=3)
        top = float(max(observed[some].max(), band["median"][some].max())) if some.any() else 1.0
        axes.plot([0, top], [0, top], color=BLACK, lw=0.5, ls=":")
        axes.set_title(str(team))
        for i in np.flatnonzero(n[:, k] > 0):
            row = {"venue_year": dataset["venue_year"].values[i], "team": team, "n": int(n[i, k])}
            data.append(row | {"observed": float(observed[i])} | {name: float(band[name][i, k]) for name in RATES})
    grid[0].set_ylabel("coded as released")
    grid[1].set_xlabel("expected, median and 89 % interval")
    grid[2].legend(fontsize=6.5, loc="upper left")
    save(figure, out, "code_release_fitted", data)
