"""From draws to reported numbers: summaries, diagnostics, contraction, prior sensitivity, verdicts.

Reads stored trees and what the claim declares (published values, headlines); runs no model. Power-scaling follows
Kallioinen et al. (2024), Statistics and Computing 34:57: the top-level priors are scaled, not the population
distributions.
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

from inference import words
from models._claim import Headline, Published

INTERVAL = 0.89
LOW, HIGH = (1 - INTERVAL) / 2, (1 + INTERVAL) / 2
PRIOR_SENSITIVE = 0.05  # the same for the likelihood: without it a prior that matters is a strong one
DECIDED = 0.89  # a verdict needs this probability
TINY = 1e-12  # keeps log-odds finite where a share rounds to 0 or 1
DIGITS = 10  # significant digits kept in estimates.json
NOT_FOR_EVENTS = (
    "median", "eti_low", "eti_high", "sd", "mcse_low", "mcse_high", "ess_bulk", "ess_tail", "r_hat", "reference",
    "p_direction", "contraction",
    "contraction_text",
    "published", "published_sign", "published_text", "verdict", "verdict_text",
)  # fmt: skip


def to_scale(values: xr.DataArray, scale: str) -> xr.DataArray:
    """Log-odds of a share, logarithm of a ratio, anything else as it is."""
    if scale == "logit":
        inside = values.clip(TINY, 1 - TINY)
        return xr.DataArray(np.log(inside) - np.log(1 - inside))
    return xr.DataArray(np.log(values)) if scale == "log" else values


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
        Names, as they stand in estimates.json.
    tree
        A stored fit: groups ``estimands``, ``prior_estimands``, ``log_prior``, ``log_likelihood``.
    published, headlines
        What the claim declares.
    titles
        Names of estimands for readers; by default their own.

    Returns
    -------
    list of dict
        Rows of estimates.json, in the order of the estimands.
    """
    estimands = tree["estimands"].to_dataset()
    prior = tree["prior_estimands"].to_dataset()
    quantities = [name for name in estimands.data_vars if estimands[name].attrs["kind"] == "quantity"]
    events = [name for name in estimands.data_vars if estimands[name].attrs["kind"] == "probability"]
    stats = _statistics(estimands[quantities], prior[quantities])
    scaled = {group: _power_scaling(tree, estimands[quantities], group) for group in ("prior", "likelihood")}
    chances = estimands[events].astype(float)
    mcse = az.mcse(chances) if events else chances
    rows = []
    for name in estimands.data_vars:
        if name not in quantities and name not in events:
            continue
        for coords in points(estimands[name]):
            known = _declared(published, spec, str(name), coords)
            row: dict[str, Any] = {
                "claim": claim,
                "spec": spec,
                "estimand": str(name),
                "title": title(str(name), titles, coords),
                "coords": {key: _plain(value) for key, value in sorted(coords.items())},
                "kind": estimands[name].attrs["kind"],
                "headline": any((h.spec, h.estimand, dict(h.coords)) == (spec, str(name), coords) for h in headlines),
                "unit": estimands[name].attrs["unit"],
                "n": _rows_behind(estimands, str(name), coords),
            }
            if name in events:
                row |= _event(chances[name].sel(coords), float(mcse[name].sel(coords)))
            else:
                figures = {key: float(value[name].sel(coords)) for key, value in stats.items()}
                draws = estimands[name].sel(coords)
                row |= _quantity(draws, figures, known)
                row |= _scaling(*(float(scaled[group][name].sel(coords)) for group in ("prior", "likelihood")))
            rows.append({key: rounded(value) for key, value in row.items()})
    return rows


def _statistics(estimands: xr.Dataset, prior: xr.Dataset) -> dict[str, xr.Dataset]:
    over = ("chain", "draw")

    def variance(draws: xr.Dataset) -> xr.Dataset:
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
        "variance": variance(estimands),
        "prior_variance": variance(prior),
    }


