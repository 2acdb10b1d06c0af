"""The compute-term claim's likelihood, estimands and test quantities against calculations by hand, paper by paper."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from scipy.special import comb, expit
from scipy.stats import binom, norm

import models.topic_compute as claim
from models._cells import FEW, SIZES, VENUE_GROUPS, counts_with_error, team_size, venue_group
from models.topic_compute_fall import REST, SIZE, TOPIC, raked
from models.topic_compute_rows import TERMS, select, unseen_industry
from models.topic_compute_statistics import chi_square, statistics
from tests.models.topic_papers import (
    CHOICES,
    TOPICS,
    base_of,
    constant_draws,
    flat,
    groups,
    papers,
    random_draws,
    share,
    size_of,
    slopes_of,
    varied,
)

Draws = np.ndarray[Any, np.dtype[np.float64]]
SHIFTED = dataclasses.replace(CHOICES, unseen_shift=0.5)
FAMILIES = list(TERMS)


def test_bands_of_size_and_groups_of_venues():
    numbers = pd.Series([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 40, 4000])
    assert team_size(numbers).tolist() == [size_of(number) for number in numbers]
    assert set(team_size(numbers)) == set(SIZES)
    venues = pd.Series(["NeurIPS", "ICML", "CVPR", "ACL", "AAAI"])
    assert venue_group(venues).tolist() == [groups(venue) for venue in venues]
    assert venue_group(pd.Series(["My workshop"])).tolist() == ["other"]
    members = [venue for group in VENUE_GROUPS.values() for venue in group]
    assert len(set(members)) == len(members)


# The likelihood.


def noisy_model(log_odds: Any, n: Any, y: Any, sensitivity: Any, false_positive: Any) -> pm.Model:
    with pm.Model(coords={"cell": np.arange(len(n))}) as model:
        data = [pm.Data(f"d{i}", value, dims="cell") for i, value in enumerate((log_odds, n, y))]
        given = [pm.Data(f"e{i}", value) for i, value in enumerate((sensitivity, false_positive))]
        counts_with_error("y_obs", data[0], data[1], data[2], *given)
    return model


def test_counts_with_error_are_binomial():
    rng = np.random.default_rng(1)
    log_odds, n = rng.normal(0, 2, 40), rng.integers(1, 30, 40)
    y = rng.integers(0, n + 1)
    y[:2] = [0, n[1]]
    for a, b in (
        (1.0, 0.0),
        (0.8, 0.1),
        (np.ones(40), rng.uniform(0, 0.9, 40)),
        (rng.uniform(0.5, 1, 40), np.zeros(40)),
    ):
        model = noisy_model(log_odds, n, y, a, b)
        found = model.compile_fn(model.logp(sum=False), mode="FAST_COMPILE")({})[0]
        p = expit(log_odds)
        wanted = binom.logpmf(y, n, p * a + (1 - p) * b)
        np.testing.assert_allclose(found + np.log(comb(n, y)), wanted, rtol=1e-9, atol=1e-9)


def test_counts_with_error_are_drawn_with_the_right_mean():
    log_odds, n = np.array([-2.0, 0.0, 1.0, 3.0]), np.array([1, 7, 20, 100])
    a, b = np.array([1.0, 0.9, 0.6, 1.0]), np.array([0.0, 0.2, 0.3, 0.05])
    model = noisy_model(log_odds, n, n * 0, a, b)
    drawn = pm.draw(model["y_obs"], draws=4000, random_seed=1)
    chance = expit(log_odds) * a + (1 - expit(log_odds)) * b
    np.testing.assert_allclose(drawn.mean(0), n * chance, atol=5 * np.sqrt(n * chance * (1 - chance) / 4000).max())
    np.testing.assert_allclose(drawn.var(0), n * chance * (1 - chance), rtol=0.15)


def at_random_point(model: pm.Model, names: list[str], seed: int) -> tuple[dict[str, Draws], Draws]:
    """Values of these variables and the log-likelihood of each cell, where all free variables are drawn at random."""
    rng = np.random.default_rng(seed)
    point = {name: rng.normal(0, 0.7, np.shape(value)) for name, value in model.initial_point().items()}
    wanted = model.replace_rvs_by_values([model[name] for name in names])
    found = model.compile_fn(
        [*wanted, *model.logp(vars=model.observed_RVs, sum=False)],
        inputs=model.value_vars,
        mode="FAST_COMPILE",
        on_unused_input="ignore",
    )(point)
    return dict(zip(names, found[: len(names)], strict=True)), np.concatenate(
        [part.ravel() for part in found[len(names) :]]
    )


EFFECTS = {
    "venue_year_effect": ("venue_year",), "topic_effect": ("topic",), "pair_effect": ("pair",),
    "size_effect": ("group", "size"), "slope": ("topic", "family"), "family_slope": ("family",),
    "topic_slope_departure": ("topic",), "topic_family_raw": ("topic", "family"), "topic_family_sd": (),
}  # fmt: skip


def test_likelihood_is_that_of_the_papers_one_by_one():
    """By the names of each paper's levels: the same as by cells, but for the binomial coefficients."""
    frame = varied(250, 5)
    rows, data = select({"papers": frame}, SHIFTED).frame, claim.prepare({"papers": frame}, SHIFTED)
    found, by_cell = at_random_point(claim.build(data, claim.Priors()), list(EFFECTS), 6)
    point = xr.Dataset(
        {name: (("chain", "draw", *dims), found[name][None, None]) for name, dims in EFFECTS.items()},
        coords={dim: data[dim] for dims in EFFECTS.values() for dim in dims},
    )
    slope = (
        point["family_slope"] + point["topic_slope_departure"] + point["topic_family_sd"] * point["topic_family_raw"]
    )
    xr.testing.assert_allclose(point["slope"], slope.transpose(*point["slope"].dims))
    for name, dim in (("topic_effect", "topic"), ("size_effect", "size")):
        np.testing.assert_allclose(point[name].sum(dim), 0, atol=1e-9)
    p = share(base_of(rows, point, 0.5) + slopes_of(rows, point, FAMILIES).sum(axis=2))[0]
    q = unseen_industry(rows, SHIFTED).round(3).to_numpy()
    assert (q > 0).sum() > 10
    chance = p + (1 - p) * q
    by_paper = np.where(rows["y"], np.log(chance), np.log1p(-chance))
    assert by_cell.sum() == pytest.approx(by_paper.sum(), rel=1e-9)
    assert len(by_cell) < len(by_paper)


