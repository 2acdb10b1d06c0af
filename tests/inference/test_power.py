"""Power of the verdicts: the normal approximation against simulated samples, and replaced by refits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from data.io import format_csv
from inference.summaries.chances import Chance
from inference.summaries.power import COLUMNS, compute_power, read_refits, replace_by_refits
from inference.summaries.verdicts import decide
from models.common.claim import Published

ROPE = math.log(1.1)
SHARE = Published("p", value=0.65, tolerance=0.5)
BELOW = Published("r", sign=-1)
BACK: dict[str, Any] = {"logit": expit, "log": np.exp, "identity": lambda x: x}


def make_row(scale: str, sd: float, median: float, unit: str, reference: float | None = None) -> dict[str, Any]:
    row = {"scale": scale, "sd_scale": sd, "median": median, "unit": unit, "reference": reference}
    return row | {"estimand": "e", "coords": {"period": "2010-14"}}


def simulate(row: dict[str, Any], truth: float, known: Published) -> dict[str, float]:
    """Draw samples around the truth, and judge the posterior of each by its draws, without the normal's formulae."""
    rng = np.random.default_rng(8)
    sd, back = row["sd_scale"], BACK[row["scale"]]
    found: list[str] = []
    for centre in truth + sd * rng.normal(size=3000):
        draws = back(centre + sd * rng.normal(size=2000))
        if known.value is not None:
            assert known.tolerance is not None
            near = abs(logit(draws) - logit(known.value)) < known.tolerance
            chances = {"within": Chance(near.mean())}
        else:
            effect = np.log(draws) if row["scale"] == "log" else draws
            rope = 0.01 if row["unit"] == "difference in probability" else ROPE
            chances = {"sign": Chance((effect < 0).mean()), "rope": Chance((abs(effect) < rope).mean())}
        found.append(decide(known, chances))
    return {verdict: found.count(verdict) / len(found) for verdict in set(found)}


@pytest.mark.parametrize(
    ("row", "known", "truths"),
    [
        (make_row("logit", 0.25, 0.6, "probability"), SHARE, {"published value": math.log(0.65 / 0.35)}),
        (make_row("log", 0.08, 0.8, "ratio", 1.0), BELOW,
         {"edge of the ROPE": -ROPE, "ratio of 1.25": -math.log(1.25), "estimate": math.log(0.8)}),
        (make_row("log", 0.03, 1.02, "ratio", 1.0), BELOW,
         {"edge of the ROPE": -ROPE, "ratio of 1.25": -math.log(1.25), "estimate": math.log(1.02)}),
        (make_row("identity", 0.008, -0.02, "difference in probability", 0.0), BELOW,
         {"edge of the ROPE": -0.01, "2.5 points": -0.025, "estimate": -0.02}),
    ],
)  # fmt: skip
def test_against_simulated_samples(row: dict[str, Any], known: Published, truths: dict[str, float]):
    power = compute_power(row, known)
    assert power is not None
    assert [one["truth"] for one in power] == list(truths)
    for one in power:
        truth = truths[one["truth"]]
        assert one["value"] == pytest.approx(float(BACK[row["scale"]](truth)))
        assert sum(one["verdicts"].values()) == pytest.approx(1)
        simulated = simulate(row, truth, known)
        for verdict, chance in one["verdicts"].items():
            assert chance == pytest.approx(simulated.get(verdict, 0.0), abs=0.04), (one["truth"], verdict)


def test_with_too_few_rows_a_number_never_agrees():
    """At an sd of 0.32, even a posterior that is centred on the published value has only P(within) = 0.88."""
    (one,) = compute_power(make_row("logit", 0.32, 0.6, "probability"), SHARE) or []
    assert one["verdicts"]["agrees"] == 0
    assert one["verdicts"]["inconclusive"] > 0.9
    (exact,) = compute_power(make_row("logit", 0.01, 0.6, "probability"), SHARE) or []
    assert exact["verdicts"]["agrees"] == 1


def test_another_scale_of_an_effect_has_the_truths_of_that_scale():
    """Ten points more papers: the ROPE and the clear effect are a tenth of those between papers."""
    known = Published("r", sign=-1, rope=0.1 * ROPE)
    power = compute_power(make_row("log", 0.005, 0.97, "ratio", 1.0), known) or []
    values = {one["truth"]: one["value"] for one in power}
    assert values["edge of the ROPE"] == pytest.approx(1.1**-0.1)
    assert values["ratio of 1.25"] == pytest.approx(1.25**-0.1)
    assert values["estimate"] == pytest.approx(0.97)


def test_a_sign_without_a_rope_has_the_estimate_alone():
    (one,) = compute_power(make_row("identity", 0.7, -6.6, "log10 FLOP", 0.0), BELOW) or []
    assert one["truth"] == "estimate"
    assert one["verdicts"]["supported"] == 1


def test_what_has_no_power():
    row = make_row("log", 0.1, 0.8, "ratio", 1.0)
    assert compute_power(row, None) is None
    assert compute_power(row, Published("r", sign=-1, not_comparable="another quantity")) is None
    assert compute_power(row | {"sd_scale": 0.0}, BELOW) is None  # known exactly
    assert compute_power(row | {"sd_scale": None}, BELOW) is None  # an event


def write_refits(path: Path, fit_key: str) -> None:
    shared = {"claim": "c", "estimand": "e", "coords": '{"period": "2010-14"}', "published": 0.65, "n_refits": 500}
    shared |= {"truth": "published value", "method": "refits", "fit_key": fit_key}
    lines = [
        shared | {"verdict": "agrees", "probability": 0.02, "mcse": 0.006},
        shared | {"verdict": "inconclusive", "probability": 0.98, "mcse": 0.006},
    ]
    path.write_bytes(format_csv(COLUMNS, [*lines, lines[0] | {"claim": "other", "probability": 1.0}]))


@pytest.mark.parametrize("key", ["now", "earlier"])
def test_refits_replace_the_approximation_while_they_are_current(tmp_path: Path, key: str):
    row = make_row("logit", 0.25, 0.6, "probability")
    power = compute_power(row, SHARE) or []
    write_refits(tmp_path / "power.csv", key)
    refits = read_refits(tmp_path / "power.csv", "c")
    assert len(refits) == 2
    (one,) = replace_by_refits(power, row, "now", refits)
    if key == "earlier":
        assert one == power[0]
        return
    assert one["verdicts"] == {"agrees": 0.02, "inconclusive": 0.98, "disagrees": 0.0}
    assert (one["method"], one["n_refits"], one["mcse"]) == ("refits", 500, 0.006)
    assert one["texts"] == {"agrees": "10", "inconclusive": "490", "disagrees": "0"}
    (elsewhere,) = replace_by_refits(power, row | {"coords": {"period": "2020-22"}}, "now", refits)
    assert elsewhere == power[0]


def test_without_a_file_there_are_no_refits(tmp_path: Path):
    assert read_refits(tmp_path / "power.csv", "c") == []
