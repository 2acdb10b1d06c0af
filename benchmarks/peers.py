"""Compare estimates with those of other methods from the same counts or rows: Mantel-Haenszel, statsmodels, and bambi.

.venv/bin/python -m benchmarks.peers [ESTIMATES]

Reads this project's estimates from paper/published/estimates.json, or from the file named, build/estimates.json for
instance. They must be of the present code and tables. Writes paper/published/peers.csv. Exits with 1 if a peer whose
assumptions agree is more than half a posterior standard deviation away (on the log scale). Such a peer uses the same
counts and has the same sampling error; what differs are priors, partial pooling, few papers with unseen authors, and
Monte Carlo error (below 0.05 sd). Half a standard deviation is more than these should cause, and less than a reader of
the interval would notice.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logit

from benchmarks.access_peers import list_access_peers
from benchmarks.adoption_peers import list_adoption_peers
from benchmarks.odds_ratios import (
    REACH,
    Ratio,
    fit_bambi,
    fit_glm,
    fit_stratified,
    make_design,
    make_from_draws,
    standardise_ratios,
    weight_ratios,
)
from benchmarks.performance_peers import compare_means, compare_pairs, fit_bambi_normal, fit_least_squares
from data.errors import InputError
from data.io import format_csv, write_atomic
from data.tables.load import load
from inference.store.declarations import list_specifications, list_tables, name_module, resolve
from inference.store.fingerprints import Parts, combine, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import ROOT
from inference.store.posteriors import read_json
from inference.summaries.estimates import make_key
from inference.summaries.formatting import format_number
from models.common.cells import Floats, Ints
from models.compute_gap.definitions import ANY_INDUSTRY, PUBLISHED_AT
from models.compute_gap.specifications import GEOMETRIC
from models.topic_compute.definitions import TEN_POINTS
from models.topic_compute.topic_year_counts import compute_counted_share

PUBLISHED = ROOT / "paper" / "published"
TABLE = PUBLISHED / "peers.csv"
COLUMNS = ("claim", "spec", "quantity", "estimate_here", "peer", "estimate", "low", "high", "n", "agree", "distance_sd",
           "fit_key")  # fmt: skip
PUBLISHED_YEAR = int(PUBLISHED_AT.split()[1])
AGREE = 0.5  # posterior standard deviations
ALIKE = "every paper has the same weight; here topics depart from their means by walks, so that small years weigh more"
APART = "random effects of topic-years are independent; here a topic departs from its mean by a walk over years"
INDEX_OF = {"venues": "venue_group_idx"}  # coordinates whose index has another name
POOLED = "one slope for any term, weighted by information; here by family and topic, averaged over papers"


@dataclass(frozen=True)
class Peer:
    """A peer's ratio (or probability), and the estimand of this project with which it is compared."""

    claim: str
    spec: str
    estimand: str
    coords: dict[str, str]
    name: str
    ratio: Ratio
    n: int
    differs: str = ""  # the assumption that differs; empty where they agree


def make_dataset(claim: str, spec: str) -> Any:
    """Prepare the dataset of a specification."""
    specification = next(one for one in list_specifications(claim) if one.name == spec)
    choices = resolve(claim, specification, Overrides()).choices
    model = importlib.import_module(name_module(claim, specification.model)).MODEL
    return model.prepare({name: load(name) for name in list_tables(claim)}, choices)


def prepare_dataset(claim: str, spec: str, names: Iterable[str]) -> tuple[Any, pd.DataFrame]:
    """Prepare the dataset of a specification, and its cells with their coordinate values as columns."""
    data = make_dataset(claim, spec)
    columns = {name: data[name].to_numpy()[index_cells(data, name)] for name in names}
    return data, pd.DataFrame({"n": data["n"].to_numpy(), "y": data["y"].to_numpy(), **columns})


def index_cells(data: Any, name: str) -> Ints:
    """Return the index of each cell in a coordinate, through other coordinates where the dataset has it by these."""
    index = data[INDEX_OF.get(name, f"{name}_idx")]
    if index.dims == ("cell",):
        return np.asarray(index)
    return np.asarray(index)[tuple(index_cells(data, str(dim)) for dim in index.dims)]


