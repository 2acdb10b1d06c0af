"""From OpenAlex to the paper, as a user does it: download, refresh, and a planted contrast that is found again."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest

from models.topic_compute.reporting import LADDER
from tests.conftest import Run
from tests.data.openalex_server import serve
from tests.data.openalex_simulation import TOPICS, simulate_works

PLANTED = 0.2  # odds ratio of an academia-only team, papers with compute terms to papers without
WORKS = 5_000
NORMAL_89 = 3.2  # sds between the ends of an 89 % interval of a normal


@pytest.mark.slow
def test_a_planted_contrast_is_found_in_a_download_and_ends_in_a_paper(run: Run, tmp_path: Path):
    folder, out = tmp_path / "works", tmp_path / "out"
    simulation = simulate_works(WORKS, PLANTED, 20_240)
    topics = [option for topic in TOPICS for option in ("--topic", topic)]
    with serve(simulation.works) as server:
        query = ["openalex", *topics, "--years", "2012-2021", "--url", server.address, "--out", str(folder)]
        done = run("-m", "data", *query)
    assert done.returncode == 0, done.stderr
    table = folder / "papers.csv.gz"
    done = run("-m", "inference", "refresh", "topic_compute", "--papers", str(table), "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "from OpenAlex, with its topics; code, hardware and LLM labels are unknown" in done.stdout
    assert "left out:  topic_compute/full_text" in done.stdout
    assert (out / "paper.pdf").read_bytes().startswith(b"%PDF")
    found = json.loads((out / "estimates.json").read_text())
    assert [one["spec"] for one in found["left_out"]] == ["full_text"]
    [ladder] = found["ladders"]["topic_compute"]
    assert [(step["spec"], step["kind"]) for step in ladder["rungs"]] == list(LADDER.items())
    rows = {
        (row["spec"], row["estimand"]): row for row in found["estimates"] if not row["coords"]
    }  # fmt: skip
    row = rows["main", "odds_ratio"]
    assert row["n"] == int(simulation.truth["terms"].sum())
    log_sd = (log(row["eti_high"]) - log(row["eti_low"])) / NORMAL_89
    assert abs(log(row["median"]) - log(PLANTED)) < 3 * log_sd
    assert row["eti_high"] < 0.3  # the data say how large the contrast is
    for spec in ("as_published", "with_trends"):  # the planted slope within topics, log-odds per unit of share
        slope = rows[spec, "slope_within"]
        assert abs(slope["median"] - log(PLANTED)) < 3 * slope["sd"]
        assert slope["eti_high"] < 0
    by_topic = {row["coords"]["topic"] for row in found["estimates"]
                if (row["spec"], row["estimand"]) == ("main", "odds_ratio_by_topic")}  # fmt: skip
    assert by_topic == {name for name, _, _ in TOPICS.values()}
    # The last step of the ladder is the project's own papers, with the topics of its lexicon.
    own = rows["project_papers", "odds_ratio"]
    assert own["n"] != row["n"]
