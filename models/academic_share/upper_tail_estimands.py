"""What the upper tail of compute reports: each team type's share of the tail, and the ratio of training compute."""

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
    """Estimand B by draw, and the ratio of training compute, industry-only to academia-only.

    Returns
    -------
    xarray.Dataset
        As ``compute_estimands``, names with the prefix ``large_scale_``; ``compute_ratio`` (ratio of geometric means in
        the same domain) by year and period, scale log; ``threshold_by_year``, log10 FLOP. Years and periods are
        weighted by labelled notable models.
    """
    mix = dataset["domain_mix" if choices.domain_mix == "observed" else "domain_mix_fixed"]
    kinds = SECTORS if choices.missing_kinds is None else choices.missing_kinds
    shift = choices.missing_compute * dataset["sector"].isin(kinds)
    shares, threshold = compute_large_scale_shares(draws, mix, choices.z, dataset["missing"], shift)
    out = make_share_estimands(shares, dataset["n"], "large_scale_") | count_rows(dataset["n_compute"], PERIODS)
    location = draws["location"]
    gap = location.sel(sector="industry-only", drop=True) - location.sel(sector="academia-only", drop=True)
    pair = dataset["count_compute"].sel(sector=["academia-only", "industry-only"]).sum("sector")
    out |= count_rows(pair, PERIODS, "n_ratio")
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
    """Each kind's share of the upper tail of the distribution of true log10 compute, by solving for its threshold.

    Parameters
    ----------
    draws
        ``log_odds``, ``log_odds_domain``, ``location``, ``location_domain``, ``spread`` as ``upper_tail.build``
        names them, with any leading dims.
    domain_mix
        (year, domain) or (domain,), weights that sum to one.
    z
        The tail holds 1 - Phi(z) of the models.
    missing, shift
        (year, sector), share of the models without a compute, and by how many dex (one number, or by sector) theirs
        differs from that of the others: a pattern mixture (Little 1993, Journal of the American Statistical Association
        88:125).

    Returns
    -------
    share
        (..., year, sector), probability.
    threshold
        (..., year), log10 FLOP.
    """
    dims = ("chain", "draw", "year", "domain", "sector")
    kinds = xr.DataArray(np.exp(draws["log_odds"] + draws["log_odds_domain"]))
    weight = domain_mix * kinds / kinds.sum("sector")
    location = draws["location"] + draws["location_domain"]
    if missing is not None and bool(np.any(shift)):
        weight = xr.concat([weight * (1 - missing), weight * missing], "domain")
        location = xr.concat([location, location + shift], "domain")
    spread = draws["spread"].transpose("chain", "draw", "sector").to_numpy()[:, :, None, None, :]
    excess, threshold = split_upper_tail(
        weight.transpose(*dims).to_numpy(), location.transpose(*dims).to_numpy(), spread, 1 - ndtr(z)
    )
    coords = {name: draws[name] for name in ("chain", "draw", "year", "sector")}
    share = xr.DataArray(excess / excess.sum(-1, keepdims=True), coords, ("chain", "draw", "year", "sector"))
    return share, xr.DataArray(threshold, {k: v for k, v in coords.items() if k != "sector"}, ("chain", "draw", "year"))


def split_upper_tail(weight: Floats, location: Floats, spread: Floats, tail: float) -> tuple[Floats, Floats]:
    """Split the upper tail of a mixture of normals between its kinds.

    The threshold is found by Chandrupatla's method (1997), Advances in Engineering Software 28:145.

    Parameters
    ----------
    weight, location
        (..., domain, kind), mixture weights that sum to one and component means.
    spread
        Broadcastable to them, component standard deviations.
    tail
        Probability above the threshold.

    Returns
    -------
    excess
        (..., kind), probability of being of a kind and above the threshold; sums to ``tail``.
    threshold
        (...).
    """
    weight, location, spread = np.broadcast_arrays(weight, location, spread)
    *shape, domains, kinds = weight.shape
    w, m, s = (part.reshape(-1, domains * kinds) for part in (weight, location, spread))

    def compute_excess(threshold: Floats, mixture: Floats) -> Floats:
        at = mixture.astype(int)  # those not yet converged
        excess: Floats = (w[at] * ndtr((m[at] - threshold[..., None]) / s[at])).sum(-1)
        return excess - tail

    brackets = (m - 8 * s).min(-1), (m + 8 * s).max(-1)
    found = find_root(compute_excess, brackets, args=(np.arange(len(w)),), tolerances={"xatol": 1e-9})
    if not found.success.all():
        raise ArithmeticError(f"no threshold found for {(~found.success).sum()} of {len(w)} draws and years")
    threshold: Floats = np.reshape(found.x, shape)
    excess: Floats = (weight * ndtr((location - threshold[..., None, None]) / spread)).sum(-2)
    return excess, threshold
