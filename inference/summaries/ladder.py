"""The ladder: steps from a published value to the main estimate, each of which changes exactly one thing.

No step explains a share of the difference: their order matters, and their draws are not joint. A claim declares its
steps (``LADDER``: names of specifications in order, and what changes) and a separate quantity for comparison
(``SEPARATE_QUANTITIES``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import xarray as xr
from scipy.stats import beta, norm

from inference.summaries import formatting
from inference.summaries.estimates import HIGH, LOW, find_published, list_points, make_key, round_values
from models.common.claim import RAW, Headline, Published, Specification
from models.common.estimand import TINY

Row = dict[str, Any]
NOT_ESTIMATED = "these data have no such estimate"


def make_raw_rows(claim: str, specifications: Sequence[Specification], trees: Mapping[str, xr.DataTree]) -> list[Row]:
    """Compute raw shares, ratios and odds ratios from the counts that are stored with each fit.

    A specification that counts without a fit takes the counts of the fit to the same rows. The share is k / n; its
    interval is the equal-tailed one of a binomial share under Jeffreys' prior (Brown, Cai and DasGupta 2001,
    Statistical Science 16:101). With the counts of a reference group it is a comparison with that group, whose
    attribute ``measure`` says which. A ``ratio`` is that of the two shares, with a normal interval of its logarithm
    (Katz et al. 1978, Biometrics 34:469); it is left out if a share is 0. An ``odds ratio``, the default, has one half
    added to each count and a normal interval of its logarithm (Gart 1966, Biometrika 53:179).
    """
    rows = []
    for one in specifications:
        counted = _find_counted(one, specifications) if one.model == RAW else one.name
        tree = trees.get(counted or "")
        if tree is None or "raw" not in tree.children:
            continue
        for name, counts in tree["raw"].to_dataset().data_vars.items():
            for coords in list_points(counts.isel(raw=0, drop=True)):
                found = {str(which): int(counts.sel(coords | {"raw": which})) for which in counts["raw"].values}
                figures = _compute_raw(found, str(counts.attrs.get("measure", "odds ratio")))
                if figures is not None:
                    rows.append({"claim": claim, "spec": one.name, "estimand": str(name), "coords": coords} | figures)
    return rows


def _compute_raw(found: Mapping[str, int], measure: str) -> Row | None:
    """Compute a share or a comparison from counts; None if these do not define it."""
    if not found["n"]:
        return None
    if len(found) == 2:
        return _compute_share(found["k"], found["n"])
    if measure == "ratio":
        return _compute_ratio(**found)
    return _compute_odds_ratio(**found)


def _compute_ratio(k: int, n: int, k_reference: int, n_reference: int) -> Row | None:
    """Compute the ratio of two shares, with the interval of Katz et al. (1978); None if it is 0 or not finite."""
    if not (k and k_reference):
        return None
    centre = math.log(k / n * n_reference / k_reference)
    sd = math.sqrt(1 / k - 1 / n + 1 / k_reference - 1 / n_reference)
    return _describe_comparison(k, n + n_reference, centre, sd)


def _compute_odds_ratio(k: int, n: int, k_reference: int, n_reference: int) -> Row:
    cells = [count + 0.5 for count in (k, n - k, k_reference, n_reference - k_reference)]
    centre = math.log(cells[0] * cells[3] / cells[1] / cells[2])
    return _describe_comparison(k, n + n_reference, centre, math.sqrt(sum(1 / cell for cell in cells)))


def _describe_comparison(k: int, n: int, centre: float, sd: float) -> Row:
    """Return a ratio with the interval that is normal around its logarithm."""
    reach = float(norm.ppf(HIGH)) * sd
    median, low, high = (math.exp(centre + step) for step in (0.0, -reach, reach))
    text = formatting.format_quantity(median, low, high, 0.0, "log")
    row: Row = {"k": k, "n": n, "median": median, "eti_low": low, "eti_high": high, "text": text}
    return {key: round_values(value) for key, value in row.items()}


def _find_counted(raw: Specification, specifications: Iterable[Specification]) -> str | None:
    """Return the fitted specification of the same rows, which has the same choices."""
    same = (a for a in specifications if a.model != RAW and not a.priors and dict(a.choices) == dict(raw.choices))
    return next((one.name for one in same), None)


def _compute_share(k: int, n: int) -> Row:
    low = float(beta.ppf(LOW, k + 0.5, n - k + 0.5)) if k else 0.0
    high = float(beta.ppf(HIGH, k + 0.5, n - k + 0.5)) if k < n else 1.0
    share, low_text, high_text = (formatting.format_number(value, 2) for value in (k / n, low, high))
    text = f"{share} ({low_text} to {high_text})"
    row: Row = {"k": k, "n": n, "median": k / n, "eti_low": low, "eti_high": high, "text": text}
    return {key: round_values(value) for key, value in row.items()}


def make_ladders(
    specifications: Sequence[Specification],
    reporting: ModuleType,
    rows: Iterable[Row],
    raw: Iterable[Row],
    left_out: Mapping[str, str] | None = None,
) -> list[Row]:
    """Make a ladder for each headline whose published value is of the same quantity.

    A step belongs to a ladder if its specification is a main fit or a step (``role``), lists the headline's estimand as
    the same quantity, or has its role for the question of another main fit, and if the published value is comparable in
    it. ``left_out`` gives the reason for each
    specification that a user's table cannot support.

    Returns
    -------
    list of dict
        ``estimand``, ``coords``, ``title``, ``published`` (value or null), ``published_sign``, ``published_text``,
        ``reference``, ``scale``, ``rungs`` (the steps: ``spec``, ``kind``, ``title``, ``n``, ``median``, ``eti_low``,
        ``eti_high``, ``text``, and ``headline``, whether it is a headline too), ``order`` (``spec`` of each step of the
        claim), ``matters_most`` (a step's ``spec``), and ``beside``: a separate quantity, or null. If steps are
        missing, ``not_compared`` (``spec``, ``title``, ``reason``); if they are of another quantity,
        ``other_quantity`` (their ``spec``).
    """
    by_name = {one.name: one for one in specifications}
    fitted = {one.name for one in specifications if one.model != RAW}
    counted = [row for row in raw if row["spec"] not in fitted]
    found = {(row["spec"], *make_key(row["estimand"], row["coords"])): row for row in [*rows, *counted]}
    out = []
    shown = {(one.spec, *make_key(one.estimand, one.coords)) for one in reporting.HEADLINES}
    for headline in reporting.HEADLINES:
        key = make_key(headline.estimand, headline.coords)
        main = found.get((headline.spec, *key))
        if (
            main is None
            or main["published_text"] is None
            or not headline.ladder
            or headline.spec not in reporting.LADDER
        ):
            continue
        same = [spec for spec in reporting.LADDER if _is_same_quantity(by_name[spec], headline, reporting.PUBLISHED)]
        steps = [
            _make_step(by_name[spec], reporting.LADDER[spec], found[spec, *key]) | {"headline": (spec, *key) in shown}
            for spec in same
            if (spec, *key) in found
        ]
        others = [spec for spec in reporting.LADDER if spec not in same]
        spec, estimand = reporting.SEPARATE_QUANTITIES.get(headline.estimand, ("", ""))
        separate = found.get((spec, *make_key(estimand, headline.coords)))
        missing = [
            {"spec": name, "title": by_name[name].title, "reason": (left_out or {}).get(name, NOT_ESTIMATED)}
            for name in same
            if (name, *key) not in found and (not by_name[name].user_only or (left_out or {}).get(name))
        ]
        out.append(
            {
                "estimand": headline.estimand,
                "coords": dict(headline.coords),
                "title": main["title"],
                "published": main["published"],
                "published_sign": main["published_sign"],
                "reference": main["reference"],
                "scale": "log" if main["unit"] == "ratio" else "identity",
                "published_text": main["published_text"],
                "rungs": steps,
                "order": list(reporting.LADDER),
                "matters_most": find_largest_step(steps, main["unit"]),
                "beside": None if separate is None else _make_step(by_name[spec], "beside", separate),
            }
            | ({"not_compared": missing} if missing else {})
            | ({"other_quantity": others} if others else {})
        )
    return out


def _is_same_quantity(one: Specification, headline: Headline, published: Iterable[Published]) -> bool:
    """Return whether a step estimates a headline's quantity, so that it belongs to its ladder."""
    known = find_published(tuple(published), one.name, headline.estimand, headline.coords)
    if known is not None and known.not_comparable:
        return False
    of_another = one.compared_with != headline.spec  # its role says nothing of this headline
    return one.role in ("main", "step") or of_another or headline.estimand in one.same_quantity


def find_largest_step(steps: list[Row], unit: str) -> str | None:
    """Return the step whose median is farthest from that of the step before; None if there are fewer than two.

    Ratios are compared as logarithms, shares as log-odds. This guides readers and is no decomposition: in another order
    another step might be the largest.
    """
    on_scale = {"ratio": math.log, "probability": lambda x: math.log(max(x, TINY) / max(1 - x, TINY))}
    medians = [on_scale.get(unit, float)(step["median"]) for step in steps]
    moves = {
        step["spec"]: abs(later - earlier)
        for step, (earlier, later) in zip(steps[1:], itertools.pairwise(medians), strict=True)
    }
    return max(moves, key=lambda spec: moves[spec]) if moves else None


def _make_step(one: Specification, kind: str, row: Row) -> Row:
    kept = ("n", "median", "eti_low", "eti_high", "text")
    return {"spec": one.name, "kind": kind, "title": one.title} | {k: row[k] for k in kept}
