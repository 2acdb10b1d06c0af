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
    "inconclusive": "neither confirms nor rules out the published {published}",
    "supported": "supports the published {published}",
    "contradicted": "contradicts the published {published}",
    "practically equivalent": "is practically equivalent to no difference ({rope}), against the published {published}",
    "not comparable": "is not the published quantity",
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
    which side of no difference an interval ends. A number that is known exactly has no interval: ``0.64 (exact)``.
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
        while low < high and format_number(low, decimals) == format_number(high, decimals) and decimals < MAX_DECIMALS:
            decimals += 1  # an interval printed as a point would claim more than a last digit in doubt
        low_text, middle, high_text = (format_number(value, decimals) for value in (low, median, high))
    if low == high:
        return f"{middle} (exact)"
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


def format_published_event(sign: int | None) -> str | None:
    """Format the published claim that an event is true, or false."""
    return None if sign is None else "true" if sign > 0 else "false"


def format_rope(low: float | None, high: float | None) -> str | None:
    """Format the region of practical equivalence, with as many decimals as tell its ends apart from its centre."""
    if low is None or high is None:
        return None
    decimals = max(MAX_DECIMALS, 1 - floor(log10(high - low)))
    return f"{format_number(low, decimals)} to {format_number(high, decimals)}"


def format_verdict(name: str | None, published_text: str | None, row: Mapping[str, Any]) -> str | None:
    """Return a verdict as the predicate of a sentence.

    An inconclusive verdict on a number adds whether the number lies inside the interval (``published_inside``).
    """
    if name is None:
        return None
    published = "claim" if published_text in ("true", "false") else published_text
    text = VERDICTS[name].format(published=published, rope=row["rope_text"])
    inside = row["published_inside"]
    if name == "inconclusive" and inside is not None:
        text += f", which lies {'inside' if inside else 'outside'} its interval"
    return text


def format_note(verdict: str | None, row: Mapping[str, Any], reference: float | None = None) -> str | None:
    """Return the figures behind a verdict: ``P(sign) 0.98, interval excludes 1``; None if there are none."""
    parts = []
    if row["p_within"] is not None:
        parts = [f"P(within) {row['p_within_text']}"]
        if row["published_inside"] is not None:
            parts.append(f"{'inside' if row['published_inside'] else 'outside'} interval")
    elif row["p_sign"] is not None:
        parts = [f"P(ROPE) {row['p_rope_text']}"] if verdict == "practically equivalent" else []
        parts.append(f"P(sign) {row['p_sign_text']}")
        if row["covers_reference"] is not None:
            parts.append(f"interval {'covers' if row['covers_reference'] else 'excludes'} {reference:g}")
    return ", ".join(parts) or None


def take_median(text: str) -> str:
    """Return the median of an estimate's text, without its interval: ``0.66`` of ``0.66 (0.51 to 0.79)``."""
    return text.partition(" (")[0]


def format_range(lowest: str, highest: str) -> str:
    """Format the range from the lowest to the highest median, each given as the text of its estimate."""
    low, high = take_median(lowest), take_median(highest)
    return low if low == high else f"{low} to {high}"


REASONS = {"median": "another median", "interval": "another interval", "probability": "another probability"}


MAX_CHANGES = 3  # of as many, each other verdict is named


def format_robustness(found: Mapping[str, Any]) -> str:
    """Return a headline's robustness as a sentence without its full stop.

    It gives the range of medians, in how many analyses the verdict is the same, which analysis moves the median most,
    and which change the verdict, and why.
    """
    if not found["of"]:
        return "no other defensible analysis was fitted"
    count = f"{found['of']} of {found['declared']}" if found["of"] < found["declared"] else str(found["of"])
    noun = "analysis" if count == "1" else "analyses"
    ranging = "medians range from" if " to " in found["range_text"] else "every median is"
    parts = [f"with {count} other defensible {noun}, {ranging} {found['range_text']}"]
    if found["verdicts_text"] is not None:
        parts.append(f"the verdict is the same in {found['verdicts_text']}")
    moves = found["moves_most"]
    parts.append(f"the median moves most under “{moves['title']}”, to {moves['text']}")
    text = "; ".join(parts)
    if len(found["changed"]) <= MAX_CHANGES:
        changes = [
            f"{one['verdict']} under “{one['title']}”" + (f" ({REASONS[one['because']]})" if one["because"] else "")
            for one in found["changed"]
        ]
        text += f"; the verdict is {', '.join(changes)}" if changes else ""
    else:
        reasons = [one["because"] for one in found["changed"]]
        counts = [f"{reasons.count(name)} because of {reason}" for name, reason in REASONS.items() if name in reasons]
        text += f"; the verdict is another in {len(reasons)}" + (f", {' and '.join(counts)}" if counts else "")
    return text if found["settled"] else f"{text}. These data do not settle it"
