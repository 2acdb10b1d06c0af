"""Counts of access drawn stage by stage from given effects."""

from __future__ import annotations

import numpy as np
import xarray as xr

from models.weights_access.definitions import SECTORS
from models.weights_access.estimands import compute_stages
from models.weights_access.linear_predictor import CELLS, EFFECTS


def simulate_counts(dataset: xr.Dataset, draw: xr.Dataset, seed: int) -> xr.Dataset:
    """Draw the counts of as many models in the same cells, from effects without chain and draw.

    With ``error`` in the draw, labels of open or not are wrong that often, in both sources. Terms of open models are
    known as often as in the dataset.
    """
    rng = np.random.default_rng(seed)
    effects = {name: draw[name].transpose("stage", *dims).values[None] for name, dims in EFFECTS.items()}
    table = effects["sector_year_effect"]
    effects["sector_year_effect"] = table.reshape(*table.shape[:2], len(SECTORS) * dataset.sizes["year"])
    cell = {name: dataset[name].values for name in CELLS}
    p = {name: value[0] for name, value in compute_stages(effects, None, cell).items()}
    error = float(draw["error"]) if "error" in draw else 0.0
    terms = float(dataset["with_terms"].sum() / dataset["open"].sum())
    count = {"known": rng.binomial(dataset["n"].values, p["known"])}
    count["open"] = rng.binomial(count["known"], p["open"] * (1 - error) + (1 - p["open"]) * error)
    count["with_terms"] = rng.binomial(count["open"], terms)
    count["unrestricted"] = rng.binomial(count["with_terms"], p["unrestricted"])
    count["closed"] = count["known"] - count["open"]
    count["served"] = rng.binomial(count["closed"], p["served"])
    disagree = rng.binomial(int(dataset["compared"]), 2 * error * (1 - error))
    return dataset.assign({name: ("cell", value) for name, value in count.items()} | {"disagree": disagree})
