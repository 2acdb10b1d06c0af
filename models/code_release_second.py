r"""Two second looks at code release: the number of authors from industry, and training code of Epoch's models.

*Authors.* Papers all of whose listed authors have a known affiliation, k of them from industry (five or more are five),
taken with the coder's word. The published claim is a slope in k; its most general form is monotonic,

    log-odds = level[v] + topic[t] + size[g, s] + b[g] (z[g, 1] + ... + z[g, k]),   z[g] ~ Dirichlet(2, ...),

b of either sign, the same for all its steps; topic and team size sum to zero, for many authors from industry stand on
large teams alone. Beside it, of the same papers, two contrasts like the main model's: any[g] (k > 0) + only[g] (all
authors from industry) in the curve's place, with a level, topics and sizes of their own. The two share nothing; each
has its misfit, the sum over group, era, k and all-from-industry of (observed - expected)^2 / variance, per cell.

*Access.* Whether the training code of a notable or other model is open: log-odds = level + sector[k] + trend[k] x date
+ slope x log10 compute + gap where compute is unknown; a Bernoulli row a model, of one of Epoch's vintages.

References: Burkner and Charpentier (2020), British Journal of Mathematical and Statistical Psychology 73:420 (monotonic
effects).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.io import InputError
from models._blocks import CHECK_BOUNDS, data_of, hyperparameters
from models._cells import codes, counted
from models._claim import Tables
from models.code_release_rows import ERAS, GROUPS, select

if TYPE_CHECKING:
    from models.code_release import Choices, Priors

MOST = 5  # authors from industry; more count as this many
AUTHORS_TOP = (
    "level", "curve", "step_share", "level_contrasts", "any_industry", "only_industry",
    "topic_number", "size_number", "topic_contrasts", "size_contrasts",
)  # fmt: skip
DATES = {2019: -0.15, 2024: 0.35}  # mid-years at which sectors are compared, in decades from 2021
ACCESS_TOP = ("level", "sector_effect", "trend", "slope", "gap")
SECTORS = {
    "academia-only": "academia-only",
    "academia-leaning collaboration": "collaboration",
    "collaboration": "collaboration",
    "industry-leaning collaboration": "collaboration",
    "industry-only": "industry-only",
}
TREND = 2.0  # of a decade against a step between sectors: each may turn about within one
SECTOR_LEVELS = ("academia-only", "collaboration", "industry-only")
SECOND_PRIORS = ("stratum_mean", "stratum_sd", "curve_sd", "access_sd")  # not of the main model
RATIO = {"unit": "ratio", "scale": "log", "kind": "quantity", "reference": 1.0}
SHARE = {"unit": "probability", "scale": "logit", "kind": "quantity"}
MISFIT = {"unit": "misfit a cell", "scale": "log", "kind": "quantity"}
ROWS = {"unit": "papers", "kind": "rows"}


def prepare_authors(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts by venue-year, topic, team size, number of authors from industry, and whether all are; ``flow``."""
    rows, levels = select(tables, choices)
    rows.keep(rows.frame["slots_per"] == "author", "affiliations not listed by author")
    rows.keep(rows.frame["authors_unknown"] == 0, "an author's affiliation unknown")
    if rows.frame.empty:
        raise InputError("no paper lists a known affiliation for every author", "table of papers")
    frame = rows.frame
    academic = frame[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    k = (frame["authors_company"] + frame["authors_double"]).clip(upper=MOST).astype(int)
    frame = frame.assign(k=k, all=((academic == 0) & (k > 0)).astype(int))
    table = counted(frame, ["venue_year", "venues", "era", "topic", "size", "k", "all"], "event")
    return xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            "at_k": ("cell", table["k"].to_numpy()),
            "at_all": ("cell", table["all"].to_numpy()),
            "at_venues": ("cell", codes(table["venues"], GROUPS)),
            "at_era": ("cell", codes(table["era"], list(ERAS))),
            **{f"at_{name}": ("cell", codes(table[name], levels[name])) for name in ("venue_year", "topic", "size")},
        },
        coords={name: levels[name] for name in ("venue_year", "topic", "size")}
        | {"venues": list(GROUPS), "step": np.arange(1, MOST + 1)},
        attrs={"flow": json.dumps(rows.flow)},
    )


