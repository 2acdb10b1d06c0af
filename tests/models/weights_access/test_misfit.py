"""Few served models in one sector do not fit on one ordered scale: predictive checks catch it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.stats import binom

from inference.sampling.compiled import INTERPRETED, Compiled, sample
from inference.sampling.settings import Sampler
from models.common.claim import Model
from models.weights_access import model as in_stages
from models.weights_access import ordered
from models.weights_access.cells import prepare
from models.weights_access.choices import AccessPriors, Choices, OrderedPriors
from models.weights_access.test_quantities import STAGES, compute_test_quantities
from tests.models.declared import ready_for
from tests.models.weights_access.entries import make_many, make_tables
from tests.models.weights_access.posteriors import make_draws
from tests.models.weights_access.simulate import simulate_counts

QUICK = Sampler(draws=300, tune=400, chains=1, cores=1)
MISFIT = 0.01
SERVED = (-4.0, 1.0, 1.0)  # log-odds of served, by sector


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    """Models simulated in stages; those by academia alone are open or unreleased, hardly ever served."""
    entries = make_many(3000, 12, tuple(range(2018, 2026)))
    data = prepare(make_tables(entries), Choices(error="none"))
    draw = make_draws(data, 0, draws=1).isel(chain=0, draw=0).drop_vars("error")
    others = [name for name in draw if name != "sector_year_effect"]
    draw[others] = draw[others].map(np.zeros_like, keep_attrs=True)
    draw["sector_year_effect"] *= 0.4  # years differ, so that walks are as the prior expects
    draw["sector_year_effect"].loc[{"stage": "known"}] += 2.0
    for k, level in enumerate(SERVED):
        draw["sector_year_effect"].loc[{"stage": "served", "sector": data["sector"].values[k]}] += level
    return simulate_counts(data, draw, 4)


def compute_p_values(data: xr.Dataset, model: Model, priors: Any, compiled: Compiled) -> dict[str, float]:
    """Fit a model, and return the two-sided p of each test quantity."""
    draws = sample(ready_for(compiled, model, data, priors), 1, QUICK)["posterior"]
    built = model.build(data, priors)
    with built:
        replicated = pm.sample_posterior_predictive(
            xr.DataTree.from_dict({"posterior": draws.to_dataset()}), random_seed=1, progressbar=False,
            compile_kwargs={"mode": INTERPRETED}, freeze_vars=[variable.name for variable in built.free_RVs],
        )["posterior_predictive"].to_dataset()  # fmt: skip
    seen = xr.Dataset({f"{stage}_obs": ("cell", data[stage].values) for stage in STAGES})
    observed, made = (compute_test_quantities(each, data) for each in (seen, replicated))
    below = {name: float((made[name] <= observed[name]).mean()) for name in observed}
    above = {name: float((made[name] >= observed[name]).mean()) for name in observed}
    return {str(name): 2 * min(below[name], above[name], 0.5) for name in observed}


def test_one_scale_is_refused_and_stages_are_not(dataset: xr.Dataset, compiled: Compiled) -> None:
    stages = compute_p_values(dataset, in_stages.MODEL, AccessPriors(), compiled)
    assert len(stages) > 12
    flagged = [name for name, p in stages.items() if p < MISFIT]
    assert len(flagged) <= binom.ppf(0.999, len(stages), MISFIT), stages
    assert not [name for name in flagged if "served" in name]
    scale = compute_p_values(dataset, ordered.MODEL, OrderedPriors(), compiled)
    caught = {name for name, p in scale.items() if p < MISFIT}
    assert any("served, of not open, academia-only" in name for name in caught), scale


def test_test_quantities_by_hand() -> None:
    """Shares by year of known models by industry alone: 12 of 12, 6 of 12 and 3 of 12; the large ones of the last."""
    cells = [(2, 0, 12, 12, 0.0), (2, 1, 12, 6, 0.0), (2, 2, 12, 3, 1.0), (2, 2, 0, 0, 0.0), (0, 0, 40, 10, 1.0)]
    sector, year, n, known, compute = (np.array(column) for column in zip(*cells, strict=True))
    zero = np.zeros(len(cells), int)
    data = xr.Dataset(
        {"n": ("cell", n), "known": ("cell", known), "with_terms": ("cell", zero), "closed": ("cell", zero),
         "sector_idx": ("cell", sector), "year_idx": ("cell", year), "compute": ("cell", compute.astype(float)),
         "compute_unknown": ("cell", zero.astype(float))}
    )  # fmt: skip
    events = xr.Dataset({f"{stage}_obs": ("cell", known if stage == "known" else zero) for stage in STAGES})
    found = compute_test_quantities(events, data)
    assert set(found) == {"sd over years, access known, industry-only"}  # others have few models, or one year
    expected = float(np.std([1, 0.5, 0.25]))
    assert float(found["sd over years, access known, industry-only"]) == pytest.approx(expected)
    many = data.assign(n=data["n"] * 3)
    tripled = compute_test_quantities(events * 3, many)
    assert set(tripled) == {"sd over years, access known, industry-only",
                            "large-scale less others, access known, industry-only"}  # fmt: skip
    large_less_others = float(tripled["large-scale less others, access known, industry-only"])
    assert large_less_others == pytest.approx(0.25 - 18 / 24)
