"""Running a command-line app: exit codes, and one message where there would be a traceback."""

from __future__ import annotations

import sys

import typer

from data.io import CheckError, InputError

INTERRUPTED = "interrupted: what was finished is kept; run the command again to go on"


def run(app: typer.Typer) -> int:
    """Run an app and return its exit code.

    Returns
    -------
    int
        0 done; 1 a check objected; 2 wrong usage, bad input or an unusable place; 130 interrupted. A command may
        return its own.
    """
    try:
        code = int(app(standalone_mode=False) or 0)
        return _say(INTERRUPTED, code) if code == 130 else code  # Typer turns an interrupt into this code
    except CheckError as error:
        return _say(str(error), 1)
    except InputError as error:
        return _say(str(error), 2)
    except OSError as error:
        return _say(f"{error.filename or 'the disk'}: {error.strerror or error}", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _say(INTERRUPTED, 130)
    except Exception as error:
        if hasattr(error, "format_message"):  # Typer's own errors of usage
            return _say(error.format_message(), 2)
        raise


def _say(message: str, code: int) -> int:
    if message:  # without arguments Typer has printed its help, and says no more
        print(f"error: {message}", file=sys.stderr)
    return code
