"""Summaries of stored draws: medians, intervals, diagnostics, contraction, prior sensitivity, verdicts.

The inputs are stored trees, and the published values and headlines that a claim declares; no model is run.
Power-scaling follows Kallioinen et al. (2024), Statistics and Computing 34:57. It scales the top-level priors, not the
population distributions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from inference.summaries import formatting
from inference.summaries.verdicts import decide
from models.common.claim import Headline, Published
from models.common.estimand import to_scale

INTERVAL = 0.89
LOW, HIGH = (1 - INTERVAL) / 2, (1 + INTERVAL) / 2
PRIOR_SENSITIVE = 0.05  # for prior and likelihood; prior alone above it: strong prior or weak likelihood
DIGITS = 10  # significant digits kept in estimates.json
NOT_FOR_EVENTS = (
    "median", "eti_low", "eti_high", "sd", "mcse_low", "mcse_high", "ess_bulk", "ess_tail", "r_hat", "reference",
    "p_direction", "contraction",
    "contraction_text",
    "published", "published_sign", "published_text", "verdict", "verdict_text",
)  # fmt: skip


def summarise(
    claim: str,
    spec: str,
    tree: xr.DataTree,
    published: tuple[Published, ...] = (),
    headlines: tuple[Headline, ...] = (),
    titles: Mapping[str, str] = {},
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

    Returns
    -------
    list of dict
        Rows of estimates.json, in the order of the estimands.
    """
    estimands = tree["estimands"].to_dataset()
    prior = tree["prior_estimands"].to_dataset()
    quantities = [name for name in estimands.data_vars if estimands[name].attrs["kind"] == "quantity"]
    events = [name for name in estimands.data_vars if estimands[name].attrs["kind"] == "probability"]
    stats = _compute_statistics(estimands[quantities], prior[quantities])
    scaled = {group: _compute_power_scaling(tree, estimands[quantities], group) for group in ("prior", "likelihood")}
    chances = estimands[events].astype(float)
    mcse = az.mcse(chances) if events else chances
    rows = []
    for name in estimands.data_vars:
        if name not in quantities and name not in events:
            continue
        for coords in list_points(estimands[name]):
            known = _find_published(published, spec, str(name), coords)
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
                row |= _describe_event(chances[name].sel(coords), float(mcse[name].sel(coords)))
            else:
                figures = {key: float(value[name].sel(coords)) for key, value in stats.items()}
                draws = estimands[name].sel(coords)
                row |= _describe_quantity(draws, figures, known)
                row |= _describe_scaling(*(float(scaled[group][name].sel(coords)) for group in ("prior", "likelihood")))
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
        "above": estimands.map(lambda draw: draw > draw.attrs.get("reference", np.nan)).mean(over),
        "variance": compute_variance(estimands),
        "prior_variance": compute_variance(prior),
    }


def make_key(estimand: str, coords: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the key of an estimate within its specification; the order of its coordinates does not matter."""
    return (estimand, *sorted(coords.items()))


def make_title(name: str, titles: Mapping[str, str], coords: Mapping[str, Any]) -> str:
    """Return an estimate's readable name: ``academia-only share, 2010-14``."""
    title = titles.get(name.removesuffix("_by_year"), name.replace("_", " "))
    return ", ".join([title, *(str(value) for value in coords.values())])


def _compute_power_scaling(tree: xr.DataTree, estimands: xr.Dataset, group: str) -> xr.Dataset:
    log_prior = tree["log_prior"].to_dataset()
    groups = {"posterior": estimands, "log_prior": log_prior, "log_likelihood": tree["log_likelihood"].to_dataset()}
    names = [str(name) for name in log_prior.data_vars] if group == "prior" else None
    scaled: xr.Dataset = az.psense(xr.DataTree.from_dict(groups), group=group, group_var_names=names)
    return scaled


def _describe_scaling(prior: float, likelihood: float) -> dict[str, Any]:
    """Report power-scaling of prior and likelihood, with ArviZ's diagnosis (Kallioinen et al. 2024, section 3.4)."""
    if not (math.isfinite(prior) and math.isfinite(likelihood)):
        return dict.fromkeys(NO_SCALING)
    sensitive = prior > PRIOR_SENSITIVE
    conflict = "prior-data conflict" if likelihood > PRIOR_SENSITIVE else "strong prior or weak likelihood"
    return {
        "prior_sensitivity": prior,
        "prior_sensitivity_text": formatting.format_number(prior, 2),
        "prior_sensitive": sensitive,
        "likelihood_sensitivity": likelihood,
        "diagnosis": conflict if sensitive else "none",
    }


NO_SCALING = (
    "prior_sensitivity", "prior_sensitivity_text", "prior_sensitive", "likelihood_sensitivity", "diagnosis"
)  # fmt: skip


def list_points(variable: xr.DataArray) -> Iterator[dict[str, Any]]:
    """Yield the coordinates of each reported number of an estimand, along all dims except chain and draw."""
    dims = [str(dim) for dim in variable.dims if dim not in ("chain", "draw")]
    for values in itertools.product(*(variable[dim].to_numpy().tolist() for dim in dims)):
        yield dict(zip(dims, values, strict=True))


def _find_published(published: tuple[Published, ...], spec: str, name: str, coords: dict[str, Any]) -> Published | None:
    found = next((p for p in published if p.estimand == name and dict(p.coords) == coords), None)
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


def _describe_event(draws: xr.DataArray, mcse: float) -> dict[str, Any]:
    """Describe a single probability by its value and Monte Carlo error; other columns are null."""
    value = float(draws.mean())
    if not math.isfinite(mcse) or mcse == 0:  # all draws are equal: use Jeffreys' estimate of the rare outcome
        rare = 0.5 / (draws.size + 1)
        mcse = math.sqrt(rare * (1 - rare) / draws.size)
    return dict.fromkeys(NOT_FOR_EVENTS) | {
        "value": value,
        "mcse": mcse,
        **dict.fromkeys(NO_SCALING),
        "text": formatting.format_probability(value, mcse),
    }


def _describe_quantity(draws: xr.DataArray, figures: dict[str, float], known: Published | None) -> dict[str, Any]:
    scale = str(draws.attrs["scale"])
    reference = draws.attrs.get("reference")
    above, after, before = (figures.pop(name) for name in ("above", "variance", "prior_variance"))
    row: dict[str, Any] = {"value": None, **figures}
    worst = max(figures["mcse"], figures["mcse_low"], figures["mcse_high"]) if scale != "log" else figures["mcse"]
    row["text"] = formatting.format_quantity(figures["median"], figures["eti_low"], figures["eti_high"], worst, scale)
    row["reference"] = reference
    row["p_direction"] = None
    if reference is not None:
        row["p_direction"] = max(above, 1 - above)
    row["contraction"] = 1 - after / before if before > 0 else None
    row["contraction_text"] = formatting.format_number(row["contraction"], 2) if before > 0 else None
    row["published"] = known.value if known else None
    row["published_sign"] = known.sign if known else None
    row["published_text"] = (
        formatting.format_published(known.value, known.sign, reference, str(draws.attrs["unit"])) if known else None
    )
    row["verdict"] = decide(draws, known, figures) if known else None
    row["verdict_text"] = formatting.format_verdict(row["verdict"], row["published_text"])
    return row


def _convert_scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def round_values(value: Any) -> Any:
    """Round a float to ten significant digits; a value that is not finite becomes null."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
