"""Power of the verdicts on the academic share: how often each comes out if a given value is the truth, by refits.

.venv/bin/python -m benchmarks.power_academic_share [--refits 100] [--table FILE]

For each headline of the main fit with a published number or sign, and each truth that ``inference.summaries.power``
lists for it, the posterior-median path of the log-odds is shifted so that the estimand has the value of the truth
exactly. Tables of the same size by year are simulated from that path, the main model is fitted to each, and the verdict
follows the rule of the paper. A share shifts the log-odds of its team types alike in all years; the change of the
academia-only share tilts them around the middle of the window.

Writes paper/published/power.csv after each truth. Truths that the file already has from as many refits, of the present
code and tables, are not repeated, so an interrupted run can be resumed. Lines of other claims are kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from data.io import format_csv, write_atomic
from data.tables.load import load
from inference.sampling.compiled import Compiled, Ready, sample
from inference.sampling.settings import Sampler
from inference.store.declarations import list_specifications, list_tables, resolve
from inference.store.fingerprints import combine, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import ROOT
from inference.summaries.estimates import find_published
from inference.summaries.power import COLUMNS, compute_power
from inference.summaries.verdicts import compute_chances, decide
from models.academic_share.estimands import make_share_estimands
from models.academic_share.model import MODEL
from models.academic_share.reporting import HEADLINES, PUBLISHED
from models.common.cells import Ints
from models.common.claim import Headline, Published
from models.common.estimand import to_scale

CLAIM, SPEC, METHOD = "academic_share", "main", "refits"
TABLE = ROOT / "paper" / "published" / "power.csv"
NAME = f"{MODEL.build.__module__}.{MODEL.build.__qualname__}"
REFIT = Sampler(draws=500, tune=400, chains=4, target_accept=0.9)
WIDEST = 20.0  # log-odds: a shift within which every truth lies
# Estimand to the team types whose log-odds are shifted, and whether they are tilted instead.
SHIFTED: dict[str, tuple[tuple[str, ...], bool]] = {
    "share_academia_only": (("academia-only",), False),
    "change_academia_only_log_odds": (("academia-only",), True),
    "share_industry_with_leaning_by_year": (("industry-only", "industry-leaning collaboration"), False),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Fitted:
    """The main fit: seed, data, compiled model, shares by draw, and the posterior-median path of the log-odds."""

    seed: int
    dataset: xr.Dataset
    ready: Ready
    estimands: xr.Dataset
    log_odds: xr.DataArray  # (year, sector)


def fit_main(sampler: Sampler | None = None, compiled: Compiled | None = None) -> Fitted:
    """Fit the main specification; ``sampler`` replaces its settings, ``compiled`` may hold the compiled model."""
    specification = next(one for one in list_specifications(CLAIM) if one.name == SPEC)
    resolved = resolve(CLAIM, specification, Overrides())
    dataset = MODEL.prepare({name: load(name) for name in list_tables(CLAIM)}, resolved.choices)
    ready = (compiled or Compiled()).get(MODEL.build(dataset, resolved.priors), NAME)
    draws = sample(ready, resolved.seed, sampler or resolved.sampler)["posterior"].to_dataset()
    log_odds = draws["log_odds"].median(("chain", "draw")).transpose("year", "sector")
    return Fitted(resolved.seed, dataset, ready, compute_estimands(draws["share"], dataset), log_odds)


def compute_estimands(share: xr.DataArray, dataset: xr.Dataset) -> xr.Dataset:
    """Compute the trend from shares (chain, draw, year, sector), without the rest of the model's estimands."""
    return xr.Dataset(make_share_estimands(share, dataset["n"], ""))


def draw_shares(fitted: Fitted, counts: Ints, seed: int, sampler: Sampler) -> xr.DataArray:
    """Draw the shares from the posterior given other counts of the same years, with the compiled model."""
    model = fitted.ready.first
    model.set_data("count", counts)
    values = {variable.name: variable.get_value() for variable in model.data_vars}
    ready = replace(fitted.ready, density=fitted.ready.density.set_data(values))
    return sample(ready, seed, sampler)["posterior"].to_dataset()["share"]


def list_headlines() -> Iterator[tuple[Headline, Published]]:
    """List the headlines of the main fit that have a published number or sign, and are fitted quantities."""
    for headline in HEADLINES:
        known = find_published(PUBLISHED, headline.spec, headline.estimand, headline.coords)
        if headline.spec == SPEC and headline.estimand in SHIFTED and known is not None and not known.not_comparable:
            yield headline, known


def list_truths(fitted: Fitted, headline: Headline, known: Published) -> list[Row]:
    """List the truths of a headline, with their values in its unit and the probabilities of the approximation."""
    draws = select_draws(fitted.estimands, headline)
    scale = str(draws.attrs["scale"])
    row = {
        "scale": scale,
        "unit": draws.attrs["unit"],
        "reference": draws.attrs.get("reference"),
        "median": float(draws.median()),
        "sd_scale": float(to_scale(draws, scale).std()),
    }
    return compute_power(row, known) or []


def select_draws(estimands: xr.Dataset, headline: Headline) -> xr.DataArray:
    """Select the draws of a headline, with their attributes."""
    return estimands[headline.estimand].sel(dict(headline.coords))


