"""Test quantities of the upper tail: comparisons within year and team type by hand, and planted differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from models.academic_share.choices import Choices
from models.academic_share.rows import prepare_upper_tail
from models.academic_share.test_quantities import compute_upper_tail_test_quantities, compute_within_residuals

WITHIN = ", within year and team type"
SD = f"sd with a labelled error over sd without{WITHIN}"
MEAN = f"mean with a labelled error less mean without{WITHIN} (dex)"
LATE = f"sd of late models over sd of early ones{WITHIN}"


def test_means_of_groups_by_hand():
    data = xr.Dataset(
        {"year_idx": ("row", [0, 0, 0, 1, 1, 1]), "sector_idx": ("row", [2, 2, 3, 2, 2, 2])},
        {"sector": list("abcde")},
    )
    compute = xr.DataArray([[1.0, 3, 10, 5, 6, 7], [0, 0, 0, 3, 3, 6]], dims=("draw", "row"))
    residual, freedom = compute_within_residuals(compute, data)
    np.testing.assert_allclose(
        residual.transpose("draw", "row"), [[-1, 1, 0, -1, 0, 1], [0, 0, 0, -1, -1, 2]], atol=1e-12
    )
    np.testing.assert_allclose(freedom, [1 / 2, 1 / 2, 0, 2 / 3, 2 / 3, 2 / 3])


@pytest.fixture(scope="module")
def dataset(tables: dict[str, Any]) -> xr.Dataset:
    return prepare_upper_tail(tables, Choices())


def simulate(dataset: xr.Dataset, label_sd: float = 1.0, label_mean: float = 0.0, late_sd: float = 1.0) -> xr.Dataset:
    """Simulate 300 data sets with means by year and team type, whose rows differ as the arguments say."""
    rng = np.random.default_rng(5)
    labelled, late = (dataset[name].to_numpy() for name in ("error_known", "row_decade"))
    mean = rng.normal(0, 2, (dataset.sizes["year"], dataset.sizes["sector"]))
    sd = np.where(labelled, label_sd, 1.0) * np.where(late >= 0, late_sd, 1.0)
    compute = mean[dataset["year_idx"], dataset["sector_idx"]] + label_mean * labelled
    compute = compute + sd * rng.normal(size=(300, dataset.sizes["row"]))
    data = xr.Dataset({"log10_compute_obs": (("draw", "row"), compute), "count_obs": dataset["count"]})
    return compute_upper_tail_test_quantities(data, dataset)


def test_alike_rows_compare_alike_however_the_groups_differ(dataset: xr.Dataset):
    found = simulate(dataset)
    for name, wanted in ((SD, 1.0), (LATE, 1.0), (MEAN, 0.0)):
        values = found[name].to_numpy()
        assert np.median(values) == pytest.approx(wanted, abs=0.04), name
        assert values.std() < 0.2


def test_a_difference_of_means_is_recovered(dataset: xr.Dataset):
    assert float(simulate(dataset, label_mean=0.8)[MEAN].mean()) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(
    ("planted", "name", "above"),
    [({"label_sd": 0.5}, SD, False), ({"late_sd": 0.6}, LATE, False), ({"label_mean": 0.8}, MEAN, True)],
)
def test_planted_differences_leave_the_replicated_range(
    dataset: xr.Dataset, planted: dict[str, float], name: str, above: bool
):
    alike, found = simulate(dataset)[name], simulate(dataset, **planted)[name]
    assert float(((alike > found) == above).mean()) < 0.05
