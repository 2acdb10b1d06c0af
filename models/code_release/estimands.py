"""Estimands of code release: standardised shares, their ratios and odds ratios, and the annotator's error rates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from models.code_release.cells import find_era
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS, WHOLE
from models.code_release.linear_predictor import EFFECTS, INDICES, compute_log_odds
from models.common.cells import Floats
from models.common.estimand import event, fitted, log_odds, ratio, rows, share
from models.common.standardise import make_part, standardise
from models.common.team_types import ACADEMIA_ONLY, INDUSTRY_ONLY, MIXED, TEAM_TYPES

NEURIPS_2021 = "NeurIPS 2021"
BOTH = "both groups"
CONTRASTS = {"mixed": MIXED, "industry_only": INDUSTRY_ONLY}  # each to academia-only
NEW_ERA_SEED = 0  # of the standard normals of a new era, which are the same for the same number of draws


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute shares, ratios and odds ratios by draw.

    The share of a team type is standardised. It is the average probability of a release over all papers of a year (or
    of a venue group and era), computed as if each paper were by that team type and kept its venue-year, topic and team
    size. Ratios and odds ratios compare such shares, so both sides average over the same papers.

    Parameters
    ----------
    draws
        Posterior or prior draws of the effects, and of ``ceiling``, ``sensitivity``, ``specificity`` and ``unfound`` if
        the model has them.
    dataset, choices
        As given to ``prepare`` and ``build``.

    Returns
    -------
    xarray.Dataset
        One variable per estimand, with dims chain, draw and some of ``team``, ``venues``, ``era``, ``year``. The era
        ``2014-22`` covers all years. Venue groups, eras and years without papers are left out; an era without papers in
        one group is left out for both. Variables of kind ``rows`` count papers; the counts of a ratio include both of
        its team types.
        ``ratio_..._new_era`` (venues) are ratios in an era outside the data, for papers like those of the last era.
        ``fitted`` (venue_year, team) is the expected observed share, 0 where there is no paper.
    """
    papers = count_papers_by_era(dataset)
    groups, eras = papers["venues"].to_numpy().tolist(), papers["era"].to_numpy().tolist()
    shares = standardise_shares(draws, dataset, _make_weights(dataset, groups, eras))
    years = dataset["year"].to_numpy()[dataset["stratum_n"].sum(("team", "venues")).to_numpy() > 0].tolist()
    by_year = shares.sel(papers=[str(year) for year in years]).rename(papers="year").assign_coords(year=years)
    out = {"share_by_year": share(by_year, "n_share_by_year")}
    out["n_share_by_year"] = rows(dataset["stratum_n"].sum("venues").sel(year=years), "papers")
    at = {group: shares.sel(papers=[f"{group} {era}" for era in eras]) for group in [*groups, BOTH]}
    by_group = xr.concat(
        [part.rename(papers="era").assign_coords(era=eras) for part in at.values()],
        xr.DataArray(list(at), dims="venues", name="venues"),
    )
    out["share"] = share(by_group.sel(venues=groups), "n_share")
    out["n_share"] = rows(papers, "papers")
    for name, team in CONTRASTS.items():
        out[f"n_{name}"] = rows(papers.sel(team=[ACADEMIA_ONLY, team]).sum("team"), "papers")
        ratios = by_group.sel(team=team, drop=True) / by_group.sel(team=ACADEMIA_ONLY, drop=True)
        out[f"ratio_{name}"] = ratio(ratios.sel(venues=groups), f"n_{name}")
        odds = by_group / (1 - by_group)
        odds_ratio = (odds.sel(team=team, drop=True) / odds.sel(team=ACADEMIA_ONLY, drop=True)).sel(venues=groups)
        out[f"odds_ratio_{name}"] = ratio(odds_ratio, f"n_{name}")
        if len(groups) == len(GROUPS):
            pooled = ratios.sel(venues=BOTH, drop=True)
            out[f"ratio_{name}_pooled"] = ratio(pooled, f"n_{name}")
            lower, upper = (ratios.sel(venues=group, drop=True) > 1 for group in groups)
            out[f"groups_differ_{name}"] = event(lower != upper, f"n_{name}")
        if NEURIPS_2021 in shares["papers"]:
            one = shares.sel(papers=NEURIPS_2021, drop=True)
            against = one.sel(team=team, drop=True) / one.sel(team=ACADEMIA_ONLY, drop=True)
            out[f"neurips_2021_ratio_{name}"] = ratio(against, f"n_neurips_2021_{name}")
            inside = dataset["base_venue_year_idx"] == dataset["venue_year"].to_numpy().tolist().index(NEURIPS_2021)
            count = dataset["base_n"].where(inside, 0).sel(team=[ACADEMIA_ONLY, team]).sum()
            out[f"n_neurips_2021_{name}"] = rows(count.astype(int), "papers")
    out |= _predict_new_era(draws, dataset, papers)
    out["industry_era_sd"] = log_odds(draws["industry_era_sd"], "n_industry_era_sd", reference=None)
    out["n_industry_era_sd"] = rows(dataset["n"].sum(), "papers")
    if choices.error != "none":  # without error rates, the ceiling limits labelled releases
        out["willing"] = share(get_ceiling(draws), "n_willing")
        out["n_willing"] = rows(dataset["base_n"].sum("base").assign_coords(team=list(TEAM_TYPES)), "papers")
        out |= _make_error_estimands(draws, dataset)
    return xr.Dataset(out | {"fitted": _compute_fitted(draws, dataset, choices)})


