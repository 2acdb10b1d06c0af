"""Faults on demand: the n-th write of a command fails as a full disk does.

An audit hook sees every file that Python opens for writing and every rename and new folder; the PDF is written by
Typst, past Python, so that call is counted by hand.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typst

_watching: list[Writes] = []


class Writes:
    """Counts the writes below a folder; fails the n-th and all later ones, as a disk that is full stays full."""

    def __init__(self, folder: Path, fail_at: int | None) -> None:
        self.folder, self.fail_at, self.seen = str(folder), fail_at, 0

    def see(self, path: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or not os.fsdecode(path).startswith(self.folder):
            return
        self.seen += 1
        if self.fail_at is not None and self.seen >= self.fail_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(path))


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _watching[-1].see(path)
    elif (
        event in ("os.rename", "os.link") and not Path(os.fsdecode(arguments[1])).exists()
    ):  # an old name needs no space
        _watching[-1].see(arguments[1])
    elif event == "os.mkdir":
        _watching[-1].see(arguments[0])


sys.addaudithook(_hook)


@contextmanager
def watch_writes(folder: Path, fail_at: int | None = None) -> Iterator[Writes]:
    """Watch the writes below a folder, and fail from the n-th on."""
    watch = Writes(folder, fail_at)
    compile_typst = typst.compile_with_warnings

    def count_typst(source: str, *arguments: Any, **options: Any) -> Any:
        watch.see(options["output"])
        return compile_typst(source, *arguments, **options)

    typst.compile_with_warnings = count_typst
    _watching.append(watch)
    try:
        yield watch
    finally:
        _watching.pop()
        typst.compile_with_warnings = compile_typst
