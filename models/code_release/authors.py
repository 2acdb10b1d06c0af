r"""Code release by the number of authors from industry: a separate look at the published claim's slope.

Papers all of whose listed authors have a known affiliation, k of them from industry (five or more are five),
taken with the coder's word. The published claim is a slope in k; its most general form is monotonic,

    log-odds = level[v] + topic[t] + size[g, s] + b[g] (z[g, 1] + ... + z[g, k]),   z[g] ~ Dirichlet(2, ...),

b of either sign, the same for all its steps; topic and team size sum to zero, for many authors from industry stand on
large teams alone. Beside it, of the same papers, two contrasts like the main model's: any[g] (k > 0) + only[g] (all
authors from industry) in the curve's place, with a level, topics and sizes of their own. The two share nothing; each
has its misfit, the sum over group, era, k and all-from-industry of (observed - expected)^2 / variance, per cell.

References: Burkner and Charpentier (2020), British Journal of Mathematical and Statistical Psychology 73:420 (monotonic
effects).
"""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.errors import InputError
from models.code_release.cells import select
from models.code_release.choices import AuthorsPriors, Choices
from models.code_release.definitions import ERAS, GROUPS
from models.common.cells import count_cells, index_levels
from models.common.claim import Model, Tables
from models.common.estimand import quantity, ratio_from_log, rows
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters

MOST = 5  # authors from industry; more count as this many
TOP_LEVEL = (
    "level", "curve", "step_share", "level_contrasts", "any_industry", "only_industry",
    "topic_number", "size_number", "topic_contrasts", "size_contrasts",
)  # fmt: skip


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts by venue-year, topic, team size, number of authors from industry, and whether all are; ``flow``."""
    papers, levels = select(tables, choices)
    papers.keep(papers.frame["slots_per"] == "author", "affiliations not listed by author")
    papers.keep(papers.frame["authors_unknown"] == 0, "an author's affiliation unknown")
    if papers.frame.empty:
        raise InputError("no paper lists a known affiliation for every author", "table of papers")
    frame = papers.frame
    academic = frame[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    k = (frame["authors_company"] + frame["authors_double"]).clip(upper=MOST).astype(int)
    frame = frame.assign(k=k, all=((academic == 0) & (k > 0)).astype(int))
    table = count_cells(frame, ["venue_year", "venues", "era", "topic", "size", "k", "all"], "event")
    return xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            "at_k": ("cell", table["k"].to_numpy()),
            "at_all": ("cell", table["all"].to_numpy()),
            "at_venues": ("cell", index_levels(table["venues"], GROUPS)),
            "at_era": ("cell", index_levels(table["era"], list(ERAS))),
            **{
                f"at_{name}": ("cell", index_levels(table[name], levels[name]))
                for name in ("venue_year", "topic", "size")
            },
        },
        coords={name: levels[name] for name in ("venue_year", "topic", "size")}
        | {"venues": list(GROUPS), "step": np.arange(1, MOST + 1)},
        attrs={"flow": papers.to_json()},
    )


def build(dataset: xr.Dataset, priors: AuthorsPriors) -> pm.Model:
    """The monotonic curve, and the two contrasts, of the same counts."""
    coords = {name: dataset[name].to_numpy() for name in ("venue_year", "topic", "size", "venues", "step")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("n", "at_k", "at_all", "at_venues", "at_venue_year", "at_topic", "at_size", "y"))
        names = ("stratum_mean", "stratum_sd", "curve_sd", "industry_sd", "topic_sd", "size_sd")
        prior = add_hyperparameters(priors, names)

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
        pm.Binomial("y_number", data["n"], logit_p=by_number, observed=data["y"], dims="cell")
        own = pm.Normal("level_contrasts", prior["stratum_mean"], prior["stratum_sd"], dims="venue_year")
        some = pm.Normal("any_industry", 0, prior["industry_sd"], dims="venues")
        only = pm.Normal("only_industry", 0, prior["industry_sd"], dims="venues")
        has = pt.gt(data["at_k"], 0)
        contrasts = own[data["at_venue_year"]] + papers("contrasts") + some[data["at_venues"]] * has
        contrasts += only[data["at_venues"]] * data["at_all"]
        pm.Binomial("y_contrasts", data["n"], logit_p=contrasts, observed=data["y"], dims="cell")
    return model


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Odds ratios by number of authors from industry, those of the two contrasts, and the misfit of either."""
    number = draws["number_effect"].rename(step="authors")
    out = {"odds_ratio_by_number": ratio_from_log(number, "n_by_number")}
    count = np.zeros((len(GROUPS), MOST + 1), dtype=np.int64)
    np.add.at(count, (dataset["at_venues"].to_numpy(), dataset["at_k"].to_numpy()), dataset["n"].to_numpy())
    coords = {"venues": list(GROUPS), "authors": dataset["step"].to_numpy()}
    out["n_by_number"] = rows(xr.DataArray(count[:, 1:], coords, ("venues", "authors")), "papers")
    out["n_authors_known"] = rows(xr.DataArray(count.sum(1), {"venues": list(GROUPS)}, ("venues",)), "papers")
    some, only = draws["any_industry"], draws["only_industry"]
    out["odds_ratio_some_authors"] = ratio_from_log(some, "n_authors_known")
    out["odds_ratio_all_authors"] = ratio_from_log(some + only, "n_authors_known")
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
        values = _compute_misfit(1 / (1 + np.exp(-log_odds)), dataset)
        where = {"chain": draws["chain"], "draw": draws["draw"]}
        misfit = xr.DataArray(values, where, ("chain", "draw"))
        out[f"misfit_{name}"] = quantity(misfit, "misfit a cell", "log", rows="n_authors_known")
    return xr.Dataset(out)


def _compute_misfit(p: np.ndarray, dataset: xr.Dataset) -> np.ndarray:
    """Squared standardised residuals by group, era, number and all-from-industry, averaged; by draw."""
    shape = (len(GROUPS), len(ERAS), MOST + 1, 2)
    place = np.ravel_multi_index([dataset[f"at_{name}"].to_numpy() for name in ("venues", "era", "k", "all")], shape)
    used, at = np.unique(place, return_inverse=True)
    sums = np.zeros((len(place), len(used)))
    sums[np.arange(len(place)), at] = 1
    n, y = (dataset[name].to_numpy().astype(float) for name in ("n", "y"))
    expected, variance = (n * p) @ sums, (n * p * (1 - p)) @ sums
    return np.asarray((((y @ sums - expected) ** 2) / variance).mean(-1))


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities: what a curve in the number of authors cannot bend, under either model."""
    out = {}
    for name in ("number", "contrasts"):
        y = data[f"y_{name}"]
        n, k, everyone = dataset["n"], dataset["at_k"], dataset["at_all"] == 1

        def compute_share(cells: xr.DataArray, y: xr.DataArray = y, n: xr.DataArray = n) -> xr.DataArray:
            return y.where(cells, 0).sum("cell") / n.where(cells, 0).sum("cell")

        out[f"{name}: mixed teams' share less that of teams all from industry"] = compute_share(
            (k > 0) & ~everyone
        ) - compute_share(everyone)
        out[f"{name}: share with one author from industry less that with none"] = compute_share(
            (k == 1) & ~everyone
        ) - compute_share(k == 0)
    return xr.Dataset(out)


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
