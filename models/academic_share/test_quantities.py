"""Test quantities of the academic share, for prior and posterior predictive checks.

Each function takes observed or replicated data and returns one value per data set (Gabry et al. 2019).
"""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from models.academic_share.rows import ENOUGH
from models.common.team_types import ACADEMIA_ONLY, INDUSTRY_ONLY


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities that smoothing over years may distort: patterns of yearly counts, and counts by period.

    Parameters
    ----------
    data
        ``count_obs`` (..., year, sector): observed or replicated counts.
    dataset
        The dataset that ``prepare_shares`` returns. Years with fewer than three models are left out.
    """
    count = data["count_obs"].sel(year=dataset["year"][dataset["n"] >= ENOUGH])
    academia = count.sel(sector=ACADEMIA_ONLY, drop=True)
    share = academia / count.sum("sector")
    last_year = int(data["year"][-1])
    leader = count.argmax("sector")
    return xr.Dataset(
        {
            "years without an academia-only model": (academia == 0).sum("year"),
            "largest yearly jump of the academia-only share": abs(share.diff("year")).max("year"),
            "changes of the most frequent team type": (leader.diff("year") != 0).sum("year"),
            "years with three or more team types": ((count > 0).sum("sector") >= 3).sum("year"),
            f"industry-only models of {last_year}": data["count_obs"]
            .sel(sector=INDUSTRY_ONLY, drop=True)
            .isel(year=-1, drop=True),
            **{
                f"academia-only models of {period}": data["count_obs"]
                .sel(sector=ACADEMIA_ONLY, year=slice(first, last))
                .sum("year")
                for period, (first, last) in json.loads(dataset.attrs["periods"]).items()
                if first <= int(data["year"].max())
            },
        }
    )


def compute_upper_tail_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities of computes and counts that the likelihood of the upper tail does not fit directly.

    Residuals are from the least-squares line of each data set, so observed and replicated data are treated alike. Those
    within year and team type are from the means of these groups: they compare models with a labelled error with those
    without, and models from the middle of the window on with earlier ones.

    Parameters
    ----------
    data
        ``count_obs`` (..., cell, sector) and ``log10_compute_obs`` (..., row), log10 FLOP.
    dataset
        The dataset that ``prepare_upper_tail`` returns.
    """
    compute = data["log10_compute_obs"]
    sectors = dataset["sector"].values.tolist()
    academia = dataset["sector_idx"] == sectors.index(ACADEMIA_ONLY)
    industry = dataset["sector_idx"] == sectors.index(INDUSTRY_ONLY)
    x = dataset["row_decade"] - dataset["row_decade"].mean()
    residual = compute - compute.mean("row") - x * (compute * x).sum("row") / (x**2).sum("row")
    standardised = residual / residual.std("row")
    academia_by_domain = data["count_obs"].sel(sector=ACADEMIA_ONLY).groupby(dataset["cell_domain_idx"]).sum()
    models_by_domain = data["count_obs"].sum("sector").groupby(dataset["cell_domain_idx"]).sum()
    labelled, late = dataset["error_known"], dataset["row_decade"] >= 0
    sds = [residual.where(rows, drop=True).std("row") for rows in (labelled, ~labelled)]
    within, freedom = compute_within_residuals(compute, dataset)
    label, _ = compute_within_residuals(labelled.astype(float), dataset)
    difference = (within * label).sum("row") / (label**2).sum("row")  # as in a regression with an effect of each group
    return xr.Dataset(
        {
            "academia-only models above 0.76 sd of the line": ((standardised > 0.76) & academia).sum("row"),
            "largest academia-only less largest industry-only (dex)": compute.where(academia).max("row")
            - compute.where(industry).max("row"),
            "kurtosis of log10 compute around its line": (standardised**4).mean("row"),
            "sd with a labelled error over sd without": sds[0] / sds[1],
            "sd with a labelled error over sd without, within year and team type": _compare_sds(
                within, freedom, labelled
            ),
            "mean with a labelled error less mean without, within year and team type (dex)": difference,
            "sd of late models over sd of early ones, within year and team type": _compare_sds(within, freedom, late),
            "sd of the academia-only share between domains": (academia_by_domain / models_by_domain).std(
                "cell_domain_idx"
            ),
        }
    )


def compute_within_residuals(compute: xr.DataArray, dataset: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Subtract from each row the mean of its year and team type.

    Parameters
    ----------
    compute
        (..., row), log10 FLOP, or another value of each row.
    dataset
        ``year_idx`` and ``sector_idx`` (row,).

    Returns
    -------
    residual
        (..., row), in the same unit.
    freedom
        (row,), degrees of freedom: 1 - 1/n in a group of n rows, so that rows of small groups do not seem to scatter
        less than others.
    """
    group = (dataset["year_idx"] * dataset.sizes["sector"] + dataset["sector_idx"]).to_numpy()
    same = (group[:, None] == group).astype(float)
    same /= same.sum(axis=1, keepdims=True)
    mean = xr.dot(compute, xr.DataArray(same, dims=("other", "row")), dim="row").rename(other="row")
    return compute - mean, xr.DataArray(1 - np.diag(same), dims="row")


def _compare_sds(within: xr.DataArray, freedom: xr.DataArray, chosen: xr.DataArray) -> xr.DataArray:
    """Divide the sd of the chosen rows by that of the others."""
    one, other = ((within**2).where(rows, 0).sum("row") / freedom.where(rows, 0).sum("row")
                  for rows in (chosen, ~chosen))  # fmt: skip
    return xr.DataArray(np.sqrt(one / other))