def count_papers_by_era(dataset: xr.Dataset) -> xr.DataArray:
    """Count papers by team type, venue group and era (and over all years), for eras with papers in every group."""
    group, era = dataset["base_venue_group_idx"].to_numpy(), dataset["base_era_idx"].to_numpy()
    count = np.zeros((len(TEAM_TYPES), len(GROUPS), len(ERAS) + 1), dtype=np.int64)
    for i, n in enumerate(dataset["base_n"].to_numpy()):
        np.add.at(count[i], (group, era), n)
    count[:, :, -1] = count.sum(2)
    coords = {"team": list(TEAM_TYPES), "venues": list(GROUPS), "era": [*ERAS, WHOLE]}
    papers = xr.DataArray(count, coords, ("team", "venues", "era"))
    papers = papers.isel(venues=np.flatnonzero(count[:, :, -1].sum(0)))
    return papers.isel(era=np.flatnonzero((papers.sum("team") > 0).all("venues")))


def _predict_new_era(draws: xr.Dataset, dataset: xr.Dataset, papers: xr.DataArray) -> dict[str, xr.DataArray]:
    """Predict ratios in a new era, whose effects of industry have the distribution of those of the eras in the data.

    The new era has the papers, venue-years and ceilings of the last era. The result is empty if a venue group of the
    data has no papers in that era.
    """
    last = list(ERAS)[-1]
    if last not in papers["era"].values:
        return {}
    shape = (2, draws.sizes["chain"], draws.sizes["draw"], len(GROUPS))
    normal = np.random.default_rng(NEW_ERA_SEED).standard_normal(shape)
    new = draws
    for name, raw in zip(("any_industry", "only_industry"), normal, strict=True):
        common = draws[f"{name}_common"].transpose("chain", "draw", "venues")
        effect = common + draws["industry_era_sd"] * xr.DataArray(raw, dims=("chain", "draw", "venues"))
        new = new.assign({name: effect.expand_dims(era=list(ERAS), axis=-1)})
    groups = papers["venues"].to_numpy().tolist()
    weights = _make_weights(dataset, groups, [last])
    shares = standardise_shares(new, dataset, {group: weights[f"{group} {last}"] for group in groups})
    shares = shares.rename(papers="venues")
    out = {}
    for name, team in CONTRASTS.items():
        ratios = shares.sel(team=team, drop=True) / shares.sel(team=ACADEMIA_ONLY, drop=True)
        out[f"ratio_{name}_new_era"] = ratio(ratios, f"n_{name}_new_era")
        counted = papers.sel(team=[ACADEMIA_ONLY, team], era=last, drop=True).sum("team")
        out[f"n_{name}_new_era"] = rows(counted, "papers")
    return out


