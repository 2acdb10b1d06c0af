"""Estimands of the upper tail of compute: each team type's share of the tail, and the ratio of training compute."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.optimize.elementwise import find_root
from scipy.special import ndtr

from models.academic_share.choices import Choices
from models.academic_share.definitions import PERIODS
from models.academic_share.estimands import make_share_estimands
from models.academic_share.rows import SECTORS
from models.common.cells import Floats
from models.common.estimand import quantity, ratio
from models.common.periods import average_over_periods, count_rows


def compute_upper_tail_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute, by draw, shares of the upper tail and the ratio of training compute, industry-only to academia-only.

    Returns
    -------
    xarray.Dataset
        The variables of ``make_share_estimands`` with the prefix ``large_scale_``; ``compute_ratio`` (ratio of
        geometric means of all models, with a recorded compute or without, in the same domain) by year and period,
        scale log; ``threshold_by_year``, log10 FLOP. The value of a period weights its years by their numbers of
        labelled notable models.
    """
    mix = dataset["domain_mix" if choices.domain_mix == "observed" else "domain_mix_fixed"]
    shifted = SECTORS if choices.missing_team_types is None else choices.missing_team_types
    shift = choices.missing_compute * dataset["sector"].isin(shifted)
    shares, threshold = compute_large_scale_shares(draws, mix, choices.z, dataset["missing"], shift)
    out = make_share_estimands(shares, dataset["n"], "large_scale_") | count_rows(dataset["n_compute"], PERIODS)
    location = draws["location"] + shift * dataset["missing"]  # the mean over models with a compute and without
    gap = location.sel(sector="industry-only", drop=True) - location.sel(sector="academia-only", drop=True)
    compared = dataset["count_compute"].sel(sector=["academia-only", "industry-only"]).sum("sector")
    out |= count_rows(compared, PERIODS, "n_ratio")
    out["compute_ratio_by_year"] = ratio(10**gap, "n_ratio")
    out["compute_ratio"] = ratio(10 ** average_over_periods(gap, dataset["n"], PERIODS), "n_ratio")
    out["threshold_by_year"] = quantity(threshold, "log10 FLOP")
    return xr.Dataset(out)


def compute_large_scale_shares(
    draws: xr.Dataset,
    domain_mix: xr.DataArray,
    z: float,
    missing: xr.DataArray | None = None,
    shift: xr.DataArray | float = 0.0,
) -> tuple[xr.DataArray, xr.DataArray]:
    """Compute each team type's share of the upper tail of true log10 compute, by solving for the threshold.

    Parameters
    ----------
    draws
        The deterministics ``log_odds``, ``log_odds_domain``, ``location``, ``location_domain`` and ``sd`` of
        ``upper_tail.build``; ``sd`` may have the dim ``year``.
    domain_mix
        (year, domain) or (domain,), weights that sum to one.
    z
        Quantile of a standard normal; the tail holds 1 - Phi(z) of the models.
    missing, shift
        ``missing`` (year, sector): share of models without a compute. ``shift``, a number or (sector,): dex by which
        their compute differs from that of other models: a pattern mixture (see ``upper_tail``).

    Returns
    -------
    share
        (..., year, sector), probability.
    threshold
        (..., year), log10 FLOP.
    """
    dims = ("chain", "draw", "year", "domain", "sector")
    odds = xr.DataArray(np.exp(draws["log_odds"] + draws["log_odds_domain"]))
    weight = domain_mix * odds / odds.sum("sector")
    location = draws["location"] + draws["location_domain"]
    if missing is not None and bool(np.any(shift)):
        weight = xr.concat([weight * (1 - missing), weight * missing], "domain")
        location = xr.concat([location, location + shift], "domain")
    sd = draws["sd"].expand_dims([dim for dim in dims if dim not in draws["sd"].dims])
    w, m, s = (part.transpose(*dims).to_numpy() for part in (weight, location, sd))
    excess, threshold = split_upper_tail(w, m, s, 1 - ndtr(z))
    coords = {name: draws[name] for name in ("chain", "draw", "year", "sector")}
    share = xr.DataArray(excess / excess.sum(-1, keepdims=True), coords, ("chain", "draw", "year", "sector"))
    return share, xr.DataArray(threshold, {k: v for k, v in coords.items() if k != "sector"}, ("chain", "draw", "year"))


def split_upper_tail(weight: Floats, location: Floats, sd: Floats, tail: float) -> tuple[Floats, Floats]:
    """Split the upper tail of a mixture of normals between team types.

    The threshold is found by the method of Chandrupatla (1997), Advances in Engineering Software 28:145.

    Parameters
    ----------
    weight, location
        (..., domain, sector), mixture weights that sum to one, and component means.
    sd
        Component standard deviations, broadcastable to ``weight``.
    tail
        Probability above the threshold.

    Returns
    -------
    excess
        (..., sector), probability that a model is of the team type and above the threshold; sums to ``tail``.
    threshold
        (...).
    """
    weight, location, sd = np.broadcast_arrays(weight, location, sd)
    *shape, domains, sectors = weight.shape
    w, m, s = (part.reshape(-1, domains * sectors) for part in (weight, location, sd))

    def compute_excess(threshold: Floats, mixture: Floats) -> Floats:
        idx = mixture.astype(int)  # mixtures that have not yet converged
        excess: Floats = (w[idx] * ndtr((m[idx] - threshold[..., None]) / s[idx])).sum(-1)
        return excess - tail

    brackets = (m - 8 * s).min(-1), (m + 8 * s).max(-1)
    found = find_root(compute_excess, brackets, args=(np.arange(len(w)),), tolerances={"xatol": 1e-9})
    if not found.success.all():
        raise ArithmeticError(f"no threshold found for {(~found.success).sum()} of {len(w)} draws and years")
    threshold: Floats = np.reshape(found.x, shape)
    excess: Floats = (weight * ndtr((location - threshold[..., None, None]) / sd)).sum(-2)
    return excess, threshold