def key_at(estimand: str, coords: Mapping[str, Any]) -> tuple[Any, ...]:
    """The key of an estimate within its specification, whatever the order of its coordinates."""
    return (estimand, *sorted(coords.items()))


def title(name: str, titles: Mapping[str, str], coords: Mapping[str, Any]) -> str:
    """``academia-only share, 2010-14``: an estimate's name for readers."""
    plain = titles.get(name.removesuffix("_by_year"), name.replace("_", " "))
    return ", ".join([plain, *(str(value) for value in coords.values())])


def _power_scaling(tree: xr.DataTree, estimands: xr.Dataset, group: str) -> xr.Dataset:
    log_prior = tree["log_prior"].to_dataset()
    groups = {"posterior": estimands, "log_prior": log_prior, "log_likelihood": tree["log_likelihood"].to_dataset()}
    names = [str(name) for name in log_prior.data_vars] if group == "prior" else None
    scaled: xr.Dataset = az.psense(xr.DataTree.from_dict(groups), group=group, group_var_names=names)
    return scaled


def _scaling(prior: float, likelihood: float) -> dict[str, Any]:
    """Power-scaling of prior and likelihood, with ArviZ's diagnosis (Kallioinen et al. 2024, section 3.4)."""
    if not (math.isfinite(prior) and math.isfinite(likelihood)):
        return dict.fromkeys(NO_SCALING)
    sensitive = prior > PRIOR_SENSITIVE
    conflict = "prior-data conflict" if likelihood > PRIOR_SENSITIVE else "strong prior or weak likelihood"
    return {
        "prior_sensitivity": prior,
        "prior_sensitivity_text": words.number(prior, 2),
        "prior_sensitive": sensitive,
        "likelihood_sensitivity": likelihood,
        "diagnosis": conflict if sensitive else "none",
    }


NO_SCALING = (
    "prior_sensitivity", "prior_sensitivity_text", "prior_sensitive", "likelihood_sensitivity", "diagnosis"
)  # fmt: skip


def points(variable: xr.DataArray) -> Iterator[dict[str, Any]]:
    """The coordinates of each reported number of an estimand: its dims but chain and draw."""
    dims = [str(dim) for dim in variable.dims if dim not in ("chain", "draw")]
    for values in itertools.product(*(variable[dim].to_numpy().tolist() for dim in dims)):
        yield dict(zip(dims, values, strict=True))


def _declared(published: tuple[Published, ...], spec: str, name: str, coords: dict[str, Any]) -> Published | None:
    found = next((p for p in published if p.estimand == name and dict(p.coords) == coords), None)
    if found is not None and spec in found.not_comparable_in:
        return replace(found, not_comparable=f"another quantity in {spec}")
    return found


def _rows_behind(estimands: xr.Dataset, name: str, coords: dict[str, Any]) -> int:
    """Rows of data of a year or period, of the periods that are compared, or of the whole window.

    Attr ``rows`` may also name the counts themselves: then those at the estimand's own coordinates, summed over others.
    """
    attrs = estimands[name].attrs
    counts = str(attrs.get("rows", "n"))
    if counts in estimands:
        found = estimands[counts]
        return int(found.sel({dim: at for dim, at in coords.items() if dim in found.dims}).sum())
    for dim in ("year", "period"):
        if dim in coords:
            return int(estimands[f"{counts}_by_{dim}"].sel({dim: coords[dim]}))
    if "over" in attrs:
        return int(estimands[f"{counts}_by_period"].sel(period=list(attrs["over"])).sum())
    return int(estimands[f"{counts}_by_year"].sum())


def _event(draws: xr.DataArray, mcse: float) -> dict[str, Any]:
    """One probability: its value and Monte Carlo error, the rest null."""
    value = float(draws.mean())
    if not math.isfinite(mcse) or mcse == 0:  # never or always: Jeffreys' estimate of what was not seen
        unseen = 0.5 / (draws.size + 1)
        mcse = math.sqrt(unseen * (1 - unseen) / draws.size)
    nothing = dict.fromkeys(NOT_FOR_EVENTS)
    return nothing | {
        "value": value,
        "mcse": mcse,
        **dict.fromkeys(NO_SCALING),
        "text": words.probability(value, mcse),
    }