def test_a_paper_to_a_cell_is_the_same_model():
    """Sufficient counts: estimands and likelihood are those of the rows."""
    data = claim.prepare({"papers": varied(250, 5)}, CHOICES)
    n, y = data["n"].values, data["y"].values
    rows = data.isel(cell=np.repeat(np.arange(len(n)), n)).drop_vars("n")
    rows["n"] = ("cell", np.ones(n.sum(), int))
    rows["y"] = (
        "cell",
        np.concatenate([np.arange(count) < some for count, some in zip(n, y, strict=True)]).astype(int),
    )
    totals = [at_random_point(claim.build(one, claim.Priors()), [], 7)[1].sum() for one in (data, rows)]
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)
    draws = random_draws(data, 8)
    one, other = (claim.estimands(draws, of.drop_vars("fall_weight", errors="ignore"), CHOICES) for of in (data, rows))
    xr.testing.assert_allclose(one, other)


# Estimands, on two chains of three draws.


@pytest.fixture(scope="module")
def hand() -> dict[str, Any]:
    """Papers, draws and what the claim makes of them; log-odds of each paper by hand."""
    frame = pd.concat([varied(160, 9), papers([{"year": 2022, "terms": [], "times": 5}])], ignore_index=True)
    frame["id"] = [f"{identifier[:-12]}{number:012x}" for number, identifier in enumerate(frame["id"])]
    rows, data = select({"papers": frame}, SHIFTED).frame, claim.prepare({"papers": frame}, SHIFTED)
    draws = random_draws(data, 10)
    uses = np.array([list(exposure) for exposure in rows["exposure"]])
    return {
        "rows": rows,
        "draws": draws,
        "found": claim.estimands(draws, data, SHIFTED),
        "base": base_of(rows, draws, 0.5),
        "slopes": slopes_of(rows, draws, FAMILIES),
        "uses": uses,
        "exposed": uses.any(axis=1),
        "topics": rows["topic_used"].to_numpy(),
    }


