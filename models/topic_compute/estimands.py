"""Estimands of the contrast: odds ratios, differences in probability, and the decomposition of the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from models.common.cells import FEW, Ints
from models.common.estimand import difference, event, fitted, log_odds, ratio_from_log, rows
from models.common.standardise import Part, make_part, standardise
from models.topic_compute.choices import Choices
from models.topic_compute.decomposition import compute_change_estimands
from models.topic_compute.definitions import TEN_POINTS
from models.topic_compute.linear_predictor import EFFECTS, INDICES, compute_exposure_effects, compute_log_odds

NEW_TOPIC_SEED = 0  # of the standard normals of a new topic, which are the same for the same number of draws


@dataclass(frozen=True)
class Exposed:
    """Papers with terms, over which the estimands average; topics and families are in the order of the dataset.

    ``papers`` (cell,), papers with terms; ``papers_by_family`` (cell, family), papers that use the family; ``by_topic``
    and ``by_family``, their sums; ``use`` (topic, family), uses of a family summed over papers; ``mix`` (family,), uses
    of each family per paper with terms.
    """

    papers: Ints
    papers_by_family: Ints
    by_topic: xr.DataArray
    by_family: xr.DataArray
    use: xr.DataArray
    mix: xr.DataArray


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute odds ratios, differences in probability and the decomposition of the change, by draw.

    Parameters
    ----------
    draws
        Posterior or prior draws (chain, draw, ...), named as in ``build``.
    dataset, choices
        As given to ``prepare`` and ``build``.

    Returns
    -------
    xarray.Dataset
        Odds ratios of an academia-only team, papers with terms to the same papers without:
        ``odds_ratio``, averaged on the log scale over papers with terms; ``ratio_per_ten_points``, the same effect for
        ten more papers with terms in a hundred; ``odds_ratio_by_topic``, averaged over the topic's papers with terms;
        ``odds_ratio_by_topic_same_mix`` and ``odds_ratio_new_topic``, with the mix of families of all topics;
        ``odds_ratio_by_family``, averaged over the topics in which the family is used. Differences in probability:
        ``difference``, ``difference_by_topic`` and ``difference_by_family``, averaged over papers with terms;
        ``difference_corpus``, averaged over all papers, each given the mix of families of papers with terms. Variation
        that the pooled effect averages over: ``sd_between_topics`` and ``sd_between_families`` (log-odds),
        ``topics_differ_in_sign`` (with the same mix, topics with at least ``FEW`` papers with terms, or the largest if
        none has) and ``families_differ_more``. Counts ``n_...``: papers with terms, and all papers in ``n_all``.
        Decomposition, if a balanced panel of venues exists: see ``decomposition.py``. ``fitted_...``: mean probability
        of papers with a known team type, for figures.
    """
    exposed = _count_exposed(dataset)
    slope, mix = draws["slope"], exposed.mix
    by_topic, by_family = (n[n > 0] for n in (exposed.by_topic, exposed.by_family))  # the others are not reported
    log_ratio = (slope * mix).sum("family").sel(topic=by_topic["topic"])
    named = log_ratio.where(by_topic >= min(FEW, int(by_topic.max())), drop=True)
    n_exposed = int(by_topic.sum())
    pooled = (slope * exposed.use).sum(("topic", "family")) / n_exposed
    own_mix = (slope * exposed.use).sum("family").sel(topic=by_topic["topic"]) / by_topic
    total = exposed.use.sum("topic")
    log_by_family = (slope * exposed.use / total.where(total > 0, 1)).sum("topic").sel(family=by_family["family"])
    between_topics = log_ratio.weighted(by_topic).std("topic")
    between_families = log_by_family.weighted(by_family).std("family")
    out = {
        "odds_ratio": ratio_from_log(pooled, "n_exposed"),
        "ratio_per_ten_points": ratio_from_log(TEN_POINTS * pooled, "n_exposed"),
        "odds_ratio_by_topic": ratio_from_log(own_mix, "n_by_topic"),
        "odds_ratio_by_topic_same_mix": ratio_from_log(log_ratio, "n_by_topic"),
        "odds_ratio_by_family": ratio_from_log(log_by_family, "n_by_family"),
        "odds_ratio_new_topic": ratio_from_log(predict_new_topic(draws, mix), "n_exposed"),
        "sd_between_topics": log_odds(between_topics, "n_exposed", reference=None),
        "sd_between_families": log_odds(between_families, "n_exposed", reference=None),
        "families_differ_more": event(between_families > between_topics, "n_exposed"),
        "topics_differ_in_sign": event((named.min("topic") < 0) & (named.max("topic") > 0), "n_exposed"),
        "n_by_topic": rows(by_topic),
        "n_by_family": rows(by_family),
        "n_exposed": rows(by_topic.sum()),
        "n_all": rows(xr.DataArray(int(dataset["n"].sum()))),
    }
    out |= _compute_differences(draws, dataset, exposed)
    out |= _compute_fitted(draws, dataset)
    if "panel_weight" in dataset:
        out |= compute_change_estimands(list_parts(draws, dataset, slope), dataset, choices.resampled)
    return xr.Dataset(out)


def _count_exposed(dataset: xr.Dataset) -> Exposed:
    n, topic_idx = dataset["n"].to_numpy(), dataset["topic_idx"].to_numpy()
    value = dataset["value"].to_numpy()[dataset["exposure_idx"].to_numpy()]  # (cell, family)
    papers = (value > 0).any(axis=1) * n
    papers_by_family = (value > 0) * n[:, None]
    use = np.zeros((dataset.sizes["topic"], dataset.sizes["family"]))
    np.add.at(use, topic_idx, value * n[:, None])
    coords = {name: dataset[name] for name in ("topic", "family")}
    by_topic = np.bincount(topic_idx, papers, len(use)).astype(int)
    uses = xr.DataArray(use, coords)
    return Exposed(
        papers,
        papers_by_family,
        xr.DataArray(by_topic, {"topic": dataset["topic"]}),
        xr.DataArray(papers_by_family.sum(axis=0), {"family": dataset["family"]}),
        uses,
        uses.sum("topic") / int(papers.sum()),
    )