def _quantity(draws: xr.DataArray, figures: dict[str, float], known: Published | None) -> dict[str, Any]:
    scale = str(draws.attrs["scale"])
    reference = draws.attrs.get("reference")
    above, after, before = (figures.pop(name) for name in ("above", "variance", "prior_variance"))
    row: dict[str, Any] = {"value": None, **figures}
    worst = max(figures["mcse"], figures["mcse_low"], figures["mcse_high"]) if scale != "log" else figures["mcse"]
    row["text"] = words.quantity(figures["median"], figures["eti_low"], figures["eti_high"], worst, scale)
    row["reference"] = reference
    row["p_direction"] = None
    if reference is not None:
        row["p_direction"] = max(above, 1 - above)
    row["contraction"] = 1 - after / before if before > 0 else None
    row["contraction_text"] = words.number(row["contraction"], 2) if before > 0 else None
    row["published"] = known.value if known else None
    row["published_sign"] = known.sign if known else None
    row["published_text"] = (
        words.published(known.value, known.sign, reference, str(draws.attrs["unit"])) if known else None
    )
    row["verdict"] = verdict(draws, known, figures) if known else None
    row["verdict_text"] = words.verdict(row["verdict"], row["published_text"])
    return row


def verdict(draws: xr.DataArray, known: Published, figures: dict[str, float]) -> str:
    """Hold a posterior against a published value or sign.

    A probability within two Monte Carlo standard errors of a threshold counts as not having crossed it.

    Parameters
    ----------
    draws
        (chain, draw), the estimand; attrs ``scale`` and, for a sign, ``reference``.
    known
        Value with tolerance on the estimand's scale, or sign.
    figures
        ``eti_low``, ``eti_high``, ``mcse_low``, ``mcse_high`` of the estimand.
    """
    if known.not_comparable:
        return "not comparable"
    scale = str(draws.attrs["scale"])
    on_scale = to_scale(draws, scale)
    if known.sign is not None:
        centre = float(to_scale(xr.DataArray(float(draws.attrs["reference"])), scale))
        if _surely(abs(on_scale - centre) < known.smallest) and _effect_on_log_scale(draws):
            return "negligible"
        within = known.sign * (on_scale - centre) > 0
    else:
        assert known.value is not None and known.tolerance is not None
        within = abs(on_scale - float(to_scale(xr.DataArray(known.value), scale))) < known.tolerance
    if _surely(within):
        return "agrees"
    if _surely(~within):
        return "disagrees"
    if known.value is not None:
        low = figures["eti_low"] - 2 * figures["mcse_low"]
        high = figures["eti_high"] + 2 * figures["mcse_high"]
        if low <= known.value <= high:
            return "compatible"
    return "undecided"


def _effect_on_log_scale(draws: xr.DataArray) -> bool:
    """Whether the smallest effect of interest, a ratio, applies: on log-odds and logarithms of ratios."""
    return draws.attrs["scale"] in ("logit", "log") or draws.attrs["unit"] == "log-odds"


def _surely(event: xr.DataArray) -> bool:
    """P(event) >= 0.89, by more than two Monte Carlo standard errors."""
    chance = float(event.mean())
    if chance in (0.0, 1.0):
        return chance == 1.0
    error = float(az.mcse(event.astype(float).rename("event")))
    return chance - 2 * error >= DECIDED


