"""Peers without sampling: on the real cells, other packages agree with the closed forms of their methods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from benchmarks import odds_ratios, peers, performance_peers
from data.io import parse_csv
from inference.store.fingerprints import combine, list_parts_by_fit
from inference.store.overrides import Overrides
from models.registry import CLAIMS

pytest.importorskip("statsmodels", reason="make test adds it to .venv")
RUN = "run: make refresh, then .venv/bin/python -m benchmarks.peers build/estimates.json"


@pytest.fixture(scope="module")
def code() -> pd.DataFrame:
    """Return cells of code release, academia-only and industry-only teams."""
    names = ("venue_year", "topic", "size", "topic_venue", "size_venue", "venues", "era", "team")
    cells = peers.prepare_dataset("code_release", "full_text", names)[1]
    return cells[cells["team"] != "mixed"].reset_index(drop=True)


@pytest.fixture(scope="module")
def terms() -> pd.DataFrame:
    """Return cells of compute terms, papers with a known team type."""
    data, cells = peers.prepare_dataset(
        "topic_compute", "main", ("venue_year", "topic", "venue_group", "size", "topic_venue")
    )
    exposed = (data["value"].to_numpy() > 0).any(axis=1)[data["exposure_idx"].to_numpy()]
    return cells.assign(exposed=exposed)[data["partly"].to_numpy() == 0].reset_index(drop=True)


def count_tables(cells: pd.DataFrame, exposed: pd.Series) -> Any:
    """Count a, b, c, d of each venue-year: exposed with the event and without, others with the event and without."""
    no = cells["n"] - cells["y"]
    parts = [cells["y"] * exposed, no * exposed, cells["y"] * ~exposed, no * ~exposed]
    return [part.groupby(cells["venue_year"]).sum().to_numpy(float) for part in parts]


@pytest.mark.parametrize(("which", "names"), [("terms", ["topic"]), ("code", ["topic", "size"])])
def test_cells_are_at_the_venue_of_their_venue_year(request: pytest.FixtureRequest, which: str, names: list[str]):
    cells = request.getfixturevalue(which)
    venue = cells["venue_year"].str.rsplit(" ", n=1).str[0]
    for name in names:
        assert (cells[f"{name}_venue"] == cells[name] + " at " + venue).all()


@pytest.mark.parametrize("which", ["terms", "code"])
def test_mantel_haenszel_and_crude_are_those_by_hand(request: pytest.FixtureRequest, which: str):
    cells = request.getfixturevalue(which)
    exposed = cells["exposed"] if which == "terms" else cells["team"] == "industry-only"
    crude, pooled = odds_ratios.fit_stratified(cells, exposed, "venue_year")
    a, b, c, d = count_tables(cells, exposed)
    n = a + b + c + d
    R, S, P = a * d / n, b * c / n, (a + d) / n
    assert pooled[0] == pytest.approx(R.sum() / S.sum())
    # Robins, Breslow and Greenland (1986), Biometrics 42:311.
    variance = (P * R).sum() / (2 * R.sum() ** 2) + ((1 - P) * S).sum() / (2 * S.sum() ** 2)
    variance += (P * S + (1 - P) * R).sum() / (2 * R.sum() * S.sum())
    assert np.log(pooled[2] / pooled[0]) == pytest.approx(norm.ppf(0.945) * variance**0.5)
    A, B, C, D = (part.sum() for part in (a, b, c, d))
    assert crude[0] == pytest.approx(A * D / B / C)
    assert np.log(crude[2] / crude[1]) == pytest.approx(2 * norm.ppf(0.945) * (1 / A + 1 / B + 1 / C + 1 / D) ** 0.5)


def test_glm_of_one_factor_is_the_crude_odds_ratio(code: pd.DataFrame):
    exposed = code["team"] == "industry-only"
    columns = pd.DataFrame({"exposed": exposed * 1.0, "constant": 1.0})
    crude = odds_ratios.fit_stratified(code, exposed, "venue_year")[0]
    fitted = odds_ratios.fit_glm(code, columns)
    assert odds_ratios.weight_ratios(fitted, np.ones(1)) == pytest.approx(crude)
    # With nothing else held fixed, standardising changes nothing.
    one, other = (columns.assign(exposed=value).to_numpy() for value in (1.0, 0.0))
    assert odds_ratios.standardise_ratios(fitted, one, other, code["n"].to_numpy(float)) == pytest.approx(crude)


def test_glm_fits_the_margins_of_its_factors_and_is_close_to_mantel_haenszel(code: pd.DataFrame):
    """At the maximum of the likelihood, expected events equal observed events in every category of a factor."""
    exposed = code["team"] == "industry-only"
    columns = odds_ratios.make_design(code, pd.DataFrame({"exposed": exposed}), ("venue_year",))
    fitted = odds_ratios.fit_glm(code, columns)
    expected = code["n"] * expit(columns.to_numpy() @ fitted[0])
    margins = columns.to_numpy(float).T
    assert margins @ expected.to_numpy() == pytest.approx(margins @ code["y"].to_numpy(), rel=1e-6)
    ratio, pooled = (
        odds_ratios.weight_ratios(fitted, np.ones(1)),
        odds_ratios.fit_stratified(code, exposed, "venue_year")[1],
    )
    assert abs(np.log(ratio[0] / pooled[0])) < 0.1 * np.log(pooled[2] / pooled[0])


def test_standardised_ratio_by_hand_and_its_error_by_draws(code: pd.DataFrame):
    exposed = code["team"] == "industry-only"
    columns = odds_ratios.make_design(code, pd.DataFrame({"exposed": exposed}), ("venue_year",))
    fitted = odds_ratios.fit_glm(code, columns)
    weights = code["n"].to_numpy(float)
    one, other = (columns.assign(exposed=value).to_numpy() for value in (1.0, 0.0))
    ratio = odds_ratios.standardise_ratios(fitted, one, other, weights)

    def by_hand(coefficients: Any) -> float:
        means = [(weights * expit(part @ coefficients)).sum() / weights.sum() for part in (one, other)]
        return float(logit(means[0]) - logit(means[1]))

    assert np.log(ratio[0]) == pytest.approx(by_hand(fitted[0]))
    draws = np.random.default_rng(3).multivariate_normal(*fitted, size=400)
    sd = np.std([by_hand(draw) for draw in draws])
    assert np.log(ratio[2] / ratio[0]) / norm.ppf(0.945) == pytest.approx(sd, rel=0.15)


def test_designs_are_of_full_rank(terms: pd.DataFrame, code: pd.DataFrame):
    terms = terms.assign(size=terms["venue_group"] + ": " + terms["size"])
    for cells in (terms, code):
        columns = odds_ratios.make_design(cells, cells[["n"]] % 7, ("venue_year", "topic", "size"))
        assert np.linalg.matrix_rank(columns.T @ columns) == columns.shape[1]
        assert columns.columns.is_unique


def test_overdispersed_errors_are_the_sd_of_estimates():
    """For overdispersed shares, the error of the slope is its sd over simulated tables."""
    random = np.random.default_rng(4)
    cells = pd.DataFrame({"x": random.normal(size=80), "constant": 1.0, "n": random.integers(50, 300, 80)})
    found, errors = [], {False: [], True: []}
    for _ in range(200):
        chance = random.beta(10, 10, 80)
        made = cells.assign(y=random.binomial(cells["n"], chance))
        for scaled, kept in errors.items():
            fitted = odds_ratios.fit_glm(made, cells[["x", "constant"]], overdispersed=scaled)
            kept.append(fitted[1][0, 0] ** 0.5)
        found.append(fitted[0][0])
    assert np.mean(errors[True]) == pytest.approx(np.std(found), rel=0.2)
    assert np.mean(errors[False]) < 0.5 * np.std(found)


def test_topic_years_are_split_within_and_between_topics():
    cells = peers.list_topic_year_peers("with_years")
    assert (cells["n"] * cells["within"]).groupby(cells["topic"]).sum().to_numpy() == pytest.approx(0, abs=1e-6)
    assert cells[["topic", "between"]].drop_duplicates()["topic"].is_unique
    counts = (
        peers.make_dataset("topic_compute", "with_years")[["n", "m", "k"]].sum("venue").sel(topic="computer vision")
    )
    share = counts["k"] / counts["m"]
    in_tens = 10 * (share - (share * counts["n"]).sum() / counts["n"].sum())  # in units of ten points
    found = cells[cells["topic"] == "computer vision"].set_index("year")["within"]
    assert found["2015"] == pytest.approx(float(in_tens.sel(year=2015)))
    known = peers.prepare_dataset("topic_compute", "main", ("topic",))
    assert cells["n"].sum() == known[1]["n"][known[0]["partly"].to_numpy() == 0].sum()


@pytest.mark.parametrize("change", ["agrees", "apart", "apart, differs"])
def test_it_objects_where_peers_that_should_agree_do_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, change: str):
    key = combine(list_parts_by_fit("topic_compute", Overrides())["main"])
    row = {"claim": "topic_compute", "spec": "main", "estimand": "odds_ratio", "coords": {}, "title": "odds ratio",
           "text": "0.74 (0.69 to 0.79)", "median": 0.74, "eti_low": 0.69, "eti_high": 0.79}  # fmt: skip
    fits = {"topic_compute/main": {"fit_key": key, "title": "papers"}}
    ratio = 0.745 if change == "agrees" else 0.80
    peer = peers.Peer("topic_compute", "main", "odds_ratio", {}, "GLM", (ratio, 0.7, 0.85), 9,
                      "another average" if "differs" in change else "")  # fmt: skip
    [made] = peers.make_table({"estimates": [row], "fits": fits}, [peer])
    assert made["agree"] == ("no: another average" if "differs" in change else "yes")
    assert len(peers.find_disagreements([made])) == (change == "apart")
    with pytest.raises(peers.InputError, match="make refresh"):
        peers.make_table({"estimates": [row], "fits": {"topic_compute/main": {"fit_key": "old"}}}, [peer])


def test_published_comparison_is_of_the_present_fits():
    if not peers.TABLE.is_file():
        pytest.skip(f"no {peers.TABLE.name}: {RUN}")
    rows = list(parse_csv(peers.TABLE, peers.COLUMNS).values())
    assert {row["claim"] for row in rows} == set(CLAIMS) - {"academic_share"}
    for claim, spec in {(row["claim"], row["spec"]) for row in rows}:
        key = combine(peers.list_parts(claim)[spec])
        assert {row["fit_key"] for row in rows if (row["claim"], row["spec"]) == (claim, spec)} == {key}, RUN
    assert {row["spec"] for row in rows if row["claim"] == "topic_compute"} == {"main", "plain", "with_years"}
    agree = [row for row in rows if row["agree"] == "yes"]
    assert {row["peer"].split(",")[0] for row in agree} == {"GLM", "bambi"}
    assert all(abs(float(row["distance_sd"])) <= peers.AGREE for row in agree)


def test_pairs_and_means_of_performance_are_those_by_hand():
    rng = np.random.default_rng(3)
    industry, academia = rng.integers(0, 5, 40).astype(float), rng.integers(0, 4, 30).astype(float)
    more, low, high = performance_peers.compare_pairs(industry, academia)
    pairs = (industry[:, None] > academia) + 0.5 * (industry[:, None] == academia)
    assert more == pytest.approx(pairs.mean())
    error = np.sqrt(pairs.mean(1).var(ddof=1) / 40 + pairs.mean(0).var(ddof=1) / 30)
    assert (high - low) / 2 == pytest.approx(norm.ppf(0.945) * error)
    ratio = performance_peers.compare_means(industry, academia)
    assert np.log10(ratio[0]) == pytest.approx(industry.mean() - academia.mean())


def test_weighted_least_squares_uses_a_variance_by_group():
    rng = np.random.default_rng(4)
    groups = pd.Series(["a"] * 200 + ["b"] * 200)
    columns = pd.DataFrame({"one": 1.0, "x": rng.normal(size=400)})
    y = columns.to_numpy() @ [1.0, 2.0] + rng.normal(size=400) * groups.map({"a": 0.1, "b": 3.0}).to_numpy()
    params, covariance = performance_peers.fit_least_squares(y, columns, groups)
    first = groups == "a"
    alone = np.linalg.inv(columns[first].T @ columns[first]) * 0.01
    assert params == pytest.approx([1, 2], abs=0.03)
    assert np.sqrt(covariance[1, 1]) == pytest.approx(np.sqrt(alone[1, 1]), rel=0.1)
