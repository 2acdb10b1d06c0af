"""Schemas of the table of papers and of its companion tables, and reading with errors that name the row.

The annotator of full texts (columns ``*_coded``, ``coder_*``) is a language model.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from data.errors import InputError
from data.io import parse_csv, read_header
from data.paths import LEXICONS
from data.rules import parse_venue_year
from data.tables.schemas import check_list_of, check_one_of, make_number_column, make_text_column, read_table
from data.vocabulary import (
    AUTHOR_SECTORS,
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
    TEAM_TYPES,
    TRACK_NAMES,
    UNKNOWN,
    YES_NO,
)

_LEXICON = parse_csv(LEXICONS / "topics.csv", ("topic",))
TOPICS = (*dict.fromkeys(row["topic"] for row in _LEXICON.values()), OTHER_TOPIC)
"""All topics in the order of the lexicon, then ``other``."""

PAPERS = pa.DataFrameSchema(
    {
        "id": make_text_column(
            pa.Check.str_matches(r"^[A-Za-z0-9][\w-]*-[0-9a-f]{12}$", error="must be like nips2021-0123456789ab")
        ),
        "venue": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "year": make_number_column(FIRST_YEAR, LAST_YEAR, nullable=False),
        "track": make_text_column(check_one_of(TRACK_NAMES)),
        "sources": make_text_column(check_list_of(SOURCES)),
        "grobid": make_text_column(),
        "research": make_text_column(check_one_of(("empirical", "theoretical", UNKNOWN))),
        "coder_excluded": make_text_column(check_one_of((*YES_NO, ""))),
        "n_authors": make_number_column(1.0, 5_000.0),
        "slots_per": make_text_column(check_one_of(SLOTS_PER)),
        "slots_with_text": make_number_column(*COUNT, nullable=False),
        "slots_without_text": make_number_column(*COUNT, nullable=False),
        **{f"authors_{sector}": make_number_column(*COUNT, nullable=False) for sector in AUTHOR_SECTORS},
        "team_listed": make_text_column(check_one_of(TEAM_TYPES)),
        "team_coded": make_text_column(check_one_of(TEAM_TYPES)),
        "team_passage": make_text_column(check_one_of(TEAM_TYPES)),
        "topic": make_text_column(check_one_of(TOPICS)),
        "topic_basis": make_text_column(check_list_of(("title", "keywords", "abstract"))),
        "topic_title": make_text_column(check_one_of(TOPICS)),
        "topic_keywords": make_text_column(check_one_of((*TOPICS, ""))),
        "topic_openalex": make_text_column(),
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
        "accelerator_setups": make_number_column(*COUNT, nullable=False),
        "accelerators_thanked": make_text_column(),
        "accelerator_log10_peak": make_number_column(*LOG10_FLOPS),
        "accelerator_log10_tensor16": make_number_column(*LOG10_FLOPS),
        "accelerators_log10_sum": make_number_column(*LOG10_FLOPS),
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row per paper. data/README.md documents the columns, their units and origins. An empty cell means not known or
not applicable."""

ADDED_LATER = ("grobid", "topic_openalex")
"""Columns that older tables of papers lack."""

CODER_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "venue": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "year": make_number_column(FIRST_YEAR, LAST_YEAR, nullable=False),
        "research": make_text_column(check_one_of(("empirical", "theoretical", UNKNOWN))),
        **{
            f"{variable}_{annotator}": make_text_column(check_one_of(("0", "1", "2", "")))
            for variable in ("team", "code", "hardware")
            for annotator in ("hand", "coder")
        },
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row per paper with human labels (``*_hand``) and LLM labels (``*_coder``): 0 or 1; for teams 0 academia-only,
1 mixed, 2 industry-only. An empty cell means that there is no label."""

INSTITUTIONS = pa.DataFrameSchema(
    {"id": PAPERS.columns["id"], "institutions": make_number_column(1.0, 5_000.0, nullable=False)},
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row per paper with LLM labels and listed affiliations: the number of institutions."""

CODE_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "team_coded": make_text_column(check_one_of(TEAM_TYPES)),
        "label": make_text_column(check_one_of(STATEMENTS)),
        "flag": make_text_column(),
        "code_statement": make_text_column(check_one_of(STATEMENTS)),
        "code_page": make_text_column(check_one_of(("link", "none", "missing"))),
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
"""One row per passage that the LLM annotator labelled as a release: the label from reading it, and the answers of the
rules and of the abstract page."""

HARDWARE_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "part": make_text_column(check_one_of(("work", "report", "third", "fourth", "largest"))),
        **{
            name: PAPERS.columns[name]
            for name in (
                "accelerator",
                "accelerator_count",
                "accelerator_log10_peak",
                "accelerator_log10_tensor16",
            )
        },
    },
    unique=["id", "part"],
    strict=True,
    ordered=True,
)
"""One row per labelled passage that states an accelerator, and part of the labels: its largest set-up, in chips."""