def compute_shares(log_odds: xr.DataArray) -> xr.DataArray:
    """Compute shares from log-odds, (year, sector)."""
    odds = xr.DataArray(np.exp(log_odds - log_odds.max("sector")))
    return odds / odds.sum("sector")


def shift_to(fitted: Fitted, headline: Headline, value: float) -> xr.DataArray:
    """Shift the path of the log-odds so that the headline has the value; return its shares, (year, sector)."""
    sectors, tilted = SHIFTED[headline.estimand]
    moved = fitted.dataset["sector"].isin(sectors) * (fitted.dataset["decade"] if tilted else 1.0)

    def compute_distance(shift: float) -> float:
        return compute_headline(compute_shares(fitted.log_odds + shift * moved), fitted, headline) - value

    return compute_shares(fitted.log_odds + brentq(compute_distance, -WIDEST, WIDEST, xtol=1e-10) * moved)


def compute_headline(shares: xr.DataArray, fitted: Fitted, headline: Headline) -> float:
    """Compute a headline from shares (year, sector)."""
    estimands = compute_estimands(shares.expand_dims(chain=1, draw=1), fitted.dataset)
    return float(select_draws(estimands, headline).squeeze())


def draw_counts(shares: xr.DataArray, dataset: xr.Dataset, rng: np.random.Generator) -> Ints:
    """Simulate the counts of a table with as many models in each year, (year, sector)."""
    chances = shares.transpose("year", "sector").to_numpy()
    counts: Ints = rng.multinomial(dataset["n"].to_numpy(), chances / chances.sum(axis=1, keepdims=True))
    return counts


def decide_refits(
    fitted: Fitted, headline: Headline, known: Published, value: float, refits: int, sampler: Sampler = REFIT
) -> Counter[str]:
    """Count the verdicts over refits to tables that are simulated with a headline's value as the truth.

    Table and draws of refit i have seeds that depend on i alone, so the truths have common random numbers, and more
    refits add to the same ones.
    """
    shares = shift_to(fitted, headline, value)
    found: Counter[str] = Counter()
    for number in range(refits):
        counts = draw_counts(shares, fitted.dataset, np.random.default_rng([fitted.seed, number]))
        estimands = compute_estimands(draw_shares(fitted, counts, fitted.seed + number, sampler), fitted.dataset)
        found[decide(known, compute_chances(select_draws(estimands, headline), known))] += 1
    return found


def make_lines(
    headline: Headline, known: Published, truth: Row, found: Counter[str], refits: int, key: str
) -> list[Row]:
    """Make a line for each verdict, also for those that never came out."""
    lines = []
    for verdict in truth["verdicts"]:
        chance = found[verdict] / refits
        smoothed = (found[verdict] + 0.5) / (refits + 1)  # Jeffreys: no error of zero after finitely many refits
        lines.append(
            {
                "claim": CLAIM,
                "estimand": headline.estimand,
                "coords": json.dumps(dict(headline.coords), sort_keys=True),
                "published": known.sign if known.value is None else known.value,
                "truth": truth["truth"],
                "verdict": verdict,
                "probability": chance,
                "mcse": round(math.sqrt(smoothed * (1 - smoothed) / refits), 4),
                "n_refits": refits,
                "method": METHOD,
                "fit_key": key,
            }
        )
    return lines


def read_lines(table: Path) -> list[Row]:
    """Read the lines of an earlier run, if there was one."""
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_of(line: Row, headline: Headline, truth: str) -> bool:
    """Return whether a line is of a headline and a truth."""
    coords = json.dumps(dict(headline.coords), sort_keys=True)
    return (line["claim"], line["estimand"], line["coords"], line["truth"]) == (
        CLAIM, headline.estimand, coords, truth,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None, sampler: Sampler | None = None) -> int:
    """Write the table; ``sampler`` replaces the settings of the main fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refits", type=int, default=100, help="simulated tables for each truth")
    parser.add_argument("--table", type=Path, default=TABLE, help="file to write")
    options = parser.parse_args(arguments)
    key = combine(list_parts_by_fit(CLAIM, Overrides())[SPEC])
    started = time.monotonic()
    fitted = fit_main(sampler)
    todo = [(h, known, truth) for h, known in list_headlines() for truth in list_truths(fitted, h, known)]
    lines = [line for line in read_lines(options.table) if line["claim"] != CLAIM or line["fit_key"] == key]
    for step, (headline, known, truth) in enumerate(todo, start=1):
        same = [line for line in lines if is_of(line, headline, truth["truth"])]
        text = f"{step} of {len(todo)}: {headline.estimand} {dict(headline.coords)}, {truth['truth']}"
        if same and all(int(line["n_refits"]) >= options.refits for line in same):
            print(f"{text}: known", flush=True)
            continue
        found = decide_refits(fitted, headline, known, truth["value"], options.refits)
        lines = [line for line in lines if line not in same]
        lines += make_lines(headline, known, truth, found, options.refits, key)
        write_atomic(options.table, format_csv(COLUMNS, lines))
        counted = ", ".join(f"{name} {found[name]} ({approx:.2f})" for name, approx in truth["verdicts"].items())
        seconds = time.monotonic() - started
        print(f"{text} = {truth['truth_text']}: {counted} of {options.refits}; {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