def _make_weights(dataset: xr.Dataset, groups: list[str], eras: list[str]) -> dict[str, Floats]:
    """Make weights of the base cells: papers by year, by era in each and both venue groups, and of NeurIPS 2021."""
    n = dataset["base_n"].sum("team").to_numpy().astype(float)
    idx = dataset["base_venue_year_idx"].to_numpy()
    year = dataset["venue_year_year"].to_numpy()[idx]
    group = np.array(GROUPS)[dataset["base_venue_group_idx"].to_numpy()]
    era = np.array(list(ERAS))[dataset["base_era_idx"].to_numpy()]
    out = {str(each): n * (year == each) for each in dataset["year"].to_numpy()}
    for name in eras:
        inside = n * ((era == name) | (name == WHOLE))
        out |= {f"{each} {name}": inside * (group == each) for each in groups}
        out[f"{BOTH} {name}"] = inside
    out[NEURIPS_2021] = n * (dataset["venue_year"].to_numpy()[idx] == NEURIPS_2021)
    return {name: weights for name, weights in out.items() if weights.any()}


def standardise_shares(
    draws: xr.Dataset, dataset: xr.Dataset, weights: Mapping[str, Floats], own: bool = False
) -> xr.DataArray:
    """Average P(release) over papers, by team type.

    Parameters
    ----------
    draws, dataset
        As ``compute_estimands`` takes them.
    weights
        Name to weights of the base cells.
    own
        Multiply the weights by the number of papers of the team type, so that each team type is averaged over its own
        papers. Where a team type has no papers, the weights stay as they are.

    Returns
    -------
    xarray.DataArray
        (chain, draw, team, papers), probability.
    """
    effect = {name: draws[name].transpose("chain", "draw", *EFFECTS[name]).to_numpy() for name in EFFECTS}
    idx = {name: dataset[name].to_numpy() for name in INDICES}
    by_topic, by_team_size = compute_log_odds(effect, idx)
    topic_idx, size_idx = (dataset[f"base_venue_year_{name}_idx"].to_numpy() for name in ("topic", "size"))
    released = []
    for i, n in enumerate(dataset["base_n"].to_numpy()):
        parts = [make_part(by_topic, draws, topic_idx), make_part(by_team_size[:, :, i], draws, size_idx)]
        used = dict(weights)
        if own:
            used |= {name: each * n for name, each in weights.items() if (each * n).any()}
        released.append(standardise(parts, used, "papers"))
    shares = xr.concat(released, xr.DataArray(list(TEAM_TYPES), dims="team", name="team"))
    return (shares * get_ceiling(draws)).transpose("chain", "draw", "team", "papers")


def get_ceiling(draws: xr.Dataset) -> xr.DataArray:
    """Return the release ceiling (chain, draw, team), probability: 1 where the model has none."""
    if "ceiling" in draws:
        return draws["ceiling"].assign_coords(team=list(TEAM_TYPES))
    return xr.ones_like(draws["intercept"]).expand_dims(team=list(TEAM_TYPES), axis=-1)


