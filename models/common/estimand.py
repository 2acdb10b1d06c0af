"""The contract of an estimand: what its attributes say, and how the rows behind it are counted.

``estimands`` of a model returns one dataset. Each variable is of one ``kind``:

``quantity``
    Draws (chain, draw, ...) of a number with a ``unit`` and the ``scale`` on which it is compared and contracts
    (``identity``, ``log``, ``logit``); with a ``reference``, the value of no effect, a direction is reported too.
``probability``
    Draws (chain, draw, ...) of an event, true or false: one probability with its Monte Carlo error.
``rows``
    Numbers of rows of data behind quantities and events, without draws.
``fitted``
    What figures show of the fit, and no table reports.

The attribute ``rows`` of a quantity or event names the counts behind it, a variable of the same dataset (by default
``n``, as ``n_by_year`` and ``n_by_period``); ``over`` names the periods that it compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

type Scale = Literal["identity", "log", "logit"]
KINDS = ("quantity", "probability", "rows", "fitted")
TINY = 1e-12  # keeps log-odds finite where a share rounds to 0 or 1


def quantity(
    values: xr.DataArray,
    unit: str,
    scale: Scale = "identity",
    reference: float | None = None,
    rows: str | None = None,
    over: Sequence[str] | None = None,
) -> xr.DataArray:
    """Return draws as a quantity with a unit; the other functions name the usual ones."""
    attrs: dict[str, Any] = {"unit": unit, "scale": scale, "kind": "quantity"}
    optional = {"reference": reference, "rows": rows, "over": None if over is None else list(over)}
    return xr.DataArray(values).assign_attrs(attrs | {k: v for k, v in optional.items() if v is not None})


def share(values: xr.DataArray, rows: str | None = None, reference: float | None = None) -> xr.DataArray:
    """Return draws of a share: a probability, compared as log-odds."""
    return quantity(values, "probability", "logit", reference, rows)


def ratio(values: xr.DataArray, rows: str | None = None) -> xr.DataArray:
    """Return draws of a ratio (or odds ratio): positive, compared as logarithm, no effect at 1."""
    return quantity(values, "ratio", "log", 1.0, rows)


def ratio_from_log(values: xr.DataArray, rows: str | None = None) -> xr.DataArray:
    """Return draws of a logarithm (log-odds, say) as the ratio that it is the logarithm of."""
    return ratio(xr.DataArray(np.exp(values)), rows)


def difference(values: xr.DataArray, rows: str | None = None, over: Sequence[str] | None = None) -> xr.DataArray:
    """Return draws of a difference in probability: no effect at 0."""
    return quantity(values, "difference in probability", "identity", 0.0, rows, over)


def log_odds(
    values: xr.DataArray, rows: str | None = None, reference: float | None = 0.0, over: Sequence[str] | None = None
) -> xr.DataArray:
    """Return draws of a coefficient in log-odds: no effect at 0; a standard deviation has no reference."""
    return quantity(values, "log-odds", "identity", reference, rows, over)


def event(values: xr.DataArray, rows: str | None = None) -> xr.DataArray:
    """Return draws of an event, true or false: its mean is a probability."""
    attrs = {"unit": "probability", "scale": "identity", "kind": "probability"}
    return xr.DataArray(values).assign_attrs(attrs | ({} if rows is None else {"rows": rows}))


def rows(values: xr.DataArray, unit: str | None = None) -> xr.DataArray:
    """Return numbers of rows of data: papers, models."""
    return xr.DataArray(values).assign_attrs({"kind": "rows"} | ({} if unit is None else {"unit": unit}))


def fitted(values: xr.DataArray) -> xr.DataArray:
    """Return what figures show of a fit."""
    return xr.DataArray(values).assign_attrs(kind="fitted")


def to_scale(values: xr.DataArray, scale: str) -> xr.DataArray:
    """Log-odds of a share, logarithm of a ratio, anything else as it is."""
    if scale == "logit":
        inside = values.clip(TINY, 1 - TINY)
        return xr.DataArray(np.log(inside) - np.log(1 - inside))
    return xr.DataArray(np.log(values)) if scale == "log" else values


def check_estimands(estimands: xr.Dataset) -> xr.Dataset:
    """Return the dataset if every variable keeps the contract.

    Raises
    ------
    ValueError
        Naming the variable and what it lacks: a kind, a unit or a scale, draws, or the counts that it names.
    """
    for name, variable in estimands.data_vars.items():
        attrs, drawn = variable.attrs, {"chain", "draw"} <= set(variable.dims)
        problem = None
        if attrs.get("kind") not in KINDS:
            problem = f"kind must be one of {', '.join(KINDS)}"
        elif attrs["kind"] == "rows" and drawn:
            problem = "counts of rows have no draws"
        elif attrs["kind"] in ("quantity", "probability"):
            if not drawn:
                problem = "must have dims chain and draw"
            elif not attrs.get("unit") or attrs.get("scale") not in ("identity", "log", "logit"):
                problem = "must have a unit and a scale (identity, log, logit)"
            elif not _has_counts(estimands, str(attrs.get("rows", "n"))):
                problem = f"its counts {attrs.get('rows', 'n')!r} are not among the estimands"
        if problem is not None:
            raise ValueError(f"estimand {name}: {problem}")
    return estimands


def _has_counts(estimands: xr.Dataset, name: str) -> bool:
    found = [count for count in (name, f"{name}_by_year", f"{name}_by_period") if count in estimands]
    return bool(found) and all(estimands[count].attrs.get("kind") == "rows" for count in found)
