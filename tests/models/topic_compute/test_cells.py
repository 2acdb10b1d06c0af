"""Papers of the compute-term claim: selection, partly observed teams, and cells."""

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
from data.tables.paper_schemas import ADDED_LATER, PAPERS, check_papers
from data.tables.user_tables import OPTIONAL_COLUMNS, read_user_papers
from models.common.claim import PROJECT_PAPERS
from models.topic_compute.cells import MOST_TOPICS, MOST_VENUES, compute_unseen_industry, select
from models.topic_compute.cells import prepare as prepare_contrast
from models.topic_compute.cells import select_papers as select_all_venues
from models.topic_compute.choices import Choices
from models.topic_compute.definitions import TERMS
from models.topic_compute.topic_year import prepare as prepare_topic_year
from tests.models.topic_papers import (
    CHOICES,
    TOPICS,
    make_papers,
    prepare_cells,
    read_real_tables,
    select_papers,
    simulate_papers,
)

Frame = pd.DataFrame
NO_INDUSTRY, SOME_INDUSTRY = {"education": 3}, {"education": 2, "company": 1}


def read_flow(dataset: xr.Dataset) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads(dataset.attrs["flow"])
    return steps


def test_invented_tables_are_valid():
    for frame in (
        simulate_papers(50, 1),
        make_papers([{"team": SOME_INDUSTRY, "terms": ["scale"]}, {"has_abstract": "no"}]),
    ):
        check_papers(PAPERS.validate(frame), Path("invented"))


LEFT_OUT: dict[str, dict[str, Any]] = {
    "outside 2012-2021, the years of the analysis": {"year": 2011},
    "track other than main and findings": {"track": "demo"},
    "known from TEI texts alone": {"sources": "tei"},
    "published at ICML": {"venue": "ICML"},
    "without an abstract": {"has_abstract": "no"},
    "without keywords that identify a topic": {"topic_keywords": ""},
    "number of authors unknown": {"n_authors": np.nan, "slots_per": "paper"},
    "team type without a label, and no author's affiliation observed": {"team": {"unknown": 3}},
}


def test_every_exclusion_is_counted():
    good = {"topic_keywords": TOPICS[0], "terms": ["scale"], "times": 50}
    rows = [good]
    for times, row in enumerate(LEFT_OUT.values(), start=1):
        rows.append(good | row | {"times": times})
    rows.append(good | {"team": {"education": 1, "unknown": 1}, "times": 9})
    rows.append(good | {"team": {"education": 1, "unknown": 1}, "team_coded": "mixed", "times": 4})
    data = prepare_cells(make_papers(rows), tei=False, without_venue="ICML", topic="topic_keywords")
    steps = read_flow(data)
    assert steps[0] == {"reason": "papers of the table", "n": 0, "left": len(make_papers(rows))}
    for times, (step, reason) in enumerate(zip(steps[1:], LEFT_OUT, strict=False), start=1):
        assert (step["reason"], step["n"]) == (reason, times)
    assert [step["n"] for step in steps[-2:]] == [
        4,
        9,
    ]  # of these: team type from the LLM label, some authors not observed
    assert steps[-1]["left"] == int(data["n"].sum()) == 50 + 9 + 4


@pytest.mark.parametrize(
    "choices",
    [{}, {"exposure": "hardware"}, {"team": "coded"}, {"unseen": "complete cases"}, {"topic": "topic_keywords"}],
)
@pytest.mark.parametrize("prepare", [prepare_contrast, prepare_topic_year], ids=["contrast", "topic_year"])
def test_papers_left_and_excluded_add_up(choices: dict[str, Any], prepare: Any):
    real = read_real_tables()
    data = prepare(real, dataclasses.replace(CHOICES, **choices))
    steps = read_flow(data)
    for before, after in itertools.pairwise(steps):
        of_these = after["reason"].startswith("of these")
        assert before["left"] - (0 if of_these else after["n"]) == after["left"], after
        assert 0 <= after["n"] <= before["left"]
    assert steps[0]["left"] == len(real["papers"])
    assert steps[-1]["left"] == int(data["m" if "m" in data else "n"].sum())


