"""Works of OpenAlex simulated with a known contrast between papers with compute terms and papers without."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from tests.data.openalex_works import GOOGLE, MIT, Json, index_words, make_authorship, make_location, make_work

TOPICS = {  # by id: name, log-odds of an academia-only team, log-odds of a paper with terms
    "T10028": ("Topic Modeling", -0.5, -0.9),
    "T10181": ("Natural Language Processing Techniques", -0.2, -1.2),
    "T10036": ("Advanced Neural Network Applications", 0.0, -0.4),
    "T10320": ("Neural Networks and Applications", 0.4, -1.6),
    "T10462": ("Reinforcement Learning in Robotics", 0.1, -1.2),
    "T11273": ("Advanced Graph Neural Networks", 0.3, -1.6),
}
VENUES = {  # by name in OpenAlex: name in the table of papers, log-odds of an academia-only team
    "Neural Information Processing Systems": ("NeurIPS", 0.0),
    "Meeting of the Association for Computational Linguistics": ("ACL", 0.2),
    "arXiv (Cornell University)": ("arXiv", -0.2),
    "IEEE Access": ("ieee-access", 0.5),
}
YEARS = range(2012, 2022)
EXCESS = 0.8  # log-odds; sd of terms between the years of a topic
WITH, WITHOUT = "We train a network on eight GPUs .", "We prove a bound on the error of an estimator ."


@dataclass(frozen=True)
class Simulation:
    """Works, and what was simulated: a frame of one row per paper with topic, venue, year, authors, terms and y."""

    works: list[Json]
    truth: pd.DataFrame


def simulate_works(n: int, odds_ratio: float, seed: int) -> Simulation:
    """Simulate works whose odds of an academia-only team are ``odds_ratio`` times as high with terms as without.

    The share of papers with terms varies between topics, over time, and between the years of a topic. Nothing but a
    paper's own terms matters, so that the slope of the log-odds on the share within topics is about log(odds_ratio).
    """
    rng = np.random.default_rng(seed)
    excess = {(topic, year): float(rng.normal(0, EXCESS)) for topic in TOPICS for year in YEARS}
    works, rows = [], []
    for number in range(n):
        topic = str(rng.choice(list(TOPICS)))
        source = str(rng.choice(list(VENUES)))
        year, authors = int(rng.choice(YEARS)), int(rng.integers(1, 7))
        name, academic, with_terms = TOPICS[topic]
        venue, shift = VENUES[source]
        decade = (year - 2016.5) / 10
        terms = bool(rng.random() < expit(with_terms + 1.5 * decade + excess[topic, year]))
        chance = expit(1.2 + academic + shift - 1.0 * decade - 0.2 * authors + terms * log(odds_ratio))
        y = bool(rng.random() < chance)
        industry = 0 if y else int(rng.integers(1, authors + 1))
        works.append(
            make_work(
                10_000 + number,
                title=f"Simulated paper {number}",
                publication_year=year,
                primary_location=make_location(source, "repository" if venue == "arXiv" else "conference"),
                authorships=[
                    make_authorship(f"Author {number} {i}", GOOGLE if i < industry else MIT) for i in range(authors)
                ],
                abstract_inverted_index=index_words(WITH if terms else WITHOUT),
                primary_topic={"id": f"https://openalex.org/{topic}", "display_name": name, "score": 0.9},
            )
        )
        row: dict[str, Any] = {"topic": name, "venue": venue, "year": year, "authors": authors, "terms": terms, "y": y}
        rows.append(row)
    return Simulation(works, pd.DataFrame(rows))