def test_odds_ratio_by_hand(hand: dict[str, Any]):
    of_papers = hand["slopes"].sum(axis=2)[:, hand["exposed"]]
    np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio"])), of_papers.mean(axis=1))
    np.testing.assert_allclose(np.log(flat(hand["found"]["ratio_per_ten_points"])), of_papers.mean(axis=1) / 10)
    assert int(hand["found"]["n_exposed"]) == hand["exposed"].sum()
    assert int(hand["found"]["n_all"]) == len(hand["rows"])


def mix_of(hand: dict[str, Any]) -> Draws:
    """Use of each family by a paper with terms."""
    mix: Draws = hand["uses"][hand["exposed"]].mean(axis=0)
    return mix


def test_odds_ratio_by_topic_by_hand(hand: dict[str, Any]):
    draws, mix = hand["draws"], mix_of(hand)
    assert mix.sum() > 1
    logs = {}
    for topic in TOPICS:
        slope = draws["slope"].sel(topic=topic)
        logs[topic] = flat(sum((slope.sel(family=f) * mix[i] for i, f in enumerate(FAMILIES)), xr.DataArray(0.0)))
        np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_by_topic"].sel(topic=topic))), logs[topic])
        n = int((hand["exposed"] & (hand["topics"] == topic)).sum())
        assert int(hand["found"]["n_by_topic"].sel(topic=topic)) == n >= FEW
    n = np.array([(hand["exposed"] & (hand["topics"] == topic)).sum() for topic in TOPICS])
    table = np.stack(list(logs.values()))
    centre = (n[:, None] * table).sum(0) / n.sum()
    spread = np.sqrt((n[:, None] * (table - centre) ** 2).sum(0) / n.sum())
    np.testing.assert_allclose(flat(hand["found"]["sd_between_topics"]), spread)
    differ = (table.min(0) < 0) & (table.max(0) > 0)
    np.testing.assert_array_equal(flat(hand["found"]["topics_differ_in_sign"]), differ)
    assert 0 < differ.sum() < len(differ)  # so that the check sees both


def test_odds_ratio_by_family_by_hand(hand: dict[str, Any]):
    for i, family in enumerate(FAMILIES):
        using = hand["uses"][:, i] > 0
        wanted = hand["slopes"][:, using, i].mean(axis=1)
        np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_by_family"].sel(family=family))), wanted)
        assert int(hand["found"]["n_by_family"].sel(family=family)) == using.sum()


def test_odds_ratio_in_a_new_topic_by_hand(hand: dict[str, Any]):
    draws, wanted = hand["draws"], []
    for chain, draw in itertools.product(draws["chain"].values, draws["draw"].values):
        at = draws.sel(chain=chain, draw=draw)
        of_topic = float(at["topic_slope_sd"]) * float(at["new_topic_raw"])
        of_family = at["family_slope"].values + float(at["topic_family_sd"]) * at["new_topic_family_raw"].values
        wanted.append(sum(mix * (of_topic + slope) for mix, slope in zip(mix_of(hand), of_family, strict=True)))
    np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_new_topic"])), wanted)


def test_differences_in_probability_by_hand(hand: dict[str, Any]):
    base, slopes, found = hand["base"], hand["slopes"], hand["found"]
    gain = share(base + slopes.sum(axis=2)) - share(base)
    np.testing.assert_allclose(flat(found["difference"]), gain[:, hand["exposed"]].mean(axis=1))
    for topic in TOPICS:
        of = hand["exposed"] & (hand["topics"] == topic)
        np.testing.assert_allclose(flat(found["difference_by_topic"].sel(topic=topic)), gain[:, of].mean(axis=1))
    for i, family in enumerate(FAMILIES):
        using = hand["uses"][:, i] > 0
        others = share(base + slopes.sum(axis=2) - slopes[:, :, i])
        gone = (share(base + slopes.sum(axis=2)) - others)[:, using].mean(axis=1)
        np.testing.assert_allclose(flat(found["difference_by_family"].sel(family=family)), gone)
    draws = hand["draws"]["slope"].transpose("chain", "draw", "topic", "family")
    typical = (draws * xr.DataArray(mix_of(hand), dims="family")).sum("family").to_numpy().reshape(len(base), -1)
    given = typical[:, [list(draws["topic"].values).index(topic) for topic in hand["topics"]]]
    np.testing.assert_allclose(flat(found["difference_corpus"]), (share(base + given) - share(base)).mean(axis=1))


