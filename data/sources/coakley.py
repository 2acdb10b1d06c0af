"""Source ``coakley``: papers labelled from their full text by an LLM (Coakley et al. 2026, arXiv 2606.16974).

The LLM annotator is a language model. It labels team type, code and hardware, and quotes a supporting passage for each.
The repository kevincoakley/the-shift-toward-open states no licence, so only derived facts leave this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from data.sources.raw import read_json_list
from data.sources.record import (
    Annotation,
    ReadResult,
    Record,
    clean,
    count_unknown_labels,
    find_track,
    is_front_matter,
    make_title_key,
)
from data.vocabulary import OTHER_TRACK

TEAMS = {0: "academia-only", 1: "mixed", 2: "industry-only"}
NO_AUTHORS = ("iclr2014", "iclr2015")  # n_authors is 1 for all papers, or for a third, whatever their authors
MOST_AUTHORS = 5_000
FIELDS = ("research_type", "affiliation", "open_source_code", "hardware_specification")


def read(path: Path, stem: str) -> ReadResult:
    """Read one venue-year, ``<venue><year>.json.gz``.

    A paper that lacks a title or one of the four LLM labels is left out and counted. A team type of -1 is unknown.

    Raises
    ------
    InputError
        If the file as a whole cannot be read.
    """
    found = ReadResult()
    unknown: list[str] = []
    for item in read_json_list(path):
        found.counts["read"] += 1
        if not isinstance(item, Mapping) or not all(isinstance(item.get(name), Mapping) for name in FIELDS):
            found.counts["left out: not a record"] += 1
            continue
        title = clean(item.get("title"))
        category = clean(item.get("category"))
        results = [item[name].get("result") for name in FIELDS]
        if not title:
            found.counts["left out: no title"] += 1
        elif is_front_matter(title):
            found.counts["left out: front matter"] += 1
        elif (track := find_track(category)) == "workshop":
            found.refused[make_title_key(title)] = "workshop"
            found.counts["left out: workshop"] += 1
        elif not all(type(result) is int for result in results):
            found.counts["left out: a code that is no number"] += 1
        else:
            authors = None if stem in NO_AUTHORS else item.get("n_authors")
            found.records.append(
                Record(
                    source="coakley",
                    stem=stem,
                    title=title,
                    track=track,
                    n_authors=authors if type(authors) is int and 0 < authors <= MOST_AUTHORS else None,
                    annotation=_read_annotation(item),
                )
            )
            found.counts["kept"] += 1
            found.counts["team kind coded as unknown"] += results[1] not in TEAMS
            unknown += [category] if track == OTHER_TRACK else []
    found.counts.update(count_unknown_labels(unknown))
    return found


def _read_annotation(item: Mapping[str, object]) -> Annotation:
    labels = {name: item[name] for name in FIELDS}
    result = {name: label["result"] for name, label in labels.items() if isinstance(label, Mapping)}
    text = {name: clean(label.get("text")) for name, label in labels.items() if isinstance(label, Mapping)}
    return Annotation(
        theoretical=result["research_type"] == 1,
        excluded=item.get("excluded_by_authors") is True,
        team=TEAMS.get(result["affiliation"], "unknown"),
        team_passage=text["affiliation"],
        code=result["open_source_code"] == 1,
        code_passage=text["open_source_code"],
        hardware=result["hardware_specification"] == 1,
        hardware_passage=text["hardware_specification"],
    )
