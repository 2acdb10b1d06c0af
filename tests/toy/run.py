"""Run the commands with the toy claim in place of the project's: ``python tests/toy/run.py refresh --out DIR``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOY = Path(__file__).resolve().parent


def put_in_place() -> None:
    """Make the toy claim the only one; all other code is the project's."""
    import figures
    import inference.pipeline.typeset
    import inference.summaries.sensitivity
    import models
    from models.registry import CLAIMS

    CLAIMS[:] = ["toy"]
    models.__path__.append(str(TOY / "models"))
    figures.__path__.append(str(TOY / "figures"))
    inference.pipeline.typeset.SOURCES = TOY / "paper"
    inference.summaries.sensitivity.DECLARED = TOY / "paper" / "declared_sensitivities.toml"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    put_in_place()
    from inference.cli import main

    sys.exit(main())
