"""Fit main fits and steps of the ladders with ten seeds, and count how often the gate passes at the first try.

.venv/bin/python -m benchmarks.seeds [CLAIM ...] [--seeds 10] [--table FILE]

Writes the table, by default paper/published/seeds.csv, after each fit. Fits that the file already has, of the present
code and tables, are not repeated, so an interrupted run can be resumed. The seeds are 1, 2, 3 and so on; the retry of a
refresh is not used. Exits with 1 if fewer than 97 % of the fits pass.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.io import format_csv, write_atomic
from inference.store.declarations import import_part, list_specifications, resolve
from inference.store.fingerprints import combine, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import ROOT
from models.common.claim import Specification
from models.registry import CLAIMS

TABLE = ROOT / "paper" / "published" / "seeds.csv"
COLUMNS = ("claim", "spec", "seed", "passed", "r_hat_max", "r_hat_worst", "ess_min", "ess_worst", "divergences",
           "seconds", "fit_key")  # fmt: skip
ENOUGH = 0.97  # of the fits pass the gate at the first try
Row = dict[str, Any]


def list_fits(claim: str) -> list[Specification]:
    """List the main fits and the fitted steps of a claim's ladder."""
    steps = import_part(claim, "reporting").LADDER
    return [one for one in list_specifications(claim) if one.kind == "main" or one.name in steps]


def list_keys(claim: str, seed: int) -> dict[str, str]:
    """Return the key of each fit of a claim with this seed, by specification."""
    overrides = Overrides(seed=seed)
    return {
        spec: combine(parts)
        for extended in (False, True)
        for spec, parts in list_parts_by_fit(claim, overrides, extended).items()
    }


def read_rows(table: Path) -> list[Row]:
    """Read the rows of an earlier run, if there was one."""
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fit_seeds(claim: str, seeds: int, known: set[tuple[str, str]]) -> Iterator[Row]:
    """Fit the specifications of a claim with each seed and yield a row a fit, but for those that are known."""
    from inference.pipeline.fitter import Fitter, load_tables
    from inference.sampling.compiled import Compiled
    from inference.sampling.diagnostics import check
    from inference.sampling.fit import fit

    keys = {seed: list_keys(claim, seed) for seed in range(1, seeds + 1)}
    tables, choices = load_tables(claim, Overrides(), print)
    compiled = Compiled()
    fitter = Fitter(claim, tables, choices, Overrides(), compiled)
    for one in list_fits(claim):
        resolved = resolve(claim, one, Overrides(), **choices)
        model = fitter.load_model(one.model)
        data = model.prepare(tables, resolved.choices)
        for seed in range(1, seeds + 1):
            key = keys[seed][one.name]
            if (f"{claim}/{one.name}", key) in known:
                continue
            start = time.perf_counter()
            tree = fit(model, data, resolved.choices, resolved.priors, seed, compiled, resolved.sampler,
                       predictive=False)  # fmt: skip
            gate = check(tree)
            yield dict(zip(COLUMNS, (
                claim, one.name, seed, "yes" if gate.passed else "no", round(gate.r_hat_max, 4), gate.r_hat_worst,
                round(gate.ess_min), gate.ess_worst, gate.divergences, round(time.perf_counter() - start), key,
            ), strict=True))  # fmt: skip


def main(claims: list[str], seeds: int, table: Path) -> int:
    """Write the table; return 1 if too few fits pass."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    rows = read_rows(table)
    current = {
        (f"{claim}/{spec}", key)
        for claim in CLAIMS
        for seed in range(1, seeds + 1)
        for spec, key in list_keys(claim, seed).items()
    }
    rows = [row for row in rows if (f"{row['claim']}/{row['spec']}", row["fit_key"]) in current]
    for claim in claims:
        for row in fit_seeds(claim, seeds, {(f"{row['claim']}/{row['spec']}", row["fit_key"]) for row in rows}):
            rows.append(row)
            print("  ".join(str(value) for value in list(row.values())[:-1]), flush=True)
            write_atomic(table, format_csv(COLUMNS, rows))
    passed = sum(row["passed"] == "yes" for row in rows)
    print(f"{table}: {passed} of {len(rows)} fits pass the gate at the first try")
    return 0 if rows and passed >= ENOUGH * len(rows) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="CLAIM")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--table", type=Path, default=TABLE)
    given = parser.parse_args()
    sys.exit(main(given.claims or list(CLAIMS), given.seeds, given.table))
