"""Source ``coakley``: papers read in full text by a language model (Coakley et al. 2026, arXiv 2606.16974).

Only reads. Team kind, code and hardware statements come with the passage they rest on. The repository
kevincoakley/the-shift-toward-open states no licence, so that only derived facts leave this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from data.sources.raw import read_json_list
from data.sources.record import Coded, Read, Record, clean, find_track, is_front_matter, make_title_key

TEAMS = {0: "academia-only", 1: "mixed", 2: "industry-only"}
NO_AUTHORS = ("iclr2014", "iclr2015")  # their number of authors is 1 for all, or for a third, whoever wrote them
MOST_AUTHORS = 5_000
FIELDS = ("research_type", "affiliation", "open_source_code", "hardware_specification")


def read(path: Path, stem: str) -> Read:
    """Read one venue-year, ``<venue><year>.json.gz``.

    A paper without a title or one of the four codes is left out and counted; a team kind of -1 is unknown.

    Raises
    ------
    InputError
        If the file as a whole cannot be read.
    """
    found = Read()
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
                    coded=_read_coded(item),
                )
            )
            found.counts["kept"] += 1
            found.counts["team kind coded as unknown"] += results[1] not in TEAMS
    return found


def _read_coded(item: Mapping[str, object]) -> Coded:
    codes = {name: item[name] for name in FIELDS}
    result = {name: code["result"] for name, code in codes.items() if isinstance(code, Mapping)}
    text = {name: clean(code.get("text")) for name, code in codes.items() if isinstance(code, Mapping)}
    return Coded(
        theoretical=result["research_type"] == 1,
        excluded=item.get("excluded_by_authors") is True,
        team=TEAMS.get(result["affiliation"], "unknown"),
        team_passage=text["affiliation"],
        code=result["open_source_code"] == 1,
        code_passage=text["open_source_code"],
        hardware=result["hardware_specification"] == 1,
        hardware_passage=text["hardware_specification"],
    )
