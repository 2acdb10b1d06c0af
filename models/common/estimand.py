"""The contract of an estimand: its attributes, and the counts of rows on which it is based.

The function ``estimands`` of a model returns one dataset. Each variable has a ``kind``:

``quantity``
    Draws (chain, draw, ...) of a number. ``unit`` is its unit. ``scale`` (``identity``, ``log``, ``logit``) is the
    scale on which it is compared and its contraction is computed. With a ``reference``, the value of no effect, its
    direction is reported too.
``probability``
    Draws (chain, draw, ...) of an event, true or false. One probability with its Monte Carlo error is reported.
``rows``
    Numbers of rows of data on which quantities and events are based, without draws.
``fitted``
    Values of the fit that figures show and no table reports.

The attribute ``rows`` of a quantity or event names its counts. They are a variable of the same dataset with this name,
or with ``_by_year`` or ``_by_period`` added to it; the default is ``n``. ``over`` names the periods that it compares.
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
    """Return draws as a quantity with a unit; the functions below cover the usual quantities."""
    attrs: dict[str, Any] = {"unit": unit, "scale": scale, "kind": "quantity"}
    optional = {"reference": reference, "rows": rows, "over": None if over is None else list(over)}
    return xr.DataArray(values).assign_attrs(attrs | {k: v for k, v in optional.items() if v is not None})


def share(values: xr.DataArray, rows: str | None = None, reference: float | None = None) -> xr.DataArray:
    """Return draws of a share: a probability, compared on the log-odds scale."""
    return quantity(values, "probability", "logit", reference, rows)


def ratio(values: xr.DataArray, rows: str | None = None) -> xr.DataArray:
    """Return draws of a ratio (or odds ratio): positive, compared on the log scale, no effect at 1."""
    return quantity(values, "ratio", "log", 1.0, rows)


def ratio_from_log(values: xr.DataArray, rows: str | None = None) -> xr.DataArray:
    """Exponentiate draws of a logarithm (of an odds ratio, say) and return them as a ratio."""
    return ratio(xr.DataArray(np.exp(values)), rows)


def difference(values: xr.DataArray, rows: str | None = None, over: Sequence[str] | None = None) -> xr.DataArray:
    """Return draws of a difference in probability: no effect at 0."""
    return quantity(values, "difference in probability", "identity", 0.0, rows, over)


def log_odds(
    values: xr.DataArray, rows: str | None = None, reference: float | None = 0.0, over: Sequence[str] | None = None
) -> xr.DataArray:
    """Return draws of a coefficient in log-odds: no effect at 0. Pass ``reference=None`` for a standard deviation."""
    return quantity(values, "log-odds", "identity", reference, rows, over)


def event(values: xr.DataArray, rows: str | None = None) -> xr.DataArray:
    """Return draws of an event, true or false: its mean is a probability."""
    attrs = {"unit": "probability", "scale": "identity", "kind": "probability"}
    return xr.DataArray(values).assign_attrs(attrs | ({} if rows is None else {"rows": rows}))


def rows(values: xr.DataArray, unit: str | None = None) -> xr.DataArray:
    """Return numbers of rows of data, such as papers or models."""
    return xr.DataArray(values).assign_attrs({"kind": "rows"} | ({} if unit is None else {"unit": unit}))


def fitted(values: xr.DataArray) -> xr.DataArray:
    """Return values of a fit for figures."""
    return xr.DataArray(values).assign_attrs(kind="fitted")


def to_scale(values: xr.DataArray, scale: str) -> xr.DataArray:
    """Transform a share to log-odds and a ratio to its logarithm; return other values unchanged."""
    if scale == "logit":
        inside = values.clip(TINY, 1 - TINY)
        return xr.DataArray(np.log(inside) - np.log(1 - inside))
    return xr.DataArray(np.log(values)) if scale == "log" else values


def check_estimands(estimands: xr.Dataset) -> xr.Dataset:
    """Return the dataset if every variable meets the contract.

    Raises
    ------
    ValueError
        If a variable lacks a kind, a unit, a scale, draws, or the counts that it names. The message names the variable.
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
