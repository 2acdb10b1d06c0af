"""The table of papers and the tables beside it: columns, what they may hold, reading with errors that name the row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from data.errors import InputError
from data.io import parse_csv
from data.paths import LEXICONS
from data.rules import venue_year
from data.tables.schemas import list_of, number, one_of, read_table, text
from data.vocabulary import (
    AUTHOR_KINDS,
    COUNT,
    FAMILIES,
    FIRST_YEAR,
    HARDWARE_KINDS,
    LARGEST_COUNT,
    LAST_YEAR,
    LINK_RULES,
    LIST_SEPARATOR,
    LOG10_FLOPS,
    OTHER_TOPIC,
    SLOTS_PER,
    SOURCES,
    STATEMENTS,
    TEAM_KINDS,
    TRACK_NAMES,
    UNKNOWN,
    YES_NO,
)

_LEXICON = parse_csv(LEXICONS / "topics.csv", ("topic",))
TOPICS = (*dict.fromkeys(row["topic"] for row in _LEXICON.values()), OTHER_TOPIC)
"""All topics, in the lexicon's order, then ``other``."""

PAPERS = pa.DataFrameSchema(
    {
        "id": text(pa.Check.str_matches(r"^[A-Za-z][\w-]*-[0-9a-f]{12}$", error="must be like nips2021-0123456789ab")),
        "venue": text(pa.Check.str_length(min_value=1, error="must not be blank")),
        "year": number(FIRST_YEAR, LAST_YEAR, blank=False),
        "track": text(one_of(TRACK_NAMES)),
        "sources": text(list_of(SOURCES)),
        "research": text(one_of(("empirical", "theoretical", UNKNOWN))),
        "coder_excluded": text(one_of((*YES_NO, ""))),
        "n_authors": number(1.0, 5_000.0),
        "slots_per": text(one_of(SLOTS_PER)),
        "slots_with_text": number(*COUNT, blank=False),
        "slots_without_text": number(*COUNT, blank=False),
        **{f"authors_{kind}": number(*COUNT, blank=False) for kind in AUTHOR_KINDS},
        "team_listed": text(one_of(TEAM_KINDS)),
        "team_coded": text(one_of(TEAM_KINDS)),
        "team_passage": text(one_of(TEAM_KINDS)),
        "topic": text(one_of(TOPICS)),
        "topic_basis": text(list_of(("title", "keywords", "abstract"))),
        "topic_title": text(one_of(TOPICS)),
        "topic_keywords": text(one_of((*TOPICS, ""))),
        "has_abstract": text(one_of(YES_NO)),
        "abstract_words": number(*COUNT),
        **{f"terms_{family}": number(*COUNT) for family in FAMILIES},
        "pretrained_title": text(),
        "pretrained_abstract": text(),
        "pretrained_text": text(),
        "code_page": text(one_of(("link", "none", "missing"))),
        "code_page_rule": text(one_of((*LINK_RULES, ""))),
        "code_coded": text(one_of((*YES_NO, ""))),
        "code_statement": text(one_of((*STATEMENTS, ""))),
        "hardware_coded": text(one_of((*YES_NO, ""))),
        "hardware_kind": text(one_of(HARDWARE_KINDS)),
        "accelerator": text(),
        "accelerator_count": number(0.0, float(LARGEST_COUNT * 8)),
        "accelerator_setups": number(*COUNT, blank=False),
        "accelerators_thanked": text(),
        "accelerator_log10_peak": number(*LOG10_FLOPS),
        "accelerator_log10_tensor16": number(*LOG10_FLOPS),
        "accelerators_log10_sum": number(*LOG10_FLOPS),
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row a paper; what each column holds, its unit and origin: data/README.md. Blank: not known or not applicable."""

CODER_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "venue": text(pa.Check.str_length(min_value=1, error="must not be blank")),
        "year": number(FIRST_YEAR, LAST_YEAR, blank=False),
        "research": text(one_of(("empirical", "theoretical", UNKNOWN))),
        **{
            f"{what}_{who}": text(one_of(("0", "1", "2", "")))
            for what in ("team", "code", "hardware")
            for who in ("hand", "coder")
        },
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row a paper that was coded by hand and by the coder of full texts: 0 or 1 (team: 0 academia-only, 1 mixed, 2
industry-only), blank where not coded."""

INSTITUTIONS = pa.DataFrameSchema(
    {"id": PAPERS.columns["id"], "institutions": number(1.0, 5_000.0, blank=False)},
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row a paper read in full text whose list names affiliations: how many institutions they are of."""

CODE_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "team_coded": text(one_of(TEAM_KINDS)),
        "label": text(one_of(STATEMENTS)),
        "flag": text(),
        "code_statement": text(one_of(STATEMENTS)),
        "code_page": text(one_of(("link", "none", "missing"))),
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row a passage that the coder took for a release, labelled by reading; beside it the answer of rules and page."""


def read_papers(path: Path) -> pd.DataFrame:
    """Read and validate a table of papers (``papers.csv`` or ``.csv.gz``), columns as in ``PAPERS``.

    Raises
    ------
    InputError
        Naming file, row, column and value of the first fault.
    """
    return read_table(path, PAPERS, check_papers)


def check_papers(frame: pd.DataFrame, path: Path, rows_known: bool = True) -> None:
    """Check what no single column can tell: authors add up, terms need an abstract, peaks need an accelerator.

    The index of ``frame`` is the row of the file, unless ``rows_known`` is false.
    """
    kinds = frame[[f"authors_{kind}" for kind in AUTHOR_KINDS]].sum(axis=1)
    slots = frame["slots_with_text"] + frame["slots_without_text"]
    abstract = frame["has_abstract"] == "yes"
    industry = frame["authors_company"] + frame["authors_double"]
    academia = frame[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    kind = pd.Series(UNKNOWN, index=frame.index)
    kind[(industry > 0) & (academia > 0)] = "mixed"
    kind[(industry > 0) & (academia == 0) & (frame["authors_unknown"] == 0)] = "industry-only"
    kind[(industry == 0) & (academia > 0) & (frame["authors_unknown"] == 0)] = "academia-only"
    place = frame["id"].str.rsplit("-", n=1).str[0].map(venue_year)
    stated = pd.Series(list(zip(frame["venue"], frame["year"], strict=True)), index=frame.index)
    rules = (
        ("team_listed", frame["team_listed"] != kind, "not the kind of team that the authors by sector make"),
        ("venue", place != stated, "venue and year are not those of the id"),
        (
            "n_authors",
            (frame["slots_per"] == "author") & (kinds != frame["n_authors"]),
            "authors by sector do not add up to it",
        ),
        ("slots_with_text", kinds != slots, "slots do not add up to the authors by sector"),
        (
            "abstract_words",
            abstract != frame["abstract_words"].notna(),
            "must be there if there is an abstract, and only then",
        ),
        *(
            (
                f"terms_{family}",
                abstract != frame[f"terms_{family}"].notna(),
                "must be there if there is an abstract, and only then",
            )
            for family in FAMILIES
        ),
        (
            "accelerator",
            (frame["accelerator"] == "") & frame["accelerator_log10_peak"].notna(),
            "a peak without an accelerator",
        ),
        (
            "code_page",
            (frame["code_page"] == "link") & ~frame["code_page_rule"].isin(LINK_RULES),
            "a link without its rule",
        ),
    )
    for column, bad, problem in rules:
        if bad.any():
            row = bad.index[bad][0]
            at = int(str(row)) if rows_known else None
            raise InputError(
                problem, path, at, column, str(frame.loc[row, column]), hint=f"paper {frame.loc[row, 'id']}"
            )


def lists(cell: str) -> list[str]:
    """Entries of a cell that holds a list; none if it is blank."""
    return cell.split(LIST_SEPARATOR) if cell else []
