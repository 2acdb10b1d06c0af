"""Estimands of adoption: shares of papers that mention a pre-trained model, and who released it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from models.common.cells import Floats
from models.common.estimand import difference, fitted, ratio, rows, share
from models.common.team_types import ACADEMIA_ONLY, TEAM_TYPES
from models.pretrained_adoption.choices import Choices
from models.pretrained_adoption.definitions import ANY_INDUSTRY, INDUSTRY, NLP, RECENT_YEARS

CHUNK = 200  # draws at a time


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute shares of papers by draw.

    A share is an average over fields and venues. With the mix ``fixed`` these are of all papers, whatever the year and
    team type; with ``own``, of the papers of a year and team type.

    Returns
    -------
    xarray.Dataset
        With dims chain, draw, and ``team`` and ``year``, or ``industry`` (any, mixed, industry-only):

        - ``share_by_year``: papers that mention a model; ``use_by_year``: papers that mention and use one;
        - ``share_recent``, ``use_recent`` (team,): so for 2020-22;
        - ``share_nlp_by_year`` (team, year): of the papers on natural language processing;
        - ``change`` (team,), ``change_use``: last year less first year;
        - ``ratio_recent``, ``difference_recent`` (industry,): academia-only over, and less, papers with industry;
        - ``origin_share`` (origin, team): of the papers of 2020-22 that mention any model, those that mention one of
          industry, and one of industry that anyone can download;
        - ``precision``: share of mentions that are a use.

        Variables of kind ``rows`` count papers.
    """
    coords = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy()}
    years = dataset["year"].to_numpy()
    names = {"team": list(TEAM_TYPES), "year": years.tolist()}
    weights = list_weights(dataset, choices)
    found = {name: xr.DataArray(values, {**coords, **names}, (*coords, "team", "year"))
             for name, values in average_shares(draws, dataset, weights).items()}  # fmt: skip
    n = count_papers(dataset)
    last, first = int(years[-1]), int(years[0])
    use = compute_use(draws["use"], choices)
    everything, recent_n = found["all"], n.sel(year=slice(*RECENT_YEARS))
    recent = _average_recent(everything, dataset)
    by_industry = _join_industry(recent, recent_n)
    change = everything.sel(year=last, drop=True) - everything.sel(year=first, drop=True)
    academia = recent.sel(team=ACADEMIA_ONLY, drop=True)
    both = recent_n.sum("year")
    counts = xr.concat([both.sel(team=ACADEMIA_ONLY, drop=True) + each for each in _list_industry(both)], "industry")
    out: dict[str, Any] = {
        "n_by_year": rows(n, "papers"),
        "n_recent": rows(both, "papers"),
        "n_ends": rows(n.sel(year=[first, last]).sum("year"), "papers"),
        "n_two": rows(counts.assign_coords(industry=list(INDUSTRY)), "papers"),
        "share_by_year": share(everything, "n_by_year"),
        "use_by_year": share(everything * use, "n_by_year"),
        "share_recent": share(recent, "n_recent"),
        "use_recent": share(recent * use, "n_recent"),
        "change": difference(change, "n_ends"),
        "change_use": difference(change * use, "n_ends"),
        "ratio_recent": ratio(academia / by_industry, "n_two"),
        "difference_recent": difference(academia - by_industry, "n_two"),
        "origin_share": share(draws["origin_share"], "n_mentioning"),
        "n_mentioning": rows(dataset["mentioning"], "papers"),
        "precision": share(draws["use"], "n_labelled"),
        "n_labelled": rows(dataset["labelled"], "mentions"),
        "observed_by_year": fitted(_list_observed(dataset, coords)),
    }
    if NLP in dataset["field"].to_numpy():
        out["share_nlp_by_year"] = share(found["nlp"], "n_nlp_by_year")
        out["n_nlp_by_year"] = rows(count_papers(dataset, NLP), "papers")
    return xr.Dataset(out)


def compute_use(use: xr.DataArray, choices: Choices) -> xr.DataArray:
    """Return the share of mentions that are a use by team type, (..., team); that of academia-only may be shifted."""
    shift = [choices.use_shift * (team == ACADEMIA_ONLY) for team in TEAM_TYPES]
    by_team = xr.DataArray(logit(use)) + xr.DataArray(shift, {"team": list(TEAM_TYPES)}, ("team",))
    return xr.DataArray(expit(by_team))


def list_weights(dataset: xr.Dataset, choices: Choices) -> Floats:
    """List the weights of fields and venues by team type and year, (team, year, base), which sum to one."""
    by_year = dataset["base_n"].to_numpy().astype(float)
    if choices.mix == "fixed":
        counts = np.broadcast_to(by_year.sum(axis=0), (len(TEAM_TYPES), *by_year.shape))
    else:
        pairs = zip(dataset["base_field_idx"].to_numpy(), dataset["base_venue_idx"].to_numpy(), strict=True)
        base = {(int(field), int(venue)): i for i, (field, venue) in enumerate(pairs)}
        counts = np.zeros((len(TEAM_TYPES), *by_year.shape))
        cells = (dataset[f"{name}_idx"].to_numpy().tolist() for name in ("team", "year", "field", "venue"))
        for n, k, t, f, v in zip(dataset["n"].to_numpy(), *cells, strict=True):
            counts[k, t, base[f, v]] += n
    total = counts.sum(axis=-1, keepdims=True)
    # A team type without papers in a year takes the mix of all papers.
    everyone = by_year.sum(axis=0) / by_year.sum()
    return np.asarray(np.where(total > 0, counts / np.maximum(total, 1), everyone))