def add_refits(rows: list[dict[str, Any]], fits: Mapping[str, Mapping[str, Any]]) -> None:
    """Add to rows how far the refits of their own fit under other priors move them.

    ``refits`` has one entry for each of the claim's alternatives of kind ``prior`` with the same model and choices:
    what ``moves`` gives. ``prior_shift`` is the largest of their shifts, null where there is none;
    ``verdict_changes`` lists the verdicts that a refit changes.

    Parameters
    ----------
    rows, fits
        ``estimates`` and ``fits`` of estimates.json; the rows are changed.
    """

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row["claim"], *key_at(row["estimand"], row["coords"]))

    def base(fit: Mapping[str, Any]) -> tuple[Any, ...]:
        return fit["model"], str(sorted(fit["differs"]["choices"].items()))

    priors: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        fit = fits[f"{row['claim']}/{row['spec']}"]
        if fit["kind"] == "prior" and fit["differs"]["priors"]:
            priors.setdefault((*base(fit), *key(row)), []).append(row)
    for row in rows:
        own = fits[f"{row['claim']}/{row['spec']}"]
        others = priors.get((*base(own), *key(row)), []) if own["kind"] != "prior" and row["sd"] else []
        # One that failed its gate left its last good fit behind: of other data, and no measure of the prior.
        others = [o for o in others if fits[f"{o['claim']}/{o['spec']}"].get("stale") == own.get("stale")]
        row["refits"] = [moves(row, other, fits[f"{other['claim']}/{other['spec']}"]["title"]) for other in others]
        shifts = [abs(refit["shift"][name]) for refit in row["refits"] for name in ENDS]
        row["prior_shift"] = max(shifts) if shifts else None
        row["prior_shift_text"] = words.number(row["prior_shift"], 1) if shifts else None
        row["verdict_changes"] = [
            f"{refit['verdict']} under {refit['title']}"
            for refit in row["refits"]
            if refit["verdict"] != row["verdict"] != "not comparable"
        ]


ENDS = ("median", "eti_low", "eti_high")


def add_moved_most(rows: list[dict[str, Any]], fits: Mapping[str, Mapping[str, Any]]) -> None:
    """Add to headline rows the fit that moves the median most: ``moved_most``, as ``moves`` has it and its n, or null.

    Fits of the same model count that differ in one choice and rest on at least half as many rows: a much smaller
    sample moves an estimate whatever is chosen. Main fits of other choices answer another question and do not count,
    but for the one from which a headline beside it differs in that choice; refits under other priors do not either.
    """

    def at(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return (row["claim"], *key_at(row["estimand"], row["coords"]))

    def apart(choices: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
        return [name for name in choices.keys() | base.keys() if choices.get(name, OWN) != base.get(name, OWN)]

    for row in rows:
        row["moved_most"] = None
        if not (row["headline"] and row["sd"]):
            continue
        own = fits[f"{row['claim']}/{row['spec']}"]
        base = own["differs"]["choices"]
        found = []
        for other in rows:
            fit = fits[f"{other['claim']}/{other['spec']}"]
            choices = fit["differs"]["choices"]
            same = (
                fit["model"] == own["model"] and fit.get("stale") == own.get("stale") and not fit["differs"]["priors"]
            )
            # One that lacks a choice of the headline's own is of another question, but for the main fit beside it.
            asked = base.keys() <= choices.keys() if fit["kind"] != "main" else len(choices) < len(base)
            if (
                same
                and asked
                and at(other) == at(row)
                and len(apart(choices, base)) == 1
                and 2 * other["n"] >= row["n"]
            ):
                found.append(moves(row, other, str(fit["title"])) | {"n": other["n"]})
        if found:
            row["moved_most"] = max(found, key=lambda move: abs(move["shift"]["median"]))


OWN = object()  # a choice that is as in the main fit


def moves(row: Mapping[str, Any], other: Mapping[str, Any], title: str) -> dict[str, Any]:
    """How far a refit moves an estimate: ``shift`` in posterior sd of the first, ``to`` in reported units."""
    return {
        "spec": other["spec"],
        "title": title,
        "shift": {name: rounded((other[name] - row[name]) / row["sd"]) for name in ENDS},
        "shift_text": words.number((other["median"] - row["median"]) / row["sd"], 1),
        "to": {name: other[name] for name in ENDS},
        "text": other["text"],
        "verdict": other["verdict"],
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def rounded(value: Any) -> Any:
    """Floats to ten significant digits, and null for what is not a number."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
