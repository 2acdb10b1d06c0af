"""Power of the verdicts: how often each comes out if a given value is the truth.

By a normal approximation at the sd of the posterior. On the estimand's scale, the posterior of another sample of the
same size is taken to be normal, with this sd around a centre; the centres of samples vary around the truth with the
same sd. The prior, and the dependence of the sd on the sample, are neglected. ``paper/published/power.csv`` may hold
probabilities from refits to simulated data; they replace the approximation while they are of the current fit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from data.io import parse_csv
from inference.summaries import formatting
from inference.summaries.chances import DECIDED
from inference.summaries.estimates import make_key, round_values
from inference.summaries.verdicts import (
    ROPE_DIFFERENCE,
    ROPE_RATIO,
    convert_from_scale,
    convert_to_scale,
    find_rope,
)
from models.common.claim import Published

Row = dict[str, Any]
SAMPLES = 20_000  # centres of samples: quantiles of a normal, evenly spaced in probability
APPROXIMATION = "normal approximation"
NUMBER: tuple[str, ...] = ("agrees", "inconclusive", "disagrees")
SIGN: tuple[str, ...] = ("practically equivalent", "supported", "inconclusive", "contradicted")
COLUMNS = (
    "claim", "estimand", "coords", "published", "truth", "verdict", "probability", "mcse", "n_refits", "method",
    "fit_key",
)  # fmt: skip
# A clear effect: a ratio of 1.25, or 2.5 percentage points. Both are about 2.5 times the half-width of the ROPE.
CLEAR_RATIO, CLEAR_DIFFERENCE = math.log(1.25) / ROPE_RATIO, 0.025 / ROPE_DIFFERENCE


def compute_power(row: Row, known: Published | None) -> list[Row] | None:
    """Compute the power of the verdict on a headline; None if it is no quantity, known exactly, or has no verdict.

    Parameters
    ----------
    row
        The headline's row of estimates.json: ``scale``, ``sd_scale``, ``median``, ``reference``, ``unit``.
    known
        The published value or sign.

    Returns
    -------
    list of dict
        For each truth: ``truth`` (its name), ``value`` and ``truth_text`` (in the unit of the estimand), ``verdicts``
        (verdict to its probability), ``texts`` (the probability, or in how many refits), ``method``, ``mcse`` and
        ``n_refits`` (null for the approximation).
    """
    if known is None or known.not_comparable or not row.get("sd_scale"):
        return None
    sd = float(row["sd_scale"])
    return [
        _describe(name, convert_from_scale(truth, row["scale"]), _compute_verdicts(row, known, truth, sd), row)
        for name, truth in _list_truths(row, known)
    ]


def _list_truths(row: Row, known: Published) -> list[tuple[str, float]]:
    """List the truths to consider, by name, on the estimand's scale; those of a sign are on its claimed side.

    A ROPE of its own says that the estimand is another scale of the effect: the clear effect is on this scale too.
    """
    scale = str(row["scale"])
    if known.value is not None:
        return [("published value", convert_to_scale(known.value, scale))]
    assert known.sign is not None
    truths = []
    rope, centre = find_rope(row, known), convert_to_scale(row["reference"], scale)
    if rope is not None:
        points = row["unit"] == "difference in probability"
        clear = rope * (CLEAR_DIFFERENCE if points else CLEAR_RATIO)
        truths = [("edge of the ROPE", centre + known.sign * rope)]
        truths.append(("2.5 points" if points else "ratio of 1.25", centre + known.sign * clear))
    return [*truths, ("estimate", convert_to_scale(row["median"], scale))]


def _compute_verdicts(row: Row, known: Published, truth: float, sd: float) -> dict[str, float]:
    """Return the probability of each verdict over samples whose posteriors are normal (see the module's docstring)."""
    centres = truth + sd * norm.ppf((np.arange(SAMPLES) + 0.5) / SAMPLES)
    scale = str(row["scale"])

    def compute_between(low: float, high: float) -> np.ndarray[Any, Any]:
        return np.asarray(norm.cdf((high - centres) / sd) - norm.cdf((low - centres) / sd))

    if known.value is not None:
        assert known.tolerance is not None
        published = convert_to_scale(known.value, scale)
        within = compute_between(published - known.tolerance, published + known.tolerance)
        parts = {"agrees": within >= DECIDED, "disagrees": within <= 1 - DECIDED}
        order = NUMBER
    else:
        assert known.sign is not None
        centre, rope = convert_to_scale(row["reference"], scale), find_rope(row, known)
        equivalent = compute_between(centre - rope, centre + rope) >= DECIDED if rope else np.zeros(SAMPLES, bool)
        sign = norm.cdf(known.sign * (centres - centre) / sd)
        parts = {
            "practically equivalent": equivalent,
            "supported": ~equivalent & (sign >= DECIDED),
            "contradicted": ~equivalent & (sign <= 1 - DECIDED),
        }
        order = SIGN
    found = {verdict: float(which.mean()) for verdict, which in parts.items()}
    found["inconclusive"] = max(0.0, 1 - sum(found.values()))
    return {verdict: found[verdict] for verdict in order}


def _describe(name: str, value: float, verdicts: Mapping[str, float], row: Row) -> Row:
    digits = 3 if row["unit"] == "difference in probability" else 2
    return {
        "truth": name,
        "value": round_values(value),
        "truth_text": formatting.format_number(value, digits),
        "verdicts": {verdict: round_values(chance) for verdict, chance in verdicts.items()},
        "texts": {verdict: formatting.format_probability(chance, 0.001) for verdict, chance in verdicts.items()},
        "method": APPROXIMATION,
        "mcse": None,
        "n_refits": None,
    }


def read_refits(path: Path, claim: str) -> list[Row]:
    """Read the probabilities from refits of a claim: one line a truth and verdict; none if there is no file."""
    if not path.is_file():
        return []
    lines = [dict(line) for line in parse_csv(path, list(COLUMNS)).values()]
    return [line for line in lines if line["claim"] == claim]


def replace_by_refits(power: list[Row], row: Row, fit_key: str, refits: Iterable[Mapping[str, str]]) -> list[Row]:
    """Replace the approximation of a headline by the probabilities of refits, where these are of the current fit."""
    key = make_key(row["estimand"], row["coords"])
    current = [
        line
        for line in refits
        if make_key(line["estimand"], json.loads(line["coords"])) == key and line["fit_key"] == fit_key
    ]
    out = []
    for one in power:
        lines = [line for line in current if line["truth"] == one["truth"]]
        if not lines:
            out.append(one)
            continue
        chances = dict.fromkeys(one["verdicts"], 0.0) | {line["verdict"]: float(line["probability"]) for line in lines}
        n = int(lines[0]["n_refits"])
        out.append(
            one
            | {
                "verdicts": chances,
                "texts": {verdict: f"{round(chance * n):,}" for verdict, chance in chances.items()},
                "method": lines[0]["method"],
                "mcse": max(float(line["mcse"]) for line in lines),
                "n_refits": n,
            }
        )
    return out
