"""What the code-release claim reports: standardised shares, their ratios, odds ratios, and the coder's errors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from models.code_release.cells import find_era
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS, WHOLE
from models.common.cells import Floats, index_levels
from models.common.estimand import event, fitted, ratio, rows, share
from models.common.standardise import Part, standardise
from models.common.team_types import ACADEMIA_ONLY, INDUSTRY_ONLY, MIXED, TEAM_TYPES

NEURIPS_2021 = "NeurIPS 2021"
BOTH = "both groups"
CONTRASTS = {"mixed": MIXED, "industry_only": INDUSTRY_ONLY}  # each against academia-only
PLACES = ("venue_year", "topic_venue", "size_venue", "topic_year", "size", "venues", "era")


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Shares, ratios and odds ratios by draw.

    A share of a kind of team is standardised: the average probability over all papers of a year (or venue group and
    era) if each were of that kind, their venue-year, topic and team size left as they are. Ratios are of such shares,
    so the same papers stand behind both sides; odds ratios are of the same shares.

    Parameters
    ----------
    draws
        Posterior or prior draws of the free variables.
    dataset, choices
        As given to ``prepare`` and ``build``.

    Returns
    -------
    xarray.Dataset
        One variable an estimand, dims (chain, draw) and of ``team``, ``venues``, ``era``, ``year``; the era
        ``2014-22`` is all years. Groups, eras and years without papers are left out; an era that one group lacks, for
        both. Variables of kind ``rows`` count papers, of a ratio those of both kinds. ``fitted`` (venue_year, team), of
        kind fitted, is the expected observed share, 0 where no paper is.
    """
    papers = count_papers_by_era(dataset)
    groups, eras = papers["venues"].to_numpy().tolist(), papers["era"].to_numpy().tolist()
    shares = standardise_shares(draws, dataset, _make_weights(dataset, groups, eras))
    years = dataset["year"].to_numpy()[dataset["n_by_team_year"].sum("team").to_numpy() > 0].tolist()
    by_year = shares.sel(papers=[str(year) for year in years]).rename(papers="year").assign_coords(year=years)
    out = {"share_by_year": share(by_year, "n_share_by_year")}
    out["n_share_by_year"] = rows(dataset["n_by_team_year"].sel(year=years), "papers")
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
            inside = dataset["base_at_venue_year"] == dataset["venue_year"].to_numpy().tolist().index(NEURIPS_2021)
            count = dataset["base_n"].where(inside, 0).sel(team=[ACADEMIA_ONLY, team]).sum()
            out[f"n_neurips_2021_{name}"] = rows(count.astype(int), "papers")
    if choices.error != "none":  # without, the share of the willing is also that of the releases seen
        out["willing"] = share(compute_ceiling(draws, dataset), "n_willing")
        out["n_willing"] = rows(dataset["base_n"].sum("base").assign_coords(team=list(TEAM_TYPES)), "papers")
        out |= _make_error_estimands(draws, dataset)
    return xr.Dataset(out | {"fitted": _compute_fitted(draws, dataset, choices)})


def count_papers_by_era(dataset: xr.Dataset) -> xr.DataArray:
    """Papers by kind of team, venue group and era (and all years); only groups, and eras of each, with papers."""
    group, era = dataset["base_at_venues"].to_numpy(), dataset["base_at_era"].to_numpy()
    count = np.zeros((len(TEAM_TYPES), len(GROUPS), len(ERAS) + 1), dtype=np.int64)
    for i, n in enumerate(dataset["base_n"].to_numpy()):
        np.add.at(count[i], (group, era), n)
    count[:, :, -1] = count.sum(2)
    coords = {"team": list(TEAM_TYPES), "venues": list(GROUPS), "era": [*ERAS, WHOLE]}
    papers = xr.DataArray(count, coords, ("team", "venues", "era"))
    papers = papers.isel(venues=np.flatnonzero(count[:, :, -1].sum(0)))
    return papers.isel(era=np.flatnonzero((papers.sum("team") > 0).all("venues")))


