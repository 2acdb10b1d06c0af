"""Figures of the compute-term claim: contrasts by topic and family, what goes with the fall, the fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from figures.style import BLACK, BLUE, GREY, ORANGE, WIDTH, forest, save

Rows = list[dict[str, Any]]
FEW = 30  # papers with terms; below, a topic is drawn hollow
SPECS = {"main": "terms in the abstract", "full_text": "hardware named, full texts"}


def draw(trees: Mapping[str, xr.DataTree], estimates: Rows, out: Path) -> None:
    """Draw every figure of the claim into a folder.

    Parameters
    ----------
    trees
        Stored fits by specification; a user's table may lack the full texts.
    estimates
        The claim's rows of estimates.json.
    out
        Where to write PDF, PNG and CSV.
    """
    shown = {spec: title for spec, title in SPECS.items() if spec in trees}
    contrasts(shown, estimates, out)
    with_fall = {spec: title for spec, title in shown.items() if _rows(estimates, spec, "waterfall")}
    if with_fall:
        what_goes_with_the_fall(with_fall, estimates, out)
    fitted_and_observed(trees, shown, out)


def _rows(estimates: Rows, spec: str, name: str) -> Rows:
    return [row for row in estimates if row["spec"] == spec and row["estimand"] == name]


def contrasts(specs: Mapping[str, str], estimates: Rows, out: Path) -> None:
    """Odds ratios of academia-only by topic, by family, pooled, and in a topic not among these; log axis."""
    lines = {spec: _lines(estimates, spec) for spec in specs}
    height = 0.155 * max(len(part) for part in lines.values()) + 0.9
    figure, grid = plt.subplots(1, len(specs), figsize=(WIDTH, height), squeeze=False, sharex=True)
    data: Rows = []
    for axes, (spec, title) in zip(grid[0], specs.items(), strict=True):
        forest(axes, lines[spec], reference=1.0)
        axes.set_xscale("log")
        axes.set_xticks([0.25, 0.5, 1, 2], ["0.25", "0.5", "1", "2"])
        axes.set_xticks([], minor=True)
        axes.set_title(title)
        data += [{"spec": spec} | line for line in lines[spec]]
    figure.supxlabel(
        "odds ratio of academia-only, papers with to papers without (hollow: fewer than 30 papers)", fontsize=8
    )
    save(figure, out, "topic_compute", data)


def _lines(estimates: Rows, spec: str) -> Rows:
    def line(row: Mapping[str, Any], label: str, colour: str) -> dict[str, Any]:
        at = {key: row[key] for key in ("n", "median", "eti_low", "eti_high")}
        return {"label": label, "colour": colour, "hollow": row["n"] < FEW} | at

    pooled = [line(row, "all, pooled", BLUE) for row in _rows(estimates, spec, "odds_ratio")]
    pooled += [line(row, "a topic not among these", BLUE) for row in _rows(estimates, spec, "odds_ratio_new_topic")]
    families = [line(row, row["coords"]["family"], ORANGE) for row in _rows(estimates, spec, "odds_ratio_by_family")]
    topics = [line(row, row["coords"]["topic"], GREY) for row in _rows(estimates, spec, "odds_ratio_by_topic_same_mix")]
    return [*pooled, *families, *sorted(topics, key=lambda one: -one["n"])]


def what_goes_with_the_fall(specs: Mapping[str, str], estimates: Rows, out: Path) -> None:
    """From the first period's share to the last one's, factor by factor in one order; set back first or last beside."""
    figure, grid = plt.subplots(1, len(specs), figsize=(WIDTH, 2.7), squeeze=False, sharey=True)
    data: Rows = []
    for axes, (spec, title) in zip(grid[0], specs.items(), strict=True):
        data += _waterfall(axes, spec, estimates)
        axes.set_title(title)
    grid[0, 0].set_ylabel("academia-only share\nat spanning venues")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    save(figure, out, "topic_compute_fall", data)


def _waterfall(axes: Axes, spec: str, estimates: Rows) -> Rows:
    shares = _rows(estimates, spec, "share_spanning")
    steps = _rows(estimates, spec, "waterfall")
    # Read from early to late: the rest first, then each factor moves on from early to late.
    factors = [row["coords"]["factor"] for row in _rows(estimates, spec, "goes_with_first")]
    ordered = [row for row in steps if row["coords"]["step"] not in factors]
    ordered += [row for row in reversed(steps) if row["coords"]["step"] in factors]
    names = [shares[0]["coords"]["period"], *(row["coords"]["step"] for row in ordered), shares[-1]["coords"]["period"]]
    level = shares[0]["median"]
    _level(axes, 0, shares[0])
    data: Rows = [{"spec": spec, "bar": names[0], "from": 0.0, "to": level}]
    for x, row in enumerate(ordered, start=1):
        after = level + row["median"]
        axes.bar(x, row["median"], bottom=level, color=ORANGE if row["coords"]["step"] in factors else GREY, width=0.6)
        axes.errorbar(
            x, after, yerr=[[row["median"] - row["eti_low"]], [row["eti_high"] - row["median"]]], color=BLACK, lw=1,
            label="89 % interval of the step" if x == 1 else None, ls="",
        )  # fmt: skip
        data.append({"spec": spec, "bar": row["coords"]["step"], "from": level, "to": after})
        for name, marker in (("goes_with_first", "^"), ("goes_with_last", "v")):
            for other in _rows(estimates, spec, name):
                if other["coords"]["factor"] == row["coords"]["step"]:
                    label = f"set back {name.removeprefix('goes_with_')}" if x == len(ordered) else None
                    axes.plot(x + (0.4 if marker == "v" else -0.4), level + other["median"], marker, color=BLACK, ms=4,
                              mfc="none", label=label)  # fmt: skip
                    data.append({"spec": spec, "bar": f"{row['coords']['step']}, {label or name}", "from": level,
                                 "to": level + other["median"]})  # fmt: skip
        level = after
    _level(axes, len(names) - 1, shares[-1])
    data.append({"spec": spec, "bar": names[-1], "from": 0.0, "to": shares[-1]["median"]})
    axes.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    axes.margins(y=0.15)
    return data


def _level(axes: Axes, x: int, row: Mapping[str, Any]) -> None:
    """A period's share: a line, not a bar, for the axis does not start at 0."""
    axes.plot([x - 0.35, x + 0.35], [row["median"]] * 2, color=BLUE, lw=2.5)
    axes.fill_between([x - 0.35, x + 0.35], row["eti_low"], row["eti_high"], color=BLUE, alpha=0.25, lw=0)