def predict_new_topic(draws: xr.Dataset, mix: xr.DataArray) -> xr.DataArray:
    """Draw the log odds ratio of a topic outside the data, from the population distributions of a topic's slopes.

    Parameters
    ----------
    draws
        ``family_slope`` (chain, draw, family), ``topic_slope_sd`` and ``topic_family_sd`` (chain, draw).
    mix
        (family,), uses of each family per paper with terms.

    Returns
    -------
    xarray.DataArray
        (chain, draw), log-odds.
    """
    shape = (draws.sizes["chain"], draws.sizes["draw"], draws.sizes["family"] + 1)
    normal = np.random.default_rng(NEW_TOPIC_SEED).standard_normal(shape)
    topic_raw = xr.DataArray(normal[..., 0], dims=("chain", "draw"))
    family_raw = xr.DataArray(normal[..., 1:], dims=("chain", "draw", "family"))
    family_raw = family_raw - family_raw.mean("family")  # zero-sum over families, as in the model
    slope = draws["family_slope"] + draws["topic_slope_sd"] * topic_raw + draws["topic_family_sd"] * family_raw
    return (slope * mix).sum("family").transpose("chain", "draw")


def list_parts(draws: xr.Dataset, dataset: xr.Dataset, slope: xr.DataArray) -> list[Part]:
    """List the additive parts of the cells' log-odds, with these slopes (chain, draw, topic, family)."""
    effect = {name: draws[name].transpose("chain", "draw", *dims).to_numpy() for name, dims in EFFECTS.items()}
    slopes = slope.transpose("chain", "draw", "topic", "family").to_numpy()
    idx = {name: dataset[name].to_numpy() for name in ("topic_venue_idx", "value")}
    tables = compute_log_odds(effect, slopes, idx, dataset.attrs["unseen_shift"])
    return [make_part(table, draws, dataset[name].to_numpy()) for table, name in zip(tables, INDICES, strict=True)]


def replace_slopes(parts: Sequence[Part], draws: xr.Dataset, dataset: xr.Dataset, slope: xr.DataArray) -> list[Part]:
    """Return the parts of ``list_parts`` with other slopes (chain, draw, topic, family); the others are not copied."""
    slopes = slope.transpose("chain", "draw", "topic", "family").to_numpy()
    by_exposure = compute_exposure_effects(slopes, dataset["value"].to_numpy())
    by_topic, (_, exposure_idx), by_size = parts
    return [by_topic, make_part(by_exposure, draws, exposure_idx), by_size]


def _compute_differences(draws: xr.Dataset, dataset: xr.Dataset, exposed: Exposed) -> dict[str, xr.DataArray]:
    """Compute differences in probability between papers with their terms and the same papers without."""
    slope, topic_idx = draws["slope"], dataset["topic_idx"].to_numpy()
    with_terms = list_parts(draws, dataset, slope)
    without = replace_slopes(with_terms, draws, dataset, xr.zeros_like(slope))
    weights = {str(name): exposed.papers * (topic_idx == i) for i, name in enumerate(dataset["topic"].to_numpy())}
    weights = {"all": exposed.papers} | {name: papers for name, papers in weights.items() if papers.any()}
    by_topic = standardise(with_terms, weights, "topic") - standardise(without, weights, "topic")
    by_family = []
    for i, name in enumerate(dataset["family"].to_numpy()):
        papers = exposed.papers_by_family[:, i]
        if papers.any():
            others = replace_slopes(with_terms, draws, dataset, slope.where(slope["family"] != name, 0.0))
            one = {name: papers.astype(float)}
            by_family.append(standardise(with_terms, one, "family") - standardise(others, one, "family"))
    # Give every paper the mix of families of papers with terms.
    mixed: Part = ((slope * exposed.mix).sum("family").transpose("chain", "draw", "topic"), topic_idx)
    corpus = {"all": dataset["n"].to_numpy()}
    gain = standardise([*without, mixed], corpus, "papers") - standardise(without, corpus, "papers")
    return {
        "difference": difference(by_topic.sel(topic="all", drop=True), "n_exposed"),
        "difference_by_topic": difference(by_topic.drop_sel(topic="all"), "n_by_topic"),
        "difference_by_family": difference(xr.concat(by_family, "family"), "n_by_family"),
        "difference_corpus": difference(gain.isel(papers=0, drop=True), "n_all"),
    }


def _compute_fitted(draws: xr.Dataset, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Compute the mean probability by venue-year and by topic, over papers with a known team type; for figures."""
    known = dataset["n"].to_numpy() * (dataset["partly"].to_numpy() == 0)
    draws = draws.isel(draw=slice(None, None, 5))  # enough for a line in a figure
    parts = list_parts(draws, dataset, draws["slope"])
    out = {}
    for name in ("venue_year", "topic"):
        idx = dataset[f"{name}_idx"].to_numpy()
        weights = {str(level): known * (idx == i) for i, level in enumerate(dataset[name].to_numpy())}
        weights = {level: papers for level, papers in weights.items() if papers.any()}
        mean = standardise(parts, weights, f"fitted_{name}")
        out[f"fitted_by_{name}"] = fitted(mean.quantile([0.055, 0.5, 0.945], ("chain", "draw")))
    return out
