"""Safe reading of raw JSON lists, plain or gzipped; every error names the file."""

from __future__ import annotations

import json
from pathlib import Path

from data.errors import InputError
from data.io import read_bytes


def read_json_list(path: Path) -> list[object]:
    """Read a JSON list from a file, plain or ``.gz``.

    Raises
    ------
    InputError
        If the file cannot be read as JSON, or it is not a list.
    """
    content = read_json(path)
    if not isinstance(content, list):
        raise InputError(f"a list of papers is needed; this is a {type(content).__name__}", path)
    return content


def read_json(path: Path) -> object:
    """Read a JSON file, plain or ``.gz``.

    Raises
    ------
    InputError
        If the gzip stream is damaged, the text is not UTF-8, or the JSON is invalid (with its line).
    """
    if path.is_dir():
        raise InputError("this is a folder; a JSON file is needed", path)
    try:
        content: object = json.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 text (byte {error.start})", path, hint="JSON is needed, .json or .json.gz"
        ) from None
    except json.JSONDecodeError as error:
        raise InputError(f"not valid JSON: {error.msg}", path, error.lineno) from None
    except ValueError as error:  # a number with thousands of digits
        raise InputError(f"not valid JSON: {error}", path) from None
    except RecursionError:
        raise InputError("not valid JSON: nested too deeply", path) from None
    return content
