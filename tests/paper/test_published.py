"""The committed copies: those of the code and tables beside them, and what the README shows."""

from __future__ import annotations

import json

from inference import publish


def test_published_estimates_are_not_stale():
    assert publish.stale() == [], "run: make refresh, then .venv/bin/python -m inference publish"


def test_headlines_are_held_against_every_refit_of_theirs():
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
    assert publish.with_table(readme, content) == readme
    for picture in ("ladder", "academic_share"):
        assert f"paper/published/figures/{picture}.png" in readme
        assert (publish.PUBLISHED / "figures" / f"{picture}.png").exists()


def test_macros_are_those_of_the_published_estimates():
    content = json.loads((publish.PUBLISHED / "estimates.json").read_text())
    macros = publish.macros(content["estimates"])
    assert (publish.PUBLISHED / "estimates.tex").read_text() == macros
    names = [line.split("{")[1] for line in macros.splitlines() if line.startswith(r"\newcommand")]
    assert len(set(names)) == len(names) == sum(row["headline"] for row in content["estimates"])
    assert all(name[1:-1].isalpha() for name in names)
