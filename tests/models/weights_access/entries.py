"""Invented models with access to their weights, for the tests of access."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.weights_access.definitions import SECTORS

VINTAGE = "2026-03"
TEAMS = ("academia-only", "industry-leaning collaboration", "industry-only")
NO_LABELS = pd.DataFrame(columns=["model", "organisation", "created", "access"], dtype=str)
OPEN, TERMS = ("open weights", "fully open"), ("unrestricted", "restricted", "non-commercial", "unknown")


def make_entry(number: int, **columns: Any) -> dict[str, Any]:
    """Make one model by academia with open weights without restriction, of 2021 and 10^22 FLOP, not notable."""
    return {
        "model": f"model {number}", "vintage": VINTAGE, "date": "2021-05-01", "notability": "",
        "team_resolved": "academia-only", "domain": "Language", "log10_compute": 22.0,
        "weights_access": "open weights", "weights_terms": "unrestricted",
    } | columns  # fmt: skip


def make_labels(*pairs: tuple[str, str]) -> pd.DataFrame:
    """Make labels of the second source from pairs of a name and a label."""
    lines = [(name, f"organisation {i}", "2022-01-01", access) for i, (name, access) in enumerate(pairs)]
    return pd.DataFrame(lines, columns=NO_LABELS.columns) if lines else NO_LABELS


def make_tables(entries: list[dict[str, Any]], labels: pd.DataFrame = NO_LABELS) -> dict[str, pd.DataFrame]:
    """Make the tables of the claim from models and labels."""
    return {"models": pd.DataFrame(entries), "access_labels": labels}


def make_many(number: int, seed: int, years: tuple[int, ...] = (2021, 2022, 2023)) -> list[dict[str, Any]]:
    """Make models of all sectors, years, domains and classes of access; some have no known access or compute."""
    rng = np.random.default_rng(seed)
    entries = []
    for i in range(number):
        access = rng.choice([*OPEN, "API", "hosted", "unreleased", "unknown"], p=[0.3, 0.1, 0.1, 0.1, 0.25, 0.15])
        entries.append(make_entry(
            i, date=f"{rng.choice(years)}-{rng.integers(1, 13):02d}-15", team_resolved=rng.choice(TEAMS),
            domain=rng.choice(["Biology", "Language", "Vision"]), notability=rng.choice(["", "highly cited"]),
            log10_compute=rng.choice([20.0, 22.5, 24.0, np.nan]), weights_access=access,
            weights_terms=rng.choice(TERMS, p=[0.4, 0.2, 0.2, 0.2]) if access in OPEN else "",
        ))  # fmt: skip
    return entries


def label_many(entries: list[dict[str, Any]], every: int = 4, wrong: int = 5) -> pd.DataFrame:
    """Label every fourth model in the second source; every fifth of these labels is wrong."""
    chosen = entries[::every]
    pairs = []
    for i, entry in enumerate(chosen):
        is_open = (entry["weights_access"] in OPEN) != (i % wrong == 0)
        pairs.append((entry["model"], "open" if is_open else "limited"))
    return make_labels(*pairs)


def name_sector(entry: dict[str, Any]) -> str:
    """Return the sector of an invented model."""
    return SECTORS[TEAMS.index(entry["team_resolved"])]
