"""Which fits a claim's fitter makes: its one retry, and the draws that it keeps for later specifications."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

import inference.fit
import inference.gate
from data.tables import load
from inference.fitter import RETRY_DRAWS, RETRY_TARGET_ACCEPT, Fitter
from models._claim import Alternative
from tests.toy import claim

ALTERNATIVES = (
    Alternative("main", "main", "main", "mean"),
    Alternative("half_scale", "half", "prior", "mean", priors={"mean_sd": 0.5}),
    Alternative("five", "five numbers", "sampling", "mean", {"first": 5}),
    Alternative("again", "main again", "definition", "mean"),
)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sampler of each fit that was asked for; none is made."""
    made: list[Any] = []

    def fit(*arguments: Any) -> Any:
        made.append(arguments[6])
        return SimpleNamespace(attrs={})

    monkeypatch.setattr(inference.fit, "fit", fit)
    monkeypatch.setattr(inference.fit, "other_choices", lambda tree, model, choices: tree)
    monkeypatch.setattr(inference.gate, "check", lambda *trees: SimpleNamespace(passed=True, faults=[]))
    return made


def fitter() -> Fitter:
    module: Any = SimpleNamespace(ALTERNATIVES=ALTERNATIVES, MODELS=claim.MODELS)
    return Fitter(module, {"models": load("models")}, claim.Choices(), claim.Priors(), 1, None)


def test_only_draws_that_a_later_specification_takes_are_kept(fits: list[Any]):
    mine = fitter()
    kept = {}
    for alternative in mine.those_that_data_carry(False, lambda text: None):
        mine.fit(alternative, lambda text: None)
        kept[alternative.name] = len(mine._done)
    assert len(fits) == 3  # the last takes the draws of the first
    assert kept == {"main": 1, "half_scale": 1, "five": 1, "again": 1}


def test_the_one_retry_takes_smaller_steps_and_more_draws(fits: list[Any], monkeypatch: pytest.MonkeyPatch):
    failed = SimpleNamespace(passed=False, faults=["R-hat"])
    monkeypatch.setattr(inference.gate, "check", lambda *trees: failed)
    mine = fitter()
    said: list[str] = []
    quick = dataclasses.replace(
        mine.those_that_data_carry(False, lambda text: None)[0], sampler={"tune": 100, "target_accept": 0.7}
    )
    _, gate, retried = mine.fit(quick, said.append)
    first, second = fits
    assert retried
    assert gate is failed
    assert (first.tune, first.target_accept) == (100, 0.7)
    # A model's own shorter tuning is not for what has failed.
    more = {"draws": RETRY_DRAWS * first.draws, "tune": inference.fit.Sampler.tune}
    assert second == dataclasses.replace(first, target_accept=RETRY_TARGET_ACCEPT, **more)
    assert said == [f"gate: R-hat: one retry, target_accept 0.99, {second.draws} draws"]
