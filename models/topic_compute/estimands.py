"""What the contrast reports: odds ratios, differences in probability, the decomposition of the change."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from models.common.cells import FEW
from models.common.estimand import difference, event, fitted, log_odds, ratio_from_log, rows
from models.common.standardise import Part, flatten_levels, standardise
from models.topic_compute.choices import Choices
from models.topic_compute.decomposition import compute_change_estimands
from models.topic_compute.definitions import TEN_POINTS


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """The contrast by draw: odds ratios, differences in probability, and what goes with the fall.

    Parameters
    ----------
    draws
        Parameters as ``build`` names them (chain, draw, ...): posterior or prior.
    dataset, choices
        As given to ``prepare`` and ``build``.

    Returns
    -------
    xarray.Dataset
        ``odds_ratio``: of academia-only, papers with terms against the same without, averaged (on the log scale) over
        the papers with terms; ``ratio_per_ten_points``, what that comes to if ten papers more of a hundred have terms;
        ``odds_ratio_by_topic`` over the topic's own papers; ``_by_topic_same_mix`` with the mix of families of all
        topics, and ``odds_ratio_new_topic`` too; ``_by_family`` averaged over the topics of the papers with it.
        ``difference``, ``difference_by_topic``, ``difference_by_family``: in probability, over papers with terms;
        ``difference_corpus`` over all papers, each given the mix of families of papers with terms.
        ``sd_between_topics`` and ``sd_between_families`` (log-odds), ``topics_differ_in_sign`` (of the same mix) and
        ``families_differ_more`` go with the pooled effect. ``n_...``: papers with terms behind them. The fall: see
        ``decomposition.py``. ``fitted_...``: average probability of the papers whose team is known, for figures.
    """
    value, at = dataset["value"].to_numpy(), dataset["at_exposure"].to_numpy()
    papers, topics = dataset["n"].to_numpy(), dataset["at_topic"].to_numpy()
    exposed = (value[at] > 0).any(axis=1) * papers
    of_family = (value[at] > 0) * papers[:, None]
    by_topic = xr.DataArray(
        np.bincount(topics, exposed, dataset.sizes["topic"]).astype(int), {"topic": dataset["topic"]}
    )
    by_topic = by_topic[by_topic > 0]  # a topic or a family that no paper with terms has is not reported
    by_family = xr.DataArray(of_family.sum(axis=0), {"family": dataset["family"]})
    by_family = by_family[by_family > 0]
    weight = np.zeros((dataset.sizes["topic"], dataset.sizes["family"]))
    np.add.at(weight, topics, value[at] * papers[:, None])
    weights = xr.DataArray(weight, {"topic": dataset["topic"], "family": dataset["family"]})
    n_exposed = int(exposed.sum())
    mix = weights.sum("topic") / n_exposed  # of a paper with terms: use of each family
    slope = draws["slope"]
    enough = by_topic >= min(FEW, int(by_topic.max()))

    log_ratio = (slope * mix).sum("family").sel(topic=by_topic["topic"])
    new = ((draws["family_slope"] + draws["topic_family_sd"] * draws["new_topic_family_raw"]) * mix).sum("family")
    new = new + draws["topic_slope_sd"] * draws["new_topic_raw"] * float(mix.sum())
    share = weights / weights.sum("topic").where(weights.sum("topic") > 0, 1)
    pooled = (slope * weights).sum(("topic", "family")) / n_exposed
    named = log_ratio.where(enough, drop=True)
    own_mix = (slope * weights).sum("family").sel(topic=by_topic["topic"]) / by_topic
    log_by_family = (slope * share).sum("topic").sel(family=by_family["family"])
    between_topics = log_ratio.weighted(by_topic).std("topic")
    between_families = log_by_family.weighted(by_family).std("family")
    out = {
        "odds_ratio": ratio_from_log(pooled, "n_exposed"),
        "ratio_per_ten_points": ratio_from_log(TEN_POINTS * pooled, "n_exposed"),
        "odds_ratio_by_topic": ratio_from_log(own_mix, "n_by_topic"),
        "odds_ratio_by_topic_same_mix": ratio_from_log(log_ratio, "n_by_topic"),
        "odds_ratio_by_family": ratio_from_log(log_by_family, "n_by_family"),
        "odds_ratio_new_topic": ratio_from_log(new, "n_exposed"),
        "sd_between_topics": log_odds(between_topics, "n_exposed", reference=None),
        "sd_between_families": log_odds(between_families, "n_exposed", reference=None),
        "families_differ_more": event(between_families > between_topics, "n_exposed"),
        "topics_differ_in_sign": event((named.min("topic") < 0) & (named.max("topic") > 0), "n_exposed"),
        "n_by_topic": rows(by_topic),
        "n_by_family": rows(by_family),
        "n_exposed": rows(by_topic.sum()),
        "n_all": rows(xr.DataArray(int(papers.sum()))),
    }
    out |= _compute_differences(draws, dataset, mix, exposed, of_family)
    out |= _compute_fitted(draws, dataset)
    if "fall_weight" in dataset:
        out |= compute_change_estimands(_list_parts(draws, dataset, slope), dataset)
    return xr.Dataset(out)


def _list_parts(draws: xr.Dataset, dataset: xr.Dataset, slope: xr.DataArray) -> list[Part]:
    """Additive parts of the cells' log-odds, the exposures with these slopes."""
    value = xr.DataArray(dataset["value"].to_numpy(), dims=("exposure", "family"))
    contrast = xr.dot(slope, value, dim="family")
    topic, group = dataset["at_topic"].to_numpy(), dataset["at_group"].to_numpy()
    shift = dataset["partly"].to_numpy() * 1
    shifts = xr.zeros_like(draws["level"]).expand_dims(partly=2, axis=-1) + xr.DataArray(
        [0.0, dataset.attrs["unseen_shift"]], dims="partly"
    )
    return [
        *((draws[f"{name}_effect"], dataset[f"at_{name}"].to_numpy()) for name in ("venue_year", "topic", "pair")),
        (
            flatten_levels(draws["size_effect"], "group", "size"),
            group * dataset.sizes["size"] + dataset["at_size"].to_numpy(),
        ),
        (
            flatten_levels(contrast, "topic", "exposure"),
            topic * dataset.sizes["exposure"] + dataset["at_exposure"].to_numpy(),
        ),
        (shifts, shift),
    ]