def list_terms_peers(with_bambi: bool = True) -> Iterator[Peer]:
    """Compare academia-only teams of papers with compute terms and without; papers with a known team type."""
    data, cells = prepare_dataset(
        "topic_compute", "main", ("venue_year", "topic", "venue_group", "size", "topic_venue")
    )
    known = data["partly"].to_numpy() == 0
    families = [f"f{i}" for i in range(data.sizes["family"])]
    cells[families] = (data["value"].to_numpy()[data["exposure_idx"].to_numpy()] > 0).astype(int)
    cells["size"] = cells["venue_group"] + ": " + cells["size"]
    cells["any"] = cells[families].max(axis=1)
    cells = cells[known].reset_index(drop=True)
    mix = (cells[families].T @ cells["n"]).to_numpy() / cells.loc[cells["any"] == 1, "n"].sum()
    factors = ("venue_year", "topic", "size")

    def make_peer(name: str, ratio: Ratio, differs: str = "") -> Peer:
        return Peer("topic_compute", "main", "odds_ratio", {}, name, ratio, int(cells["n"].sum()), differs)

    crude, pooled = fit_stratified(cells, cells["any"], "venue_year")
    yield make_peer("crude", crude, "venue, year, topic and team size not held fixed")
    yield make_peer("Mantel-Haenszel by venue-year", pooled, "topic and team size not held fixed")
    yield make_peer(
        "GLM, any term", weight_ratios(fit_glm(cells, make_design(cells, cells[["any"]], factors)), np.ones(1)), POOLED
    )
    yield make_peer(
        "GLM, families, averaged over papers",
        weight_ratios(fit_glm(cells, make_design(cells, cells[families], factors)), mix),
    )
    if with_bambi:
        grouped = " + (1|venue_year) + (1|topic) + (1|size) + (1|topic_venue)"
        draws = fit_bambi(f"p(y, n) ~ any{grouped}", cells)[1]["posterior"]
        yield make_peer("bambi, any term", make_from_draws(draws["any"].to_numpy()), POOLED)
        draws = fit_bambi(f"p(y, n) ~ {' + '.join(families)}{grouped}", cells)[1]["posterior"]
        by_paper = sum(share * draws[family].to_numpy() for share, family in zip(mix, families, strict=True))
        yield make_peer("bambi, families, averaged over papers", make_from_draws(by_paper))


def list_topic_year_peers(spec: str) -> pd.DataFrame:
    """List topic-years with papers: n, y, and the counted share of terms, split into within and between topics."""
    counts = make_dataset("topic_compute", spec)
    share, n = compute_counted_share(counts[["n", "m", "k"]].sum("venue")), counts["n"].sum("venue")
    mean = (share * n).sum("year") / n.sum("year").clip(1)
    parts = {"n": n, "y": counts["y"].sum("venue"), "within": share - mean, "between": mean.broadcast_like(share)}
    cells = xr.Dataset(parts).to_dataframe().reset_index().query("n > 0").reset_index(drop=True)
    labels = {"year": cells["year"].astype(str), "topic_year": cells["topic"] + cells["year"].astype(str)}
    return cells.assign(
        within=cells["within"] / TEN_POINTS, between=cells["between"] - cells["between"].mean(), **labels
    )


def list_regression_peers(with_bambi: bool = True) -> Iterator[Peer]:
    """Compare the topic-year regression on counted shares of terms, without and with effects of years."""
    for spec, factors in (("plain", ("topic",)), ("with_years", ("topic", "year"))):
        cells = list_topic_year_peers(spec)
        n = int(cells["n"].sum())
        fitted = weight_ratios(
            fit_glm(cells, make_design(cells, cells[["within"]], factors), overdispersed=True), np.ones(1)
        )
        yield Peer("topic_compute", spec, "ratio_per_ten_points", {}, "GLM, quasi-binomial", fitted, n, ALIKE)
        if with_bambi:
            grouped = "".join(f" + (1|{name})" for name in (*factors, "topic_year"))
            draws = fit_bambi(f"p(y, n) ~ within + between{grouped}", cells)[1]["posterior"]
            ratio = make_from_draws(draws["within"].to_numpy())
            name = "bambi, random effects of topic-years"
            yield Peer("topic_compute", spec, "ratio_per_ten_points", {}, name, ratio, n, APART)


