"""Invented papers that mention pre-trained models, for the tests of adoption."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.common.team_types import TEAM_TYPES

MODELS = pd.DataFrame(
    [("BERT", "2018-10", "yes", "yes"), ("GPT-3", "2020-05", "yes", "no"), ("GloVe", "2014-08", "no", "yes")],
    columns=["model", "released", "industry", "open"],
)
LABELS = pd.DataFrame(
    {"where": ["title", "abstract", "text", "text", "abstract"], "use": ["use", "use", "study", "use", "mention"]}
)


def make_paper(number: int, **columns: Any) -> dict[str, Any]:
    """Make one academia-only paper on language at ACL 2020 that mentions nothing."""
    return {
        "id": f"paper{number}", "venue": "ACL", "year": 2020.0, "has_abstract": "yes", "team_listed": "academia-only",
        "team_coded": "unknown", "topic_title": "natural language processing", "pretrained_title": "",
        "pretrained_abstract": "",
    } | columns  # fmt: skip


def make_tables(papers: list[dict[str, Any]], models: pd.DataFrame = MODELS) -> dict[str, pd.DataFrame]:
    """Make the tables of the claim from papers and models."""
    return {"papers": pd.DataFrame(papers), "pretrained_models": models, "mention_labels": LABELS}


def make_many(number: int, seed: int) -> list[dict[str, Any]]:
    """Make papers of three fields, three venues and all years and team types; some mention one model or two."""
    rng = np.random.default_rng(seed)
    return [
        make_paper(
            i, venue=rng.choice(["ACL", "AAAI", "CVPR"]), year=float(rng.integers(2018, 2023)),
            team_listed=rng.choice(TEAM_TYPES, p=[0.6, 0.3, 0.1]),
            topic_title=rng.choice(["natural language processing", "vision", "planning"]),
            pretrained_title=rng.choice(["", "BERT"], p=[0.9, 0.1]),
            pretrained_abstract=rng.choice(["", "BERT; GPT-3", "GloVe"], p=[0.8, 0.1, 0.1]),
        )
        for i in range(number)
    ]  # fmt: skip
