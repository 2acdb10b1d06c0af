"""Power by refits: truths are met exactly, tables keep their size, refits follow their tables, and runs resume."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.special import logit

from benchmarks import power_academic_share as power
from data.io import format_csv
from inference.sampling.compiled import Compiled
from inference.sampling.settings import Sampler
from inference.summaries.power import COLUMNS, read_refits

SHORT = Sampler(draws=150, tune=200, chains=2, target_accept=0.9)
ACADEMIA, INDUSTRY, LEANING = "academia-only", "industry-only", "industry-leaning collaboration"


@pytest.fixture(scope="module")
def fitted(compiled: Compiled) -> power.Fitted:
    return power.fit_main(SHORT, compiled)


def headline(estimand: str, index: int = 0) -> tuple[Any, Any]:
    return [(one, known) for one, known in power.list_headlines() if one.estimand == estimand][index]


def compute_period(shares: xr.DataArray, n: xr.DataArray, first: int, last: int) -> float:
    """Compute the academia-only share of a period by hand."""
    weights = n.sel(year=slice(first, last)).to_numpy()
    return float(shares.sel(sector=ACADEMIA, year=slice(first, last)).to_numpy() @ weights / weights.sum())


def test_every_published_number_and_sign_of_the_trend_has_its_truths(fitted: power.Fitted):
    truths = {
        (one.estimand, *one.coords.values()): [truth["truth"] for truth in power.list_truths(fitted, one, known)]
        for one, known in power.list_headlines()
    }
    assert truths == {
        ("share_academia_only", "2010-14"): ["published value"],
        ("share_academia_only", "2020-22"): ["published value"],
        ("change_academia_only_log_odds",): ["edge of the ROPE", "ratio of 1.25", "estimate"],
        ("share_industry_with_leaning_by_year", 2022): ["published value"],
    }


def test_shifted_paths_have_the_truth_exactly(fitted: power.Fitted):
    n = fitted.dataset["n"]
    for index, (value, years) in enumerate(((0.65, (2010, 2014)), (0.10, (2020, 2022)))):
        one, known = headline("share_academia_only", index)
        (truth,) = power.list_truths(fitted, one, known)
        assert truth["value"] == pytest.approx(value)
        shares = power.shift_to(fitted, one, truth["value"])
        assert compute_period(shares, n, *years) == pytest.approx(value, abs=1e-8)
        # All years shift alike, against the team types that stay as they are among each other.
        before = power.compute_shares(fitted.log_odds)
        moved = np.log(shares / before) - np.log(shares / before).sel(sector="collaboration")
        np.testing.assert_allclose(moved.sel(sector=INDUSTRY), 0, atol=1e-8)
        assert float(moved.sel(sector=ACADEMIA).std()) < 1e-8 < abs(float(moved.sel(sector=ACADEMIA).mean()))
    one, known = headline("share_industry_with_leaning_by_year")
    shares = power.shift_to(fitted, one, 0.81).sel(year=2022)
    assert float(shares.sel(sector=INDUSTRY) + shares.sel(sector=LEANING)) == pytest.approx(0.81, abs=1e-8)


def test_a_tilted_path_keeps_the_middle_of_the_window(fitted: power.Fitted):
    one, known = headline("change_academia_only_log_odds")
    edge, clear, estimate = (truth["value"] for truth in power.list_truths(fitted, one, known))
    assert (edge, clear) == (pytest.approx(-np.log(1.1)), pytest.approx(-np.log(1.25)))
    assert estimate == pytest.approx(float(fitted.estimands[one.estimand].median()))
    for value in (edge, clear, estimate):
        shares = power.shift_to(fitted, one, value)
        late, early = (compute_period(shares, fitted.dataset["n"], *years) for years in ((2020, 2022), (2010, 2014)))
        assert logit(late) - logit(early) == pytest.approx(value, abs=1e-8)
        middle = power.compute_shares(fitted.log_odds).sel(year=2016)
        np.testing.assert_allclose(shares.sel(year=2016), middle, rtol=1e-9)


def test_simulated_tables_have_the_size_and_the_shares(fitted: power.Fitted):
    shares = power.compute_shares(fitted.log_odds)
    rng = np.random.default_rng(1)
    tables = np.array([power.draw_counts(shares, fitted.dataset, rng) for _ in range(2000)])
    n = fitted.dataset["n"].to_numpy()
    assert (tables.sum(axis=2) == n).all()
    mean, expected = tables.mean(axis=0), n[:, None] * shares.to_numpy()
    assert abs(mean - expected).max() < 5 * np.sqrt(n.max() / 4 / 2000)


def test_refits_follow_their_tables(fitted: power.Fitted):
    """Tables with hardly any academia-only models disagree with the published value; those of that value do not."""
    one, known = headline("share_academia_only", 0)
    far = power.decide_refits(fitted, one, known, 0.15, 2, SHORT)
    assert far == {"disagrees": 2}
    assert power.decide_refits(fitted, one, known, 0.65, 2, SHORT)["disagrees"] == 0
    assert power.decide_refits(fitted, one, known, 0.15, 2, SHORT) == far


def test_a_run_resumes_and_keeps_other_claims(
    fitted: power.Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    table, asked = tmp_path / "power.csv", []

    def decide(fitted: Any, headline: Any, known: Any, value: float, refits: int) -> Counter[str]:
        asked.append((headline.estimand, value))
        return Counter({"inconclusive": refits - 1, "supported" if known.sign else "agrees": 1})

    monkeypatch.setattr(power, "fit_main", lambda sampler: fitted)
    monkeypatch.setattr(power, "decide_refits", decide)
    other = dict.fromkeys(COLUMNS, "1") | {"claim": "another"}
    outdated = dict.fromkeys(COLUMNS, "1") | {"claim": "academic_share", "fit_key": "of older code"}
    table.write_bytes(format_csv(COLUMNS, [other, outdated]))
    assert power.main(["--refits", "4", "--table", str(table)]) == 0
    assert len(asked) == 6
    lines = read_refits(table, "academic_share")
    assert len(read_refits(table, "another")) == 1
    assert len(lines) == 3 * 3 + 3 * 4  # a line for each verdict, of numbers and of a sign
    assert {line["fit_key"] for line in lines} == {lines[0]["fit_key"]} != {"of older code"}
    by_truth: dict[tuple[str, ...], float] = {}
    for line in lines:
        key = (line["estimand"], line["coords"], line["truth"])
        by_truth[key] = by_truth.get(key, 0.0) + float(line["probability"])
        assert line["method"] == "refits" and line["n_refits"] == "4" and float(line["mcse"]) > 0
    assert set(by_truth.values()) == {1.0} and len(by_truth) == 6
    assert ("share_academia_only", '{"period": "2010-14"}', "published value") in by_truth
    with table.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(COLUMNS)
    # What is there is not repeated; with more refits, it is.
    assert power.main(["--refits", "4", "--table", str(table)]) == 0
    assert len(asked) == 6 and "known" in capsys.readouterr().out
    assert power.main(["--refits", "5", "--table", str(table)]) == 0
    assert len(asked) == 12 and len(read_refits(table, "academic_share")) == len(lines)
