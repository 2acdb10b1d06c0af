"""Second looks and instruments of code release: counts and estimands by hand, likelihoods, test quantities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom

import models.code_release as claim
from figures.code_release import corrected_ratio, seen_shares
from inference.fit import Compiled, Sampler, sample
from models.code_release_instruments import OPEN_REVIEW
from models.code_release_rows import ERAS, GROUPS, TEAMS
from models.code_release_second import DATES, MOST, SECTOR_LEVELS

CHOICES, PRIORS = claim.Choices(), claim.Priors()
AUTHORS, ACCESS, INSTRUMENTS, STATEMENTS = (
    claim.MODELS[name] for name in ("authors", "access", "instruments", "statements")
)
FAST = Sampler(draws=300, tune=400, chains=2)
Values = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def real() -> dict[str, pd.DataFrame]:
    from data.tables import load

    return {name: load(name) for name in ("papers", "coder_labels", "code_labels", "models")}


def point(model: pm.Model, names: list[str], seed: int) -> tuple[dict[str, Values], float]:
    """Values of these variables, and the log-likelihood, where all free variables are drawn at random."""
    rng = np.random.default_rng(seed)
    free = {name: rng.normal(0, 0.5, np.shape(value)) for name, value in model.initial_point().items()}
    wanted = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=model.observed_RVs, sum=True)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*wanted, density], inputs=model.value_vars, **options)(free)
    return dict(zip(names, values, strict=True)), float(found)


def as_draws(values: dict[str, Values], model: pm.Model) -> xr.Dataset:
    """One draw of these values, with the model's dims."""
    coords = {dim: list(model.coords[dim]) for name in values for dim in model.named_vars_to_dims.get(name, ())}
    lead = {
        name: (("chain", "draw", *model.named_vars_to_dims.get(name, ())), value[None, None])
        for name, value in values.items()
    }
    return xr.Dataset(lead, coords | {"chain": [0], "draw": [0]})


# Number of authors.

ONE_HALF = ["topic", "size"]
AUTHOR_NAMES = [
    "level", "number_effect", "level_contrasts", "any_industry", "only_industry",
    *(f"{name}_{half}" for name in ONE_HALF for half in ("number", "contrasts")),
]  # fmt: skip


def authors_log_odds(data: xr.Dataset, at: dict[str, Values]) -> tuple[Values, Values]:
    cell = {name: data[f"at_{name}"].values for name in ("venue_year", "topic", "size", "venues", "k", "all")}
    curve = np.concatenate([np.zeros((len(GROUPS), 1)), at["number_effect"]], axis=1)[cell["venues"], cell["k"]]
    contrasts = at["any_industry"][cell["venues"]] * (cell["k"] > 0)
    contrasts = contrasts + at["only_industry"][cell["venues"]] * cell["all"]
    out = []
    for half, level, effect in (("number", "level", curve), ("contrasts", "level_contrasts", contrasts)):
        log_odds = at[level][cell["venue_year"]] + at[f"topic_{half}"][cell["topic"]]
        out.append(log_odds + at[f"size_{half}"][cell["venues"], cell["size"]] + effect)
    return out[0], out[1]


