"""The LLM annotator of code release: its error rates, and the two kinds of labels that calibrate them.

The module docstring of ``model`` states the likelihoods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

NO_PAPER = 1e-9  # papers; avoids 0 / 0 in a stratum without papers


def add_error_rates(dataset: xr.Dataset, prior: Mapping[str, Any]) -> tuple[Any, Any]:
    """Add the annotator's sensitivity (team,) and specificity (team, era); return their log-odds.

    Without errors, both are 1 and their log-odds are infinite. By team type, the parametrisation is centred: labels
    inform the rates of each team type, but hardly the pooled rate, and so hardly the deviations from it.
    """
    n_teams, n_eras = dataset.sizes["team"], dataset.sizes["era"]
    if dataset.attrs["error"] == "none":
        return pt.constant(np.full(n_teams, np.inf)), pt.constant(np.full((n_teams, n_eras), np.inf))
    a = pm.Normal("sensitivity_logit", prior["sensitivity_mean"], prior["sensitivity_sd"])
    b = pm.Normal("specificity_logit", prior["specificity_mean"], prior["specificity_sd"], dims="era")
    if dataset.attrs["error"] == "pooled":
        return pt.full((n_teams,), a), pt.zeros((n_teams, n_eras)) + b
    sd = prior["error_team_sd"]
    return (
        pm.Normal("sensitivity_team_logit", a, sd, dims="team"),
        pm.Normal("specificity_team_logit", b[None, :], sd, dims=("team", "era")),
    )


def shift_error_rates(a_logit: Any, b_logit: Any, data: Mapping[str, Any]) -> tuple[Any, Any]:
    """Add sensitivity (team,) and specificity (team, era) as they enter the likelihood of y: with shifts."""
    a = pm.math.sigmoid(a_logit + data["shift_sensitivity"])
    b = pm.math.sigmoid(b_logit + data["shift_specificity"][:, None])
    return pm.Deterministic("sensitivity", a, dims="team"), pm.Deterministic("specificity", b, dims=("team", "era"))


def add_unfound(dataset: xr.Dataset, prior: Mapping[str, Any]) -> Any:
    """Add the share of stated releases that are never found: a scalar, 0 unless both kinds of labels are used."""
    if dataset.attrs["calibration"] != "both":
        return pt.constant(0.0)
    return pm.Deterministic(
        "unfound", pm.math.sigmoid(pm.Normal("unfound_logit", prior["unfound_mean"], prior["unfound_sd"]))
    )


def add_calibration(release: Any, sensitivity: Any, specificity: Any, unfound: Any, data: Mapping[str, Any]) -> None:
    """Add the likelihoods that calibrate the unshifted error rates: human labels of papers, and labels of passages."""
    by_team = sensitivity[:, None] + pt.zeros_like(specificity)
    # Expected papers that state a release, by stratum (team type, year, venue group), and their share by era.
    n = data["stratum_n"]
    stated = pt.inc_subtensor(pt.zeros(n.size)[data["stratum_idx"]], data["n"] * release).reshape(n.shape)
    stated_by_era, n_by_era = (papers.sum(axis=2) @ data["year_in_era"] for papers in (stated, n))
    share = stated_by_era / (n_by_era + NO_PAPER)

    # Papers with a human label: those without a release by that label include stated ones that were never found.
    no_release, not_found = 1 - share, share * unfound
    rate_of_none = (no_release * specificity + not_found * (1 - by_team)) / (no_release + not_found)
    for name, rate in (("release", by_team), ("none", rate_of_none)):
        labelled, trials = data[f"human_{name}_labelled"], data[f"human_{name}"]
        pm.Binomial(f"human_{name}_obs", trials, rate, observed=labelled, dims=("team", "era"))

    # Passages that the annotator took for a release: those of releases, and false positives.
    idx = data["stratum_team_era_idx"]
    seen = stated * by_team.flatten()[idx]
    mistaken = (n - stated) * (1 - specificity).flatten()[idx]
    own = (seen + NO_PAPER) / (seen + mistaken + 2 * NO_PAPER)
    dims = ("team", "year", "venues")
    pm.Binomial("passages_obs", data["passages"], own, observed=data["passages_own"], dims=dims)
