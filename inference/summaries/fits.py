"""What estimates.json says of a fit: identity, gate, the data behind it, predictive checks."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from inference.summaries import formatting
from models.common.claim import Specification

Row = dict[str, Any]


def describe_fit(tree: xr.DataTree, about: Mapping[str, Any], one: Specification) -> Row:
    """Describe a stored fit.

    Parameters
    ----------
    tree, about
        As ``inference.store.posteriors.load`` returns them.
    one
        Its specification, as it is declared now: its title is no part of the fit.
    """
    gate = {name: about["gate"][name] for name in ("passed", "divergences", "retried", "max_depth")}
    for name, digits in (("r_hat_max", 3), ("ess_min", 0), ("ebfmi_min", 2)):
        gate[name] = float(f"{about['gate'][name]:.10g}")
        gate[name.rsplit("_", 1)[0] + "_text"] = formatting.format_number(about["gate"][name], digits)
    dataset = tree["constant_data"].to_dataset()
    counts = {
        str(name): {str(at): int(n) for at, n in zip(variable[dim].values, variable.values, strict=True)}
        for dim in ("year", "period")
        for name, variable in dataset.data_vars.items()
        if variable.dims == (dim,) and variable.dtype.kind == "i"
    }
    return {
        "fit_key": about["fit_key"],
        **declare(one),
        "seed": int(tree.attrs["seed"]),
        "versions": ast.literal_eval(tree.attrs["versions"]),
        "sampler": ast.literal_eval(tree.attrs["sampler"]),
        "gate": gate,
        "data": {
            "flow": json.loads(dataset.attrs.get("flow", "[]")),
            "facts": json.loads(dataset.attrs.get("facts", "{}")),
            "counts": counts,
        },
        "checks": _check_predictions(tree) if "statistics" in tree.children else [],
    }


def declare(one: Specification) -> Row:
    """What a specification says of itself: kind, title, model, and where it differs from the defaults."""
    differs = {"choices": dict(one.choices), "priors": dict(one.priors)}
    # As JSON has it: a tuple is a list.
    return {"kind": one.kind, "title": one.title, "model": one.model, "differs": json.loads(json.dumps(differs))}


def _check_predictions(tree: xr.DataTree) -> list[Row]:
    """Observed test quantities against their posterior predictive: 89 % interval and P(replicated >= observed)."""
    observed, replicated = tree["statistics"].to_dataset(), tree["posterior_statistics"].to_dataset()
    out: list[Row] = []
    for name in observed.data_vars:
        value = float(observed[name])
        draws = replicated[name].to_numpy().ravel()
        draws = draws[np.isfinite(draws)]
        if not (math.isfinite(value) and draws.size):  # a quantity that these data do not have
            continue
        # Half of what is equal counts: counts are discrete (the mid-p value).
        p = float((draws > value).mean() + (draws == value).mean() / 2)
        low, high = (float(q) for q in np.quantile(draws, [0.055, 0.945]))
        digits = 0 if (draws == np.round(draws)).all() else 2
        shown = [formatting.format_number(x, digits) for x in (value, low, high)]
        out.append(
            {"statistic": str(name), "observed": value, "low": low, "high": high, "p": round(p, 4),
             "p_text": formatting.format_number(p, 2), "text": f"{shown[0]} against {shown[1]} to {shown[2]}"}
        )  # fmt: skip
    return out
