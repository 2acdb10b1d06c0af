"""Verdicts: a posterior compared with a published value or sign.

The rule (CHANGELOG.md compares it with the earlier one for every headline):

- A published number has a tolerance. The posterior *agrees* with it if P(within) >= 0.89, *disagrees* if
  P(within) <= 0.11, and is otherwise *inconclusive*. Whether the number lies inside the 89 % interval is reported too.
- A published sign is *practically equivalent* to no difference, before all other verdicts, if P(ROPE) >= 0.89
  (Kruschke 2018, Advances in Methods and Practices in Psychological Science 1:270). It is *supported* if
  P(sign) >= 0.89, *contradicted* if P(sign) <= 0.11, and otherwise *inconclusive*. Of an event, P(sign) is the
  probability of what was claimed.
- A probability within two Monte Carlo standard errors of a threshold has not crossed it.
- Where the published quantity is another one, the estimate is *not comparable*, and no published value is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from inference.summaries import formatting
from inference.summaries.chances import Chance
from models.common.claim import Published
from models.common.estimand import to_scale

ROPE_RATIO = math.log(1.1)  # half-width of the ROPE of a ratio or log-odds, on the log scale
ROPE_DIFFERENCE = 0.01  # of a difference in probability
Row = dict[str, Any]


def compute_chance(event: xr.DataArray) -> Chance:
    """Compute the probability of an event from its draws (chain, draw)."""
    value = float(event.mean())
    if value in (0.0, 1.0):
        return Chance(value)
    return Chance(value, float(az.mcse(event.astype(float).rename("event"))))


def find_rope(attrs: Mapping[str, Any], known: Published | None = None) -> float | None:
    """Return the half-width of the ROPE on the scale of the estimand; None if its unit has no ROPE.

    Parameters
    ----------
    attrs
        Attributes of the estimand: ``scale``, ``unit`` and, if it has a value of no effect, ``reference``.
    known
        The published value or sign, which may declare a half-width of its own.
    """
    if attrs.get("reference") is None:
        return None
    if known is not None and known.rope is not None:
        return known.rope
    if attrs["scale"] in ("log", "logit") or attrs["unit"] == "log-odds":
        return ROPE_RATIO
    return ROPE_DIFFERENCE if attrs["unit"] == "difference in probability" else None


def compute_chances(draws: xr.DataArray, known: Published | None, shift: float = 0.0) -> dict[str, Chance]:
    """Compute the probabilities that a verdict needs, as far as they are defined.

    Parameters
    ----------
    draws
        Draws of the estimand (chain, draw), with attrs ``scale``, ``unit`` and, if it has one, ``reference``.
    known
        The published value with its tolerance on the estimand's scale, or the published sign.
    shift
        Added to the draws on the estimand's scale.

    Returns
    -------
    dict
        ``rope`` (of an estimand with a reference and a ROPE), ``sign`` (of a published sign), ``within`` (of a
        published number).
    """
    scale, rope = str(draws.attrs["scale"]), find_rope(draws.attrs, known)
    on_scale = to_scale(draws, scale) + shift
    chances = {}
    if rope is not None:
        chances["rope"] = compute_chance(abs(on_scale - convert_to_scale(draws.attrs["reference"], scale)) < rope)
    if known is not None and not known.not_comparable:
        if known.sign is not None:
            centre = convert_to_scale(draws.attrs["reference"], scale)
            chances["sign"] = compute_chance(known.sign * (on_scale - centre) > 0)
        elif known.value is not None and known.tolerance is not None:
            chances["within"] = compute_chance(abs(on_scale - convert_to_scale(known.value, scale)) < known.tolerance)
    return chances


def convert_to_scale(value: float, scale: str) -> float:
    """Convert a single value to the scale of an estimand."""
    return float(to_scale(xr.DataArray(float(value)), scale))


def convert_from_scale(value: float, scale: str) -> float:
    """Convert a value on the scale of an estimand back to its unit."""
    if scale == "logit":
        return 1 / (1 + math.exp(-value))
    return math.exp(value) if scale == "log" else value


def decide(known: Published, chances: Mapping[str, Chance]) -> str:
    """Return the verdict on a published value or sign, from the probabilities of ``compute_chances``."""
    if known.not_comparable:
        return "not comparable"
    if "within" in chances:
        within = chances["within"]
        return "agrees" if within.is_sure else "disagrees" if within.is_excluded else "inconclusive"
    if "rope" in chances and chances["rope"].is_sure:
        return "practically equivalent"
    sign = chances["sign"]
    return "supported" if sign.is_sure else "contradicted" if sign.is_excluded else "inconclusive"


def decide_shifted(draws: xr.DataArray, known: Published, median: float) -> str:
    """Return the verdict of the same posterior, shifted on the estimand's scale to another median."""
    scale = str(draws.attrs["scale"])
    shift = convert_to_scale(median, scale) - float(np.median(to_scale(draws, scale)))
    return decide(known, compute_chances(draws, known, shift))


