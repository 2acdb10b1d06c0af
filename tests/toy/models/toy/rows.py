"""Rows of the toy claim: the first models of a vintage with a known training compute."""

from __future__ import annotations

import xarray as xr

from data.errors import InputError
from models.common.claim import Tables
from models.common.exclusions import Selection
from models.toy.choices import Choices


def select(tables: Tables, choices: Choices) -> Selection:
    """Select the first models of the vintage with a known training compute.

    Raises
    ------
    InputError
        If there are none.
    """
    frame = tables["models"]
    models = Selection(frame[frame["vintage"] == choices.vintage], "models of the vintage")
    models.keep(models.frame["log10_compute"].notna(), "training compute unknown")
    if models.frame.empty:
        raise InputError("no model has a known training compute", "table of models", hint=models.describe())
    known = models.frame.iloc[: choices.first]
    # The models' names reach estimates.json and the paper, so that tests can try hostile ones.
    models.keep(models.frame.index.isin(known.index), "not among the first: " + "; ".join(known["model"]))
    return models


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Return log10 training compute of the first models.

    Returns
    -------
    xarray.Dataset
        ``y`` (row,), dex from 10^20 FLOP; ``n`` (year,), models. attrs ``flow``: exclusions, JSON.
    """
    models = select(tables, choices)
    y = models.frame["log10_compute"].to_numpy() - 20
    return xr.Dataset({"y": ("row", y), "n": ("year", [len(y)])}, {"year": [2020]}, {"flow": models.to_json()})
