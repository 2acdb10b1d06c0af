"""Summaries of stored draws: medians, intervals, diagnostics, contraction, prior sensitivity, verdicts.

The inputs are stored trees, and the published values and headlines that a claim declares; no model is run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from inference.summaries import formatting
from inference.summaries.power_scaling import (
    NO_SCALING,
    Groups,
    compute_power_scaling,
    compute_scaling_by_group,
    describe_scaling,
)
from inference.summaries.verdicts import describe_event_verdict, describe_verdict
from models.common.claim import Headline, Published
from models.common.estimand import to_scale

INTERVAL = 0.89
LOW, HIGH = (1 - INTERVAL) / 2, (1 + INTERVAL) / 2
DIGITS = 10  # significant digits kept in estimates.json
NOT_FOR_EVENTS = (
    "median", "eti_low", "eti_high", "sd", "mcse_low", "mcse_high", "ess_bulk", "ess_tail", "r_hat", "reference",
    "p_direction", "contraction", "contraction_text", "scale", "sd_scale",
)  # fmt: skip


def summarise(
    claim: str,
    spec: str,
    tree: xr.DataTree,
    published: tuple[Published, ...] = (),
    headlines: tuple[Headline, ...] = (),
    titles: Mapping[str, str] = {},
    groups: Groups | None = None,
) -> list[dict[str, Any]]:
    """Summarise every estimand of a stored fit.

    Parameters
    ----------
    claim, spec
        Names, as in estimates.json.
    tree
        A stored fit with groups ``estimands``, ``prior_estimands``, ``log_prior``, ``log_likelihood``.
    published, headlines
        Declarations of the claim.
    titles
        Readable names of estimands; by default derived from their names.
    groups
        Groups of top-level priors, each of which is power-scaled alone for the headlines.

    Returns
    -------
    list of dict
        Rows of estimates.json, in the order of the estimands.
    """
    estimands = tree["estimands"].to_dataset()
    prior = tree["prior_estimands"].to_dataset()
    quantities = [name for name in estimands.data_vars if estimands[name].attrs["kind"] == "quantity"]
    events = [name for name in estimands.data_vars if estimands[name].attrs["kind"] == "probability"]
    with np.errstate(invalid="ignore", divide="ignore"):  # of an estimand that is known exactly
        stats = _compute_statistics(estimands[quantities], prior[quantities])
        scaled = {group: compute_power_scaling(tree, estimands[quantities], group) for group in ("prior", "likelihood")}
    chances = estimands[events].astype(float)
    mcse = az.mcse(chances) if events else chances
    rows = []
    by_group = _scale_headlines(tree, estimands[quantities], [h for h in headlines if h.spec == spec], groups)
    for name in estimands.data_vars:
        if name not in quantities and name not in events:
            continue
        for coords in list_points(estimands[name]):
            known = find_published(published, spec, str(name), coords)
            row: dict[str, Any] = {
                "claim": claim,
                "spec": spec,
                "estimand": str(name),
                "title": make_title(str(name), titles, coords),
                "coords": {key: _convert_scalar(value) for key, value in sorted(coords.items())},
                "kind": estimands[name].attrs["kind"],
                "headline": any((h.spec, h.estimand, dict(h.coords)) == (spec, str(name), coords) for h in headlines),
                "unit": estimands[name].attrs["unit"],
                "n": _count_rows(estimands, str(name), coords),
            }
            if name in events:
                row |= _describe_event(chances[name].sel(coords), float(mcse[name].sel(coords)), known)
            else:
                figures = {key: float(value[name].sel(coords)) for key, value in stats.items()}
                draws = estimands[name].sel(coords)
                row |= _describe_quantity(draws, figures, known)
                strengths = [float(scaled[group][name].sel(coords)) for group in ("prior", "likelihood")]
                row |= describe_scaling(*(strengths if row["sd"] else (0.0, 0.0)))
            row["prior_sensitivity_by_group"] = by_group.get(make_key(str(name), coords))
            rows.append({key: round_values(value) for key, value in row.items()})
    return rows


def _compute_statistics(estimands: xr.Dataset, prior: xr.Dataset) -> dict[str, xr.Dataset]:
    over = ("chain", "draw")

    def compute_variance(draws: xr.Dataset) -> xr.Dataset:
        return draws.map(lambda draw: to_scale(draw, str(estimands[draw.name].attrs["scale"]))).var(over)

    return {
        "median": estimands.median(over),
        "eti_low": estimands.quantile(LOW, over).drop_vars("quantile"),
        "eti_high": estimands.quantile(HIGH, over).drop_vars("quantile"),
        "sd": estimands.std(over, ddof=1),
        "mcse": az.mcse(estimands, method="median"),
        "mcse_low": az.mcse(estimands, method="quantile", prob=LOW),
        "mcse_high": az.mcse(estimands, method="quantile", prob=HIGH),
        "ess_bulk": az.ess(estimands, method="bulk"),
        "ess_tail": az.ess(estimands, method="tail"),
        "r_hat": az.rhat(estimands),
        "spread": estimands.max(over) - estimands.min(over),
        "above": estimands.map(lambda draw: draw > draw.attrs.get("reference", np.nan)).mean(over),
        "variance": compute_variance(estimands),
        "prior_variance": compute_variance(prior),
    }


def _scale_headlines(
    tree: xr.DataTree, quantities: xr.Dataset, headlines: Sequence[Headline], groups: Groups | None
) -> dict[tuple[Any, ...], dict[str, float | None]]:
    """Power-scale each group of priors for the headlines alone, because every point of every estimand would take long.

    Returns
    -------
    dict
        By key of the headline: sensitivity by group.
    """
    shown = [headline for headline in headlines if headline.estimand in quantities]
    if not shown:
        return {}
    draws = [quantities[one.estimand].sel(dict(one.coords)).reset_coords(drop=True) for one in shown]
    stacked = xr.concat([one.rename("draws") for one in draws], "headline", combine_attrs="drop")
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = compute_scaling_by_group(tree, stacked.to_dataset(), groups)
    exact = [bool(one.max() == one.min()) for one in draws]
    return {
        make_key(one.estimand, one.coords): {
            group: 0.0 if exact[number] else round_values(float(values["draws"][number]))
            for group, values in scaled.items()
        }
        for number, one in enumerate(shown)
    }


def make_key(estimand: str, coords: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the key of an estimate within its specification; the order of its coordinates does not matter."""
    return (estimand, *sorted(coords.items()))


