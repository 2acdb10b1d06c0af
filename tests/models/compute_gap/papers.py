"""Invented papers for the tests of the hardware gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.common.team_types import TEAM_TYPES

CHIPS = {"GTX 1080": 12.95, "V100": 13.2, "TPU v3": 14.09}
NUMBERS = [1.0, 2.0, 4.0, 8.0, 16.0, 128.0, np.nan]
NO_LABELS = pd.DataFrame(
    columns=["id", "part", "accelerator", "accelerator_count", "accelerator_log10_peak", "accelerator_log10_tensor16"]
)


def make_paper(number: int, **columns: Any) -> dict[str, Any]:
    """Make one empirical paper of the main track that uses one V100."""
    paper = {
        "id": f"paper{number}", "venue": "NeurIPS", "year": 2021.0, "track": "main", "coder_excluded": "no",
        "research": "empirical", "team_coded": "academia-only", "topic_title": "vision", "n_authors": 3.0,
        "hardware_coded": "yes", "hardware_kind": "accelerator", "accelerator": "V100", "accelerator_count": 1.0,
    } | columns  # fmt: skip
    peak = CHIPS.get(paper["accelerator"], np.nan)
    derived = {
        "accelerator_log10_peak": peak,
        "accelerator_log10_tensor16": 14.1 if paper["accelerator"] == "V100" else np.nan,
        "accelerators_log10_sum": peak + np.log10(2 * np.nan_to_num(paper["accelerator_count"], nan=1.0)),
    }
    return derived | paper | {name: value for name, value in columns.items() if name in derived}


def make_tables(papers: list[dict[str, Any]], labels: pd.DataFrame = NO_LABELS) -> dict[str, pd.DataFrame]:
    """Make the tables of the claim from papers and labels."""
    return {"papers": pd.DataFrame(papers), "hardware_labels": labels}


def make_many(number: int, seed: int) -> list[dict[str, Any]]:
    """Make papers of two venues and three years with all kinds of set-ups."""
    rng = np.random.default_rng(seed)
    return [
        make_paper(
            i, venue=rng.choice(["ICML", "NeurIPS"]), year=float(rng.choice([2019, 2020, 2021])),
            team_coded=rng.choice(TEAM_TYPES, p=[0.5, 0.4, 0.1]), topic_title=rng.choice(["language", "vision"]),
            n_authors=float(rng.choice([2, 4])), accelerator=rng.choice(list(CHIPS), p=[0.3, 0.5, 0.2]),
            accelerator_count=rng.choice(NUMBERS, p=[0.5, 0.1, 0.1, 0.1, 0.05, 0.05, 0.1]),
        )
        for i in range(number)
    ]  # fmt: skip
