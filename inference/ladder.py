"""The ladder: from a published figure to the project's own estimate, each rung changing exactly one thing.

No rung is said to explain a share of the difference: their order matters, and their draws are not joint. A claim
declares its rungs (``LADDER``: names of ``ALTERNATIVES`` in order, and what changes) and what stands beside them
(``BESIDE``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

import xarray as xr
from scipy.stats import beta

from inference import words
from inference.estimates import HIGH, LOW, rounded
from models._claim import Alternative
from models.registry import RAW

Row = dict[str, Any]


def raw_rows(claim: str, module: ModuleType, trees: Mapping[str, xr.DataTree]) -> list[Row]:
    """Counts behind shares, stored with each fit; a specification that counts and does not fit has those of its rows.

    The share is k / n; its interval is the equal-tailed one of a binomial share under Jeffreys' prior (Brown, Cai and
    DasGupta 2001, Statistical Science 16:101). What only draws can tell is null.
    """
    rows = []
    for alternative in module.ALTERNATIVES:
        counted = _counted(alternative, module.ALTERNATIVES) if alternative.model == RAW else alternative.name
        tree = trees.get(counted or "")
        if tree is None or "raw" not in tree.children:
            continue
        for name, counts in tree["raw"].to_dataset().data_vars.items():
            dim = next(str(dim) for dim in counts.dims if dim != "raw")
            for at in counts[dim].values.tolist():
                k, n = (int(counts.sel({dim: at, "raw": which})) for which in ("k", "n"))
                if n:
                    row = {"claim": claim, "spec": alternative.name, "estimand": str(name), "coords": {dim: at}}
                    rows.append(row | _share(k, n))
    return rows


def _counted(raw: Alternative, alternatives: Iterable[Alternative]) -> str | None:
    """The fitted specification of the same rows: the same choices."""
    same = (a for a in alternatives if a.model != RAW and not a.priors and dict(a.choices) == dict(raw.choices))
    return next((alternative.name for alternative in same), None)


def _share(k: int, n: int) -> Row:
    low = float(beta.ppf(LOW, k + 0.5, n - k + 0.5)) if k else 0.0
    high = float(beta.ppf(HIGH, k + 0.5, n - k + 0.5)) if k < n else 1.0
    text = f"{words.number(k / n, 2)} ({words.number(low, 2)} to {words.number(high, 2)})"
    row: Row = {"k": k, "n": n, "median": k / n, "eti_low": low, "eti_high": high, "text": text}
    return {key: rounded(value) for key, value in row.items()}


def ladders(module: ModuleType, rows: Iterable[Row], raw: Iterable[Row]) -> list[Row]:
    """One ladder for each headline estimand that was published like for like.

    Returns
    -------
    list of dict
        ``estimand``, ``coords``, ``title``, ``published``, ``rungs`` (``spec``, ``kind``, ``title``, ``n``, ``median``,
        ``eti_low``, ``eti_high``, ``text``), and ``beside``: the same for another quantity, or null.
    """
    alternatives = {alternative.name: alternative for alternative in module.ALTERNATIVES}
    fitted = {alternative.name for alternative in module.ALTERNATIVES if alternative.model != RAW}
    counted = [row for row in raw if row["spec"] not in fitted]
    found = {(row["spec"], row["estimand"], *row["coords"].items()): row for row in [*rows, *counted]}
    out = []
    for headline in module.HEADLINES:
        at = tuple(headline.coords.items())
        main = found.get((headline.spec, headline.estimand, *at))
        if main is None or main["published"] is None or headline.spec not in module.LADDER:
            continue
        rungs = [
            _rung(alternatives[spec], kind, found[spec, headline.estimand, *at])
            for spec, kind in module.LADDER.items()
            if (spec, headline.estimand, *at) in found
        ]
        spec, estimand = module.BESIDE.get(headline.estimand, ("", ""))
        beside = found.get((spec, estimand, *at))
        out.append(
            {
                "estimand": headline.estimand,
                "coords": dict(headline.coords),
                "title": main["title"],
                "published": main["published"],
                "published_text": main["published_text"],
                "rungs": rungs,
                "beside": None if beside is None else _rung(alternatives[spec], "beside", beside),
            }
        )
    return out


def _rung(alternative: Alternative, kind: str, row: Row) -> Row:
    kept = ("n", "median", "eti_low", "eti_high", "text")
    return {"spec": alternative.name, "kind": kind, "title": alternative.title} | {k: row[k] for k in kept}