def _make_weights(dataset: xr.Dataset, groups: list[str], eras: list[str]) -> dict[str, Floats]:
    """Papers of the cells without the kind of team: of each year, group and era, both groups, and NeurIPS 2021."""
    n = dataset["base_n"].sum("team").to_numpy().astype(float)
    place = dataset["base_at_venue_year"].to_numpy()
    year = dataset["venue_year_year"].to_numpy()[place]
    group = np.array(GROUPS)[dataset["base_at_venues"].to_numpy()]
    era = np.array(list(ERAS))[dataset["base_at_era"].to_numpy()]
    out = {str(each): n * (year == each) for each in dataset["year"].to_numpy()}
    for name in eras:
        inside = n * ((era == name) | (name == WHOLE))
        out |= {f"{each} {name}": inside * (group == each) for each in groups}
        out[f"{BOTH} {name}"] = inside
    out[NEURIPS_2021] = n * (dataset["venue_year"].to_numpy()[place] == NEURIPS_2021)
    return {name: weights for name, weights in out.items() if weights.any()}


def standardise_shares(
    draws: xr.Dataset, dataset: xr.Dataset, weights: Mapping[str, Floats], own: bool = False
) -> xr.DataArray:
    """P(release) by kind of team, averaged over papers; dims (chain, draw, team, papers).

    ``weights`` are of the cells without the kind of team; with ``own`` they are multiplied with the papers of the
    kind itself, so that each kind is averaged over its own (where it has none, as if it had one in each cell).
    """
    at = {name: dataset[f"base_at_{name}"].to_numpy() for name in PLACES}
    same: list[Part] = [
        (draws["venue_year_effect"], at["venue_year"]),
        (_flat(draws["topic_trend"] * dataset["year_scaled"], "topic"), at["topic_year"]),
        (_at_venues(draws, dataset, "topic"), at["topic_venue"]),
        (_at_venues(draws, dataset, "size"), at["size_venue"]),
    ]
    some = draws["any_industry"]
    effects = {ACADEMIA_ONLY: None, MIXED: some, INDUSTRY_ONLY: some + draws["only_industry"]}
    size_team = draws["size_team_effect"]
    place = at["venues"] * dataset.sizes["era"] + at["era"]
    found = []
    for i, effect in enumerate(effects.values()):
        parts = same
        if effect is not None:
            parts = [*same, (_flat(effect, "venues"), place), (size_team.isel(industry=i - 1), at["size"])]
        of_kind = weights
        if own:
            papers = {name: each * dataset["base_n"].to_numpy()[i] for name, each in weights.items()}
            of_kind = {name: each if each.any() else weights[name] for name, each in papers.items()}
        found.append(standardise(parts, of_kind, "papers"))
    would = xr.concat(found, xr.DataArray(list(TEAM_TYPES), dims="team", name="team"))
    return (would * compute_ceiling(draws, dataset)).transpose("chain", "draw", "team", "papers")


def compute_ceiling(draws: xr.Dataset, dataset: xr.Dataset) -> xr.DataArray:
    """Share of papers that would release code at all (chain, draw, team)."""
    of = dataset["willing_of"].to_numpy()
    logit = draws["willing_logit"].isel(team=of).assign_coords(team=list(TEAM_TYPES))
    of_papers = 1 - float(dataset["some_unwilling"]) / (1 + np.exp(logit))
    return xr.DataArray(of_papers).transpose("chain", "draw", "team")


