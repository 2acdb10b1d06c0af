"""Readings of the paper: sentences that interpret estimates hold in the published ones."""

from __future__ import annotations

import csv
import json
import math
from typing import Any

from data.paths import SNAPSHOT
from inference.store.paths import ROOT
from inference.summaries.estimates import find_published
from inference.summaries.power import compute_power
from models.academic_share.reporting import PUBLISHED

CONTRASTS = ("mixed", "industry_only")
RANKED = ("main", "by_team")  # the two treatments of the annotator's errors, with equal rank


def by_name(estimates: dict[str, Any], claim: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = (row for row in estimates["estimates"] if row["claim"] == claim)
    return {(r["spec"], r["estimand"], *r["coords"].values()): r for r in rows}


def hold(claim: str, readings: dict[str, bool]) -> None:
    """Check sentences that interpret estimates: if the data contradict one, it must be rewritten."""
    section = " ".join((ROOT / "paper" / "sections" / f"{claim}.typ").read_text().split())
    for words, holds in readings.items():
        assert words in section, f"the paper no longer says {words!r}: drop its check"
        assert holds, f"the estimates no longer support: {words!r}"


def test_readings_of_the_academic_share_hold(published: dict[str, Any]):
    estimates = published
    row = by_name(estimates, "academic_share")
    share = "large_scale_share_academia_only"
    specs = [spec for spec, name, *at in row if name == share and at == ["2020-22"]]
    medians = {spec: row[spec, share, "2010-12"]["median"] for spec in specs}
    moved = {spec: abs(value - medians["large_scale"]) for spec, value in medians.items()}
    edge = [check["statistic"] for check in estimates["fits"]["academic_share/large_scale"]["checks"]
            if not check["low"] <= check["observed"] <= check["high"]]  # fmt: skip
    ratio = row["large_scale", "compute_ratio", "2020-22"]
    change, late = "change_academia_only_log_odds", ("share_academia_only", "2020-22")
    falls = [r for (spec, name, *_), r in row.items() if name in (change, f"large_scale_{change}")]
    mixes = {(r["earlier"], r["change"]): r for r in csv.DictReader((SNAPSHOT / "vintages.csv").open())}

    industry = "share_industry_with_leaning_by_year"
    labelled = {at: row["labelled", "share_academia_only", at]["median"] for at in ("2010-14", "2020-22")}

    agrees = {}  # probability of the verdict if the published value is true, by refits and by the approximation
    for period in labelled:
        one = row["main", "share_academia_only", period]
        known = find_published(PUBLISHED, "main", "share_academia_only", {"period": period})
        agrees[period] = tuple(
            float(power["verdicts"]["agrees"]) for (power,) in (one["power"], compute_power(one, known) or [])
        )

    def academic(earlier: str, change: str) -> float:
        return int(mixes[earlier, change]["academia-only"]) / int(mixes[earlier, change]["n"])

    readings = {
        "no specification below reverses it": len(falls) >= 14 and all(r["eti_high"] < 0 for r in falls),
        "lowers the early share and raises industry's in 2022": labelled["2010-14"] < 17 / 25
        and row["labelled", industry, 2022]["median"] > 26 / 32,
        "lowers industry and raises academia in the 2020s": row["main", *late]["median"] > labelled["2020-22"]
        and row["main", industry, 2022]["median"] < row["labelled", industry, 2022]["median"],
        "The later vintage gives nearly the same academic shares": abs(
            row["vintage_2025_06", *late]["median"] - row["main", *late]["median"]
        )
        < row["main", *late]["sd"],
        "about twice as often as those in both vintages": academic("2025-06", "added: no model of this name before")
        > 2 * academic("2025-06", "in both"),
        "The dropped ones are academia-only more often, too": academic(
            "2025-06", "dropped: no model of this name any more"
        )
        > academic("2025-06", "in both"),
        "changes nothing (": abs(row["without_use_alone", *late]["median"] - row["main", *late]["median"])
        < row["main", *late]["sd"] / 4,
        "raises": row["all_models", *late]["eti_low"] > row["main", *late]["median"],
        "every specification of the upper tail gives a median below the published": max(
            row[s, share, "2020-22"]["median"] for s in specs
        )
        < 0.10,
        "The shares of the early years depend on the specification": max(medians.values()) - min(medians.values())
        > 0.15,
        "The definition of the tail moves it most": max(moved, key=lambda spec: moved[spec]).startswith(
            "large_scale_z"
        ),
        "The largest academia-only model is closer": "largest academia-only less largest industry-only (dex)" in edge,
        "is left with": row["large_scale_sceptical", "compute_ratio", "2020-22"]["eti_low"] > 1,
        "and by more than the model expects": any(name.startswith("mean with a labelled error less") for name in edge),
        "within year and team type it is as expected": not any(
            name.startswith("sd with a labelled error over sd without, within") for name in edge
        ),
        "less than the": row["labelled", "table_share_academia_only", "2020-22"]["eti_high"]
        < row["main", "table_share_academia_only", "2020-22"]["median"],
        "bounds industry's share from below": row["resolved_lean_to_industry", industry, 2022]["median"]
        > row["main", industry, 2022]["median"],
        "was trained with": ratio["eti_low"] > 1,
        "a verdict of agreement with the trend of 2010–14 is hardly possible": agrees["2010-14"][0] < 0.1,
        "This approximation finds agreement more often than refits do": all(
            by_refits < approximated for by_refits, approximated in agrees.values()
        ),
    }
    hold("academic_share", readings)


def share_with_terms(tables: dict[str, Any], first: int, last: int) -> float:
    """Return the share of papers with any term in the abstract, at the balanced panel of venues."""
    from models.topic_compute.cells import prepare
    from models.topic_compute.choices import Choices

    cells = prepare(tables, Choices())
    panel = json.loads(cells.attrs["facts"])["spanning"].split(", ")
    of_venue_years = (cells[name] for name in ("venue_year_year", "venue_year_venue"))
    year, venue = (values.isel(venue_year=cells["venue_year_idx"]) for values in of_venue_years)
    with_terms = (cells["value"] != 0).any("family").isel(exposure=cells["exposure_idx"])
    chosen = cells["n"].where((year >= first) & (year <= last) & venue.isin(panel), 0)
    return float(chosen.where(with_terms, 0).sum() / chosen.sum())


def test_readings_of_the_compute_terms_hold(published: dict[str, Any], tables: dict[str, Any]):
    early, late = (share_with_terms(tables, *years) for years in ((2012, 2014), (2018, 2019)))
    row = by_name(published, "topic_compute")
    change = row["main", "change_spanning"]["median"]
    four = [row[s, "slope_within"] for s in ("as_published", "with_trends", "spanning", "spanning_with_trends")]
    ten = {s: row[s, "ratio_per_ten_points"] for s in ("plain", "with_years", "as_published", "with_trends", "main")}
    eras = ("full_text_2014_16", "full_text_2017_19", "full_text_2020_22")
    named = [row[spec, "odds_ratio_by_family", "accelerator named"] for spec in eras]
    checks = {c["statistic"]: c for c in published["fits"]["topic_compute/full_text"]["checks"]}
    by_year = checks["chi-square by exposure and year"]
    glm = {r["spec"]: r for r in published["peers"] if r["peer"] == "GLM, quasi-binomial"}
    unexplained = {
        s: row[s, "waterfall", "the rest"]["median"] / row[s, "change_spanning"]["median"]
        for s in ("main", "full_text")
    }
    few = [row[s, "odds_ratio"]["n"] for s in ("listed_where_coded", "team_coded", "topic_keywords")]
    hold(
        "topic_compute",
        {
            "With smoother walks, the yearly change of a topic's academia-only share is inside its interval": all(
                check["low"] <= check["observed"] <= check["high"]
                for check in published["fits"]["topic_compute/smoother_walks"]["checks"]
                if check["statistic"] == "sd of the yearly change of a topic's academia-only share"
            ),
            "and larger teams for a third of it": 0.28
            < row["main", "goes_with_last", "team size"]["median"] / change
            < 0.38,
            "compute terms account for hardly any of the change in the academia-only share": row[
                "main", "goes_with_first", "compute terms"
            ]["median"]
            / change
            < 0.05,
            "whose text reports eight or more accelerators": row[
                "full_text", "odds_ratio_by_family", "eight or more named"
            ]["eti_high"]
            < 0.5,
            "most of the association is with the number of accelerators": row[
                "full_text", "odds_ratio_by_family", "eight or more named"
            ]["eti_high"]
            < row["full_text", "odds_ratio_by_family", "accelerator named"]["eti_low"] ** 3,
            "In the first era, when few papers had eight, naming one at all set papers apart": named[0]["eti_high"]
            < named[2]["eti_low"],
            "The pooled ratio is an average over that change, which the checks show": by_year["observed"]
            > by_year["high"],
            "Most of the variation of these shares within topics is sampling error": row["as_published", "reliability"][
                "eti_high"
            ]
            < 0.5,
            'with topics\' trends #est(c, "ratio_per_ten_points", spec: "with_trends")). These intervals are wide': min(
                ten[s]["eti_high"] - ten[s]["eti_low"] for s in ("as_published", "with_trends")
            )
            > 0.3,
            "If every paper counts alike, shares as counted give": all(
                float(glm[s]["high"]) < ten[s]["eti_high"] for s in glm
            ),
            "in full texts, to 2022, less than half": unexplained["full_text"] < 0.5 < unexplained["main"],
            "Some refits are of a small part of the papers": max(few) < 0.5 * row["main", "odds_ratio"]["n"],
            "The medians over all venues are many times this contrast": max(r["median"] for r in four[:2])
            < 5 * math.log(row["main", "odds_ratio"]["median"]),
            "The step that matters most is the last one": published["ladders"]["topic_compute"][0]["matters_most"]
            == "main",
            "whose lower end is the prior's": row["main", "sd_between_topics"]["prior_sensitive"],
            "Most of the change is unexplained": row["main", "waterfall", "the rest"]["median"] / change > 0.5,
            "Abstracts with such terms hardly became more common in these years": abs(early - late) < 0.01,
        },
    )


def test_readings_of_code_release_hold(published: dict[str, Any], tables: dict[str, Any]):
    row = by_name(published, "code_release")

    def ratio(spec: str, contrast: str, venues: str) -> dict[str, Any]:
        return row[spec, f"ratio_{contrast}", "2014-22", venues]

    def found(contrast: str) -> dict[str, Any]:
        return row["instruments", f"found_ratio_{contrast}", "link in a list from OpenReview: machine learning 2021-22"]

    def naive(contrast: str) -> dict[str, Any]:
        return row["instruments", f"naive_ratio_{contrast}", "link in a list from OpenReview: machine learning 2021-22"]

    def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
        return one["eti_low"] < other["median"] < one["eti_high"] and other["eti_low"] < one["median"]

    venues = ("machine learning", "AI")
    lowered = [
        math.log(ratio("full_text", contrast, v)["median"] / ratio("main", contrast, v)["median"])
        for contrast in CONTRASTS
        for v in venues
    ]
    crude = {
        (r["spec"], r["estimand"].removeprefix("ratio_"), r["coords"]["venues"]): r["median"]
        for r in published["raw"]
        if r["claim"] == "code_release" and r["spec"].endswith("_crude") and r["coords"]["era"] == "2014-22"
    }
    checks = {c["statistic"]: c for c in published["fits"]["code_release/same_error"]["checks"]}
    conflict = checks["mistaken LLM labels yes, human labels less passages, 2021-22"]
    specificity = [row["main", "specificity", "mixed", years]["median"] for years in ("2014-18", "2019-20", "2021-22")]
    misfit = {name: row["authors", f"misfit_{name}"] for name in ("number", "contrasts")}
    by_team = [check for check in published["fits"]["code_release/main"]["checks"]
               if check["statistic"].startswith("mixed less academia-only, pa")]  # fmt: skip
    human_labels = tables["coder_labels"].query("research == 'empirical' and code_hand == '0' and year >= 2021")
    mistaken = (human_labels["code_coder"] == "1").groupby(human_labels["team_hand"]).mean()
    assert len(by_team) == 3
    hold(
        "code_release",
        {
            "neither source of labels shows a difference beyond chance": all(
                check["low"] <= check["observed"] <= check["high"] for check in by_team
            ),
            "a larger part of academia-only than of other papers as releases": mistaken["0"] > mistaken["1"],
            "That result depends on AAAI": ratio("without_aaai", "mixed", "AI")["median"]
            > ratio("main", "mixed", "AI")["eti_high"],
            "Under both, industry-only teams release code less often": all(
                ratio(spec, "industry_only", v)["verdict"] == "supported" for spec in RANKED for v in venues
            ),
            "Under both, mixed teams release less at AI venues": all(
                ratio(spec, "mixed", "AI")["verdict"] == "supported" for spec in RANKED
            ),
            "Ratios differ between eras": row["main", "industry_era_sd"]["eti_low"] > 0.05,
            "crude ratios by links are higher than crude ratios by full text": all(
                crude["page_link_crude", name, v] > crude["full_text_linked_crude", name, v]
                for name in CONTRASTS
                for v in venues
            ),
            "so standardisation lowers the crude ratios by full text": all(
                crude["full_text_crude", name, v] > ratio("full_text", name, v)["median"]
                for name in CONTRASTS
                for v in venues
            ),
            "the two kinds of labels contradict each other": conflict["p"] < 0.05 or conflict["p"] > 0.95,
            "For mixed teams, the two ratios are about the same": overlap(found("mixed"), naive("mixed")),
            "hardly moves the ratio of mixed teams at machine-learning venues, and lowers the others": lowered[0] < 0.01
            and min(lowered[1:]) > 0.03,
            "where more papers speak of code, more of them speak of code that is not released": specificity
            == sorted(specificity, reverse=True),
            "one if nothing but chance is left": misfit["number"]["median"] < 1.5 > misfit["contrasts"]["median"],
        },
    )


def test_readings_of_the_hardware_gap_hold(published: dict[str, Any]):
    row = by_name(published, "compute_gap")
    anyone, alone, mixed = "any industry", "industry-only", "mixed"

    def ratio(mean: str, industry: str = anyone) -> dict[str, Any]:
        return row["main", f"neurips_2021_ratio_{mean}", industry]

    def slope(mean: str, industry: str = anyone) -> dict[str, Any]:
        return row["main", f"slope_{mean}", industry]

    def at(spec: str) -> dict[str, Any]:
        return row[spec, "neurips_2021_ratio", anyone]

    facts = published["fits"]["compute_gap/main"]["data"]["facts"]
    [ladder] = published["ladders"]["compute_gap"]
    means = {"arithmetic", "quantile", "geometric"}
    low, high = (row["main", f"neurips_2021_more_{end}", anyone] for end in ("low", "high"))
    checks = {c["statistic"]: c for c in published["fits"]["compute_gap/main"]["checks"]}
    unknown = checks["mean peak without a number, with industry less academia-only (dex)"]
    replicated = [row["main", "neurips_2021_ratio_sample", anyone, k] for k in (0, 1, 2, 5)]
    stated = float(facts["papers"].replace(",", "")) / float(facts["papers read"].replace(",", ""))
    refused = [
        next(c for c in published["fits"][f"compute_gap/{spec}"]["checks"]
             if c["statistic"] == "share of rows at the commonest value, academia-only")
        for spec in ("normal", "student")
    ]  # fmt: skip
    hold(
        "compute_gap",
        {
            "Industry-only teams stand apart": ratio("geometric", alone)["eti_low"]
            > ratio("geometric", mixed)["eti_high"],
            "The mean matters more than anything else that we changed": ladder["matters_most"] in means,
            "one in five": 0.17 < stated < 0.23,
            "The published five lies inside most of these intervals": sum(
                r["eti_low"] < 5 < r["eti_high"] for r in replicated
            )
            > len(replicated) / 2,
            "and outside those of the medians and the geometric means": max(
                ratio("median")["eti_high"], ratio("geometric")["eti_high"]
            )
            < 5,
            "So the middle of the distributions moves apart, and their largest runs do not": min(
                slope("geometric")["eti_low"], slope("median")["eti_low"]
            )
            > 1
            > slope("arithmetic")["eti_low"],
            "say hardly anything": low["median"] < 0.1 and high["median"] > 0.9,
            "takes the large runs as outliers, and so returns something near the ratio of medians": at("student")[
                "median"
            ]
            < (ratio("median")["median"] * at("main")["median"]) ** 0.5,
            "Predictive checks refuse both": all(min(c["p"], 1 - c["p"]) < 0.01 for c in refused),
            "Among notable models, the gap is far larger than among papers": row[
                "epoch", "ratio_geometric_pooled", anyone
            ]["eti_low"]
            > row["main", "ratio_geometric_pooled", anyone]["eti_high"],
            "Papers of industry without a number use stronger chips than the model expects": unknown["observed"]
            > unknown["high"],
        },
    )


def test_readings_of_adoption_hold(published: dict[str, Any]):
    row = by_name(published, "pretrained_adoption")
    academia, anyone = "academia-only", "any industry"

    def share(year: int) -> dict[str, Any]:
        return row["main", "share_by_year", academia, year]

    ratio = row["main", "ratio_recent", anyone]
    rise = share(2020)["median"] - share(2018)["median"]
    hold(
        "pretrained_adoption",
        {
            "The shift is there": row["main", "change", academia]["verdict"] == "supported",
            "Papers with industry authors mention such models at least as often": ratio["median"] < 1,
            "mentions therefore rise more": row["abstract", "change", academia]["median"]
            > row["main", "change", academia]["eti_high"],
            "are rare in 2018 and common since 2020": share(2018)["eti_high"] < 0.02 < share(2020)["eti_low"],
            "Most of the rise is from 2018 to 2020": rise > 0.5 * (share(2022)["median"] - share(2018)["median"]),
            "So the shift is not one of academia alone": row["main", "change", "mixed"]["eti_low"] > 0
            and row["main", "change", "industry-only"]["eti_low"] > 0,
        },
    )


def test_readings_of_access_hold(published: dict[str, Any]):
    row = by_name(published, "weights_access")
    academia, industry, both = "academia-only", "industry-only", "collaboration"
    recent, early = "2023-25", "2018-22"

    def at(name: str, sector: str, period: str = recent, spec: str = "main") -> dict[str, Any]:
        return row[spec, name, period, sector]

    ordered = {c["statistic"]: c for c in published["fits"]["weights_access/ordered"]["checks"]}
    served = ordered["sd over years, served, of not open, industry-only"]
    hold(
        "weights_access",
        {
            "Both sectors open more of their models than in 2018–22": all(
                at("open", sector)["eti_low"] > at("open", sector, early)["eti_high"] for sector in (academia, industry)
            ),
            "The two ranges overlap": at("open_low", academia)["median"] < at("open_high", industry)["median"],
            "Collaborations are near academia": at("open", both)["eti_high"] > at("open", academia)["eti_low"],
            "Predictive checks refuse it": any(min(c["p"], 1 - c["p"]) < 0.01 for c in ordered.values()),
            "varies more over the years than the scale allows": served["observed"] > served["high"],
        },
    )
