"""Numbers, intervals and verdicts as text. No other module formats them.

README, paper and report look these texts up. A number shows only digits that its Monte Carlo error supports.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10
from typing import Any

MINUS = "\N{MINUS SIGN}"
MAX_DECIMALS = 2
NARROW = 0.05  # an interval narrower than this needs more than two decimals

VERDICTS = {
    "agrees": "agrees with the published {published}",
    "disagrees": "disagrees with the published {published}",
    "compatible": "is compatible with the published {published}, which lies in its interval, but does not confirm it",
    "undecided": "neither confirms nor contradicts the published {published}",
    "negligible": "is practically equivalent to no difference, against the published {published}",
    "not comparable": "cannot be compared with the published {published}",
}


def label_headline(row: Mapping[str, Any]) -> str:
    """Return a headline's label; append the specification unless it is ``main``."""
    return str(row["title"]) if row["spec"] == "main" else f"{row['title']} ({row['spec_title']})"


def format_number(value: float, decimals: int) -> str:
    """Format a number with a count of decimals, a true minus sign, and no minus zero."""
    text = f"{value:,.{max(decimals, 0)}f}" if decimals >= 0 else f"{round(value, decimals):,.0f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def choose_decimals(mcse: float) -> int:
    """Return how many decimals a Monte Carlo standard error supports: below one unit of the last digit, at most two."""
    return MAX_DECIMALS if mcse <= 0 else max(min(floor(-log10(mcse)), MAX_DECIMALS), 0)


def round_significant(value: float, digits: int) -> str:
    """Format a number with a count of significant digits: 3.1, 31, 310."""
    rounded = float(f"{value:.{digits - 1}e}")
    return format_number(rounded, digits - 1 - floor(log10(abs(rounded)))) if rounded else "0"


def format_quantity(median: float, low: float, high: float, mcse: float, scale: str = "identity") -> str:
    """Format the median and the 89 % equal-tailed interval: ``0.66 (0.51 to 0.79)``.

    Ratios (scale ``log``) get significant digits, because their ends differ in size: two, or one if the Monte Carlo
    error exceeds a twentieth of the median. From 0.95 to 2 they get two decimals: 1.0 in place of 1.02 would hide on
    which side of no difference an interval ends.
    """
    if scale == "log":
        digits = 2 if mcse < median / 20 else 1
        low_text, middle, high_text = (
            format_number(value, MAX_DECIMALS)
            if mcse < 0.01 and 0.95 <= value < 2
            else round_significant(value, digits)
            for value in (low, median, high)
        )
    else:
        decimals = choose_decimals(mcse)
        shown = [f"{value:.{MAX_DECIMALS}f}" for value in (low, median, high)]
        narrow = scale == "identity" and high - low < NARROW
        if (narrow or (scale == "logit" and {"0.00", "1.00"} & set(shown))) and 0 < mcse < 1e-3:
            decimals = MAX_DECIMALS + 1  # show no share as 0 or 1, and no interval as a point
        low_text, middle, high_text = (format_number(value, decimals) for value in (low, median, high))
    return f"{middle} ({low_text} to {high_text})"


def format_probability(value: float, mcse: float) -> str:
    """Format a single probability; finitely many draws never give 0 or 1."""
    digits = max(choose_decimals(mcse), 1)
    smallest = 10.0**-digits
    if value < smallest / 2:
        return f"below {smallest:.{digits}f}"
    if value > 1 - smallest / 2:
        return f"above {1 - smallest:.{digits}f}"
    return format_number(value, digits)


def format_published(value: float | None, sign: int | None, reference: float | None, unit: str = "") -> str | None:
    """Format a published value: a number, or the claimed side of the reference value."""
    if value is not None:
        return f"{value:.2f}" if unit == "probability" else f"{value:g}"
    if sign is not None:
        side = "above" if sign > 0 else "below"
        return {0.0: "rise" if sign > 0 else "fall", 0.5: "majority" if sign > 0 else "minority"}.get(
            reference if reference is not None else -1.0, f"value {side} {reference:g}"
        )
    return None


def format_verdict(name: str | None, published_text: str | None) -> str | None:
    """Return a verdict as the predicate of a sentence."""
    return None if name is None else VERDICTS[name].format(published=published_text)