def _make_error_estimands(draws: xr.Dataset, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    era = np.array([list(ERAS).index(name) for name in _list_eras(dataset)])
    passages = dataset["passages"].sum("venues").groupby(xr.DataArray(era, dims="year", name="e")).sum()
    read = dataset["human_none"].to_numpy().copy()
    read[:, passages["e"].to_numpy()] += passages.transpose("team", "e").to_numpy()
    released = dataset["human_release"].sum("era")
    if dataset.attrs["error"] == "pooled":  # one rate, from the labels of all team types
        read, released = np.broadcast_to(read.sum(0), read.shape), xr.full_like(released, int(released.sum()))
    out = {}
    if "unfound" in draws:
        out["stated_not_found"] = share(draws["unfound"], "n_stated_not_found")
        out["n_stated_not_found"] = rows((dataset["human_release"] + dataset["human_none"]).sum(), "papers")
    read_by_team = xr.DataArray(read, {"team": list(TEAM_TYPES), "years": list(ERAS)}, ("team", "years"))
    return out | {
        "sensitivity": share(draws["sensitivity"].transpose("chain", "draw", "team"), "n_sensitivity"),
        "specificity": share(
            draws["specificity"].transpose("chain", "draw", "team", "era").rename(era="years"), "n_specificity"
        ),
        "n_sensitivity": rows(released, "papers"),
        "n_specificity": rows(read_by_team, "papers"),
    }


def _list_eras(dataset: xr.Dataset) -> list[str]:
    return find_era(pd.Series(dataset["year"].to_numpy())).tolist()


def _compute_fitted(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.DataArray:
    """Compute the expected observed share of each team type's own papers, by venue-year."""
    idx = dataset["base_venue_year_idx"].to_numpy()
    names = dataset["venue_year"].to_numpy()
    papers = np.stack([np.bincount(idx, n, len(names)) for n in dataset["base_n"].to_numpy()])  # (team, venue_year)
    there = np.flatnonzero(papers.any(0))
    weights = {str(names[i]): (idx == i).astype(float) for i in there}
    out = np.zeros((draws.sizes["chain"], draws.sizes["draw"], len(names), len(TEAM_TYPES)))
    shares = standardise_shares(draws, dataset, weights, own=True)
    out[:, :, there] = shares.transpose("chain", "draw", "papers", "team").to_numpy()
    if choices.error != "none":
        a = draws["sensitivity"].transpose("chain", "draw", "team").to_numpy()[:, :, None]
        era_idx = dataset["venue_year_era_idx"].to_numpy()
        b = draws["specificity"].transpose("chain", "draw", "era", "team").to_numpy()[:, :, era_idx]
        out = out * a + (1 - out) * (1 - b)
    out = np.where(papers.T > 0, out, 0.0)
    coords = {
        "chain": draws["chain"].to_numpy(),
        "draw": draws["draw"].to_numpy(),
        "venue_year": names,
        "team": list(TEAM_TYPES),
    }
    values = xr.DataArray(out, coords, ("chain", "draw", "venue_year", "team"))
    return fitted(values).assign_attrs(unit="probability", scale="logit")


def count_raw(dataset: xr.Dataset) -> xr.Dataset:
    """Count papers as observed, without any standardisation, for the crude ratios of the ladder.

    Returns
    -------
    xarray.Dataset
        ``ratio_mixed`` and ``ratio_industry_only`` (raw, venues, era): ``k`` papers with an observed release of the
        ``n`` papers of the team type, and ``k_reference`` of ``n_reference`` papers of academia-only teams.
    """
    shape = (len(TEAM_TYPES), len(GROUPS), len(ERAS) + 1)
    idx = tuple(dataset[f"{name}_idx"].to_numpy() for name in ("team", "venue_group", "era"))
    counts = {}
    for key, name in (("k", "y"), ("n", "n")):
        counts[key] = np.zeros(shape, dtype=np.int64)
        np.add.at(counts[key], idx, dataset[name].to_numpy())
        counts[key][:, :, -1] = counts[key].sum(2)
    coords = {"raw": ["k", "n", "k_reference", "n_reference"], "venues": list(GROUPS), "era": [*ERAS, WHOLE]}
    reference = TEAM_TYPES.index(ACADEMIA_ONLY)
    out = {}
    for name, team in CONTRASTS.items():
        of_team = TEAM_TYPES.index(team)
        values = np.stack([counts[key][i] for i in (of_team, reference) for key in ("k", "n")])
        out[f"ratio_{name}"] = xr.DataArray(values, coords, tuple(coords), attrs={"measure": "ratio"})
    return xr.Dataset(out)
