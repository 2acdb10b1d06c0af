"""Works in the shape of OpenAlex's records, invented for tests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

Json = dict[str, object]

MIT = {"id": "https://openalex.org/I63966007", "ror": "https://ror.org/042nb2s44", "type": "education",
       "display_name": "Massachusetts Institute of Technology"}  # fmt: skip
GOOGLE = {"id": "https://openalex.org/I1291425158", "ror": "https://ror.org/00njsd438", "type": "company",
          "display_name": "Google (United States)"}  # fmt: skip


def index_words(text: str) -> dict[str, list[int]]:
    """Return the inverted index of a text."""
    index: dict[str, list[int]] = {}
    for position, word in enumerate(text.split()):
        index.setdefault(word, []).append(position)
    return index


def make_authorship(name: str, *institutions: Json, texts: Sequence[str] = (), **fields: object) -> Json:
    return {
        "author_position": "middle",
        "author": {"id": f"https://openalex.org/A{sum(map(ord, name))}{len(name)}", "display_name": name},
        "institutions": list(institutions),
        "raw_author_name": name,
        "raw_affiliation_strings": list(texts),
        **fields,
    }


def make_work(number: int = 1, **fields: object) -> Json:
    """Make a work by two authors at NeurIPS 2016; fields replace those of the record."""
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"A paper with number {number}",
        "publication_year": 2016,
        "type": "article",
        "updated_date": "2026-01-01T00:00:00.000000",
        "primary_location": {
            "source": {"display_name": "Neural Information Processing Systems", "type": "conference"},
            "raw_source_name": None,
        },
        "authorships": [make_authorship("Ann Abel", MIT), make_authorship("Bob Baker", GOOGLE)],
        "abstract_inverted_index": index_words("We train a large network on eight GPUs ."),
        "primary_topic": {"id": "https://openalex.org/T10028", "display_name": "Topic Modeling", "score": 0.9},
        "is_retracted": False,
        "is_paratext": False,
        **fields,
    }


def make_location(name: str | None, type_: str = "conference") -> Json:
    return {"source": {"display_name": name, "type": type_} if name is not None else None}


def write_works(folder: Path, works: Iterable[object], name: str = "part-000001.jsonl.gz") -> Path:
    """Write works into a folder, one a line, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(gzip.compress("".join(f"{json.dumps(work)}\n" for work in works).encode()))
    return folder