def average_shares(draws: xr.Dataset, dataset: xr.Dataset, weights: Floats) -> dict[str, Floats]:
    """Average P(mention) over fields and venues: (chain, draw, team, year), of all papers and of those on NLP."""
    team_year, field_year, venue = (
        _take(draws, name, dims)
        for name, dims in (("team_year_effect", ("team", "year")), ("field_year_effect", ("field", "year")),
                           ("venue_effect", ("venue",)))
    )  # fmt: skip
    field_idx, venue_idx = (dataset[f"base_{name}_idx"].to_numpy() for name in ("field", "venue"))
    is_nlp = dataset["field"].to_numpy()[field_idx] == NLP
    nlp = weights * is_nlp
    nlp = nlp / np.maximum(nlp.sum(axis=-1, keepdims=True), 1e-300)
    out = {name: np.empty(team_year.shape) for name in ("all", "nlp")}
    for start in range(0, len(team_year), CHUNK):
        now = slice(start, start + CHUNK)
        of_base = field_year[now][:, field_idx] + venue[now][:, venue_idx, None]  # (draw, base, year)
        for k in range(len(TEAM_TYPES)):
            p = expit(of_base + team_year[now, k][:, None])
            out["all"][now, k] = np.einsum("dby,yb->dy", p, weights[k])
            out["nlp"][now, k] = np.einsum("dby,yb->dy", p, nlp[k])
    shape = (draws.sizes["chain"], draws.sizes["draw"], *team_year.shape[1:])
    return {name: values.reshape(shape) for name, values in out.items()}


def _take(draws: xr.Dataset, name: str, dims: tuple[str, ...]) -> Floats:
    """Return draws with chain and draw as one leading axis."""
    values = draws[name].transpose("chain", "draw", *dims).to_numpy()
    return np.asarray(values.reshape(-1, *values.shape[2:]))


def count_papers(dataset: xr.Dataset, field: str | None = None) -> xr.DataArray:
    """Count papers by team type and year, (team, year), of one field or all."""
    team, year, of_field = (dataset[f"{name}_idx"].to_numpy() for name in ("team", "year", "field"))
    inside = np.ones(len(team), bool) if field is None else dataset["field"].to_numpy()[of_field] == field
    n = np.zeros((len(TEAM_TYPES), dataset.sizes["year"]), int)
    np.add.at(n, (team[inside], year[inside]), dataset["n"].to_numpy()[inside])
    return xr.DataArray(n, {"team": list(TEAM_TYPES), "year": dataset["year"].to_numpy()}, ("team", "year"))


def _average_recent(by_year: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Average shares over 2020-22, weighted by all papers of each year: (..., team)."""
    n = xr.DataArray(dataset["base_n"].sum("base").to_numpy(), {"year": dataset["year"].to_numpy()}, ("year",))
    weight = n.sel(year=slice(*RECENT_YEARS))
    return xr.DataArray((by_year.sel(year=weight["year"]) * weight).sum("year") / weight.sum())


def _list_industry(by_team: xr.DataArray) -> list[xr.DataArray]:
    """List sums over any industry, mixed and industry-only."""
    mixed, industry_only = (by_team.sel(team=team, drop=True) for team in TEAM_TYPES[1:])
    return [mixed + industry_only, mixed, industry_only]


def _join_industry(by_team: xr.DataArray, n: xr.DataArray) -> xr.DataArray:
    """Return shares of any industry (mixed and industry-only by their papers) and of each: (..., industry)."""
    total = n.sum("year")
    weighted, counts = _list_industry(by_team * total), _list_industry(total)
    joined = xr.concat([value / max(int(count), 1) for value, count in zip(weighted, counts, strict=True)], "industry")
    return joined.assign_coords(industry=[ANY_INDUSTRY, *TEAM_TYPES[1:]]).transpose("chain", "draw", "industry")


def _list_observed(dataset: xr.Dataset, coords: Mapping[str, Any]) -> xr.DataArray:
    """List the counted share by team type and year, the same in every draw."""
    team, year = (dataset[f"{name}_idx"].to_numpy() for name in ("team", "year"))
    y = np.zeros((len(TEAM_TYPES), dataset.sizes["year"]))
    np.add.at(y, (team, year), dataset["y"].to_numpy())
    n = count_papers(dataset)
    return (xr.DataArray(y, n.coords, n.dims) / n.where(n > 0)).expand_dims(coords)