def fitted_and_observed(trees: Mapping[str, xr.DataTree], specs: Mapping[str, str], out: Path) -> None:
    """Average fitted probability against the observed share, by venue-year and by topic; area: papers."""
    figure, grid = plt.subplots(len(specs), 2, figsize=(WIDTH, 2.9 * len(specs)), squeeze=False)
    data: Rows = []
    for line, spec in zip(grid, specs, strict=True):
        dataset, estimands = (trees[spec][group].to_dataset() for group in ("constant_data", "estimands"))
        known = dataset["partly"].to_numpy() == 0
        for axes, by in zip(line, ("venue_year", "topic"), strict=True):
            fitted = estimands[f"fitted_by_{by}"]
            at = dataset[f"at_{by}"].to_numpy()
            size = dataset.sizes[by]
            n, y = (np.bincount(at, dataset[name].to_numpy() * known, size) for name in ("n", "y"))
            keep = n > 0
            share = y[keep] / n[keep]
            low, middle, high = fitted.transpose("quantile", f"fitted_{by}").to_numpy()
            axes.vlines(share, low, high, color=GREY, lw=0.7)
            axes.scatter(share, middle, s=np.maximum(n[keep] / 20, 2), facecolor="none", edgecolor=BLUE, lw=0.7)
            limits = [min(share.min(), low.min()) - 0.02, max(share.max(), high.max()) + 0.02]
            axes.plot(limits, limits, color=BLACK, lw=0.5, ls=":")
            axes.set_title(f"by {by.replace('_', ' and ')}, {specs[spec]}", fontsize=8)
            names = fitted[f"fitted_{by}"].to_numpy().tolist()
            data += [
                {"spec": spec, "by": by, "at": name, "n": int(of), "observed": float(seen), "fitted": float(mid)}
                for name, of, seen, mid in zip(names, n[keep], share, middle, strict=True)
            ]
    figure.supxlabel("observed academia-only share", fontsize=8)
    figure.supylabel("fitted, median and 89 % interval", fontsize=8)
    save(figure, out, "topic_compute_fitted", data)
