"""The ladder: from a published figure to the project's own estimate, each rung changing exactly one thing.

No rung is said to explain a share of the difference: their order matters, and their draws are not joint. A claim
declares its rungs (``LADDER``: names of specifications in order, and what changes) and what stands beside them
(``BESIDE``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import xarray as xr
from scipy.stats import beta, norm

from inference.summaries import formatting
from inference.summaries.estimates import HIGH, LOW, list_points, make_key, round_values
from models.common.claim import RAW, Specification
from models.common.estimand import TINY

Row = dict[str, Any]


def make_raw_rows(claim: str, specifications: Sequence[Specification], trees: Mapping[str, xr.DataTree]) -> list[Row]:
    """Counts behind shares, stored with each fit; a specification that counts and does not fit has those of its rows.

    The share is k / n; its interval is the equal-tailed one of a binomial share under Jeffreys' prior (Brown, Cai and
    DasGupta 2001, Statistical Science 16:101). With the counts of a reference group it is the odds ratio to that group,
    with one half added to each count and a normal interval of its logarithm (Gart 1966, Biometrika 53:179). What only
    draws can tell is null.
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
                if found["n"]:
                    row = {"claim": claim, "spec": one.name, "estimand": str(name), "coords": coords}
                    rows.append(
                        row
                        | (_compute_share(found["k"], found["n"]) if len(found) == 2 else _compute_odds_ratio(**found))
                    )
    return rows


def _compute_odds_ratio(k: int, n: int, k_reference: int, n_reference: int) -> Row:
    cells = [count + 0.5 for count in (k, n - k, k_reference, n_reference - k_reference)]
    centre = math.log(cells[0] * cells[3] / cells[1] / cells[2])
    reach = float(norm.ppf(HIGH)) * math.sqrt(sum(1 / cell for cell in cells))
    median, low, high = (math.exp(centre + step) for step in (0.0, -reach, reach))
    text = formatting.format_quantity(median, low, high, 0.0, "log")
    row: Row = {"k": k, "n": n + n_reference, "median": median, "eti_low": low, "eti_high": high, "text": text}
    return {key: round_values(value) for key, value in row.items()}


def _find_counted(raw: Specification, specifications: Iterable[Specification]) -> str | None:
    """The fitted specification of the same rows: the same choices."""
    same = (a for a in specifications if a.model != RAW and not a.priors and dict(a.choices) == dict(raw.choices))
    return next((one.name for one in same), None)


def _compute_share(k: int, n: int) -> Row:
    low = float(beta.ppf(LOW, k + 0.5, n - k + 0.5)) if k else 0.0
    high = float(beta.ppf(HIGH, k + 0.5, n - k + 0.5)) if k < n else 1.0
    text = f"{formatting.format_number(k / n, 2)} ({formatting.format_number(low, 2)} to {formatting.format_number(high, 2)})"
    row: Row = {"k": k, "n": n, "median": k / n, "eti_low": low, "eti_high": high, "text": text}
    return {key: round_values(value) for key, value in row.items()}


def make_ladders(
    specifications: Sequence[Specification], reporting: ModuleType, rows: Iterable[Row], raw: Iterable[Row]
) -> list[Row]:
    """One ladder for each headline estimand that was published like for like.

    Returns
    -------
    list of dict
        ``estimand``, ``coords``, ``title``, ``published`` (value or null), ``published_sign``, ``published_text``,
        ``reference``, ``scale``, ``rungs`` (``spec``, ``kind``, ``title``, ``n``, ``median``, ``eti_low``,
        ``eti_high``, ``text``), ``matters_most`` (a rung's ``spec``), and ``beside``: another quantity, or null.
    """
    by_name = {one.name: one for one in specifications}
    fitted = {one.name for one in specifications if one.model != RAW}
    counted = [row for row in raw if row["spec"] not in fitted]
    found = {(row["spec"], *make_key(row["estimand"], row["coords"])): row for row in [*rows, *counted]}
    out = []
    for headline in reporting.HEADLINES:
        at = make_key(headline.estimand, headline.coords)
        main = found.get((headline.spec, *at))
        if (
            main is None
            or main["published_text"] is None
            or not headline.ladder
            or headline.spec not in reporting.LADDER
        ):
            continue
        rungs = [
            _make_step(by_name[spec], kind, found[spec, *at])
            for spec, kind in reporting.LADDER.items()
            if (spec, *at) in found
        ]
        spec, estimand = reporting.BESIDE.get(headline.estimand, ("", ""))
        beside = found.get((spec, *make_key(estimand, headline.coords)))
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
                "rungs": rungs,
                "matters_most": find_largest_step(rungs, main["unit"]),
                "beside": None if beside is None else _make_step(by_name[spec], "beside", beside),
            }
        )
    return out


def find_largest_step(rungs: list[Row], unit: str) -> str | None:
    """The rung whose median is farthest from that of the rung before, ratios and shares by their logarithm or log-odds.

    A look-up for readers, not a decomposition: in another order another rung might be first. None below two rungs.
    """
    on_scale = {"ratio": math.log, "probability": lambda x: math.log(max(x, TINY) / max(1 - x, TINY))}
    at = [on_scale.get(unit, float)(rung["median"]) for rung in rungs]
    moves = {rung["spec"]: abs(now - before) for rung, before, now in zip(rungs[1:], at, at[1:], strict=False)}
    return max(moves, key=lambda spec: moves[spec]) if moves else None


def _make_step(one: Specification, kind: str, row: Row) -> Row:
    kept = ("n", "median", "eti_low", "eti_high", "text")
    return {"spec": one.name, "kind": kind, "title": one.title} | {k: row[k] for k in kept}
