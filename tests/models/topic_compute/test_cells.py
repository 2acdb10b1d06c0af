"""The compute-term claim without sampling: which papers count, what is not seen of a team, cells."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import minimize_scalar

from data.errors import InputError
from data.io import format_csv
from data.tables.load import load
from data.tables.paper_schemas import PAPERS, check_papers
from data.tables.user_tables import MAY_LACK, read_user_papers
from models.topic_compute.cells import compute_unseen_industry, select
from models.topic_compute.cells import prepare as prepare_contrast
from models.topic_compute.definitions import TERMS
from models.topic_compute.topic_year import prepare as prepare_topic_year
from tests.models.topic_papers import CHOICES, TOPICS, papers, varied

Frame = pd.DataFrame
NO_INDUSTRY, SOME_INDUSTRY = {"education": 3}, {"education": 2, "company": 1}


@pytest.fixture(scope="module")
def real() -> dict[str, Frame]:
    return {"papers": load("papers")}


def chosen(frame: Frame, **choices: Any) -> Frame:
    """Papers that count, by id."""
    return select({"papers": frame}, dataclasses.replace(CHOICES, **choices)).frame.set_index("id")


def prepared(frame: Frame, **choices: Any) -> xr.Dataset:
    return prepare_contrast({"papers": frame}, dataclasses.replace(CHOICES, **choices))


def flow(dataset: xr.Dataset) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads(dataset.attrs["flow"])
    return steps


def test_invented_tables_are_valid():
    for frame in (varied(50, 1), papers([{"team": SOME_INDUSTRY, "terms": ["scale"]}, {"has_abstract": "no"}])):
        check_papers(PAPERS.validate(frame), Path("invented"))


LEFT_OUT: dict[str, dict[str, Any]] = {
    "outside the years of the analysis": {"year": 2011},
    "track other than main and findings": {"track": "demo"},
    "known from TEI texts alone": {"sources": "tei"},
    "published at ICML": {"venue": "ICML"},
    "without an abstract": {"has_abstract": "no"},
    "without keywords that tell a topic": {"topic_keywords": ""},
    "number of authors unknown": {"n_authors": np.nan, "slots_per": "paper"},
    "kind of team not coded, and no author's affiliation seen": {"team": {"unknown": 3}},
}


def test_every_exclusion_is_counted():
    good = {"topic_keywords": TOPICS[0], "terms": ["scale"], "times": 50}
    rows = [good]
    for times, row in enumerate(LEFT_OUT.values(), start=1):
        rows.append(good | row | {"times": times})
    rows.append(good | {"team": {"education": 1, "unknown": 1}, "times": 9})
    rows.append(good | {"team": {"education": 1, "unknown": 1}, "team_coded": "mixed", "times": 4})
    data = prepared(papers(rows), tei=False, without_venue="ICML", topic="topic_keywords")
    steps = flow(data)
    assert steps[0] == {"reason": "papers of the table", "n": 0, "left": len(papers(rows))}
    for times, (step, reason) in enumerate(zip(steps[1:], LEFT_OUT, strict=False), start=1):
        assert (step["reason"], step["n"]) == (reason, times)
    assert [step["n"] for step in steps[-2:]] == [4, 9]  # of these: coded, unseen
    assert steps[-1]["left"] == int(data["n"].sum()) == 50 + 9 + 4


@pytest.mark.parametrize(
    "choices",
    [{}, {"exposure": "hardware"}, {"team": "coded"}, {"unseen": "complete cases"}, {"topic": "topic_keywords"}],
)
@pytest.mark.parametrize("prepare", [prepare_contrast, prepare_topic_year], ids=["contrast", "topic_year"])
def test_what_is_left_and_what_went_add_up(real: dict[str, Frame], choices: dict[str, Any], prepare: Any):
    data = prepare(real, dataclasses.replace(CHOICES, **choices))
    steps = flow(data)
    for before, after in itertools.pairwise(steps):
        of_these = after["reason"].startswith("of these")
        assert before["left"] - (0 if of_these else after["n"]) == after["left"], after
        assert 0 <= after["n"] <= before["left"]
    assert steps[0]["left"] == len(real["papers"])
    assert steps[-1]["left"] == int(data["m" if "m" in data else "n"].sum())


def test_flow_tells_how_many_teams_the_code_decides():
    rows = [{"terms": ["scale"], "team_coded": "mixed", "code_coded": "no", "hardware_kind": "accelerator", "times": 7}]
    for choices, coded in (({}, 0), ({"team": "coded"}, 7), ({"exposure": "hardware"}, 7)):
        steps = {step["reason"]: step["n"] for step in flow(prepared(papers(rows), **choices))}
        assert steps["of these, kind of team from the coded full text"] == coded, choices


PARTLY = {"education": 2, "unknown": 1}
TEAMS: dict[str, tuple[dict[str, Any], dict[str, tuple[bool, int] | None]]] = {
    # paper: under each choice its (y, unseen), or None where it is left out
    "listed, academic": (
        {"team": NO_INDUSTRY, "team_coded": "mixed"},
        {"listed": (True, 0), "coded": (False, 0), "complete": (True, 0), "academic": (True, 0), "industry": (True, 0)},
    ),
    "listed, mixed": (
        {"team": SOME_INDUSTRY},
        {"listed": (False, 0), "coded": None, "complete": (False, 0), "academic": (False, 0), "industry": (False, 0)},
    ),
    "double counts as industry": (
        {"team": {"education": 1, "double": 1}},
        {"listed": (False, 0), "coded": None, "complete": (False, 0), "academic": (False, 0), "industry": (False, 0)},
    ),
    "partly seen, coded academic": (
        {"team": PARTLY, "team_coded": "academia-only"},
        {"listed": (True, 0), "coded": (True, 0), "complete": None, "academic": (True, 0), "industry": (True, 0)},
    ),
    "partly seen, coded mixed": (
        {"team": PARTLY, "team_coded": "mixed"},
        {"listed": (False, 0), "coded": (False, 0), "complete": None, "academic": (False, 0), "industry": (False, 0)},
    ),
    "partly seen, none of industry": (
        {"team": PARTLY},
        {"listed": (True, 1), "coded": None, "complete": None, "academic": (True, 0), "industry": (False, 0)},
    ),
    "partly seen, one of industry": (
        {"team": {"company": 1, "unknown": 2}},
        {"listed": (False, 2), "coded": None, "complete": None, "academic": (False, 0), "industry": (False, 0)},
    ),
    "none seen": ({"team": {"unknown": 2}}, dict.fromkeys(("listed", "coded", "complete", "academic", "industry"))),
    "none seen, coded industry": (
        {"team": {"unknown": 2}, "team_coded": "industry-only"},
        {"listed": (False, 0), "coded": (False, 0), "complete": None, "academic": (False, 0), "industry": (False, 0)},
    ),
    "affiliations of the paper, not of authors": (
        {"slots_per": "paper"},
        dict.fromkeys(("listed", "coded", "complete", "academic", "industry")),
    ),
}
UNDER: dict[str, dict[str, Any]] = {
    "listed": {}, "coded": {"team": "coded"}, "complete": {"unseen": "complete cases"},
    "academic": {"unseen": "all academic"}, "industry": {"unseen": "all industry"},
}  # fmt: skip


@pytest.mark.parametrize("under", list(UNDER))
def test_kind_of_team(under: str):
    frame = papers([row | {"terms": ["scale"]} for row, _ in TEAMS.values()])
    found = chosen(frame, **UNDER[under])
    for name, (_, wanted) in zip(frame["id"], TEAMS.values(), strict=True):
        row = (bool(found.loc[name, "y"]), int(found.loc[name, "unseen"])) if name in found.index else None
        # Listed where coded: as listed, of the papers that coding knows.
        same = (wanted or {}).get("listed") if (wanted or {}).get("coded") else None
        assert row == (same if under == "same papers" else wanted[under]), name


def test_who_counts_as_industry():
    kinds = ("company", "double", "nonprofit", "government", "education")
    frame = papers([{"team": {kind: 2}, "terms": ["scale"]} for kind in kinds])

    def academic(*industry: str) -> list[bool]:
        return [bool(value) for value in chosen(frame, industry=industry)["y"]]

    assert academic("company", "double") == [False, False, True, True, True]
    assert academic("company", "double", "nonprofit") == [False, False, False, True, True]
    assert academic("company", "double", "government") == [False, False, True, False, True]
    assert academic("company") == [False, True, True, True, True]


def unseen_chances(complete: list[dict[str, Any]], partly: dict[str, Any], **choices: Any) -> float:
    frame = papers([{"terms": ["scale"]} | row for row in [*complete, partly]])
    of = dataclasses.replace(CHOICES, **choices)
    return float(compute_unseen_industry(select({"papers": frame}, of).frame, of).iloc[-1])


def enumerated(authors: int, unseen: int, industry: int) -> float:
    """Share of the ways to leave out ``unseen`` of the authors that leave out all those from industry."""
    ways = list(itertools.combinations(range(authors), unseen))
    return sum(set(range(industry)) <= set(way) for way in ways) / len(ways)


@pytest.mark.parametrize(("authors", "unseen"), [(4, 1), (4, 2), (4, 3), (5, 2), (7, 3)])
def test_chance_to_see_no_industry_author_by_enumeration(authors: int, unseen: int):
    complete = [{"team": {"education": authors - k, "company": k}, "times": 20 * k} for k in (1, 2)]
    complete.append({"team": {"education": authors}, "times": 500})  # without industry: tell nothing of k
    complete.append({"team": {"company": authors}, "venue": "CVPR", "times": 500})  # another group of venues
    partly = {"team": {"education": authors - unseen, "unknown": unseen}}
    wanted = (20 * enumerated(authors, unseen, 1) + 40 * enumerated(authors, unseen, 2)) / 60
    assert unseen_chances(complete, partly) == pytest.approx(wanted)
    # One seen from industry: the team has the same chance, though it is not used for the papers that show one.
    assert unseen_chances(complete, {"team": {"company": authors - unseen, "unknown": unseen}}) == pytest.approx(wanted)


def test_chance_to_see_no_industry_author_follows_who_counts_as_industry():
    complete = [{"team": {"education": 3, "company": 1}, "times": 40}, {"team": {"nonprofit": 4}, "times": 40}]
    partly = {"team": {"education": 2, "unknown": 2}}
    assert unseen_chances(complete, partly) == pytest.approx(enumerated(4, 2, 1))
    with_nonprofit = unseen_chances(complete, partly, industry=("company", "double", "nonprofit"))
    assert with_nonprofit == pytest.approx(enumerated(4, 2, 1) / 2)


def test_chance_to_see_no_industry_author_with_little_to_go_by():
    partly = {"team": {"education": 2, "unknown": 1}}
    assert unseen_chances([{"team": NO_INDUSTRY}], partly) == pytest.approx(1 / 3)  # as if one of three were
    elsewhere = [{"team": {"company": 3}, "venue": "CVPR", "times": 100}]
    assert unseen_chances(elsewhere, partly) == pytest.approx(0)
    assert unseen_chances([], {"team": {"education": 1, "unknown": 1}}) == pytest.approx(1 / 2)


def test_half_of_a_large_team_is_half():
    """Ten of a hundred from industry: taken as three of thirty, half of which are unseen."""
    complete = [{"team": {"education": 90, "company": 10}, "times": 50}]
    half = unseen_chances(complete, {"team": {"education": 50, "unknown": 50}})
    assert half == pytest.approx(enumerated(10, 5, 1) * 14 * 13 / 29 / 28)
    assert unseen_chances(complete, {"team": {"education": 99, "unknown": 1}}) < 0.01


def population(rng: np.random.Generator, count: int, alike: float) -> Frame:
    """Teams of 2 to 6, two in five with industry and then mostly of it (correlated); a third of them partly unseen.

    Columns ``n``, ``k`` (from industry), ``u`` (unseen), ``hidden`` (those of k unseen).
    """
    n = rng.integers(2, 7, count)
    k = np.where(rng.random(count) < 0.4, rng.binomial(n, rng.beta(0.5 / alike, 0.5 / alike, count)), 0)
    u = np.where(rng.random(count) < 1 / 3, rng.integers(1, n), 0)
    return pd.DataFrame({"n": n, "k": k, "u": u, "hidden": rng.hypergeometric(k, n - k, u)})


def table_of(teams: Frame) -> Frame:
    """The table of papers that shows these teams as far as they are seen."""
    counted = teams.value_counts(["n", "k", "u", "hidden"]).reset_index()
    return papers(
        {
            "team": {"company": k - hidden, "education": n - k - u + hidden, "unknown": u},
            "terms": ["scale"],
            "times": times,
        }
        for n, k, u, hidden, times in counted.itertuples(index=False)
    )


def test_chance_to_see_no_industry_author_is_that_of_a_population():
    teams = population(np.random.default_rng(4), 200_000, 0.5)
    frame = select({"papers": table_of(teams)}, CHOICES).frame
    q = compute_unseen_industry(frame, CHOICES).groupby([frame["authors"], frame["unseen"]]).mean()
    for (n, u), of in teams[(teams["u"] > 0) & (teams["k"] > 0)].groupby(["n", "u"]):
        true = (of["hidden"] == of["k"]).mean()
        assert q[n, u] == pytest.approx(true, abs=4 * np.sqrt(true * (1 - true) / len(of)) + 0.005), (n, u)


def share_by(q: np.ndarray, none_seen: np.ndarray) -> float:
    """Share of academia-only teams of most likelihood, none of industry seen with probability p + (1 - p) q."""

    def loss(p: float) -> float:
        chance = p + (1 - p) * q
        return -float(np.where(none_seen, np.log(chance), np.log1p(-chance)).sum())

    return float(minimize_scalar(loss, bounds=(0.001, 0.999), method="bounded").x)


def test_authors_taken_one_by_one_are_caught():
    """The literal (1 - rate)^u is far off where the members of a team are alike; the rule of the model is not."""
    teams = population(np.random.default_rng(5), 30_000, 0.3)
    frame = select({"papers": table_of(teams)}, CHOICES).frame
    partly = (frame["unseen"] > 0).to_numpy()
    none_seen = frame["y"].to_numpy()[partly]
    n, u = (frame[name].to_numpy()[partly] for name in ("authors", "unseen"))
    true = (teams["k"] == 0)[teams["u"] > 0].mean()
    error = np.sqrt(true * (1 - true) / partly.sum())
    found = share_by(compute_unseen_industry(frame, CHOICES).to_numpy()[partly], none_seen)
    assert found == pytest.approx(true, abs=4 * error + 0.01)
    rate = teams["k"].sum() / teams["n"].sum()
    one_by_one = float((none_seen * (1 - rate) ** u).mean())  # each unseen author academic with the same chance
    assert abs(one_by_one - true) > 10 * error + 0.03
    independent = ((1 - rate) ** (n - u) - (1 - rate) ** n) / (1 - (1 - rate) ** n)  # in the place of q
    assert abs(share_by(independent, none_seen) - true) > 10 * error + 0.03
    for naive in (np.zeros(len(u)), none_seen * 0 + 0.5):  # none hidden, half hidden
        assert abs(share_by(naive, none_seen) - true) > 10 * error


def test_terms_of_a_paper():
    frame = papers([{"terms": {"scale": 3, "FLOP": 1}}, {"terms": ["hardware"]}, {}])
    names = list(TERMS)
    assert prepare_contrast({"papers": frame}, CHOICES)["family"].values.tolist() == names

    def values(**choices: Any) -> list[dict[str, float]]:
        families = prepared(frame, **choices)["family"].values
        return [dict(zip(families, row, strict=True)) for row in chosen(frame, **choices)["exposure"]]

    nothing = dict.fromkeys(names, 0.0)
    assert values() == [nothing | {"scale": 1, "FLOP": 1}, nothing | {"hardware": 1}, nothing]
    assert values(exposure="term count") == [nothing | {"scale": 2, "FLOP": 1}, nothing | {"hardware": 1}, nothing]
    del nothing["hardware"]
    assert values(without_family="hardware") == [nothing | {"scale": 1, "FLOP": 1}, nothing, nothing]


def test_hardware_of_papers_read_in_full():
    read = {
        "code_coded": "no",
        "has_abstract": "no",
        "team": {"unknown": 3},
        "topic": "other",
        "topic_title": TOPICS[1],
    }
    kinds = ("academia-only", "mixed", "industry-only")
    rows = [read | {"team_coded": kind, "hardware_kind": "accelerator", "accelerator_count": 8.0} for kind in kinds]
    rows += [read | {"team_coded": "mixed", "hardware_kind": "accelerator", "accelerator_count": 7.0}]
    rows += [read | {"team_coded": "mixed", "hardware_kind": "accelerator"}]
    rows += [read | {"team_coded": "mixed", "hardware_kind": "cpu", "accelerator_count": 16.0}]
    # Not coded, not read, and theoretical.
    rows += [read | {"team_coded": "unknown"}, read | {"team_coded": "mixed", "research": "theoretical"}]
    rows += [{"team": NO_INDUSTRY, "team_coded": "academia-only"}]
    found = chosen(papers(rows), exposure="hardware")
    assert found["y"].tolist() == [True, False, False, False, False, False]
    assert found["exposure"].tolist() == [(1, 1, 0)] * 3 + [(1, 0, 0), (1, 0, 1), (0, 0, 0)]
    assert set(found["topic_used"]) == {TOPICS[1]}  # full texts are told by their title


def test_topics_by_choice():
    row = {"topic": TOPICS[0], "topic_title": TOPICS[1], "topic_keywords": TOPICS[2], "terms": ["scale"]}
    for number, name in enumerate(("topic", "topic_title", "topic_keywords")):
        assert prepared(papers([row]), topic=name)["topic"].values.tolist() == [TOPICS[number]]


def test_cells_hold_every_paper_once():
    frame = varied(400, 2)
    data, rows = prepared(frame), chosen(frame)
    assert int(data["n"].sum()) == len(rows)
    assert int(data["y"].sum()) == int(rows["y"].sum())
    assert (data["y"] <= data["n"]).all()
    assert (data["n"] > 0).all()
    assert ((data["partly"] == 1) | (data["q"] == 0)).all()
    assert ((data["q"] >= 0) & (data["q"] < 1)).all()
    assert int(data["n"].where(data["partly"] == 1).sum()) == int((rows["unseen"] > 0).sum())
    named = pd.DataFrame(
        {name: data[name].values[data[f"at_{name}"].values] for name in ("venue_year", "topic", "size")}
    )
    named["terms"] = [tuple(value) for value in data["value"].values[data["at_exposure"].values]]
    cells = named.assign(n=data["n"], y=data["y"]).groupby(["venue_year", "topic", "size", "terms"])[["n", "y"]].sum()
    place = rows["venue"] + " " + rows["year"].astype(int).astype(str)
    by_hand = rows.assign(place=place).groupby(["place", "topic_used", "size", "exposure"])["y"].agg(["size", "sum"])
    assert dict(zip(cells.index, cells.to_numpy().tolist(), strict=True)) == dict(
        zip(by_hand.index, by_hand.to_numpy().tolist(), strict=True)
    )


# Tables that hardly say anything.


@pytest.mark.parametrize("prepare", [prepare_contrast, prepare_topic_year], ids=["contrast", "topic_year"])
def test_tables_without_a_contrast_are_refused(prepare: Any):
    for words, rows in {
        "uses a compute term": [{"times": 20}, {"venue": "ICML", "topic": TOPICS[1], "year": 2018}],
        "no paper has an abstract": [{"has_abstract": "no"}, {"year": 1999, "terms": ["scale"]}],
    }.items():
        with pytest.raises(InputError, match=words) as refused:
            prepare({"papers": papers(rows)}, CHOICES)
        assert "table of papers" in str(refused.value)
    with pytest.raises(InputError, match="names an accelerator"):
        prepared(papers([{"code_coded": "no", "team_coded": "mixed", "hardware_kind": "cpu"}]), exposure="hardware")


def test_one_topic_or_one_year_is_no_regression():
    for rows in ([{"terms": ["scale"]}, {"year": 2016}], [{"terms": ["scale"]}, {"topic": TOPICS[1]}]):
        with pytest.raises(InputError, match="fewer than two topics or two years"):
            prepare_topic_year({"papers": papers(rows)}, CHOICES)


# A bibliographic source.


def test_source_without_code_or_hardware_gives_the_same_regression(tmp_path: Path):
    frame = varied(300, 3).assign(hardware_kind="accelerator", accelerator_count=8.0, code_coded="yes")
    frame["research"], frame["pretrained_text"] = "theoretical", "bert"
    columns = [name for name in PAPERS.columns if name not in MAY_LACK]
    path = tmp_path / "openalex.csv"
    rows = frame.astype(object).where(frame.notna(), "")[columns].to_dict("records")
    path.write_bytes(format_csv(columns, rows))
    own, said = read_user_papers(path)
    assert f"{len(MAY_LACK)} columns" in said
    for choices in (CHOICES, dataclasses.replace(CHOICES, topic_trends=False)):
        with_columns = prepare_topic_year({"papers": frame}, choices)
        without = prepare_topic_year({"papers": own}, choices)
        xr.testing.assert_identical(with_columns, without)
        xr.testing.assert_identical(
            prepare_contrast({"papers": frame}, choices), prepare_contrast({"papers": own}, choices)
        )
