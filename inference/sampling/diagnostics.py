"""The gate: diagnostics that a fit must pass before it is stored as good.

Rank-normalised R-hat and effective sample sizes follow Vehtari et al. (2021), Bayesian Analysis 16:667. ArviZ's
``diagnose`` reports divergences, draws at the maximum tree depth and E-BFMI (Betancourt 2016, arXiv:1604.00695). For
R-hat and effective sample size, it lists only the variables beyond a limit. The gate needs the worst value, so it calls
``az.rhat`` and ``az.ess``, as ``diagnose`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

R_HAT_MAX = 1.01
ESS_MIN = 400
EBFMI_MIN = 0.3
MAX_DEPTH_SHARE = 0.01  # share of the draws

HINTS = {
    "divergences": "difficult posterior geometry: inspect pair plots of scales and their effects, then reparameterise",
    "r_hat": "chains disagree: look for two modes or a sum that is not identified, then take more draws",
    "ess": "draws are too correlated: reparameterise or take more draws",
    "ebfmi": "the energy mixes slowly, as with a heavy tail or a funnel: reparameterise the scales",
    "max_depth": "trajectories stop before the U-turn: rescale or decorrelate parameters",
}


@dataclass(frozen=True)
class Gate:
    """Diagnostics of one fit, each the worst over parameters and estimands, and whether the fit passed.

    ``max_depth`` is the share of draws whose trajectory reached the maximum tree depth.
    """

    divergences: int
    r_hat_max: float
    r_hat_worst: str
    ess_min: float
    ess_worst: str
    ebfmi_min: float
    max_depth: float = 0.0

    @property
    def faults(self) -> list[str]:
        """Failed diagnostics, each with a hint; empty if the fit passed."""
        checks = {
            "divergences": (self.divergences > 0, f"{self.divergences} divergent transitions"),
            "r_hat": (not self.r_hat_max <= R_HAT_MAX, f"R-hat {self.r_hat_max:.3f} of {self.r_hat_worst}"),
            "ess": (not self.ess_min >= ESS_MIN, f"effective sample size {self.ess_min:.0f} of {self.ess_worst}"),
            "ebfmi": (not self.ebfmi_min >= EBFMI_MIN, f"E-BFMI {self.ebfmi_min:.2f}"),
            "max_depth": (
                not self.max_depth <= MAX_DEPTH_SHARE,
                f"{100 * self.max_depth:.1f} % of the draws at the maximum tree depth",
            ),
        }
        return [f"{text} ({HINTS[name]})" for name, (failed, text) in checks.items() if failed]

    @property
    def passed(self) -> bool:
        """Whether the fit may be stored as good."""
        return not self.faults


def check(tree: xr.DataTree, sampled: Gate | None = None) -> Gate:
    """Diagnose a fit, both its parameters and its estimands.

    A constant estimand passes by rule, because its R-hat and effective sample size are undefined. A constant parameter
    fails, and so does any variable with a draw that is not finite. For events (kind ``probability``), only the bulk
    effective sample size counts, because 0/1 draws have no tail quantiles.

    Parameters
    ----------
    tree
        Groups ``posterior``, ``sample_stats`` and ``estimands``, as ``fit`` returns them.
    sampled
        The gate of the fit that made the draws, if only the estimands are new. Parameters are then not checked again.
    """
    estimands = tree["estimands"].to_dataset()
    drawn = [name for name in estimands.data_vars if "draw" in estimands[name].dims]
    quantities = [name for name in drawn if estimands[name].attrs["kind"] == "quantity"]
    events = [name for name in drawn if name not in quantities]
    r_hats: dict[str, float] = {}
    sizes: dict[str, float] = {}
    for group, methods, may_be_constant in (
        (xr.Dataset() if sampled else tree["posterior"].to_dataset(), ("bulk", "tail"), False),
        (estimands[quantities], ("bulk", "tail"), True),
        (estimands[events].astype(float), ("bulk",), True),
    ):
        if not group.data_vars:
            continue
        group = group.where(abs(group) < np.inf)  # treat infinite draws as NaN
        over = ("chain", "draw")
        constant = group.max(over, skipna=False) == group.min(over, skipna=False)
        constant &= may_be_constant
        with np.errstate(invalid="ignore"):  # 0 / 0 where draws are constant
            r_hats |= _find_worst(az.rhat(group), constant, np.max, passes=1.0, broken=np.inf)
        for method in methods:
            worst = _find_worst(az.ess(group, method=method), constant, np.min, passes=np.inf, broken=0.0)
            sizes |= {name: min(size, sizes.get(name, np.inf)) for name, size in worst.items()}
    worst_r_hat = max(r_hats, key=lambda name: r_hats[name])
    worst_size = min(sizes, key=lambda name: sizes[name])
    if sampled is not None:
        gate = sampled
        if r_hats[worst_r_hat] > gate.r_hat_max:
            gate = replace(gate, r_hat_max=r_hats[worst_r_hat], r_hat_worst=worst_r_hat)
        if sizes[worst_size] < gate.ess_min:
            gate = replace(gate, ess_min=sizes[worst_size], ess_worst=worst_size)
        return gate
    found = _diagnose_sampler(tree)
    return Gate(
        divergences=found["divergent"]["n_divergent"],
        r_hat_max=r_hats[worst_r_hat],
        r_hat_worst=worst_r_hat,
        ess_min=sizes[worst_size],
        ess_worst=worst_size,
        ebfmi_min=float(np.min(found["bfmi"]["bfmi_values"])),
        max_depth=float(found["treedepth"]["pct"]) / 100,
    )


def _diagnose_sampler(tree: xr.DataTree) -> dict[str, Any]:
    """Diagnose the sampler's statistics with ``az.diagnose``; it also needs a variable, here the energy."""
    draws = tree["sample_stats"]["energy"].to_dataset()
    parts = {"posterior": draws, "sample_stats": tree["sample_stats"].to_dataset()}
    with np.errstate(invalid="ignore"):
        _, found = az.diagnose(xr.DataTree.from_dict(parts), show_diagnostics=False, return_diagnostics=True)
    return dict(found)


def _find_worst(
    values: xr.Dataset, constant: xr.Dataset, pick: Callable[..., Any], passes: float, broken: float
) -> dict[str, float]:
    """Find the worst diagnostic of each variable; constant draws get the value ``passes``, NaN gets ``broken``."""
    finite = values.fillna(broken)
    return {str(name): float(pick(finite[name].where(~constant[name], passes))) for name in values.data_vars}