def make_title(name: str, titles: Mapping[str, str], coords: Mapping[str, Any]) -> str:
    """Return an estimate's readable name: ``academia-only share, 2010-14``."""
    title = titles.get(name.removesuffix("_by_year"), name.replace("_", " "))
    return ", ".join([title, *(str(value) for value in coords.values())])


def list_points(variable: xr.DataArray) -> Iterator[dict[str, Any]]:
    """Yield the coordinates of each reported number of an estimand, along all dims except chain and draw."""
    dims = [str(dim) for dim in variable.dims if dim not in ("chain", "draw")]
    for values in itertools.product(*(variable[dim].to_numpy().tolist() for dim in dims)):
        yield dict(zip(dims, values, strict=True))


def find_published(
    published: tuple[Published, ...], spec: str, name: str, coords: Mapping[str, Any]
) -> Published | None:
    """Return the published value or sign of an estimate, marked as not comparable where the specification says so."""
    found = next((p for p in published if p.estimand == name and dict(p.coords) == dict(coords)), None)
    if found is not None and spec in found.not_comparable_in:
        return replace(found, not_comparable=f"another quantity in {spec}")
    return found


def _count_rows(estimands: xr.Dataset, name: str, coords: dict[str, Any]) -> int:
    """Count the rows of data of a year or period, of the periods that are compared, or of the whole window.

    If attr ``rows`` names a variable with counts, those at the estimand's coordinates are summed over other dims.
    """
    attrs = estimands[name].attrs
    counts = str(attrs.get("rows", "n"))
    if counts in estimands:
        found = estimands[counts]
        return int(found.sel({dim: value for dim, value in coords.items() if dim in found.dims}).sum())
    for dim in ("year", "period"):
        if dim in coords:
            return int(estimands[f"{counts}_by_{dim}"].sel({dim: coords[dim]}))
    if "over" in attrs:
        return int(estimands[f"{counts}_by_period"].sel(period=list(attrs["over"])).sum())
    return int(estimands[f"{counts}_by_year"].sum())


def _describe_event(draws: xr.DataArray, mcse: float, known: Published | None) -> dict[str, Any]:
    """Describe a single probability by its value and Monte Carlo error, and its verdict; other columns are null."""
    value = float(draws.mean())
    if not math.isfinite(mcse) or mcse == 0:  # all draws are equal: use Jeffreys' estimate of the rare outcome
        rare = 0.5 / (draws.size + 1)
        mcse = math.sqrt(rare * (1 - rare) / draws.size)
    return dict.fromkeys(NOT_FOR_EVENTS) | {
        "value": value,
        "mcse": mcse,
        **dict.fromkeys(NO_SCALING),
        "text": formatting.format_probability(value, mcse),
        **describe_event_verdict(value, mcse, known),
    }


def _describe_quantity(draws: xr.DataArray, figures: dict[str, float], known: Published | None) -> dict[str, Any]:
    scale = str(draws.attrs["scale"])
    reference = draws.attrs.get("reference")
    above, after, before, spread = (figures.pop(name) for name in ("above", "variance", "prior_variance", "spread"))
    if spread == 0:  # known exactly, as a count of labelled rows: nothing is estimated
        after = 0.0
        figures |= dict.fromkeys(("sd", "mcse", "mcse_low", "mcse_high"), 0.0)
        figures |= dict.fromkeys(("ess_bulk", "ess_tail", "r_hat"), math.nan)  # written as null
    row: dict[str, Any] = {"value": None, **figures}
    worst = max(figures["mcse"], figures["mcse_low"], figures["mcse_high"]) if scale != "log" else figures["mcse"]
    row["text"] = formatting.format_quantity(figures["median"], figures["eti_low"], figures["eti_high"], worst, scale)
    row["reference"] = reference
    row["p_direction"] = None
    if reference is not None:
        row["p_direction"] = max(above, 1 - above)
    row["contraction"] = 1.0 if after == 0 else 1 - after / before if before > 0 else None
    row["contraction_text"] = None if row["contraction"] is None else formatting.format_number(row["contraction"], 2)
    row |= {"scale": scale, "sd_scale": math.sqrt(after)}
    row |= describe_verdict(draws, known, figures["eti_low"], figures["eti_high"])
    return row


def _convert_scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def round_values(value: Any) -> Any:
    """Round a float to ten significant digits; a value that is not finite becomes null."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