PRETRAINED_MODELS = pa.DataFrameSchema(
    {
        "model": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "released": make_text_column(
            pa.Check.str_matches(r"^\d{4}-\d{2}$", error="must be a year and month, like 2018-10")
        ),
        "organisation": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "industry": make_text_column(check_one_of(("yes", "no"))),
        "open": make_text_column(check_one_of(("yes", "no"))),
    },
    unique=["model"],
    strict=True,
    ordered=True,
)
"""One row per pre-trained model of the lexicon: first release, whether a company released it, and whether anyone could
download its weights."""

MENTION_LABELS = pa.DataFrameSchema(
    {
        "id": PAPERS.columns["id"],
        "where": make_text_column(check_one_of(("title", "abstract", "text"))),
        "position": make_number_column(0.0, 1e7, nullable=False),
        "term": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "use": make_text_column(check_one_of(("use", "study", "mention"))),
        "team_listed": PAPERS.columns["team_listed"],
    },
    unique=["id", "where", "position"],
    strict=True,
    ordered=True,
)
"""One row per labelled mention of a pre-trained model: whether the paper uses, studies or only names the model."""


def read_papers(path: Path, decimal: str | None = None) -> pd.DataFrame:
    """Read and validate a table of papers (``papers.csv`` or ``.csv.gz``) with the columns of ``PAPERS``.

    Tables that were built before a column of ``ADDED_LATER`` existed are read as well; there it is empty.
    ``decimal`` is the decimal sign of the numbers, as in ``read_table``.

    Raises
    ------
    InputError
        If the table is not valid. The error names file, row, column and value of the first fault.
    """
    header = read_header(path)
    missing = {name: "" for name in ADDED_LATER if name not in header}
    return read_table(path, PAPERS, check_papers, missing, decimal)


def check_papers(frame: pd.DataFrame, path: Path, rows_known: bool = True) -> None:
    """Check rules across columns: authors add up, terms need an abstract, peaks need an accelerator.

    The index of ``frame`` holds row numbers of the file, unless ``rows_known`` is false.
    """
    authors = frame[[f"authors_{sector}" for sector in AUTHOR_SECTORS]].sum(axis=1)
    slots = frame["slots_with_text"] + frame["slots_without_text"]
    abstract = frame["has_abstract"] == "yes"
    industry = frame["authors_company"] + frame["authors_double"]
    academia = frame[["authors_education", "authors_government", "authors_nonprofit", "authors_double"]].sum(axis=1)
    team = pd.Series(UNKNOWN, index=frame.index)
    team[(industry > 0) & (academia > 0)] = "mixed"
    team[(industry > 0) & (academia == 0) & (frame["authors_unknown"] == 0)] = "industry-only"
    team[(industry == 0) & (academia > 0) & (frame["authors_unknown"] == 0)] = "academia-only"
    venue_year = frame["id"].str.rsplit("-", n=1).str[0].map(parse_venue_year)
    stated = pd.Series(list(zip(frame["venue"], frame["year"], strict=True)), index=frame.index)
    rules = (
        ("team_listed", frame["team_listed"] != team, "does not match the team type from the authors by sector"),
        ("venue", venue_year != stated, "venue and year do not match the id"),
        (
            "n_authors",
            (frame["slots_per"] == "author") & (authors != frame["n_authors"]),
            "the authors by sector do not add up to it",
        ),
        ("slots_with_text", authors != slots, "the slots do not add up to the authors by sector"),
        (
            "abstract_words",
            abstract != frame["abstract_words"].notna(),
            "must have a value if and only if there is an abstract",
        ),
        *(
            (
                f"terms_{family}",
                abstract != frame[f"terms_{family}"].notna(),
                "must have a value if and only if there is an abstract",
            )
            for family in FAMILIES
        ),
        (
            "accelerator",
            (frame["accelerator"] == "") & frame["accelerator_log10_peak"].notna(),
            "there is a peak without an accelerator",
        ),
        (
            "code_page",
            (frame["code_page"] == "link") & ~frame["code_page_rule"].isin(LINK_RULES),
            "there is a link without its rule",
        ),
    )
    for column, bad, problem in rules:
        if bad.any():
            row = bad.index[bad][0]
            number = int(str(row)) if rows_known else None
            raise InputError(
                problem, path, number, column, str(frame.loc[row, column]), hint=f"paper {frame.loc[row, 'id']}"
            )


def split_list(cell: str) -> list[str]:
    """Split a cell that holds a list into its entries; an empty cell has none."""
    return cell.split(LIST_SEPARATOR) if cell else []
