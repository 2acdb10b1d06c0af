"""The table of papers and the tables beside it: columns, what they may hold, reading with errors that name the row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from data.errors import InputError
from data.io import parse_csv
from data.paths import LEXICONS
from data.rules import parse_venue_year
from data.tables.schemas import check_list_of, check_one_of, make_number_column, make_text_column, read_table
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
        "id": make_text_column(
            pa.Check.str_matches(r"^[A-Za-z][\w-]*-[0-9a-f]{12}$", error="must be like nips2021-0123456789ab")
        ),
        "venue": make_text_column(pa.Check.str_length(min_value=1, error="must not be blank")),
        "year": make_number_column(FIRST_YEAR, LAST_YEAR, blank=False),
        "track": make_text_column(check_one_of(TRACK_NAMES)),
        "sources": make_text_column(check_list_of(SOURCES)),
        "research": make_text_column(check_one_of(("empirical", "theoretical", UNKNOWN))),
        "coder_excluded": make_text_column(check_one_of((*YES_NO, ""))),
        "n_authors": make_number_column(1.0, 5_000.0),
        "slots_per": make_text_column(check_one_of(SLOTS_PER)),
        "slots_with_text": make_number_column(*COUNT, blank=False),
        "slots_without_text": make_number_column(*COUNT, blank=False),
        **{f"authors_{kind}": make_number_column(*COUNT, blank=False) for kind in AUTHOR_KINDS},
        "team_listed": make_text_column(check_one_of(TEAM_KINDS)),
        "team_coded": make_text_column(check_one_of(TEAM_KINDS)),
        "team_passage": make_text_column(check_one_of(TEAM_KINDS)),
        "topic": make_text_column(check_one_of(TOPICS)),
        "topic_basis": make_text_column(check_list_of(("title", "keywords", "abstract"))),
        "topic_title": make_text_column(check_one_of(TOPICS)),
        "topic_keywords": make_text_column(check_one_of((*TOPICS, ""))),
        "has_abstract": make_text_column(check_one_of(YES_NO)),
        "abstract_words": make_number_column(*COUNT),
        **{f"terms_{family}": make_number_column(*COUNT) for family in FAMILIES},
        "pretrained_title": make_text_column(),
        "pretrained_abstract": make_text_column(),
        "pretrained_text": make_text_column(),
        "code_page": make_text_column(check_one_of(("link", "none", "missing"))),
        "code_page_rule": make_text_column(check_one_of((*LINK_RULES, ""))),
        "code_coded": make_text_column(check_one_of((*YES_NO, ""))),
        "code_statement": make_text_column(check_one_of((*STATEMENTS, ""))),
        "hardware_coded": make_text_column(check_one_of((*YES_NO, ""))),
        "hardware_kind": make_text_column(check_one_of(HARDWARE_KINDS)),
        "accelerator": make_text_column(),
        "accelerator_count": make_number_column(0.0, float(LARGEST_COUNT * 8)),
        "accelerator_setups": make_number_column(*COUNT, blank=False),
        "accelerators_thanked": make_text_column(),
        "accelerator_log10_peak": make_number_column(*LOG10_FLOPS),
        "accelerator_log10_tensor16": make_number_column(*LOG10_FLOPS),
        "accelerators_log10_sum": make_number_column(*LOG10_FLOPS),
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row a paper; what each column holds, its unit and origin: data/README.md. Blank: not known or not applicable."""

CODER_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "venue": make_text_column(pa.Check.str_length(min_value=1, error="must not be blank")),
        "year": make_number_column(FIRST_YEAR, LAST_YEAR, blank=False),
        "research": make_text_column(check_one_of(("empirical", "theoretical", UNKNOWN))),
        **{
            f"{what}_{who}": make_text_column(check_one_of(("0", "1", "2", "")))
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
    {"id": PAPERS.columns["id"], "institutions": make_number_column(1.0, 5_000.0, blank=False)},
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row a paper read in full text whose list names affiliations: how many institutions they are of."""

CODE_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "team_coded": make_text_column(check_one_of(TEAM_KINDS)),
        "label": make_text_column(check_one_of(STATEMENTS)),
        "flag": make_text_column(),
        "code_statement": make_text_column(check_one_of(STATEMENTS)),
        "code_page": make_text_column(check_one_of(("link", "none", "missing"))),
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
    place = frame["id"].str.rsplit("-", n=1).str[0].map(parse_venue_year)
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


def split_list(cell: str) -> list[str]:
    """Entries of a cell that holds a list; none if it is blank."""
    return cell.split(LIST_SEPARATOR) if cell else []
