"""Compilation of the paper from staged estimates and figures. The paper looks numbers up and computes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from data.errors import CheckError
from inference.store.fingerprints import find_facts
from inference.store.paths import ROOT

SOURCES = ROOT / "paper"


class PaperError(CheckError):
    """The paper did not compile: unknown estimate, missing figure or syntax error. The previous paper is kept."""


def compile_paper(staging: Path, figures: Iterable[Path]) -> Path:
    """Compile ``paper.typ`` with the estimates of a staging folder and the given figures.

    Returns
    -------
    pathlib.Path
        ``staging/paper.pdf``.

    Raises
    ------
    PaperError
        With Typst's message; for an unknown estimate, with its name.
    """
    import typst

    folder = staging / "paper"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("published", ".*"))
    shutil.copy2(staging / "estimates.json", folder / "estimates.json")
    (folder / "figures").mkdir()
    for path in figures:
        shutil.copy2(path, folder / "figures" / path.name)
    (folder / "facts").mkdir()
    for name, path in find_facts().items():
        shutil.copy2(path, folder / "facts" / name)
    target = staging / "paper.pdf"
    try:
        _, warned = typst.compile_with_warnings(
            str(folder / "paper.typ"), output=str(target), root=str(folder), ignore_system_fonts=True
        )
    except typst.TypstError as error:
        raise PaperError(f"the paper did not compile: {getattr(error, 'message', error)}") from None
    if warned:
        raise PaperError("; ".join(str(getattr(warning, "message", warning)) for warning in warned))
    shutil.rmtree(folder)
    return target