def test_authors_are_counted_by_their_number(real: dict[str, pd.DataFrame]):
    data = AUTHORS.prepare(real, CHOICES)
    frame = real["papers"].set_index("id")
    one = frame[(frame["venue"] == "NeurIPS") & (frame["year"] == 2019) & (frame["track"] == "main")]
    one = one[(one["code_coded"].isin(["yes", "no"])) & (one["research"] == "empirical")]
    one = one[(one["coder_excluded"] != "yes") & one["team_coded"].isin(TEAMS) & one["n_authors"].notna()]
    one = one[(one["slots_per"] == "author") & (one["authors_unknown"] == 0)]
    k = (one["authors_company"] + one["authors_double"]).clip(upper=MOST)
    mine = data["at_venue_year"] == data["venue_year"].values.tolist().index("NeurIPS 2019")
    for number in range(MOST + 1):
        cells = mine & (data["at_k"] == number)
        assert int(data["n"].where(cells, 0).sum()) == int((k == number).sum())
        released = (k == number) & (one["code_coded"] == "yes")
        assert int(data["y"].where(cells, 0).sum()) == int(released.sum())
    # All from industry: no author elsewhere, not even beside a company.
    elsewhere = one[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    assert int(data["n"].where(mine & (data["at_all"] == 1), 0).sum()) == int(((k > 0) & (elsewhere == 0)).sum())


def test_both_models_of_authors_are_those_written_down(real: dict[str, pd.DataFrame]):
    data = AUTHORS.prepare(real, CHOICES)
    model = AUTHORS.build(data, PRIORS)
    at, found = point(model, [*AUTHOR_NAMES, "curve", "step_share"], 1)
    np.testing.assert_allclose(at["step_share"].sum(axis=1), 1)
    np.testing.assert_allclose(at["number_effect"], at["curve"][:, None] * at["step_share"].cumsum(axis=1))
    for name in ("size_number", "topic_contrasts"):
        np.testing.assert_allclose(at[name].sum(axis=-1), 0, atol=1e-9)
    n, y = data["n"].values, data["y"].values
    wanted = sum(binom.logpmf(y, n, expit(log_odds)).sum() for log_odds in authors_log_odds(data, at))
    assert found == pytest.approx(wanted, rel=1e-9)


def test_estimands_of_authors_by_hand(real: dict[str, pd.DataFrame]):
    data = AUTHORS.prepare(real, CHOICES)
    model = AUTHORS.build(data, PRIORS)
    at, _ = point(model, AUTHOR_NAMES, 2)
    found = AUTHORS.estimands(as_draws(at, model), data, CHOICES).isel(chain=0, draw=0)
    np.testing.assert_allclose(found["odds_ratio_by_number"], np.exp(at["number_effect"]))
    np.testing.assert_allclose(found["odds_ratio_all_authors"], np.exp(at["any_industry"] + at["only_industry"]))
    assert int(found["n_by_number"].sum() + data["n"].where(data["at_k"] == 0, 0).sum()) == int(data["n"].sum())
    for name, log_odds in zip(("number", "contrasts"), authors_log_odds(data, at), strict=True):
        p = expit(log_odds)
        cells = pd.DataFrame(
            {key: data[f"at_{key}"].values for key in ("venues", "era", "k", "all")}
            | {"y": data["y"].values, "np": data["n"].values * p, "v": data["n"].values * p * (1 - p)}
        )
        table = cells.groupby(["venues", "era", "k", "all"]).sum()
        misfit = ((table["y"] - table["np"]) ** 2 / table["v"]).mean()
        assert float(found[f"misfit_{name}"]) == pytest.approx(misfit)


@pytest.mark.slow
def test_number_of_authors_is_not_taken_for_the_size_of_the_team(real: dict[str, pd.DataFrame], compiled: Compiled):
    """Releases that rise with team size and fall with every author from industry: only both tell the curve."""
    data = AUTHORS.prepare(real, CHOICES)
    size = np.linspace(-0.6, 0.6, data.sizes["size"])[data["at_size"].values]
    hits = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        log_odds = rng.normal(-1, 0.5, data.sizes["venue_year"])[data["at_venue_year"].values] + size
        log_odds = log_odds - 0.12 * data["at_k"].values
        given = data.assign(y=("cell", rng.binomial(data["n"].values, expit(log_odds))))
        drawn = sample(compiled.get(AUTHORS.build(given, PRIORS), "authors"), seed, FAST)["posterior"].to_dataset()
        low, high = np.log(AUTHORS.estimands(drawn, given, CHOICES)["odds_ratio_by_number"]).quantile(
            [0.055, 0.945], ("chain", "draw")
        )
        truth = -0.12 * np.arange(1, MOST + 1)
        hits += int(((low <= truth) & (truth <= high)).sum())
    assert hits >= binom.ppf(0.001, 6 * 2 * MOST / 2, 0.89) * 2  # neighbours go together: as if half as many


# Training code.


def test_access_is_the_regression_written_down(real: dict[str, pd.DataFrame]):
    data = ACCESS.prepare(real, CHOICES)
    model = ACCESS.build(data, PRIORS)
    names = ["level", "sector_effect", "trend", "slope", "gap"]
    at, found = point(model, names, 3)
    sector, date = data["at_sector"].values, data["date"].values
    step = np.concatenate([[0.0], at["sector_effect"]])
    compute = at["slope"] * data["compute"].values + at["gap"] * data["unknown"].values
    log_odds = at["level"] + step[sector] + at["trend"][sector] * date + compute
    wanted = binom.logpmf(data["open"].values, 1, expit(log_odds)).sum()
    assert found == pytest.approx(float(wanted), rel=1e-9)
    got = ACCESS.estimands(as_draws(at, model), data, CHOICES).isel(chain=0, draw=0)
    for (i, name), (year, decades) in [(s, d) for s in enumerate(SECTOR_LEVELS) for d in DATES.items()]:
        share = expit(at["level"] + step[i] + at["trend"][i] * decades + compute).mean()
        assert float(got["training_code_open"].sel(sector=name, year=year)) == pytest.approx(share)
        if i:
            ratio = np.exp(step[i] + (at["trend"][i] - at["trend"][0]) * decades)
            key = f"odds_ratio_training_code_{name.replace('-', '_')}"
            assert float(got[key].sel(year=year)) == pytest.approx(ratio)
    assert float(got["odds_ratio_training_code_tenfold_compute"]) == pytest.approx(np.exp(at["slope"] / 3))
    assert {year: (year + 0.5 - 2021) / 10 for year in DATES} == pytest.approx(DATES)


# Instruments.


def test_what_links_find_is_of_the_papers_that_were_also_read(real: dict[str, pd.DataFrame]):
    data = INSTRUMENTS.prepare(real, CHOICES)
    frame = real["papers"]
    frame = frame[(frame["track"] == "main") & (frame["research"] == "empirical")]
    frame = frame[(frame["coder_excluded"] != "yes") & frame["team_coded"].isin(TEAMS)]
    frame = frame[((frame["venue"] == "NeurIPS") & (frame["year"] == 2021))
                  | ((frame["venue"] == "ICLR") & (frame["year"] == 2022))]  # fmt: skip
    frame = frame[frame["code_page"] != "missing"]
    row = f"{OPEN_REVIEW}: machine learning 2021-22"
    for name, coded in (("found", "yes"), ("linked", "no")):
        for team in TEAMS:
            mine = frame[(frame["team_coded"] == team) & (frame["code_coded"] == coded)]
            got = data[[f"{name}_n", f"{name}_y"]].sel(lists=row, team=team)
            assert [int(value) for value in got.values()] == [len(mine), int((mine["code_page"] == "link").sum())]


def test_what_links_find_by_hand(real: dict[str, pd.DataFrame]):
    data = INSTRUMENTS.prepare(real, CHOICES)
    model = INSTRUMENTS.build(data, PRIORS)
    names = ["level", "any_industry", "only_industry", "found_logit", "linked_logit"]
    at, found = point(model, names, 4)
    effect = np.stack([0 * at["any_industry"], at["any_industry"], at["any_industry"] + at["only_industry"]], axis=1)
    p = expit(at["level"][:, None] + effect[data["row_of"].values])
    wanted = binom.logpmf(data["y"].values, data["n"].values, p).sum()
    for name in ("found", "linked"):
        chance = expit(at[f"{name}_logit"])
        wanted += binom.logpmf(data[f"{name}_y"].values, data[f"{name}_n"].values, chance).sum()
    assert found == pytest.approx(float(wanted), rel=1e-9)
    got = INSTRUMENTS.estimands(as_draws(at, model), data, CHOICES).isel(chain=0, draw=0)
    share = expit(at["found_logit"])
    np.testing.assert_allclose(got["found_ratio_mixed"], share[:, 1] / share[:, 0])
    np.testing.assert_allclose(got["found_ratio_industry_only"], share[:, 2] / share[:, 0])
    np.testing.assert_allclose(got["linked_unreleased"], expit(at["linked_logit"]))


# Labels.


def test_quantities_of_the_labels_by_hand(real: dict[str, pd.DataFrame]):
    data = STATEMENTS.prepare(real, CHOICES)
    observed = xr.Dataset(
        {
            "y_obs": data["y"],
            "hand_release_obs": data["hand_release_coded"],
            "hand_none_obs": data["hand_none_coded"],
            "passages_obs": data["passages_own"],
        }
    )
    found = STATEMENTS.statistics(observed, data)
    cells = pd.DataFrame({"n": data["n"], "y": data["y"]})
    for word, at in (("topic", "at_topic"), ("year", "at_year"), ("team size", "at_size"), ("kind of team", "at_team")):
        sums = cells.groupby(data[at].to_numpy()).sum().query("n >= 30")
        assert float(found[f"sd of shares by {word}"]) == pytest.approx((sums["y"] / sums["n"]).std(ddof=0)), word
    hand = real["coder_labels"]
    hand = hand[(hand["research"] == "empirical") & hand["team_hand"].isin(["0", "1"])]
    hand = hand.merge(real["papers"][["id", "team_coded"]], on="id", how="left")
    kind = hand["team_coded"].fillna(hand["team_hand"].map({"0": "academia-only", "1": "mixed"}))
    released, seen = hand["code_hand"] == "1", hand["code_coder"] == "1"
    for era, years in ERAS.items():
        of_era = released & hand["year"].between(years[0], 2024 if years[1] == 2022 else years[1])
        share = found[f"share of papers with a release taken for one, by hand, {era}"]
        assert float(share) == pytest.approx(seen[of_era].mean())
    hand = hand.assign(kind=kind)[~released & (hand["year"] >= 2021)]
    right = hand["code_coder"] == "0"
    last = list(ERAS)[-1]
    left_alone = f"papers without release left alone, by hand, {last}"
    assert float(found[f"share of {left_alone}"]) == pytest.approx(right.mean())
    gap = right[hand["kind"] == "mixed"].mean() - right[hand["kind"] == "academia-only"].mean()
    assert float(found[f"mixed less academia-only, {left_alone}"]) == pytest.approx(gap)
    passages = real["code_labels"][["id", "label"]].merge(real["papers"][["id", "year"]], on="id")
    late = passages[passages["year"] >= 2021]
    own = late["label"].isin(["own, address", "own, elsewhere"]).mean()
    key = f"share of passages that are the paper's own code, {last}"
    assert float(found[key]) == pytest.approx(own, abs=0.01)  # papers that other rules leave out are few


# The figure's algebra.


def test_corrected_ratio_undoes_the_coders_errors():
    true = {"academia-only": 0.5, "mixed": 0.4}
    sensitivity = {"academia-only": 0.97, "mixed": 0.9}
    false = {"academia-only": 0.2, "mixed": 0.05}
    seen = {team: p * sensitivity[team] + (1 - p) * false[team] for team, p in true.items()}
    assert corrected_ratio(seen, sensitivity, false) == pytest.approx(0.8)
    # The level counts, not the difference alone: the same difference at another level is another ratio.
    other = {team: rate + 0.1 for team, rate in false.items()}
    assert corrected_ratio(seen, sensitivity, other) != pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("group", GROUPS)
def test_shares_seen_are_at_the_mix_of_all_papers(real: dict[str, pd.DataFrame], group: str):
    data = STATEMENTS.prepare(real, CHOICES)
    seen = seen_shares(data, group)
    cells = pd.DataFrame({name: data[name].values for name in ("n", "y", "at_venue_year", "at_team")})
    mine = (data["at_era"].values == len(ERAS) - 1) & (data["at_venues"].values == GROUPS.index(group))
    table = cells[mine].groupby(["at_venue_year", "at_team"])[["n", "y"]].sum()
    papers = table["n"].groupby("at_venue_year").sum()
    share = (table["y"] / table["n"]).rename("share").reset_index()
    by_team = share.pivot_table("share", "at_venue_year", "at_team")
    for i, team in enumerate(TEAMS):
        assert seen[team] == pytest.approx((by_team[i] * papers).sum() / papers.sum())