def test_flow_reports_how_many_team_types_come_from_the_llm_label():
    rows = [{"terms": ["scale"], "team_coded": "mixed", "code_coded": "no", "hardware_kind": "accelerator", "times": 7}]
    for choices, labelled in (({}, 0), ({"team": "coded"}, 7), ({"exposure": "hardware"}, 7)):
        steps = {step["reason"]: step["n"] for step in read_flow(prepare_cells(make_papers(rows), **choices))}
        assert steps["of these, team type from the LLM label of the full text"] == labelled, choices


PARTLY = {"education": 2, "unknown": 1}
TEAMS: dict[str, tuple[dict[str, Any], dict[str, tuple[bool, int] | None]]] = {
    # Of each paper under each choice: (y, unseen), or None where the paper is excluded.
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
    "partly observed, labelled academic": (
        {"team": PARTLY, "team_coded": "academia-only"},
        {"listed": (True, 0), "coded": (True, 0), "complete": None, "academic": (True, 0), "industry": (True, 0)},
    ),
    "partly observed, labelled mixed": (
        {"team": PARTLY, "team_coded": "mixed"},
        {"listed": (False, 0), "coded": (False, 0), "complete": None, "academic": (False, 0), "industry": (False, 0)},
    ),
    "partly observed, none from industry": (
        {"team": PARTLY},
        {"listed": (True, 1), "coded": None, "complete": None, "academic": (True, 0), "industry": (False, 0)},
    ),
    "partly observed, one from industry": (
        {"team": {"company": 1, "unknown": 2}},
        {"listed": (False, 2), "coded": None, "complete": None, "academic": (False, 0), "industry": (False, 0)},
    ),
    "none observed": ({"team": {"unknown": 2}}, dict.fromkeys(("listed", "coded", "complete", "academic", "industry"))),
    "none observed, labelled industry": (
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
    "listed where coded": {"team": "listed where coded"},
}  # fmt: skip


@pytest.mark.parametrize("under", list(UNDER))
def test_team_type(under: str):
    frame = make_papers([row | {"terms": ["scale"]} for row, _ in TEAMS.values()])
    found = select_papers(frame, **UNDER[under])
    for name, (_, wanted) in zip(frame["id"], TEAMS.values(), strict=True):
        row = (bool(found.loc[name, "y"]), int(found.loc[name, "unseen"])) if name in found.index else None
        # With "listed where coded", as listed, for the papers that have an LLM label.
        where_coded = wanted["listed"] if wanted["coded"] else None
        assert row == (where_coded if under == "listed where coded" else wanted[under]), name


def test_sectors_that_count_as_industry():
    sectors = ("company", "double", "nonprofit", "government", "education")
    frame = make_papers([{"team": {sector: 2}, "terms": ["scale"]} for sector in sectors])

    def academic(*industry: str) -> list[bool]:
        return [bool(value) for value in select_papers(frame, industry=industry)["y"]]

    assert academic("company", "double") == [False, False, True, True, True]
    assert academic("company", "double", "nonprofit") == [False, False, False, True, True]
    assert academic("company", "double", "government") == [False, False, True, False, True]
    assert academic("company") == [False, True, True, True, True]


def compute_last_q(complete: list[dict[str, Any]], partly: dict[str, Any], **choices: Any) -> float:
    """Compute q of the last paper, a partly observed one, from complete papers."""
    frame = make_papers([{"terms": ["scale"]} | row for row in [*complete, partly]])
    choices_used = dataclasses.replace(CHOICES, **choices)
    return float(compute_unseen_industry(select({"papers": frame}, choices_used).frame, choices_used).iloc[-1])


def enumerate_q(authors: int, unseen: int, industry: int) -> float:
    """Enumerate the ways to hide ``unseen`` authors; return the share that hides all those from industry."""
    ways = list(itertools.combinations(range(authors), unseen))
    return sum(set(range(industry)) <= set(way) for way in ways) / len(ways)


@pytest.mark.parametrize(("authors", "unseen"), [(4, 1), (4, 2), (4, 3), (5, 2), (7, 3)])
def test_q_by_enumeration(authors: int, unseen: int):
    complete = [{"team": {"education": authors - k, "company": k}, "times": 20 * k} for k in (1, 2)]
    complete.append({"team": {"education": authors}, "times": 500})  # without industry: no information on k
    complete.append({"team": {"company": authors}, "venue": "CVPR", "times": 500})  # another venue group
    partly = {"team": {"education": authors - unseen, "unknown": unseen}}
    wanted = (20 * enumerate_q(authors, unseen, 1) + 40 * enumerate_q(authors, unseen, 2)) / 60
    assert compute_last_q(complete, partly) == pytest.approx(wanted)
    # With an observed industry author q is the same, but such a paper does not use it.
    assert compute_last_q(complete, {"team": {"company": authors - unseen, "unknown": unseen}}) == pytest.approx(wanted)


def test_q_follows_the_sectors_that_count_as_industry():
    complete = [{"team": {"education": 3, "company": 1}, "times": 40}, {"team": {"nonprofit": 4}, "times": 40}]
    partly = {"team": {"education": 2, "unknown": 2}}
    assert compute_last_q(complete, partly) == pytest.approx(enumerate_q(4, 2, 1))
    with_nonprofit = compute_last_q(complete, partly, industry=("company", "double", "nonprofit"))
    assert with_nonprofit == pytest.approx(enumerate_q(4, 2, 1) / 2)


def test_q_with_few_complete_papers():
    partly = {"team": {"education": 2, "unknown": 1}}
    assert compute_last_q([{"team": NO_INDUSTRY}], partly) == pytest.approx(
        1 / 3
    )  # as if one of three authors were from industry
    elsewhere = [{"team": {"company": 3}, "venue": "CVPR", "times": 100}]
    assert compute_last_q(elsewhere, partly) == pytest.approx(0)
    assert compute_last_q([], {"team": {"education": 1, "unknown": 1}}) == pytest.approx(1 / 2)


def test_half_of_a_large_team_is_half():
    """Ten of a hundred authors from industry count as three of thirty; half of the thirty are not observed."""
    complete = [{"team": {"education": 90, "company": 10}, "times": 50}]
    half = compute_last_q(complete, {"team": {"education": 50, "unknown": 50}})
    assert half == pytest.approx(enumerate_q(10, 5, 1) * 14 * 13 / 29 / 28)
    assert compute_last_q(complete, {"team": {"education": 99, "unknown": 1}}) < 0.01


def simulate_teams(rng: np.random.Generator, count: int, alike: float) -> Frame:
    """Simulate teams of 2 to 6 authors; two in five have industry authors, a third are partly observed.

    Sectors within a team are correlated, the more so the larger ``alike``. Columns: ``n`` authors, ``k`` from industry,
    ``u`` not observed, ``hidden`` of the k not observed.
    """
    n = rng.integers(2, 7, count)
    k = np.where(rng.random(count) < 0.4, rng.binomial(n, rng.beta(0.5 / alike, 0.5 / alike, count)), 0)
    u = np.where(rng.random(count) < 1 / 3, rng.integers(1, n), 0)
    return pd.DataFrame({"n": n, "k": k, "u": u, "hidden": rng.hypergeometric(k, n - k, u)})


def make_table(teams: Frame) -> Frame:
    """Make the table of papers in which these teams are observed only in part."""
    counted = teams.value_counts(["n", "k", "u", "hidden"]).reset_index()
    return make_papers(
        {
            "team": {"company": k - hidden, "education": n - k - u + hidden, "unknown": u},
            "terms": ["scale"],
            "times": times,
        }
        for n, k, u, hidden, times in counted.itertuples(index=False)
    )


def test_q_is_that_of_a_population():
    teams = simulate_teams(np.random.default_rng(4), 200_000, 0.5)
    frame = select({"papers": make_table(teams)}, CHOICES).frame
    q = compute_unseen_industry(frame, CHOICES).groupby([frame["authors"], frame["unseen"]]).mean()
    for (n, u), same in teams[(teams["u"] > 0) & (teams["k"] > 0)].groupby(["n", "u"]):
        true = (same["hidden"] == same["k"]).mean()
        assert q[n, u] == pytest.approx(true, abs=4 * np.sqrt(true * (1 - true) / len(same)) + 0.005), (n, u)


def maximise_share(q: np.ndarray, none_seen: np.ndarray) -> float:
    """Return the maximum likelihood share p of academia-only teams: P(no industry author seen) = p + (1 - p) q."""

    def loss(p: float) -> float:
        chance = p + (1 - p) * q
        return -float(np.where(none_seen, np.log(chance), np.log1p(-chance)).sum())

    return float(minimize_scalar(loss, bounds=(0.001, 0.999), method="bounded").x)


def test_independent_authors_are_a_wrong_model():
    """Treating authors as independent, (1 - rate)^u, is far off where sectors correlate in a team; q is not."""
    teams = simulate_teams(np.random.default_rng(5), 30_000, 0.3)
    frame = select({"papers": make_table(teams)}, CHOICES).frame
    partly = (frame["unseen"] > 0).to_numpy()
    none_seen = frame["y"].to_numpy()[partly]
    n, u = (frame[name].to_numpy()[partly] for name in ("authors", "unseen"))
    true = (teams["k"] == 0)[teams["u"] > 0].mean()
    error = np.sqrt(true * (1 - true) / partly.sum())
    found = maximise_share(compute_unseen_industry(frame, CHOICES).to_numpy()[partly], none_seen)
    assert found == pytest.approx(true, abs=4 * error + 0.01)
    rate = teams["k"].sum() / teams["n"].sum()
    one_by_one = float((none_seen * (1 - rate) ** u).mean())  # each unseen author is academic with the same probability
    assert abs(one_by_one - true) > 10 * error + 0.03
    independent = ((1 - rate) ** (n - u) - (1 - rate) ** n) / (1 - (1 - rate) ** n)  # instead of q
    assert abs(maximise_share(independent, none_seen) - true) > 10 * error + 0.03
    for naive in (np.zeros(len(u)), none_seen * 0 + 0.5):  # none hidden, half hidden
        assert abs(maximise_share(naive, none_seen) - true) > 10 * error


def test_terms_of_a_paper():
    frame = make_papers([{"terms": {"scale": 3, "FLOP": 1}}, {"terms": ["hardware"]}, {}])
    names = list(TERMS)
    assert prepare_contrast({"papers": frame}, CHOICES)["family"].values.tolist() == names

    def values(**choices: Any) -> list[dict[str, float]]:
        families = prepare_cells(frame, **choices)["family"].values
        return [dict(zip(families, row, strict=True)) for row in select_papers(frame, **choices)["exposure"]]

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
    types = ("academia-only", "mixed", "industry-only")
    rows = [read | {"team_coded": team, "hardware_kind": "accelerator", "accelerator_count": 8.0} for team in types]
    rows += [read | {"team_coded": "mixed", "hardware_kind": "accelerator", "accelerator_count": 7.0}]
    rows += [read | {"team_coded": "mixed", "hardware_kind": "accelerator"}]
    rows += [read | {"team_coded": "mixed", "hardware_kind": "cpu", "accelerator_count": 16.0}]
    # Excluded: without a label, theoretical, and not read in full text.
    rows += [read | {"team_coded": "unknown"}, read | {"team_coded": "mixed", "research": "theoretical"}]
    rows += [{"team": NO_INDUSTRY, "team_coded": "academia-only"}]
    found = select_papers(make_papers(rows), exposure="hardware")
    assert found["y"].tolist() == [True, False, False, False, False, False]
    assert found["exposure"].tolist() == [(1, 1, 0)] * 3 + [(1, 0, 0), (1, 0, 1), (0, 0, 0)]
    assert set(found["topic_used"]) == {TOPICS[1]}  # the topic of a full text is that of its title


def test_topics_by_choice():
    row = {"topic": TOPICS[0], "topic_title": TOPICS[1], "topic_keywords": TOPICS[2], "terms": ["scale"]}
    row["topic_openalex"] = "Topic Modeling"
    expected = [*TOPICS, "Topic Modeling"]
    for topic, name in zip(expected, ("topic", "topic_title", "topic_keywords", "topic_openalex"), strict=True):
        assert prepare_cells(make_papers([row]), topic=name)["topic"].values.tolist() == [topic]


def make_venues(count: int, **columns: object) -> pd.DataFrame:
    """Make a table with n papers at the n-th venue, on the n-th topic of OpenAlex."""
    rows = [
        {"topic_openalex": f"topic {n}", "venue": "NeurIPS", "times": n, "terms": ["scale"]} | columns
        for n in range(1, count + 1)
    ]
    return make_papers(rows).assign(venue=lambda papers: papers["topic_openalex"].str.replace("topic ", "Venue-"))


def test_rare_topics_are_grouped_and_no_paper_is_lost():
    frame = make_venues(MOST_TOPICS + 3)
    frame.loc[frame["topic_openalex"] == "topic 5", "topic_openalex"] = ""  # OpenAlex has no topic for these
    for select_them in (select_all, select_papers):
        found = select_them(frame, topic="topic_openalex")
        assert len(found) == len(frame)
        expected = {"other": 1 + 2 + 5} | {f"topic {n}": n for n in range(3, 28) if n != 5}
        assert found["topic_used"].value_counts().to_dict() == expected
        assert found["venue"].value_counts().to_dict() == {f"Venue-{n}": n for n in range(1, 28)}
    step = read_flow(prepare_contrast({"papers": frame}, Choices(topic="topic_openalex")))[-1]
    assert (step["reason"], step["n"]) == ("of these, of topics beyond the 24 most common, grouped as other", 3)


def select_all(frame: pd.DataFrame, **choices: Any) -> pd.DataFrame:
    return select_all_venues({"papers": frame}, dataclasses.replace(CHOICES, **choices)).frame


def test_the_contrast_leaves_out_rare_and_unknown_venues_and_the_regression_does_not():
    frame = make_venues(MOST_VENUES + 2)
    unknown = frame["venue"] == "Venue-50"
    frame.loc[unknown, "venue"] = "unknown"
    choices = Choices(topic="topic_openalex")
    data = prepare_contrast({"papers": frame}, choices)
    assert set(data["venue_year_venue"].values) == {f"Venue-{n}" for n in range(2, MOST_VENUES + 3) if n != 50}
    steps = {str(step["reason"]): step["n"] for step in read_flow(data)}
    assert steps["without a known venue"] == 50
    assert steps["at venues beyond the 100 most common"] == 1
    both = pd.concat([frame, frame.assign(year=2016)])
    assert int(prepare_topic_year({"papers": both}, choices)["n"].sum()) == len(both)
    with pytest.raises(InputError, match="no paper with compute terms is at a known venue"):
        prepare_contrast({"papers": frame.assign(venue="unknown")}, choices)


def test_a_contrast_between_venues_is_no_contrast_within_them():
    """Where venues alone decide, strata of many venues would show a contrast that no venue has."""
    rows = []
    for n in range(MOST_VENUES + 40):
        team, share = (NO_INDUSTRY, 1) if n % 2 else (SOME_INDUSTRY, 5)
        rows += [{"team": team, "terms": ["scale"], "times": share, "topic": str(n)}]
        rows += [{"team": team, "times": 6 - share, "topic": str(n)}]
    frame = make_papers(rows).assign(venue=lambda papers: "Venue-" + papers["topic"], topic=TOPICS[0])
    data = prepare_contrast({"papers": frame}, CHOICES)
    venue = data["venue_year_idx"].values
    share = np.bincount(venue, data["y"].values) / np.bincount(venue, data["n"].values)
    assert set(share) == {0.0, 1.0}  # each stratum is one venue


def test_the_projects_table_has_too_few_topics_and_venues_to_group_or_leave_out_any():
    frame = load("papers")
    found = select_papers(frame)
    assert (found["topic_used"] == found["topic"]).all()
    named = frame.set_index("id")["venue"]
    assert (found["venue"].to_numpy() == named[found.index].to_numpy()).all()


def test_the_projects_papers_are_selected_only_beside_a_users_table():
    users = make_papers([{"topic_openalex": "Topic Modeling", "terms": ["scale"], "times": 3}])
    projects = make_papers([{"topic": TOPICS[1], "terms": ["scale"], "times": 5}])
    with pytest.raises(InputError, match="this comparison needs a user's table from OpenAlex"):
        prepare_contrast({"papers": users}, Choices(papers="project"))
    later = make_papers([{"topic": TOPICS[2], "year": 2019, "terms": ["scale"], "times": 7}])
    both = {"papers": users, PROJECT_PAPERS: pd.concat([projects, later])}
    data = prepare_contrast(both, Choices(papers="project"))
    assert (int(data["n"].sum()), data["topic"].values.tolist()) == (5, [TOPICS[1]])  # of the user's years
    assert read_flow(data)[1] == {"reason": "outside the years of the user's table", "n": 7, "left": 5}
    data = prepare_contrast(both, Choices(topic="topic_openalex"))
    assert (int(data["n"].sum()), data["topic"].values.tolist()) == (3, ["Topic Modeling"])


def test_cells_hold_every_paper_once():
    frame = simulate_papers(400, 2)
    data, rows = prepare_cells(frame), select_papers(frame)
    assert int(data["n"].sum()) == len(rows)
    assert int(data["y"].sum()) == int(rows["y"].sum())
    assert (data["y"] <= data["n"]).all()
    assert (data["n"] > 0).all()
    assert ((data["partly"] == 1) | (data["q"] == 0)).all()
    assert ((data["q"] >= 0) & (data["q"] < 1)).all()
    assert int(data["n"].where(data["partly"] == 1).sum()) == int((rows["unseen"] > 0).sum())
    named = pd.DataFrame(
        {name: data[name].values[data[f"{name}_idx"].values] for name in ("venue_year", "topic", "size")}
    )
    named["terms"] = [tuple(value) for value in data["value"].values[data["exposure_idx"].values]]
    cells = named.assign(n=data["n"], y=data["y"]).groupby(["venue_year", "topic", "size", "terms"])[["n", "y"]].sum()
    venue_year = rows["venue"] + " " + rows["year"].astype(int).astype(str)
    by_hand = rows.assign(venue_year=venue_year).groupby(["venue_year", "topic_used", "size", "exposure"])["y"]
    by_hand = by_hand.agg(["size", "sum"])
    assert dict(zip(cells.index, cells.to_numpy().tolist(), strict=True)) == dict(
        zip(by_hand.index, by_hand.to_numpy().tolist(), strict=True)
    )


# Tables without enough information.


@pytest.mark.parametrize("prepare", [prepare_contrast, prepare_topic_year], ids=["contrast", "topic_year"])
def test_tables_without_a_contrast_are_refused(prepare: Any):
    for message, rows in {
        "uses a compute term": [{"times": 20}, {"venue": "ICML", "topic": TOPICS[1], "year": 2018}],
        "no paper has an abstract": [{"has_abstract": "no"}, {"year": 1999, "terms": ["scale"]}],
    }.items():
        with pytest.raises(InputError, match=message) as refused:
            prepare({"papers": make_papers(rows)}, CHOICES)
        assert "table of papers" in str(refused.value)
    with pytest.raises(InputError, match="names an accelerator"):
        prepare_cells(
            make_papers([{"code_coded": "no", "team_coded": "mixed", "hardware_kind": "cpu"}]), exposure="hardware"
        )


def test_one_topic_or_one_year_is_refused_by_the_regression():
    for rows in ([{"terms": ["scale"]}, {"year": 2016}], [{"terms": ["scale"]}, {"topic": TOPICS[1]}]):
        with pytest.raises(InputError, match="fewer than two topics or two years"):
            prepare_topic_year({"papers": make_papers(rows)}, CHOICES)


# Tables of a bibliographic source.


def test_source_without_code_or_hardware_gives_the_same_regression(tmp_path: Path):
    frame = simulate_papers(300, 3).assign(hardware_kind="accelerator", accelerator_count=8.0, code_coded="yes")
    frame["research"], frame["pretrained_text"] = "theoretical", "bert"
    columns = [name for name in PAPERS.columns if name not in OPTIONAL_COLUMNS]
    path = tmp_path / "openalex.csv"
    rows = frame.astype(object).where(frame.notna(), "")[columns].to_dict("records")
    path.write_bytes(format_csv(columns, rows))
    users, report = read_user_papers(path)
    assert f"{len(set(OPTIONAL_COLUMNS) - set(ADDED_LATER))} columns" in report
    for choices in (CHOICES, dataclasses.replace(CHOICES, topic_trends=False)):
        with_columns = prepare_topic_year({"papers": frame}, choices)
        without = prepare_topic_year({"papers": users}, choices)
        xr.testing.assert_identical(with_columns, without)
        xr.testing.assert_identical(
            prepare_contrast({"papers": frame}, choices), prepare_contrast({"papers": users}, choices)
        )
