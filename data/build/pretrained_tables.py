"""Tables of pre-trained models: who released each, when, and how open, and labels of their mentions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from data.classify.lexicon import read_lexicon
from data.classify.pretrained import COLUMNS
from data.io import parse_csv
from data.paths import LABELS
from data.vocabulary import LIST_SEPARATOR

MENTIONS = LABELS / "model_mentions.csv"
Row = dict[str, object]


def list_pretrained_models() -> list[Row]:
    """List the models of the lexicon, in its order, with their first release.

    Industry released a model if one of its makers is a company.
    """
    return [
        {
            "model": row["model"],
            "released": row["released"],
            "organisation": row["organisation"],
            "industry": "yes" if "company" in row["sectors"].split(LIST_SEPARATOR) else "no",
            "open": row["open"],
        }
        for row in read_lexicon("pretrained", COLUMNS)
    ]


def list_mention_labels(rows: Iterable[Mapping[str, object]], labels: Path = MENTIONS) -> list[Row]:
    """List the labelled mentions of pre-trained models, of papers in the table, sorted by id, place and position.

    Mentions of an architecture that nobody pre-trained, and other senses of a name, are left out.
    """
    team = {str(row["id"]): row["team_listed"] for row in rows}
    found = [
        {
            "id": label["id"],
            "where": label["where"],
            "position": int(label["at"]),
            "term": label["term"],
            "use": label["use"],
            "team_listed": team[label["id"]],
        }
        for label in parse_csv(labels, ("id", "where", "at", "term", "sense", "use")).values()
        if label["sense"] == "pretrained" and label["id"] in team
    ]
    return sorted(found, key=lambda row: (str(row["id"]), str(row["where"]), int(str(row["position"]))))
