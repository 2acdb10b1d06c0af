r"""Code release by the number of authors from industry: a further analysis of the slope in the published claim.

The analysis uses papers whose listed authors all have a known affiliation, and takes the LLM label without correction.
k is the number of authors from industry; five or more count as five. The published claim is a slope in k. The most
general form of such a claim is a monotonic curve,

    log-odds = intercept[v] + topic[t] + size[g, s] + b[g] (z[g, 1] + ... + z[g, k]),   z[g] ~ Dirichlet(2, ...),

where b[g] has either sign, the same for all steps of the curve. The effects of topic and of team size sum to zero. Team
size enters because only large teams have many authors from industry. A second model of the same papers replaces the
curve with two contrasts like those of the main model, any[g] (k > 0) + only[g] (all authors from industry), and has its
own intercepts and effects of topic and size. The two models share no parameter. The misfit of a model is the mean of
(observed - expected)^2 / variance over groups of papers, by venue group, era, k, and whether all authors are from
industry.

References: Burkner and Charpentier (2020), British Journal of Mathematical and Statistical Psychology 73:420 (monotonic
effects).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.errors import InputError
from models.code_release.cells import select
from models.code_release.choices import AuthorsPriors, Choices
from models.code_release.definitions import ERAS, GROUPS
from models.common.cells import Floats, count_cells, index_levels
from models.common.claim import Model, Tables
from models.common.estimand import quantity, ratio_from_log, rows
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters

MOST = 5  # authors from industry; more count as this many
FORMS = ("number", "contrasts")
TOP_LEVEL = (
    "intercept_number", "curve", "step_share", "intercept_contrasts", "any_industry", "only_industry",
    "topic_number", "size_number", "topic_contrasts", "size_contrasts",
)  # fmt: skip
EFFECTS = {  # the effects, and the dims of each
    **{f"intercept_{form}": ("venue_year",) for form in FORMS},
    **{f"topic_{form}": ("topic",) for form in FORMS},
    **{f"size_{form}": ("venues", "size") for form in FORMS},
    "number_effect": ("venues", "step"),
    "any_industry": ("venues",),
    "only_industry": ("venues",),
}
INDICES = ("venue_year_idx", "topic_idx", "size_idx", "venue_group_idx", "step_idx", "some_industry", "all_industry")


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers by venue-year, topic, team size, number of authors from industry, and whether all authors are.

    Returns
    -------
    xarray.Dataset
        By ``cell``: ``n`` papers, ``y`` with a release; index vectors ``..._idx``; ``number`` of authors from industry,
        ``some_industry`` and ``all_industry`` (1 or 0). attrs ``flow``: exclusions, JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    papers, levels = select(tables, choices)
    papers.keep(papers.frame["slots_per"] == "author", "affiliations not listed by author")
    papers.keep(papers.frame["authors_unknown"] == 0, "an author's affiliation unknown")
    if papers.frame.empty:
        raise InputError("no paper lists a known affiliation for every author", "table of papers")
    frame = papers.frame
    academic = frame[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    industry = (frame["authors_company"] + frame["authors_double"]).clip(upper=MOST).astype(int)
    frame = frame.assign(number=industry, all=((academic == 0) & (industry > 0)).astype(int))
    table = count_cells(frame, ["venue_year", "venues", "era", "topic", "size", "number", "all"], "event")
    number = table["number"].to_numpy()
    return xr.Dataset(
        {
            "n": ("cell", table["n"].to_numpy(), {"unit": "papers"}),
            "y": ("cell", table["y"].to_numpy(), {"unit": "papers"}),
            "number": ("cell", number, {"unit": "authors"}),
            "step_idx": ("cell", np.maximum(number - 1, 0)),
            "some_industry": ("cell", (number > 0).astype(float)),
            "all_industry": ("cell", table["all"].to_numpy(float)),
            "venue_group_idx": ("cell", index_levels(table["venues"], GROUPS)),
            "era_idx": ("cell", index_levels(table["era"], list(ERAS))),
            **{
                f"{name}_idx": ("cell", index_levels(table[name], levels[name]))
                for name in ("venue_year", "topic", "size")
            },
        },
        coords={name: levels[name] for name in ("venue_year", "topic", "size")}
        | {"venues": list(GROUPS), "step": np.arange(1, MOST + 1)},
        attrs={"flow": papers.to_json()},
    )


def compute_log_odds(effect: Mapping[str, Any], idx: Mapping[str, Any]) -> dict[str, Any]:
    """Return the linear predictor of both forms, (..., cell), from effects with any leading dims."""
    group = idx["venue_group_idx"]
    base = {
        form: effect[f"intercept_{form}"][..., idx["venue_year_idx"]]
        + effect[f"topic_{form}"][..., idx["topic_idx"]]
        + effect[f"size_{form}"][..., group, idx["size_idx"]]
        for form in FORMS
    }
    curve = effect["number_effect"][..., group, idx["step_idx"]] * idx["some_industry"]
    some, every = effect["any_industry"][..., group], effect["only_industry"][..., group]
    contrasts = some * idx["some_industry"] + every * idx["all_industry"]
    return {"number": base["number"] + curve, "contrasts": base["contrasts"] + contrasts}


def build(dataset: xr.Dataset, priors: AuthorsPriors) -> pm.Model:
    """Build both models of the same counts: the monotonic curve, and the two contrasts."""
    coords = {name: dataset[name].to_numpy() for name in ("venue_year", "topic", "size", "venues", "step")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("n", "y", *INDICES))
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])
        effect = {}
        for form in FORMS:
            effect[f"intercept_{form}"] = pm.Normal(
                f"intercept_{form}", prior["stratum_mean"], prior["stratum_sd"], dims="venue_year"
            )
            effect[f"topic_{form}"] = pm.ZeroSumNormal(f"topic_{form}", sigma=prior["topic_sd"], dims="topic")
            effect[f"size_{form}"] = pm.ZeroSumNormal(f"size_{form}", sigma=prior["size_sd"], dims=("venues", "size"))
        curve = pm.Normal("curve", 0, prior["curve_sd"], dims="venues")
        step_share = pm.Dirichlet("step_share", np.full((len(GROUPS), MOST), 2.0), dims=("venues", "step"))
        effect["number_effect"] = pm.Deterministic(
            "number_effect", curve[:, None] * pt.cumsum(step_share, axis=1), dims=("venues", "step")
        )
        for name in ("any_industry", "only_industry"):
            effect[name] = pm.Normal(name, 0, prior["industry_sd"], dims="venues")
        for form, log_odds in compute_log_odds(effect, data).items():
            pm.Binomial(f"y_{form}", data["n"], logit_p=log_odds, observed=data["y"], dims="cell")
    return model


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute odds ratios by number of authors from industry, odds ratios of the contrasts, and both misfits."""
    count = np.zeros((len(GROUPS), MOST + 1), dtype=np.int64)
    np.add.at(count, (dataset["venue_group_idx"].to_numpy(), dataset["number"].to_numpy()), dataset["n"].to_numpy())
    coords = {"venues": list(GROUPS), "authors": dataset["step"].to_numpy()}
    some, only = draws["any_industry"], draws["only_industry"]
    out = {
        "odds_ratio_by_number": ratio_from_log(draws["number_effect"].rename(step="authors"), "n_by_number"),
        "n_by_number": rows(xr.DataArray(count[:, 1:], coords, ("venues", "authors")), "papers"),
        "n_authors_known": rows(xr.DataArray(count.sum(1), {"venues": list(GROUPS)}, ("venues",)), "papers"),
        "odds_ratio_some_authors": ratio_from_log(some, "n_authors_known"),
        "odds_ratio_all_authors": ratio_from_log(some + only, "n_authors_known"),
    }
    effect = {name: draws[name].transpose("chain", "draw", *dims).to_numpy() for name, dims in EFFECTS.items()}
    log_odds = compute_log_odds(effect, {name: dataset[name].to_numpy() for name in INDICES})
    for form, values in log_odds.items():
        lead = {"chain": draws["chain"], "draw": draws["draw"]}
        misfit = xr.DataArray(_compute_misfit(1 / (1 + np.exp(-values)), dataset), lead, ("chain", "draw"))
        out[f"misfit_{form}"] = quantity(misfit, "misfit a cell", "log", rows="n_authors_known")
    return xr.Dataset(out)


def _compute_misfit(p: Floats, dataset: xr.Dataset) -> Floats:
    """Compute the misfit by draw: the mean squared standardised residual over groups of papers."""
    shape = (len(GROUPS), len(ERAS), MOST + 1, 2)
    names = ("venue_group_idx", "era_idx", "number", "all_industry")
    idx = np.ravel_multi_index([dataset[name].to_numpy().astype(int) for name in names], shape)
    used, group_idx = np.unique(idx, return_inverse=True)
    sums = np.zeros((len(idx), len(used)))
    sums[np.arange(len(idx)), group_idx] = 1
    n, y = (dataset[name].to_numpy().astype(float) for name in ("n", "y"))
    expected, variance = (n * p) @ sums, (n * p * (1 - p)) @ sums
    return np.asarray((((y @ sums - expected) ** 2) / variance).mean(-1))


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities under both models: differences that a curve in the number of authors cannot fit."""
    out = {}
    for name in FORMS:
        y = data[f"y_{name}"]
        n, k, everyone = dataset["n"], dataset["number"], dataset["all_industry"] == 1

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
