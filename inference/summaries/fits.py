"""Descriptions of fits in estimates.json: identity, gate, data, predictive checks."""

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


def describe_fit(tree: xr.DataTree, metadata: Mapping[str, Any], one: Specification) -> Row:
    """Describe a stored fit.

    Parameters
    ----------
    tree, metadata
        As returned by ``inference.store.posteriors.load``.
    one
        Its current specification. The title is read from here, for it is not stored with the fit.
    """
    gate = {name: metadata["gate"][name] for name in ("passed", "divergences", "retried", "max_depth")}
    for name, digits in (("r_hat_max", 3), ("ess_min", 0), ("ebfmi_min", 2)):
        gate[name] = float(f"{metadata['gate'][name]:.10g}")
        gate[name.rsplit("_", 1)[0] + "_text"] = formatting.format_number(metadata["gate"][name], digits)
    dataset = tree["constant_data"].to_dataset()
    counts = {
        str(name): {str(value): int(n) for value, n in zip(variable[dim].values, variable.values, strict=True)}
        for dim in ("year", "period")
        for name, variable in dataset.data_vars.items()
        if variable.dims == (dim,) and variable.dtype.kind == "i"
    }
    return {
        "fit_key": metadata["fit_key"],
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
    """Return a specification's kind, title, model, and differences from the defaults."""
    differs = {"choices": dict(one.choices), "priors": dict(one.priors)}
    # By way of JSON, so that tuples become lists.
    return {"kind": one.kind, "title": one.title, "model": one.model, "differs": json.loads(json.dumps(differs))}


def _check_predictions(tree: xr.DataTree) -> list[Row]:
    """Compare test quantities with their posterior predictive: 89 % interval and P(replicated >= observed)."""
    observed, replicated = tree["statistics"].to_dataset(), tree["posterior_statistics"].to_dataset()
    out: list[Row] = []
    for name in observed.data_vars:
        value = float(observed[name])
        draws = replicated[name].to_numpy().ravel()
        draws = draws[np.isfinite(draws)]
        if not (math.isfinite(value) and draws.size):  # the data do not define this quantity
            continue
        # Mid-p value: ties count half, because counts are discrete.
        p = float((draws > value).mean() + (draws == value).mean() / 2)
        low, high = (float(q) for q in np.quantile(draws, [0.055, 0.945]))
        digits = 0 if (draws == np.round(draws)).all() else 2
        shown = [formatting.format_number(x, digits) for x in (value, low, high)]
        out.append(
            {"statistic": str(name), "observed": value, "low": low, "high": high, "p": round(p, 4),
             "p_text": formatting.format_number(p, 2), "text": f"{shown[0]} against {shown[1]} to {shown[2]}"}
        )  # fmt: skip
    return out