def build_authors(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The monotonic curve, and the two contrasts, of the same counts."""
    coords = {name: dataset[name].to_numpy() for name in ("venue_year", "topic", "size", "venues", "step")}
    cells = {"cell": np.arange(dataset.sizes["cell"])}
    with pm.Model(coords=coords | cells, check_bounds=CHECK_BOUNDS) as model:
        data = data_of(dataset, ("n", "at_k", "at_all", "at_venues", "at_venue_year", "at_topic", "at_size"))
        y = pm.Data("y", dataset["y"].to_numpy(), dims="cell")
        names = ("stratum_mean", "stratum_sd", "curve_sd", "industry_sd", "topic_sd", "size_sd")
        prior = hyperparameters(priors, names)

        def papers(half: str) -> pt.TensorVariable:
            topic = pm.ZeroSumNormal(f"topic_{half}", sigma=prior["topic_sd"], dims="topic")
            size = pm.ZeroSumNormal(f"size_{half}", sigma=prior["size_sd"], dims=("venues", "size"))
            return topic[data["at_topic"]] + size[data["at_venues"], data["at_size"]]

        level = pm.Normal("level", prior["stratum_mean"], prior["stratum_sd"], dims="venue_year")
        curve = pm.Normal("curve", 0, prior["curve_sd"], dims="venues")
        step = pm.Dirichlet("step_share", np.full((len(GROUPS), MOST), 2.0), dims=("venues", "step"))
        risen = pt.concatenate([pt.zeros((len(GROUPS), 1)), pt.cumsum(step, axis=1)], axis=1)
        effect = pm.Deterministic("number_effect", (curve[:, None] * risen)[:, 1:], dims=("venues", "step"))
        padded = pt.concatenate([pt.zeros((len(GROUPS), 1)), effect], axis=1)
        by_number = level[data["at_venue_year"]] + papers("number") + padded[data["at_venues"], data["at_k"]]
        pm.Binomial("y_number", data["n"], logit_p=by_number, observed=y, dims="cell")
        own = pm.Normal("level_contrasts", prior["stratum_mean"], prior["stratum_sd"], dims="venue_year")
        some = pm.Normal("any_industry", 0, prior["industry_sd"], dims="venues")
        only = pm.Normal("only_industry", 0, prior["industry_sd"], dims="venues")
        has = pt.gt(data["at_k"], 0)
        contrasts = own[data["at_venue_year"]] + papers("contrasts") + some[data["at_venues"]] * has
        contrasts += only[data["at_venues"]] * data["at_all"]
        pm.Binomial("y_contrasts", data["n"], logit_p=contrasts, observed=y, dims="cell")
    return model


def estimands_authors(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Odds ratios by number of authors from industry, those of the two contrasts, and the misfit of either."""
    number = draws["number_effect"].rename(step="authors")
    out = {"odds_ratio_by_number": xr.DataArray(np.exp(number)).assign_attrs(RATIO, rows="n_by_number")}
    count = np.zeros((len(GROUPS), MOST + 1), dtype=np.int64)
    np.add.at(count, (dataset["at_venues"].to_numpy(), dataset["at_k"].to_numpy()), dataset["n"].to_numpy())
    coords = {"venues": list(GROUPS), "authors": dataset["step"].to_numpy()}
    out["n_by_number"] = xr.DataArray(count[:, 1:], coords, ("venues", "authors"), attrs=ROWS)
    out["n_authors_known"] = xr.DataArray(count.sum(1), {"venues": list(GROUPS)}, ("venues",), attrs=ROWS)
    some, only = draws["any_industry"], draws["only_industry"]
    out["odds_ratio_some_authors"] = xr.DataArray(np.exp(some)).assign_attrs(RATIO, rows="n_authors_known")
    out["odds_ratio_all_authors"] = xr.DataArray(np.exp(some + only)).assign_attrs(RATIO, rows="n_authors_known")
    at = {name: dataset[f"at_{name}"].to_numpy() for name in ("venue_year", "venues", "k", "all", "topic", "size")}
    padded = np.concatenate(
        [
            np.zeros((*number.shape[:2], len(GROUPS), 1)),
            number.transpose("chain", "draw", "venues", "authors").to_numpy(),
        ],
        -1,
    )
    of_papers = {}
    for half, name in (("number", "level"), ("contrasts", "level_contrasts")):
        level, topic = (draws[each].transpose("chain", "draw", ...).to_numpy() for each in (name, f"topic_{half}"))
        size = draws[f"size_{half}"].transpose("chain", "draw", "venues", "size").to_numpy()
        of_papers[half] = (
            level[:, :, at["venue_year"]] + topic[:, :, at["topic"]] + size[:, :, at["venues"], at["size"]]
        )
    a, b = (values.transpose("chain", "draw", ...).to_numpy() for values in (some, only))
    for name, log_odds in {
        "number": of_papers["number"] + padded[:, :, at["venues"], at["k"]],
        "contrasts": of_papers["contrasts"] + a[:, :, at["venues"]] * (at["k"] > 0) + b[:, :, at["venues"]] * at["all"],
    }.items():
        values = _misfit(1 / (1 + np.exp(-log_odds)), dataset)
        where = {"chain": draws["chain"], "draw": draws["draw"]}
        out[f"misfit_{name}"] = xr.DataArray(values, where, ("chain", "draw")).assign_attrs(
            MISFIT, rows="n_authors_known"
        )
    return xr.Dataset(out)


def _misfit(p: np.ndarray, dataset: xr.Dataset) -> np.ndarray:
    """Squared standardised residuals by group, era, number and all-from-industry, averaged; by draw."""
    shape = (len(GROUPS), len(ERAS), MOST + 1, 2)
    place = np.ravel_multi_index([dataset[f"at_{name}"].to_numpy() for name in ("venues", "era", "k", "all")], shape)
    used, at = np.unique(place, return_inverse=True)
    sums = np.zeros((len(place), len(used)))
    sums[np.arange(len(place)), at] = 1
    n, y = (dataset[name].to_numpy().astype(float) for name in ("n", "y"))
    expected, variance = (n * p) @ sums, (n * p * (1 - p)) @ sums
    return np.asarray((((y @ sums - expected) ** 2) / variance).mean(-1))


def statistics_authors(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities: what a curve in the number of authors cannot bend, under either model."""
    out = {}
    for name in ("number", "contrasts"):
        y = data[f"y_{name}"]
        n, k, everyone = dataset["n"], dataset["at_k"], dataset["at_all"] == 1

        def share(cells: xr.DataArray, y: xr.DataArray = y, n: xr.DataArray = n) -> xr.DataArray:
            return y.where(cells, 0).sum("cell") / n.where(cells, 0).sum("cell")

        out[f"{name}: mixed teams' share less that of teams all from industry"] = share((k > 0) & ~everyone) - share(
            everyone
        )
        out[f"{name}: share with one author from industry less that with none"] = share((k == 1) & ~everyone) - share(
            k == 0
        )
    return xr.Dataset(out)


def prepare_access(tables: Tables, choices: Choices) -> xr.Dataset:
    """One row a model of a vintage whose training code's access is known, of academia, industry or both."""
    frame = tables["models"]
    frame = frame[(frame["vintage"] == choices.access_vintage) & (frame["date"] != "")]
    flow = [{"reason": "models of the vintage with a date", "n": 0, "left": len(frame)}]
    for keep, reason in (
        (frame["training_code"].isin(["open", "restricted", "unreleased"]), "access to the training code unknown"),
        (frame["team_resolved"].isin(list(SECTORS)), "neither academia nor industry, or unknown"),
        (frame["date"] >= "2012", "before 2012"),
    ):
        keep = keep.reindex(frame.index)
        frame = frame[keep]
        flow.append({"reason": reason, "n": int((~keep).sum()), "left": len(frame)})
    if frame.empty:
        problem = f"no model of vintage {choices.access_vintage} has a known access to its training code"
        raise InputError(problem, "table of models", hint="vintages 2025-06 and 2026-05 have it")
    year = frame["date"].str[:4].astype(float) + (frame["date"].str[5:7].replace("", "7").astype(float) - 0.5) / 12
    compute = frame["log10_compute"]
    known = compute.notna()
    sector = codes(frame["team_resolved"].map(SECTORS), SECTOR_LEVELS)
    return xr.Dataset(
        {
            "open": ("row", (frame["training_code"] == "open").to_numpy().astype(int)),
            "at_sector": ("row", sector),
            "date": ("row", ((year - 2021) / 10).to_numpy(), {"unit": "decades from 2021"}),
            "compute": ("row", ((compute - 22).where(known, 0) / 3).to_numpy(), {"unit": "3 dex from 10^22 FLOP"}),
            "unknown": ("row", (~known).to_numpy().astype(float)),
            "n": ("sector", np.bincount(sector, minlength=len(SECTOR_LEVELS)), {"unit": "models"}),
        },
        coords={"sector": list(SECTOR_LEVELS)},
        attrs={"flow": json.dumps(flow)},
    )


def build_access(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """A logistic regression with academia-only as the base."""
    coords = {"sector": list(SECTOR_LEVELS), "other": list(SECTOR_LEVELS[1:]), "row": np.arange(dataset.sizes["row"])}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = data_of(dataset, ("at_sector", "date", "compute", "unknown"))
        is_open = pm.Data("open", dataset["open"].to_numpy(), dims="row")
        sd = hyperparameters(priors, ("access_sd",))["access_sd"]
        level = pm.Normal("level", 0, sd)
        other = pm.Normal("sector_effect", 0, sd, dims="other")
        trend = pm.Normal("trend", 0, sd * TREND, dims="sector")
        slope, gap = (pm.Normal(name, 0, sd) for name in ("slope", "gap"))
        log_odds = level + pt.concatenate([[0.0], other])[data["at_sector"]]
        log_odds += trend[data["at_sector"]] * data["date"] + slope * data["compute"] + gap * data["unknown"]
        pm.Bernoulli("open_obs", logit_p=log_odds, observed=is_open, dims="row")
    return model


def estimands_access(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Odds ratios to academia-only, and the share with open training code if all models were of one sector and date.

    Returns
    -------
    xarray.Dataset
        ``training_code_open`` (sector, year), averaged over the models' compute; ``odds_ratio_training_code_...``
        (year,) of collaborations and of industry-only models to academia-only ones, in the middle of ``DATES``;
        ``odds_ratio_training_code_tenfold_compute``.
    """
    where = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy()}
    effect = draws["sector_effect"].transpose("chain", "draw", "other").to_numpy()
    effect = np.concatenate([np.zeros((*effect.shape[:2], 1)), effect], axis=-1)[..., None]
    trend = draws["trend"].transpose("chain", "draw", "sector").to_numpy()[..., None]
    at_date = effect + trend * np.array(list(DATES.values()))  # (chain, draw, sector, year)
    of_compute = draws["level"] + draws["slope"] * dataset["compute"] + draws["gap"] * dataset["unknown"]
    others = of_compute.transpose("chain", "draw", "row").to_numpy()
    shares = np.empty(at_date.shape)
    for k, r in np.ndindex(*at_date.shape[2:]):
        shares[:, :, k, r] = (1 / (1 + np.exp(-others - at_date[:, :, k, r, None]))).mean(-1)
    coords = {**where, "sector": list(SECTOR_LEVELS), "year": list(DATES)}
    dims = ("chain", "draw", "sector", "year")
    ratio = xr.DataArray(np.exp(at_date - at_date[:, :, :1]), coords, dims)
    tenfold = {**RATIO, "rows": "n_models"}
    return xr.Dataset(
        {
            "training_code_open": xr.DataArray(shares, coords, dims).assign_attrs(SHARE, rows="n_models"),
            "odds_ratio_training_code_tenfold_compute": xr.DataArray(np.exp(draws["slope"] / 3)).assign_attrs(tenfold),
            "n_models": dataset["n"].assign_attrs(ROWS, unit="models"),
        }
        | {f"odds_ratio_training_code_{name.replace('-', '_')}": ratio.sel(sector=name, drop=True).assign_attrs(tenfold)
           for name in SECTOR_LEVELS[1:]}
    )  # fmt: skip


def statistics_access(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities: how the share of open training code moves with time in each sector."""
    y = data["open_obs"]
    out = {}
    for i, name in enumerate(SECTOR_LEVELS):
        mine = dataset["at_sector"] == i
        late = dataset["date"] > 0.15
        out[f"{name}: open, from mid-2022 on less before"] = y.where(mine & late).mean("row") - y.where(
            mine & ~late
        ).mean("row")
    return xr.Dataset(out)