def describe_verdict(draws: xr.DataArray, known: Published | None, low: float, high: float) -> Row:
    """Describe how a quantity compares with no effect, and with a published value or sign, as columns of its row.

    Parameters
    ----------
    draws, known
        As in ``compute_chances``.
    low, high
        The ends of the 89 % interval.
    """
    attrs, scale = draws.attrs, str(draws.attrs["scale"])
    reference, rope = attrs.get("reference"), find_rope(attrs, known)
    ends: tuple[float | None, float | None] = (None, None)
    if rope is not None:
        centre = convert_to_scale(attrs["reference"], scale)
        ends = (convert_from_scale(centre - rope, scale), convert_from_scale(centre + rope, scale))
    chances = compute_chances(draws, known)
    shown = known if known is not None and not known.not_comparable else None
    value = shown.value if shown else None
    row = _list_chances(chances) | {
        "rope_low": ends[0],
        "rope_high": ends[1],
        "rope_text": formatting.format_rope(*ends),
        "covers_reference": None if reference is None else bool(low <= reference <= high),
        "published_inside": None if value is None or low == high else bool(low <= value <= high),
    }
    text = formatting.format_published(value, shown.sign, reference, str(attrs["unit"])) if shown else None
    return row | _describe_published(known, decide(known, chances) if known else None, text, row, reference)


def describe_event_verdict(value: float, mcse: float, known: Published | None) -> Row:
    """Describe how the probability of an event compares with a claim that it is true (sign +1) or false (-1)."""
    chances: dict[str, Chance] = {}
    if known is not None and known.sign is not None and not known.not_comparable:
        chances["sign"] = Chance(value if known.sign > 0 else 1 - value, mcse)
    row = _list_chances(chances) | dict.fromkeys(
        ("rope_low", "rope_high", "rope_text", "covers_reference", "published_inside")
    )
    text = formatting.format_published_event(known.sign) if chances and known else None
    return row | _describe_published(known, decide(known, chances) if known else None, text, row)


def _list_chances(chances: Mapping[str, Chance]) -> Row:
    row: Row = {}
    for name in ("sign", "within", "rope"):
        found = chances.get(name)
        row |= {f"p_{name}": found and found.value, f"p_{name}_mcse": found and found.mcse}
        row[f"p_{name}_text"] = found and formatting.format_probability(found.value, found.mcse)
    return row


def _describe_published(
    known: Published | None, verdict: str | None, text: str | None, row: Row, reference: float | None = None
) -> Row:
    """List the published value and the verdict; what is not comparable has no published value."""
    shown = known if known is not None and not known.not_comparable else None
    return {
        "published": shown.value if shown else None,
        "published_sign": shown.sign if shown else None,
        "published_text": text,
        "not_comparable": known.not_comparable if known else None,
        "verdict": verdict,
        "verdict_text": formatting.format_verdict(verdict, text, row),
        "verdict_note": formatting.format_note(verdict, row, reference),
    }