def test_estimands_say_what_they_are(hand: dict[str, Any]):
    for name, values in hand["found"].data_vars.items():
        assert values.attrs["kind"] in ("quantity", "probability", "rows", "fitted"), name
        if values.attrs["kind"] == "quantity":
            assert name in claim.TITLES
            assert values.attrs["rows"] in hand["found"]
            ratio = values.attrs["unit"] == "ratio"
            assert values.attrs.get("reference") == (None if "reference" not in values.attrs else float(ratio)), name
    assert hand["found"]["difference"].attrs["reference"] == 0
    assert hand["found"]["odds_ratio"].attrs["reference"] == 1


def test_topics_and_families_without_terms_are_not_reported():
    rows = [{"terms": ["scale"], "times": 3}, {"topic": TOPICS[1], "times": 4}]
    data = claim.prepare({"papers": papers(rows)}, CHOICES)
    found = claim.estimands(random_draws(data, 1), data, CHOICES)
    for name in ("odds_ratio_by_topic", "difference_by_topic"):
        assert found[name]["topic"].values.tolist() == [TOPICS[0]]
    for name in ("odds_ratio_by_family", "difference_by_family"):
        assert found[name]["family"].values.tolist() == ["scale"]
    assert all(np.isfinite(values.values.astype(float)).all() for values in found.data_vars.values())


# What goes with the fall.


def spanning(periods: dict[str, list[dict[str, Any]]], **common: Any) -> xr.Dataset:
    """Papers of a venue in three periods: ``times`` of each."""
    years = {"early": 2013, "middle": 2016, "late": 2019}
    rows = [common | {"year": years[name]} | row for name, of in periods.items() for row in of]
    return claim.prepare({"papers": papers(rows)}, CHOICES)


TWO, SEVEN = {"team": {"education": 2}}, {"team": {"education": 7}}
VISION, SCALE = {"topic": TOPICS[0]}, {"terms": ["scale"]}
LANGUAGE = {"topic": TOPICS[1]}
# Teams grow, topics shift and terms spread, all together: large teams use terms most.
EARLY = [TWO | VISION | {"times": 40}, SEVEN | VISION | SCALE | {"times": 10}, TWO | LANGUAGE | SCALE | {"times": 10},
         SEVEN | LANGUAGE | {"times": 5}]  # fmt: skip
LATE = [
    TWO | VISION | {"times": 20}, SEVEN | VISION | SCALE | {"times": 60}, TWO | LANGUAGE | SCALE | {"times": 15},
    SEVEN | LANGUAGE | {"times": 45}, TWO | VISION | SCALE | {"times": 9}, SEVEN | VISION | {"times": 11},
]  # fmt: skip


@pytest.fixture(scope="module")
def shifting() -> xr.Dataset:
    return spanning({"early": EARLY, "middle": LATE, "late": LATE})


def spans(data: xr.Dataset) -> str:
    venues: str = json.loads(data.attrs["facts"])["spanning"]
    return venues


def part(values: xr.DataArray, **at: str) -> float:
    return float(values.sel(at).isel(chain=0, draw=0))


CAUSES: dict[str, tuple[dict[str, dict[str, float]], str]] = {
    "team size": ({"size_effect": {"7-8": -2.0}}, SIZE),
    "topic": ({"topic_effect": {TOPICS[1]: -2.0}}, TOPIC),
    "terms": ({"slope": {"scale": -2.0}}, "compute terms"),
    "years": ({"venue_year_effect": {"NeurIPS 2019": -2.0}}, REST),
}


@pytest.mark.parametrize("cause", list(CAUSES))
def test_a_fall_goes_with_what_caused_it(shifting: xr.Dataset, cause: str):
    effects, wanted = CAUSES[cause]
    found = claim.estimands(constant_draws(shifting, **effects), shifting, CHOICES)
    change = part(found["change_spanning"])
    assert change < -0.03
    for factor in found["factor"].values:
        last = part(found["goes_with_last"], factor=factor)
        if factor == wanted:  # what the other factors take along with them is gone by then
            assert change <= last < 0.3 * change
        else:
            assert last == pytest.approx(0, abs=1e-6), factor
    assert part(found["waterfall"], step=REST) == pytest.approx(change if wanted == REST else 0.0, abs=1e-6)
    if wanted == REST:
        return
    assert part(found["goes_with_first"], factor=wanted) == pytest.approx(change, abs=1e-6)
    steps = found["waterfall"]["step"].values.tolist()
    for step in steps[steps.index(wanted) + 1 :]:  # after the cause nothing is left
        assert part(found["waterfall"], step=step) == pytest.approx(0, abs=1e-6), step