def list_code_peers(with_bambi: bool = True) -> Iterator[Peer]:
    """Compare code release by the LLM label, of mixed and industry-only teams to academia-only teams."""
    names = ("venue_year", "topic", "size", "topic_venue", "size_venue", "venues", "era", "team")
    data, cells = prepare_dataset("code_release", "full_text", names)
    academia, *others = data["team"].to_numpy().tolist()
    blocks = [(team, group, era) for team in others for group in data["venues"].values for era in data["era"].values]

    def make_effects(team: str | None = None) -> pd.DataFrame:
        team_type = cells["team"] if team is None else pd.Series(team, cells.index)
        return pd.DataFrame({f"e{i}": (team_type == k) & (cells["venues"] == g) & (cells["era"] == e)
                             for i, (k, g, e) in enumerate(blocks)}).astype(float)  # fmt: skip

    factors = ("venue_year", "topic", "size")
    fitted = fit_glm(cells, make_design(cells, make_effects(), factors))
    columns = {team: make_design(cells, make_effects(team), factors).to_numpy() for team in (academia, *others)}
    probability: dict[str, Floats] = {}
    if with_bambi:
        terms = [*make_effects().columns, *(f"(1|{name})" for name in ("venue_year", "topic", "size", *names[3:5]))]
        model, draws = fit_bambi("p(y, n) ~ " + " + ".join(terms), cells.join(make_effects()))
        for team in columns:
            new = model.predict(draws, kind="response_params", data=cells.join(make_effects(team)), inplace=False)
            probability[team] = new["posterior"]["p"].to_numpy().reshape(-1, len(cells))
    for team in others:
        name = "odds_ratio_" + team.replace("-", "_")
        for group in data["venues"].values.tolist():
            coords, inside = {"venues": group, "era": "2014-22"}, cells["venues"] == group
            weights = (cells["n"] * inside).to_numpy(float)
            two = cells[inside & cells["team"].isin([academia, team])]
            n = int(two["n"].sum())
            ratio = fit_stratified(two, two["team"] == team, "venue_year")[1]
            standard = standardise_ratios(fitted, columns[team], columns[academia], weights)
            differs = "topic and team size not held fixed; average of odds ratios, here odds ratio of averages"
            yield Peer("code_release", "full_text", name, coords, "Mantel-Haenszel by venue-year", ratio, n, differs)
            yield Peer("code_release", "full_text", name, coords, "GLM, standardised", standard, n)
            differs = "the LLM label as it is; here its errors are modelled"
            yield Peer("code_release", "main", name, coords, "GLM, standardised", standard, n, differs)
            if with_bambi:
                one, other = (
                    logit(np.average(probability[team_type], axis=1, weights=weights)) for team_type in (team, academia)
                )
                yield Peer(
                    "code_release", "full_text", name, coords, "bambi, standardised", make_from_draws(one - other), n
                )


def list_gap_peers(with_bambi: bool = True) -> Iterator[Peer]:
    """Compare performance at NeurIPS 2021, papers with any industry to academia-only papers."""
    data = make_dataset("compute_gap", "normal")
    names = ("venue_year", "venue", "topic", "size", "year", "team")
    rows = pd.DataFrame({name: data[name].to_numpy()[data[f"{name}_idx"].to_numpy()] for name in names})
    y = data["performance"].to_numpy()
    others = {"mixed": "mixed", "alone": "industry-only"}
    time = (rows["year"] - PUBLISHED_YEAR).astype(float)
    is_team = {name: (rows["team"] == team).astype(float) for name, team in others.items()}
    published = rows["venue_year"] == PUBLISHED_AT
    share = {name: float(is_team[name][published].sum() / (rows["team"][published] != "academia-only").sum())
             for name in others}  # fmt: skip
    venues = sorted(rows["venue"].unique())
    effects = {f"{name}, {venue}": is_team[name] * (rows["venue"] == venue) for name in others for venue in venues}
    effects |= {f"{name}, time": is_team[name] * time for name in others}
    weights = [share[name] * (venue == PUBLISHED_AT.split()[0]) for name in others for venue in venues]
    fitted = fit_least_squares(
        y, make_design(rows, pd.DataFrame(effects), ("venue_year", "topic", "size")), rows["team"]
    )
    coords = {"industry": ANY_INDUSTRY}
    n = int(published.sum())

    def make_peer(spec: str, estimand: str, name: str, found: Ratio, differs: str = "") -> Peer:
        return Peer("compute_gap", spec, estimand, coords, name, found, n, differs)

    ratio = weight_ratios((fitted[0] * math.log(10), fitted[1] * math.log(10) ** 2), np.array([*weights, 0.0, 0.0]))
    unpooled = "effects of industry by venue are not pooled"
    yield make_peer("normal", GEOMETRIC, "weighted least squares", ratio, unpooled)
    if with_bambi:
        table = rows.assign(y=y, time=time, **is_team)
        slopes = "".join(f" + {name} + {name}:time + (0+{name}|venue)" for name in others)
        draws = fit_bambi_normal(f"y ~ 1{slopes} + (1|venue_year) + (1|topic) + (1|size)", table)
        at = {
            name: draws[name] + draws[f"{name}|venue"].sel(venue__factor_dim=PUBLISHED_AT.split()[0]) for name in others
        }
        difference = sum(share[name] * at[name] for name in others)
        yield make_peer("normal", GEOMETRIC, "bambi, normal, sd by team type",
                        make_from_draws(difference.to_numpy() * math.log(10)))  # fmt: skip
    academia = rows["team"] == "academia-only"
    sides = y[published & ~academia], y[published & academia]
    alone = "this venue-year's papers alone, an unknown number as one; here venue-years are partially pooled"
    yield make_peer("geometric", GEOMETRIC, "difference of means, Welch", compare_means(*sides), alone)
    yield make_peer("geometric", "neurips_2021_more", "Mann-Whitney", compare_pairs(*sides), alone)


