"""A toy claim with a tiny model, for faults that would take minutes on a real one: the mean of ten numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from models._claim import Alternative, Headline, Model, Published, Tables

SEED = 5
PLANTED = ""  # "divergence", "r_hat" or "nan": a model that the gate must keep out


@dataclass(frozen=True)
class Choices:
    vintage: str = "2023-12"
    first: int = 10


@dataclass(frozen=True)
class Priors:
    mean_sd: float = 1.0


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    frame = tables["models"]
    known = frame[(frame["vintage"] == choices.vintage) & frame["log10_compute"].notna()]
    y = known["log10_compute"].to_numpy()[: choices.first] - 20
    # A name goes all the way into estimates.json and the paper, so that hostile ones can be tried.
    flow = [{"reason": "from " + "; ".join(known["model"][: choices.first]), "n": len(known) - len(y), "left": len(y)}]
    return xr.Dataset({"y": ("row", y), "n": ("year", [len(y)])}, {"year": [2020]}, {"flow": json.dumps(flow)})


def build(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    with pm.Model(coords={"row": np.arange(dataset.sizes["row"])}) as model:
        y = pm.Data("y", dataset["y"].to_numpy(), dims="row")
        mean_sd = pm.Data("prior_mean_sd", priors.mean_sd)
        mean = pm.Normal("mean", 0, mean_sd)
        if PLANTED == "divergence":  # Neal's funnel, centred
            scale = pm.Normal("scale", 0, 3)
            pm.Normal("funnel", 0, pm.math.exp(scale / 2), shape=9)
        elif PLANTED == "r_hat":  # two modes that no chain crosses
            mode = pm.Normal("mode", 0, 10)
            pm.Potential("two", pm.math.logaddexp(-50 * (mode - 5) ** 2, -50 * (mode + 5) ** 2))
        pm.Normal("y_obs", mean, 3.0, observed=y, dims="row")
    return model


def estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    attrs = {"unit": "log10 FLOP", "scale": "identity", "kind": "quantity", "reference": 0.0}
    if PLANTED == "nan":
        draws = draws.assign(mean=draws["mean"].where(draws["draw"] > 0))
    by_year = draws["mean"].expand_dims(year=[2020]).transpose("chain", "draw", "year")
    return xr.Dataset(
        {"mean_by_year": by_year.assign_attrs(attrs), "n_by_year": dataset["n"].assign_attrs(kind="rows")}
    )


def statistics(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    return xr.Dataset({"largest": data["y_obs"].max("row")})


MODELS = {"mean": Model(prepare, build, estimands, statistics, ("mean",))}
ALTERNATIVES = (
    Alternative("main", "main", "main", "mean"),
    Alternative("half_scale", "priors of half the scale", "prior", "mean", priors={"mean_sd": 0.5}),
    Alternative("five", "five numbers", "sampling", "mean", {"first": 5}, aside=True),
)
HEADLINES = (Headline("main", "mean_by_year", {"year": 2020}),)
PUBLISHED = (Published("mean_by_year", {"year": 2020}, sign=-1, source="nobody"),)
LADDER: dict[str, str] = {}
BESIDE: dict[str, Any] = {}
TITLES = {"mean": "the mean"}
