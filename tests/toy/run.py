"""Runs the commands with the toy claim in the place of the project's: ``python tests/toy/run.py refresh --out DIR``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOY = Path(__file__).resolve().parent


def put_in_place() -> None:
    """Make the toy claim the only one. Everything else is the project's own code."""
    import inference.paper
    import inference.sensitivity
    from models.registry import CLAIMS, Entry

    CLAIMS.clear()
    CLAIMS["toy"] = Entry("tests.toy.claim", "tests.toy.figures", ("models",))
    inference.paper.SOURCES = TOY / "paper"
    inference.sensitivity.DECLARED = TOY / "paper" / "declared_sensitivities.toml"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    put_in_place()
    from data.command import run
    from inference.__main__ import app

    sys.exit(run(app))
