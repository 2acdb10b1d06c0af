"""Faults on demand: the n-th write of a command fails as if the disk were full.

An audit hook observes every file that Python opens for writing, every rename and every new folder. Typst writes the
PDF without Python, so a wrapper counts that call.
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
    """Counts the writes below a folder, and fails the n-th and all later ones: a full disk stays full."""

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
    """Count the writes below a folder, and fail all from the n-th on."""
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
