"""Invented papers for the tests of code release."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.common.team_types import TEAM_TYPES

YEARS = range(2014, 2023)
NO_HUMAN_LABELS = pd.DataFrame(columns=["id", "venue", "year", "research", "team_hand", "code_hand", "code_coder"])
NO_PASSAGES = pd.DataFrame(columns=["id", "team_coded", "label"])


def make_papers(papers: int, seed: int, teams: tuple[str, ...] = TEAM_TYPES) -> dict[str, pd.DataFrame]:
    """Make papers of two venues and three topics, none of which releases code."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "id": [f"paper{i}" for i in range(papers)],
            "venue": rng.choice(["AAAI", "NeurIPS"], papers),
            "year": rng.choice(YEARS, papers).astype(float),
            "topic_title": rng.choice(["a", "b", "c"], papers),
            "n_authors": rng.choice([1.0, 3.0, 5.0], papers),
            "team_coded": rng.choice(teams, papers, p=np.array([5, 3, 2])[: len(teams)] / sum([5, 3, 2][: len(teams)])),
            "track": "main", "research": "empirical", "coder_excluded": "no", "code_coded": "no",
            "code_statement": "nothing", "code_page": "none", "slots_per": "author", "sources": "coakley",
            "authors_unknown": 0.0,
        }
    )  # fmt: skip
    frame["team_listed"] = frame["team_coded"]
    return {"papers": frame, "coder_labels": NO_HUMAN_LABELS, "code_labels": NO_PASSAGES}