def list_parts(claim: str) -> dict[str, Parts]:
    """Return the present dependencies of each specification of a claim, the extended ones too."""
    return {spec: parts for extended in (False, True)
            for spec, parts in list_parts_by_fit(claim, Overrides(), extended).items()}  # fmt: skip


def make_table(content: dict[str, Any], peers: Iterable[Peer]) -> list[dict[str, object]]:
    """Make a row for each peer, with this project's estimate and the distance between the two."""
    rows = []
    found = {(r["claim"], r["spec"], *make_key(r["estimand"], r["coords"])): r for r in content["estimates"]}
    parts: dict[str, dict[str, Parts]] = {}
    for peer in peers:
        if peer.claim not in parts:
            parts[peer.claim] = list_parts(peer.claim)
        spec, key = f"{peer.claim}/{peer.spec}", combine(parts[peer.claim][peer.spec])
        if content["fits"].get(spec, {}).get("fit_key") != key:
            raise InputError(f"estimates of {spec} are of other code or other tables", hint="run make refresh")
        here = found[peer.claim, peer.spec, *make_key(peer.estimand, peer.coords)]
        sd = math.log(here["eti_high"] / here["eti_low"]) / (2 * REACH)
        texts = [format_number(value, 2) for value in peer.ratio]
        quantity = f"{here['title']} ({content['fits'][spec]['title']})"
        rows.append(dict(zip(COLUMNS, (
            peer.claim, peer.spec, quantity, here["text"], peer.name, *texts, peer.n,
            f"no: {peer.differs}" if peer.differs else "yes",
            round(math.log(peer.ratio[0] / here["median"]) / sd, 2), key,
        ), strict=True)))  # fmt: skip
        print("  ".join(str(value) for value in list(rows[-1].values())[:-1]), flush=True)
    return rows


def find_disagreements(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Return the rows of peers that should agree and do not."""
    return [row for row in rows if row["agree"] == "yes" and abs(float(str(row["distance_sd"]))) > AGREE]


def main(estimates: Path) -> int:
    """Write the table; return 1 if peers that should agree do not."""
    content = read_json(estimates, "estimates", "fits")
    if content is None:
        raise InputError("no estimates in this file", estimates, hint="run make refresh, or name build/estimates.json")
    rows = make_table(
        content,
        (
            *list_terms_peers(),
            *list_regression_peers(),
            *list_code_peers(),
            *list_gap_peers(),
            *list_adoption_peers(),
            *list_access_peers(),
        ),
    )
    write_atomic(TABLE, format_csv(COLUMNS, rows))
    print(f"{TABLE.relative_to(ROOT)}: {len(rows)} rows; {len(find_disagreements(rows))} that should agree and do not")
    return 1 if find_disagreements(rows) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else PUBLISHED / "estimates.json"))