def _at_venues(draws: xr.Dataset, dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Effects of topics, or team sizes, at each venue."""
    place = xr.DataArray(dataset[f"{name}_of"].to_numpy(), dims=f"{name}_venue")
    common = draws[f"{name}_effect"].isel({name: place}).drop_vars(name, errors="ignore")
    return xr.DataArray(common + draws[f"{name}_venue_sd"] * draws[f"{name}_venue_raw"])


def _flat(effect: xr.DataArray, first: str) -> xr.DataArray:
    """An effect by two dims as one vector a draw, ``first`` the slower one."""
    ordered = effect.transpose("chain", "draw", first, ...)
    values = ordered.to_numpy().reshape(*ordered.shape[:2], -1)
    return xr.DataArray(values, {name: ordered[name] for name in ("chain", "draw")}, ("chain", "draw", "level"))


def compute_error_rates(draws: xr.Dataset, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """The coder's sensitivity (chain, draw, team) and specificity (chain, draw, team, era)."""
    out = {}
    for name in ("sensitivity", "specificity"):
        shift = dataset[f"shift_{name}"].assign_coords(team=list(TEAM_TYPES))
        deviation = draws[f"{name}_team"].assign_coords(team=list(TEAM_TYPES)) * float(dataset["error_by_team"])
        rate = 1 / (1 + np.exp(-(draws[f"{name}_logit"] + deviation + shift)))
        out[name] = xr.DataArray(rate).transpose("chain", "draw", "team", ...)
    return out


def _make_error_estimands(draws: xr.Dataset, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    rates = compute_error_rates(draws, dataset)
    era = np.array([list(ERAS).index(name) for name in _list_eras(dataset)])
    passages = dataset["passages"].sum("venues").groupby(xr.DataArray(era, dims="year", name="e")).sum()
    read = dataset["hand_none"].to_numpy().copy()
    read[:, passages["e"].to_numpy()] += passages.transpose("team", "e").to_numpy()
    released = dataset["hand_release"].sum("era")
    if not float(dataset["error_by_team"]):  # one rate, of all teams' labels
        read, released = np.broadcast_to(read.sum(0), read.shape), xr.full_like(released, int(released.sum()))
    read_by_team = xr.DataArray(read, {"team": list(TEAM_TYPES), "years": list(ERAS)}, ("team", "years"))
    return {
        "sensitivity": share(rates["sensitivity"], "n_sensitivity"),
        "specificity": share(rates["specificity"].rename(era="years"), "n_specificity"),
        "n_sensitivity": rows(released, "papers"),
        "n_specificity": rows(read_by_team, "papers"),
    }


def _list_eras(dataset: xr.Dataset) -> list[str]:
    return find_era(pd.Series(dataset["year"].to_numpy())).tolist()


def _compute_fitted(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.DataArray:
    """Expected observed share of each kind of team's own papers, by venue-year."""
    place = dataset["base_at_venue_year"].to_numpy()
    names = dataset["venue_year"].to_numpy()
    papers = np.stack([np.bincount(place, n, len(names)) for n in dataset["base_n"].to_numpy()])  # (team, venue_year)
    there = np.flatnonzero(papers.any(0))
    weights = {str(names[i]): (place == i).astype(float) for i in there}
    out = np.zeros((draws.sizes["chain"], draws.sizes["draw"], len(names), len(TEAM_TYPES)))
    shares = standardise_shares(draws, dataset, weights, own=True)
    out[:, :, there] = shares.transpose("chain", "draw", "papers", "team").to_numpy()
    if choices.error != "none":
        rates = compute_error_rates(draws, dataset)
        era = index_levels(find_era(pd.Series(dataset["venue_year_year"].to_numpy())), list(ERAS))
        a = rates["sensitivity"].to_numpy()[:, :, None]
        b = rates["specificity"].transpose("chain", "draw", "era", "team").to_numpy()[:, :, era]
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
    """Papers and releases as observed: dims (raw, team), ``k`` with a release and ``n`` of all."""
    place = dataset["at_team"].to_numpy()
    counts = [np.bincount(place, dataset[name].to_numpy(), len(TEAM_TYPES)).astype(np.int64) for name in ("y", "n")]
    coords = {"raw": ["k", "n"], "team": list(TEAM_TYPES)}
    return xr.Dataset({"share_observed": xr.DataArray(np.stack(counts), coords, ("raw", "team"))})
