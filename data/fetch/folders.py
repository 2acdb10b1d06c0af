"""Check the folder of a download, and make it."""

from __future__ import annotations

from pathlib import Path

from data.errors import InputError
from data.paths import HERE

BUILD = HERE.parent / "build"


def check_folder(out: Path) -> None:
    """Check that a folder may receive a download; it need not exist.

    Raises
    ------
    InputError
        If it is a file, or one of the project's own folders, whose files are committed; ``build`` is not.
    """
    if out.resolve().is_relative_to(HERE.parent) and not out.resolve().is_relative_to(BUILD):
        problem = "the project's own folders take no downloads, except build/"
        raise InputError(problem, out, hint="choose another folder for --out")
    if out.exists() and not out.is_dir():
        raise InputError("this is a file; a folder is needed", out, hint="choose another --out")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError("this is a file; a folder is needed", folder, hint="choose another --out") from None
    except NotADirectoryError:
        raise InputError("a part of this path is a file", folder, hint="choose another --out") from None
    except OSError as error:
        problem = f"the folder cannot be made: {error.strerror or error}"
        raise InputError(problem, folder, hint="choose another --out") from None
