"""One writer per folder: an advisory lock that the system releases when its holder ends, for whatever reason."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import InputError


@contextmanager
def hold_lock(path: Path, writer: str) -> Iterator[None]:
    """Hold the lock of a folder.

    Parameters
    ----------
    path
        The lock: a file in the folder.
    writer
        What writes into such a folder, for the message.

    Raises
    ------
    InputError
        If another process holds the lock; the message gives its id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            problem = f"another {writer} is writing here (process {holder})"
            raise InputError(problem, path.parent, hint="wait for it, or choose another folder with --out") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