def test_shares_and_waterfall_by_hand(shifting: xr.Dataset):
    effects = {"size_effect": {"7-8": -1.0}, "slope": {"scale": -0.5}, "venue_year_effect": {"NeurIPS 2019": -0.3}}
    found = claim.estimands(constant_draws(shifting, **effects), shifting, CHOICES)

    def by_hand(rows: list[dict[str, Any]], year: float) -> float:
        n = np.array([row["times"] for row in rows])
        at = [year - (row["team"] == SEVEN["team"]) - 0.5 * ("terms" in row) for row in rows]
        return float((n * expit(at)).sum() / n.sum())

    early, late = by_hand(EARLY, 0), by_hand(LATE, -0.3)
    shares = [part(found["share_spanning"], period=period) for period in found["period"].values]
    assert shares == pytest.approx([early, by_hand(LATE, 0), late])
    assert part(found["change_spanning"]) == pytest.approx(late - early)
    assert found["n_spanning"].values.tolist() == [65, 160, 160]
    draws = random_draws(shifting, 2)
    found = claim.estimands(draws, shifting, CHOICES)
    assert found["waterfall"]["step"].values.tolist() == [SIZE, TOPIC, "compute terms", REST]
    xr.testing.assert_allclose(found["waterfall"].sum("step"), found["change_spanning"])
    first = found["goes_with_first"].sel(factor=SIZE, drop=True)
    xr.testing.assert_allclose(found["waterfall"].sel(step=SIZE, drop=True), first)
    last = found["goes_with_last"].sel(factor="compute terms", drop=True)
    xr.testing.assert_allclose(found["waterfall"].sel(step="compute terms", drop=True), last)


def test_venues_that_come_and_grow_make_no_fall():
    """Venues differ, none changes; one grows, another is there late only: at a fixed mix nothing falls."""
    one, other, new = ({"venue": venue} | TWO for venue in ("NeurIPS", "CVPR", "ICLR"))
    periods = {
        "early": [one | SCALE | {"times": 50}, other | {"times": 25}],
        "middle": [one | {"times": 50}, other | {"times": 60}],
        "late": [one | SCALE | {"times": 30}, other | {"times": 300}, new | {"times": 200}],
    }
    data = spanning(periods)
    assert spans(data) == "CVPR, NeurIPS"
    assert data["n_spanning"].values.tolist() == [75, 110, 330]
    effects = {"venue_year_effect": {f"CVPR {year}": -2.0 for year in (2013, 2016, 2019)} | {"ICLR 2019": -4.0}}
    found = claim.estimands(constant_draws(data, **effects), data, CHOICES)
    assert part(found["change_spanning"]) == pytest.approx(0, abs=1e-9)
    mix = np.array([50 + 50 + 30, 25 + 60 + 300])
    wanted = float((mix * expit([0, -2.0])).sum() / mix.sum())
    assert found["share_spanning"].isel(chain=0, draw=0).values == pytest.approx([wanted] * 3)


def test_without_a_venue_that_spans_there_is_no_fall():
    data = spanning({"early": [SCALE | {"times": 19}], "middle": [{"times": 50}], "late": [{"times": 50}]})
    assert "fall_weight" not in data
    found = claim.estimands(random_draws(data, 3), data, CHOICES)
    assert "change_spanning" not in found
    assert "odds_ratio" in found


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ([TWO | VISION | SCALE], [TWO | LANGUAGE]),  # no topic in common
        ([SEVEN | VISION | SCALE], [TWO | VISION, SEVEN | LANGUAGE]),  # each margin has a common level, no paper both
    ],
)
def test_papers_that_have_nothing_in_common_give_numbers(early: list[dict[str, Any]], late: list[dict[str, Any]]):
    periods = {"early": early, "middle": early, "late": late}
    data = spanning({name: [row | {"times": 30} for row in rows] for name, rows in periods.items()})
    assert np.isfinite(data.get("fall_weight", xr.DataArray(0.0))).all()
    found = claim.estimands(random_draws(data, 4), data, CHOICES)
    assert all(np.isfinite(values.values.astype(float)).all() for values in found.data_vars.values())


