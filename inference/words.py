"""Numbers, intervals and verdicts as text: the one place where they are made.

README, paper and report look these texts up. A number shows only digits that its Monte Carlo error supports.
"""

from __future__ import annotations

from math import floor, log10

MINUS = "\N{MINUS SIGN}"
MAX_DECIMALS = 2

VERDICTS = {
    "agrees": "agrees with the published {published}",
    "disagrees": "disagrees with the published {published}",
    "compatible": "is compatible with the published {published}, which lies in its interval, without confirming it",
    "undecided": "neither confirms nor contradicts the published {published}",
    "negligible": "is too small to matter, against the published {published}",
    "not comparable": "cannot be compared with the published {published}",
}


def number(value: float, decimals: int) -> str:
    """A number with so many decimals, a true minus sign, and no minus zero."""
    text = f"{value:,.{max(decimals, 0)}f}" if decimals >= 0 else f"{round(value, decimals):,.0f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def decimals_for(mcse: float, largest: float) -> int:
    """Decimals at which a Monte Carlo standard error is below one unit of the last digit, at most two.

    Large numbers (ratios above ten) are shown with two significant digits at the most.
    """
    supported = MAX_DECIMALS if mcse <= 0 else floor(-log10(mcse))
    if abs(largest) >= 10:
        supported = min(supported, 1 - floor(log10(abs(largest))))
    return min(supported, MAX_DECIMALS)


def quantity(median: float, low: float, high: float, mcse: float) -> str:
    """``0.66 (0.51 to 0.79)``: the median and the 89 % equal-tailed interval."""
    digits = decimals_for(mcse, median)
    return f"{number(median, digits)} ({number(low, digits)} to {number(high, digits)})"


def probability(value: float, mcse: float) -> str:
    """A single probability; 0 and 1 are never claimed from finitely many draws."""
    digits = max(decimals_for(mcse, value), 1)
    smallest = 10.0**-digits
    if value < smallest / 2:
        return f"below {smallest:.{digits}f}"
    if value > 1 - smallest / 2:
        return f"above {1 - smallest:.{digits}f}"
    return number(value, digits)


def published(value: float | None, sign: int | None, reference: float | None) -> str | None:
    """The published value as text: a number, or the claimed side of the reference value."""
    if value is not None:
        return f"{value:g}" if value != round(value) or value > 20 else f"{value:.0f}"
    if sign is not None:
        side = "above" if sign > 0 else "below"
        return {0.0: "rise" if sign > 0 else "fall", 0.5: "majority" if sign > 0 else "minority"}.get(
            reference if reference is not None else -1.0, f"value {side} {reference:g}"
        )
    return None


def verdict(name: str | None, published_text: str | None) -> str | None:
    """The verb of a sentence, from the verdict."""
    return None if name is None else VERDICTS[name].format(published=published_text)
