"""Power-scaling of priors and likelihood: how strongly an estimate depends on each.

Kallioinen et al. (2024), Statistics and Computing 34:57. Only the top-level priors are scaled, not the population
distributions. Scaled together, two opposing priors may cancel, so that each group of top-level priors is also scaled
alone (``PRIOR_GROUPS`` of a claim's specifications).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import arviz as az
import xarray as xr

from inference.store.declarations import PRIOR_SENSITIVE
from inference.summaries import formatting

NO_SCALING = (
    "prior_sensitivity", "prior_sensitivity_text", "prior_sensitive", "likelihood_sensitivity", "diagnosis"
)  # fmt: skip
type Groups = Mapping[str, Sequence[str]]  # group of priors to the names of its top-level parameters


def compute_power_scaling(tree: xr.DataTree, estimands: xr.Dataset, group: str) -> xr.Dataset:
    """Compute the sensitivity of estimands to all top-level priors together (``prior``), or to the ``likelihood``."""
    names = [str(name) for name in tree["log_prior"].data_vars] if group == "prior" else None
    return _scale_group(tree, estimands, group, names)


def compute_scaling_by_group(tree: xr.DataTree, estimands: xr.Dataset, groups: Groups | None) -> dict[str, xr.Dataset]:
    """Compute the sensitivity of estimands to each group of top-level priors alone.

    Parameters
    ----------
    tree
        A stored fit with groups ``log_prior`` and ``log_likelihood``.
    estimands
        Draws of the estimands.
    groups
        Parameters that a fit lacks are skipped. A parameter of no group is a group of its own; so is every parameter if
        there are no groups. A flat prior has no density to scale: the sensitivity to it is 0.
    """
    present = [str(name) for name in tree["log_prior"].data_vars]
    grouped = {group: [name for name in names if name in present] for group, names in (groups or {}).items()}
    known = {name for names in grouped.values() for name in names}
    grouped |= {name: [name] for name in present if name not in known}
    log_prior = tree["log_prior"].to_dataset()
    none = estimands.isel(chain=0, draw=0, drop=True).astype(float) * 0.0
    return {
        group: none if _are_constant(log_prior[names]) else _scale_group(tree, estimands, "prior", names)
        for group, names in grouped.items()
        if names
    }


def _are_constant(log_prior: xr.Dataset) -> bool:
    return all(bool(one.max() == one.min()) for one in log_prior.data_vars.values())


def _scale_group(tree: xr.DataTree, estimands: xr.Dataset, group: str, names: Sequence[str] | None) -> xr.Dataset:
    parts = {key: tree[key].to_dataset() for key in ("log_prior", "log_likelihood")}
    scaled: xr.Dataset = az.psense(
        xr.DataTree.from_dict({"posterior": estimands, **parts}), group=group, group_var_names=names
    )
    return scaled


def describe_scaling(prior: float, likelihood: float) -> dict[str, Any]:
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
