"""Test quantities of the academic share, for prior and posterior predictive checks.

Each function takes observed or replicated data and returns one value per data set (Gabry et al. 2019).
"""

from __future__ import annotations

import json

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

    Residuals are from the least-squares line of each data set, so observed and replicated data are treated alike.

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
    sds = [residual.where(rows, drop=True).std("row") for rows in (dataset["error_known"], ~dataset["error_known"])]
    return xr.Dataset(
        {
            "academia-only models above 0.76 sd of the line": ((standardised > 0.76) & academia).sum("row"),
            "largest academia-only less largest industry-only (dex)": compute.where(academia).max("row")
            - compute.where(industry).max("row"),
            "kurtosis of log10 compute around its line": (standardised**4).mean("row"),
            "sd with a labelled error over sd without": sds[0] / sds[1],
            "sd of the academia-only share between domains": (academia_by_domain / models_by_domain).std(
                "cell_domain_idx"
            ),
        }
    )
