"""The compute-term claim's likelihood, estimands and test quantities against calculations by hand, paper by paper."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.graph import rewrite_graph
from scipy.special import comb, expit, log_expit
from scipy.stats import binom

import models.topic_compute as claim
from models._cells import FEW, SIZES, VENUE_GROUPS, counts_with_false_positives, team_size, venue_group
from models.topic_compute_rows import TERMS, select, unseen_industry
from models.topic_compute_statistics import chi_square, statistics
from tests.models.topic_papers import (
    CHOICES,
    TOPICS,
    Draws,
    at_random_point,
    base_of,
    flat,
    groups,
    papers,
    random_draws,
    share,
    size_of,
    slopes_of,
    varied,
)

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


def noisy_model(odds: Any, n: Any, y: Any, false_positive: Any) -> pm.Model:
    with pm.Model(coords={"cell": np.arange(len(n))}) as model:
        data = [pm.Data(f"d{i}", value, dims="cell") for i, value in enumerate((odds, n, y, false_positive))]
        counts_with_false_positives("y_obs", *data)
    return model


def test_counts_with_false_positives_are_binomial():
    """But for constants of the data: the coefficient, and what each observation without the event costs at least."""
    rng = np.random.default_rng(1)
    log_odds, n = rng.normal(0, 2, 40), rng.integers(1, 30, 40)
    y = rng.integers(0, n + 1)
    y[:2] = [0, n[1]]
    for q in (np.zeros(40), np.full(40, 0.1), rng.uniform(0, 0.9, 40)):
        model = noisy_model(np.exp(log_odds), n, y, q)
        found = model.compile_fn(model.logp(sum=False), mode="FAST_COMPILE")({})[0]
        p = expit(log_odds)
        wanted = binom.logpmf(y, n, p + (1 - p) * q)
        np.testing.assert_allclose(found + np.log(comb(n, y)) + (n - y) * np.log1p(-q), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("log_odds", [-30.0, 30.0])
def test_counts_with_false_positives_at_far_log_odds(log_odds: float):
    """Few papers that show it where hardly any has it, few that do not where nearly all have it; as it is sampled."""
    n, y = np.array([1, 40, 40]), np.array([1, 3, 37])
    with pm.Model(coords={"cell": range(3)}) as model:
        x = pm.Flat("x", dims="cell")
        counts_with_false_positives("y_obs", pt.exp(x), pt.constant(n), pt.constant(y), pt.zeros(3))
    value = model.rvs_to_values[x]
    logp = model.logp(vars=model["y_obs"])
    both = rewrite_graph([logp, pt.grad(logp, value)], include=["canonicalize", "stabilize", "specialize"])
    found, slope = pytensor.function([value], both, mode="FAST_COMPILE")(np.full(3, log_odds))
    wanted = (y * log_expit(log_odds) + (n - y) * log_expit(-log_odds)).sum()
    np.testing.assert_allclose(found, wanted, 1e-9, 1e-11)
    np.testing.assert_allclose(slope, y - n * expit(log_odds), 1e-9, 1e-11)


def test_counts_with_false_positives_are_drawn_with_the_right_mean():
    log_odds, n = np.array([-2.0, 0.0, 1.0, 3.0]), np.array([1, 7, 20, 100])
    q = np.array([0.0, 0.2, 0.3, 0.05])
    model = noisy_model(np.exp(log_odds), n, n * 0, q)
    drawn = pm.draw(model["y_obs"], draws=4000, random_seed=1)
    chance = expit(log_odds) + (1 - expit(log_odds)) * q
    np.testing.assert_allclose(drawn.mean(0), n * chance, atol=5 * np.sqrt(n * chance * (1 - chance) / 4000).max())
    np.testing.assert_allclose(drawn.var(0), n * chance * (1 - chance), rtol=0.15)


EFFECTS = {
    "venue_year_effect": ("venue_year",), "topic_effect": ("topic",), "pair_effect": ("pair",),
    "size_effect": ("group", "size"), "slope": ("topic", "family"), "family_slope": ("family",),
    "topic_slope_raw": ("topic",), "topic_slope_sd": (), "topic_family_raw": ("topic", "family"), "topic_family_sd": (),
}  # fmt: skip


def test_likelihood_is_that_of_the_papers_one_by_one():
    """By the names of each paper's levels: the same as by cells, but for constants of the data."""
    frame = varied(250, 5)
    rows, data = select({"papers": frame}, SHIFTED).frame, claim.prepare({"papers": frame}, SHIFTED)
    found, by_cell = at_random_point(claim.build(data, claim.Priors()), list(EFFECTS), 6)
    point = xr.Dataset(
        {name: (("chain", "draw", *dims), found[name][None, None]) for name, dims in EFFECTS.items()},
        coords={dim: data[dim] for dims in EFFECTS.values() for dim in dims},
    )
    slope = (
        point["family_slope"]
        + point["topic_slope_sd"] * point["topic_slope_raw"]
        + point["topic_family_sd"] * point["topic_family_raw"]
    )
    xr.testing.assert_allclose(point["slope"], slope.transpose(*point["slope"].dims))
    for name, dim in (("topic_effect", "topic"), ("size_effect", "size"), ("topic_family_raw", "family")):
        np.testing.assert_allclose(point[name].sum(dim), 0, atol=1e-9)
    p = share(base_of(rows, point, 0.5) + slopes_of(rows, point, FAMILIES).sum(axis=2))[0]
    q = unseen_industry(rows, SHIFTED).round(3).to_numpy()
    assert (q > 0).sum() > 10
    chance = p + (1 - p) * q
    # But for log(1 - q) of those that do not show it, a constant.
    by_paper = np.where(rows["y"], np.log(chance), np.log1p(-chance) - np.log1p(-q))
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
        same_mix = hand["found"]["odds_ratio_by_topic_same_mix"].sel(topic=topic)
        np.testing.assert_allclose(np.log(flat(same_mix)), logs[topic])
        mine = hand["exposed"] & (hand["topics"] == topic)
        own = hand["slopes"].sum(axis=2)[:, mine].mean(axis=1)
        np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_by_topic"].sel(topic=topic))), own)
        n = int(mine.sum())
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
    logs, using = [], hand["uses"] > 0
    for i, family in enumerate(FAMILIES):
        logs.append(hand["slopes"][:, using[:, i], i].mean(axis=1))
        np.testing.assert_allclose(np.log(flat(hand["found"]["odds_ratio_by_family"].sel(family=family))), logs[-1])
        assert int(hand["found"]["n_by_family"].sel(family=family)) == using[:, i].sum()
    n, table = using.sum(axis=0)[:, None], np.stack(logs)
    spread = np.sqrt((n * (table - (n * table).sum(0) / n.sum()) ** 2).sum(0) / n.sum())
    np.testing.assert_allclose(flat(hand["found"]["sd_between_families"]), spread)
    more = spread > flat(hand["found"]["sd_between_topics"])
    np.testing.assert_array_equal(flat(hand["found"]["families_differ_more"]), more)


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
            reference = {"ratio": 1, "difference in probability": 0}.get(values.attrs["unit"])
            assert values.attrs.get("reference") == reference, name
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
