"""Verdicts: a posterior compared with a published value or sign."""

from __future__ import annotations

import arviz as az
import xarray as xr

from models.common.claim import Published
from models.common.estimand import to_scale

DECIDED = 0.89  # a verdict needs this probability


def decide(draws: xr.DataArray, known: Published, figures: dict[str, float]) -> str:
    """Compare a posterior with a published value or sign, and return the verdict.

    A probability within two Monte Carlo standard errors of a threshold counts as not having crossed it.

    Parameters
    ----------
    draws
        Draws of the estimand (chain, draw), with attrs ``scale`` and, for a sign, ``reference``.
    known
        The published value with its tolerance on the estimand's scale, or the published sign.
    figures
        ``eti_low``, ``eti_high``, ``mcse_low``, ``mcse_high`` of the estimand.
    """
    if known.not_comparable:
        return "not comparable"
    scale = str(draws.attrs["scale"])
    on_scale = to_scale(draws, scale)
    if known.sign is not None:
        centre = float(to_scale(xr.DataArray(float(draws.attrs["reference"])), scale))
        if _is_sure(abs(on_scale - centre) < known.rope) and _is_effect_on_log_scale(draws):
            return "negligible"
        within = known.sign * (on_scale - centre) > 0
    else:
        assert known.value is not None and known.tolerance is not None
        within = abs(on_scale - float(to_scale(xr.DataArray(known.value), scale))) < known.tolerance
    if _is_sure(within):
        return "agrees"
    if _is_sure(~within):
        return "disagrees"
    if known.value is not None:
        low = figures["eti_low"] - 2 * figures["mcse_low"]
        high = figures["eti_high"] + 2 * figures["mcse_high"]
        if low <= known.value <= high:
            return "compatible"
    return "undecided"


def _is_effect_on_log_scale(draws: xr.DataArray) -> bool:
    """Return whether the ROPE, which is of a ratio, applies: to log-odds and logarithms of ratios."""
    return draws.attrs["scale"] in ("logit", "log") or draws.attrs["unit"] == "log-odds"


def _is_sure(event: xr.DataArray) -> bool:
    """Return whether P(event) exceeds 0.89 by at least two Monte Carlo standard errors."""
    chance = float(event.mean())
    if chance in (0.0, 1.0):
        return chance == 1.0
    error = float(az.mcse(event.astype(float).rename("event")))
    return chance - 2 * error >= DECIDED
