"""The committed copies match the code and the tables, and the README shows them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from inference.pipeline import publish
from inference.store.paths import Paths
from models.registry import CLAIMS


def test_published_estimates_are_not_stale():
    assert publish.list_stale() == [], "run: make refresh, then .venv/bin/python -m inference publish"


def test_headlines_are_compared_with_all_their_refits():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    fits = content["fits"]
    for row in content["estimates"]:
        own = fits[f"{row['claim']}/{row['spec']}"]
        if not (row["headline"] and row["kind"] == "quantity"):
            continue
        same = {
            fit["kind"] + name.removeprefix(row["claim"])
            for name, fit in fits.items()
            if name.startswith(f"{row['claim']}/")
            and (fit["model"], fit["differs"]["choices"]) == (own["model"], own["differs"]["choices"])
        }
        priors = {name.removeprefix("prior/") for name in same if name.startswith("prior/")}
        assert {refit["spec"] for refit in row["refits"]} == priors, row["title"]


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
