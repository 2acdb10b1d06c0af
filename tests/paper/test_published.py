"""The committed copies match the code and the tables, and the README shows them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from inference.pipeline import publish
from inference.store.declarations import import_part
from inference.store.paths import POWER, Paths
from inference.summaries.estimates import make_key
from inference.summaries.power import read_refits
from inference.summaries.robustness import list_compared
from models.common.claim import RAW
from models.registry import CLAIMS


def test_published_estimates_are_not_stale():
    assert publish.list_stale() == [], "run: make refresh, then .venv/bin/python -m inference publish"


def test_every_declared_specification_is_published():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    declared = {
        f"{claim}/{one.name}"
        for claim in CLAIMS
        for one in import_part(claim, "specifications").SPECIFICATIONS
        if one.model != RAW and not one.user_only
    }
    assert set(content["fits"]) == declared
    stale = [name for name, fit in content["fits"].items() if fit.get("stale")]
    assert not stale, f"run: .venv/bin/python -m inference alternatives ({', '.join(stale)})"


def test_headlines_are_compared_with_all_their_refits():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    fits = content["fits"]
    for row in content["estimates"]:
        own = fits[f"{row['claim']}/{row['spec']}"]
        if not row["headline"] or row["sd"] == 0:  # no prior moves what is known exactly
            continue
        same = {
            fit["kind"] + name.removeprefix(row["claim"])
            for name, fit in fits.items()
            if name.startswith(f"{row['claim']}/")
            and (fit["model"], fit["differs"]["choices"]) == (own["model"], own["differs"]["choices"])
        }
        priors = {name.removeprefix("prior/") for name in same if name.startswith("prior/")}
        assert {refit["spec"] for refit in row["refits"]} == priors, row["title"]


def find_without_estimate(row: dict[str, Any]) -> set[str]:
    """Find the declared specifications whose papers have no such estimate."""
    if row["estimand"] == "goes_with_last":  # keywords give topics to too few venues for a balanced panel
        return {"topic_keywords"}
    # Before 2019, the lists of one venue group give no affiliations.
    return {"team_listed"} if row["coords"].get("era") == "2014-18" else set()


def test_headlines_are_compared_with_all_defensible_analyses():
    """Every one that is declared is fitted, and those that the page counts are those of the same quantity."""
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    assert content["schema_version"] == 2
    rows = {(row["claim"], row["spec"], *make_key(row["estimand"], row["coords"])): row for row in content["estimates"]}
    for row in content["estimates"]:
        found = row["robustness"]
        assert (found is not None) == row["headline"]
        if found is None:
            continue
        specifications = import_part(row["claim"], "specifications").SPECIFICATIONS
        own = next(one for one in specifications if one.name == row["spec"])
        listed = list_compared(own, row["estimand"], specifications, "defensible")
        key = make_key(row["estimand"], row["coords"])
        listed = [one for one in listed if not one.user_only]
        others = [rows.get((row["claim"], one.name, *key)) for one in listed]
        present = [other for other in others if other is not None]
        absent = {one.name for one, other in zip(listed, others, strict=True) if other is None}
        assert absent == find_without_estimate(row), row["title"]
        assert (found["declared"], found["of"]) == (len(others), len(present)), row["title"]
        medians = [one["value"] if one["kind"] == "probability" else one["median"] for one in (row, *present)]
        assert (found["median_low"], found["median_high"]) == (min(medians), max(medians))
        if row["verdict"] not in (None, "not comparable"):
            assert found["same_verdict"] == sum(other["verdict"] == row["verdict"] for other in present)
            assert len(found["changed"]) == len(present) - found["same_verdict"]


def test_no_published_value_is_shown_with_what_is_not_comparable():
    for row in json.loads((publish.PUBLISHED / "estimates.json").read_text())["estimates"]:
        if row["verdict"] == "not comparable":
            assert row["not_comparable"]
            assert [row[name] for name in ("published", "published_sign", "published_text", "p_within")] == [None] * 4


def test_probabilities_of_verdicts_by_refits_are_of_the_published_fits():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    keys = {(name.partition("/")[0], fit["fit_key"]) for name, fit in content["fits"].items()}
    for claim in CLAIMS:
        for line in read_refits(POWER, claim):
            assert (claim, line["fit_key"]) in keys, "run the refits again: power.csv is of other fits"


def test_readme_shows_the_published_table():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    readme = publish.README.read_text()
    assert publish.insert_table(readme, content) == readme
    for picture in ("ladder", "academic_share"):
        assert f"paper/published/figures/{picture}.png" in readme
        assert (publish.PUBLISHED / "figures" / f"{picture}.png").exists()


def test_macros_are_those_of_the_published_estimates():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    macros = publish.write_macros(content["estimates"])
    assert (publish.PUBLISHED / "estimates.tex").read_text() == macros
    names = [line.split("{")[1] for line in macros.splitlines() if line.startswith(r"\newcommand")]
    assert len(set(names)) == len(names) == sum(row["headline"] for row in content["estimates"])
    assert all(name[1:-1].isalpha() for name in names)


def test_every_estimand_has_its_thinned_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    attrs = {"unit": "ratio", "kind": "quantity", "scale": "log"}
    values = np.arange(2 * 3000 * 2 * 2, dtype=float).reshape(2, 3000, 2, 2)
    lead = {"chain": [0, 1], "draw": range(3000), "venues": ["a", "b"], "era": ["early", "late"]}
    ratio = xr.DataArray(values, lead, ("chain", "draw", "venues", "era"), attrs=attrs)
    estimands = xr.Dataset({"ratio": ratio, "all": ratio.isel(venues=0, era=0, drop=True).assign_attrs(attrs), "n": 5})
    tree = xr.DataTree.from_dict({"estimands": estimands})
    monkeypatch.setattr(publish.posteriors, "list_specs", lambda paths, claim: ["main"] * (claim == CLAIMS[0]))
    monkeypatch.setattr(publish.posteriors, "load", lambda paths, claim, spec: (tree, {}))
    made = publish.thin_posteriors(Paths(out=tmp_path))
    name = f"draws_{CLAIMS[0]}_main.csv.gz"
    assert set(made) == {name, "draws_codebook.csv"}
    frame = pd.read_csv(io.BytesIO(made[name]))  # compressed where it is written
    assert list(frame) == ["ratio[a, early]", "ratio[a, late]", "ratio[b, early]", "ratio[b, late]", "all"]
    assert len(frame) == publish.DRAWS
    np.testing.assert_allclose(frame["ratio[b, early]"], values[:, :, 1, 0].ravel()[::6], rtol=1e-5)
    np.testing.assert_allclose(frame["all"], values[:, :, 0, 0].ravel()[::6], rtol=1e-5)


def test_every_model_has_a_fit_with_predictive_checks():
    fits = json.loads((publish.PUBLISHED / "estimates.json").read_text())["fits"]
    models = {(name.split("/")[0], fit["model"]) for name, fit in fits.items()}
    checked = {(name.split("/")[0], fit["model"]) for name, fit in fits.items() if fit["checks"]}
    assert checked == models