def test_hardware_has_periods_of_its_own():
    read = {"code_coded": "no", "team_coded": "mixed"}
    named = read | {"hardware_kind": "accelerator"}
    rows = [row | {"year": year, "times": 15} for row in (read, named) for year in (2014, 2018, 2022)]
    data = claim.prepare({"papers": papers(rows)}, dataclasses.replace(CHOICES, exposure="hardware"))
    assert data["period"].values.tolist() == ["2014-16", "2017-19", "2020-22"]
    assert data.attrs["factors"] == "team size; topic mix; hardware named"


def margins(weights: Draws, at: Any) -> Draws:
    return np.bincount(at, weights, int(at.max()) + 1) / weights.sum()


def test_raking_gives_the_margins_of_the_target():
    rng = np.random.default_rng(1)
    at = [rng.integers(0, levels, 300) for levels in (2, 5, 7)]
    weights, target = rng.gamma(1, 1, 300), rng.gamma(1, 1, 300)
    found = raked(weights, target, at)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    for of in at:
        np.testing.assert_allclose(margins(found, of), margins(target, of), atol=1e-7)
    np.testing.assert_allclose(raked(weights, 3 * weights, at), weights / weights.sum())
    one = raked(weights, target, at[:1])
    np.testing.assert_allclose(one * weights.sum() / weights, (margins(target, at[0]) / margins(weights, at[0]))[at[0]])


def test_raking_keeps_the_odds_within():
    """A scaling of rows and columns: odds ratios of the weights stay (Deming and Stephan)."""
    weights, target = np.array([4.0, 1, 2, 3]), np.array([1.0, 1, 1, 5])
    found = raked(weights, target, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])])
    assert found[0] * found[3] / found[1] / found[2] == pytest.approx(4 * 3 / 1 / 2)


def test_raking_with_levels_that_one_side_lacks():
    at = np.array([0, 1, 2, 2])
    found = raked(np.array([0.0, 1, 2, 2]), np.array([5.0, 3, 1, 0]), [at])  # the target's level 0 has no counterpart
    np.testing.assert_allclose(found, [0, 3 / 4, 1 / 8, 1 / 8])
    found = raked(np.array([2.0, 1, 2, 2]), np.array([0.0, 3, 1, 0]), [at])  # the late level 0 was not there before
    np.testing.assert_allclose(found, [0, 3 / 4, 1 / 8, 1 / 8])
    assert np.isfinite(raked(np.array([0.0, 2, 3]), np.array([1.0, 0, 0]), [np.array([0, 1, 1])])).all()
    both = [np.array([0, 1, 0]), np.array([0, 1, 1])]  # each margin has a common level, together they have none
    assert np.isfinite(raked(np.array([1.0, 1, 0]), np.array([0.0, 0, 1]), both)).all()


# Test quantities.