def _compute_differences(
    draws: xr.Dataset, dataset: xr.Dataset, mix: xr.DataArray, exposed: Any, of_family: Any
) -> dict[str, xr.DataArray]:
    """Differences in probability: the same papers with their terms and without."""
    slope, none = draws["slope"], xr.zeros_like(draws["slope"])
    topics = dataset["topic"].to_numpy()
    with_terms = _list_parts(draws, dataset, slope)
    without = _list_parts(draws, dataset, none)
    at = dataset["at_topic"].to_numpy()
    sets = {"all": exposed} | {
        str(name): exposed * (at == i) for i, name in enumerate(topics) if (exposed * (at == i)).any()
    }
    of_topic = standardise(with_terms, sets, "topic") - standardise(without, sets, "topic")
    out = {
        "difference": difference(of_topic.sel(topic="all", drop=True), "n_exposed"),
        "difference_by_topic": difference(of_topic.drop_sel(topic="all"), "n_by_topic"),
    }
    by_family = []
    for i, name in enumerate(dataset["family"].to_numpy()):
        if of_family[:, i].any():
            kept = slope.where(slope["family"] != name, 0.0)
            one = {name: of_family[:, i]}
            parts = _list_parts(draws, dataset, kept)
            by_family.append(standardise(with_terms, one, "family") - standardise(parts, one, "family"))
    out["difference_by_family"] = difference(xr.concat(by_family, "family"), "n_by_family")
    corpus = {"all": dataset["n"].to_numpy()}
    given = (slope * mix).sum("family")
    typical = [*without, (given, at)]
    gain = standardise(typical, corpus, "which") - standardise(without, corpus, "which")
    out["difference_corpus"] = difference(gain.isel(which=0, drop=True), "n_all")
    return out


def _compute_fitted(draws: xr.Dataset, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Average probability by venue-year and by topic, over papers whose kind of team is known; for figures."""
    known = dataset["n"].to_numpy() * (dataset["partly"].to_numpy() == 0)
    draws = draws.isel(draw=slice(None, None, 5))  # enough for a line in a figure
    out = {}
    for name in ("venue_year", "topic"):
        at = dataset[f"at_{name}"].to_numpy()
        sets = {str(level): known * (at == i) for i, level in enumerate(dataset[name].to_numpy())}
        sets = {level: weights for level, weights in sets.items() if weights.any()}
        mean = standardise(_list_parts(draws, dataset, draws["slope"]), sets, f"fitted_{name}")
        out[f"fitted_by_{name}"] = fitted(mean.quantile([0.055, 0.5, 0.945], ("chain", "draw")))
    return out
