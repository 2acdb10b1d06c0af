"""The gate: what a fit must show before it is stored as good.

Rank-normalised R-hat and effective sample sizes follow Vehtari et al. (2021), Bayesian Analysis 16:667; the energy
diagnostic Betancourt (2016), arXiv:1604.00695.
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

HINTS = {
    "divergences": "the geometry is at fault: look at a pair plot of scales and their effects, reparameterise",
    "r_hat": "chains disagree: look for two modes or an unidentified sum, then draw more",
    "ess": "draws are too correlated: reparameterise, or draw more",
    "ebfmi": "the energy moves slowly: a heavy tail or a funnel; reparameterise the scales",
}


@dataclass(frozen=True)
class Gate:
    """Diagnostics of one fit, worst case over parameters and estimands, and the verdict."""

    divergences: int
    r_hat_max: float
    r_hat_worst: str
    ess_min: float
    ess_worst: str
    ebfmi_min: float

    @property
    def faults(self) -> list[str]:
        """What failed, each with a hint; empty if the fit passed."""
        checks = {
            "divergences": (self.divergences > 0, f"{self.divergences} divergent transitions"),
            "r_hat": (not self.r_hat_max <= R_HAT_MAX, f"R-hat {self.r_hat_max:.3f} of {self.r_hat_worst}"),
            "ess": (not self.ess_min >= ESS_MIN, f"effective sample size {self.ess_min:.0f} of {self.ess_worst}"),
            "ebfmi": (not self.ebfmi_min >= EBFMI_MIN, f"E-BFMI {self.ebfmi_min:.2f}"),
        }
        return [f"{text} ({HINTS[name]})" for name, (failed, text) in checks.items() if failed]

    @property
    def passed(self) -> bool:
        """Whether the fit may be stored as good."""
        return not self.faults


def check(tree: xr.DataTree, sampled: Gate | None = None) -> Gate:
    """Diagnose a fit, on parameters and on estimands.

    An estimand that never varies passes by rule: it has no R-hat and no effective sample size. A parameter that never
    varies fails, and so does whatever is not finite. Events (kind ``probability``) are judged by the bulk alone, for a
    0/1 draw has no tail quantiles.

    Parameters
    ----------
    tree
        Groups ``posterior``, ``sample_stats`` and ``estimands``, as ``inference.fit`` makes them.
    sampled
        The gate of the fit whose draws these are, if only the estimands are new: its parameters are not checked again.
    """
    estimands = tree["estimands"].to_dataset()
    drawn = [name for name in estimands.data_vars if "draw" in estimands[name].dims]
    quantities = [name for name in drawn if estimands[name].attrs["kind"] == "quantity"]
    r_hats: dict[str, float] = {}
    sizes: dict[str, float] = {}
    events = [name for name in drawn if name not in quantities]
    for group, tailed, may_be_constant in [
        (xr.Dataset() if sampled else tree["posterior"].to_dataset(), True, False),
        (estimands[quantities], True, True),
        (estimands[events].astype(float), False, True),
    ]:
        if not group.data_vars:
            continue
        group = group.where(abs(group) < np.inf)  # an infinite draw is as bad as one that is not a number
        over = ("chain", "draw")
        constant = group.max(over, skipna=False) == group.min(over, skipna=False)
        constant &= may_be_constant
        with np.errstate(invalid="ignore"):  # 0 / 0 where a draw never varies
            r_hats |= _worst(az.rhat(group), constant, np.max, passes=1.0, broken=np.inf)
        for method in ("bulk", "tail") if tailed else ("bulk",):
            worst = _worst(az.ess(group, method=method), constant, np.min, passes=np.inf, broken=0.0)
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
    return Gate(
        divergences=int(tree["sample_stats"]["diverging"].sum()),
        r_hat_max=r_hats[worst_r_hat],
        r_hat_worst=worst_r_hat,
        ess_min=sizes[worst_size],
        ess_worst=worst_size,
        ebfmi_min=float(az.bfmi(tree)["energy"].min(skipna=False)),
    )


def _worst(
    values: xr.Dataset, constant: xr.Dataset, pick: Callable[..., Any], passes: float, broken: float
) -> dict[str, float]:
    """The worst diagnostic of each variable: constant draws pass, a diagnostic that is not a number fails."""
    finite = values.fillna(broken)
    return {str(name): float(pick(finite[name].where(~constant[name], passes))) for name in values.data_vars}