def test_chi_square_of_a_plain_binomial_is_near_one():
    rng = np.random.default_rng(2)
    at = np.repeat(np.arange(200), 5)
    n = rng.integers(5, 20, 1000)
    y = rng.binomial(n, 0.6, (20, 1000))
    assert chi_square(y, n, [at]).mean() == pytest.approx(1, abs=0.05)
    pair = [np.arange(1000) % 10, np.arange(1000) // 100]
    assert chi_square(y, n, pair).mean() == pytest.approx(1, abs=0.25)
    by_hand = [
        ((y[0, at == g].sum() - n[at == g].sum() * y[0].sum() / n.sum()) ** 2 / n[at == g].sum()) for g in range(200)
    ]
    share = y[0].sum() / n.sum()
    assert chi_square(y[:1], n, [at])[0] == pytest.approx(np.mean(by_hand) / share / (1 - share))


def test_an_interaction_raises_the_pair_alone():
    grid = np.array(list(itertools.product(range(4), range(4))))
    n = np.full(16, 400)
    sign = np.where((grid[:, 0] < 2) == (grid[:, 1] < 2), 1, -1)
    plain, crossed = (np.full((1, 16), 240), (240 + 40 * sign)[None])
    added = (240 + 20 * (grid[:, 0] - 1.5)).astype(int)[None]
    single = [chi_square(y, n, [grid[:, 0]])[0] for y in (plain, crossed, added)]
    paired = [chi_square(y, n, [grid[:, 0], grid[:, 1]])[0] for y in (plain, crossed, added)]
    assert single[0] == single[1] == pytest.approx(0)
    assert single[2] > 5
    assert paired[0] == pytest.approx(0)
    assert paired[1] > 10
    assert paired[2] < 0.5  # margins alone are no interaction


def test_statistics_see_an_interaction_in_the_papers():
    """The same papers, some swapped between academia and industry so that two groupings interact."""
    data = claim.prepare({"papers": varied(2500, 11)}, CHOICES)
    place = data["at_venue_year"].values
    names = {name: data[f"at_{key}"].values for name, key in (("topic", "topic"), ("team size", "size"))}
    names |= {name: data[f"{name}_of"].values[place] for name in ("venue", "year")}
    names |= {"exposure": data["at_exposure"].values}
    rng = np.random.default_rng(3)
    n = data["n"].values

    def found(chance: Any) -> xr.Dataset:
        y = xr.Dataset({"y_obs": (("chain", "draw", "cell"), rng.binomial(n, chance, (1, 40, len(n))))})
        return statistics(y, data).mean()

    plain = found(0.6)
    assert {f"chi-square by {name}" for name in names} < set(plain.data_vars)
    pairs = [
        str(name).removeprefix("chi-square by ").split(" and ") for name in plain.data_vars if " and " in str(name)
    ]
    assert {("topic", "venue"), ("team size", "venue")} <= {tuple(pair) for pair in pairs}
    for first, second in pairs:
        sides = []
        for name in (first, second):
            half = np.unique(names[name], return_inverse=True)[1] % 2
            sides.append(half - np.average(half, weights=n))  # so that neither margin moves
        crossed = found(0.6 + 0.7 * sides[0] * sides[1])
        pair = f"chi-square by {first} and {second}"
        assert float(crossed[pair]) > 1.3 * float(plain[pair]), pair
        for name in (f"chi-square by {first}", f"chi-square by {second}"):
            assert float(crossed[name] - plain[name]) < 0.5 * float(crossed[pair] - plain[pair]), (pair, name)


# The regression of topics and years.


def test_counts_by_topic_and_year_by_hand():
    rows = [
        SCALE | {"times": 3}, {"times": 5}, {"team": {"company": 2}, "times": 2},
        SCALE | {"team": {"education": 1, "unknown": 1}, "times": 4},  # kind of team not known: an abstract only
        LANGUAGE | SCALE | {"year": 2021, "team": {"company": 1}, "times": 6}, LANGUAGE | {"year": 2022, "times": 9},
    ]  # fmt: skip
    data = claim.prepare_topic_year({"papers": papers(rows)}, CHOICES)
    assert data["year"].values.tolist() == list(range(2012, 2022))
    names = ("n", "y", "m", "k", "n_with", "y_with")

    def at(topic: str, year: int) -> list[int]:
        return [int(data[name].sel(topic=topic, year=year)) for name in names]

    assert at(TOPICS[0], 2015) == [10, 8, 14, 7, 3, 3]
    assert at(TOPICS[1], 2021) == [6, 0, 6, 6, 6, 0]
    assert [int(data[name].sum()) for name in names] == [16, 8, 20, 13, 9, 3]
    counted = claim.MODELS["topic_year"].raw
    assert counted is not None
    raw = counted(data)["crude_odds_ratio"]
    assert {str(name): int(raw.sel(raw=name)) for name in raw["raw"].values} == {
        "k": 3, "n": 9, "k_reference": 5, "n_reference": 7,
    }  # fmt: skip


def test_spanning_venues_are_those_of_the_fall():
    rows = [{"venue": "ICML", "year": year, "times": 25} | SCALE for year in (2013, 2016, 2019)]
    rows += [{"venue": "ICML", "topic": TOPICS[1], "year": 2021, "times": 3}]
    rows += [{"venue": "CVPR", "year": year, "times": 50} for year in (2016, 2019, 2020)]
    of = dataclasses.replace(CHOICES, venues="spanning")
    data = claim.prepare_topic_year({"papers": papers(rows)}, of)
    assert int(data["n"].sum()) == 78
    fall = claim.prepare({"papers": papers(rows)}, CHOICES)
    assert spans(fall) == "ICML"


def test_course_of_all_topics_is_not_moved_by_their_mix():
    """A third of one topic's papers have terms in every year, a tenth of another's; the mix turns round."""
    rows = []
    for year in range(2012, 2022):
        for topic, share_of, weight in ((TOPICS[0], 3, year - 2011), (TOPICS[1], 10, 2022 - year)):
            place = {"topic": topic, "year": year}
            rows += [place | SCALE | {"times": 30 * weight}, place | {"times": 30 * weight * (share_of - 1)}]
    data = claim.prepare_topic_year({"papers": papers(rows)}, CHOICES)
    np.testing.assert_allclose(data["year_path"], 0, atol=0.05)


@pytest.mark.parametrize("trends", [True, False])
def test_regression_is_the_one_written_down(trends: bool):
    of = dataclasses.replace(CHOICES, topic_trends=trends)
    data = claim.prepare_topic_year({"papers": varied(900, 12)}, of)
    names = ["term_level", "term_topic", "term_excess_sd", "term_excess_raw", "within", "topic_level", "trend",
             "topic_trend_sd", "trend_raw", "excess_sd", "excess_raw"]  # fmt: skip
    point, found = at_random_point(claim.build_topic_year(data, claim.Priors()), names, 13)
    years, topics = data["year"].values, data["topic"].values
    n, y, m, k = (data[name].transpose("topic", "year").values for name in ("n", "y", "m", "k"))
    course = data["year_path"].values
    total, x = 0.0, np.zeros(n.shape)
    for t, r in itertools.product(range(len(topics)), range(len(years))):
        terms = point["term_level"] + point["term_topic"][t] + course[r]
        x[t, r] = expit(terms + point["term_excess_sd"] * point["term_excess_raw"][t, r])
        total += binom.logpmf(k[t, r], m[t, r], x[t, r])
    mean = (n * x).sum(axis=1) / n.sum(axis=1)  # of a topic, by its papers
    for t, r in itertools.product(range(len(topics)), range(len(years))):
        at = point["topic_level"][t] + point["excess_sd"] * point["excess_raw"][t, r]
        at += point["within"] * (x[t, r] - mean[t])
        if trends:
            slope = point["trend"] + point["topic_trend_sd"] * point["trend_raw"][t]
            at += slope * (years[r] - years.mean()) / 10
        total += binom.logpmf(y[t, r], n[t, r], expit(at))
    assert found.sum() == pytest.approx(float(total), rel=1e-9)


def test_topics_lie_around_the_line_between_them():
    data = claim.prepare_topic_year({"papers": varied(900, 12)}, CHOICES)
    model = claim.build_topic_year(data, claim.Priors())
    names = [
        "between",
        "topic_year_level",
        "topic_level",
        "term_level",
        "term_topic",
        "term_excess_sd",
        "term_excess_raw",
    ]
    rng = np.random.default_rng(15)
    point = {name: rng.normal(0, 0.7, np.shape(value)) for name, value in model.initial_point().items()}
    outs = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=[model["topic_level"]], sum=False)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*outs, *density], inputs=model.value_vars, **options)(point)
    at = dict(zip(names, values, strict=True))
    path = data["year_path"].values
    x = expit(at["term_level"] + at["term_topic"][:, None] + path + at["term_excess_sd"] * at["term_excess_raw"])
    n = data["n"].transpose("topic", "year").values
    mean = (n * x).sum(axis=1) / n.sum(axis=1)
    line = at["topic_year_level"] + at["between"] * (mean - mean.mean())
    np.testing.assert_allclose(found, norm.logpdf(at["topic_level"], line, claim.Priors().topic_sd))


def test_estimands_of_the_regression_by_hand():
    data = claim.prepare_topic_year({"papers": varied(300, 14)}, CHOICES)
    within = xr.DataArray([[-1.0, 2.0]], dims=("chain", "draw"))
    found = claim.estimands_topic_year(xr.Dataset({"within": within, "between": 3 * within}), data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], within)
    np.testing.assert_allclose(found["slope_between"], 3 * within)
    # Ten points more papers with terms: a tenth of the slope from none to all.
    np.testing.assert_allclose(found["ratio_per_ten_points"], np.exp([[-0.1, 0.2]]))
    assert int(found["n_all"]) == int(data["n"].sum())
