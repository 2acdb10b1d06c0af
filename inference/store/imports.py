"""The modules that a module imports, directly or indirectly, read from source; no module is executed."""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("data", "models", "inference", "figures")


def list_imports(file: Path, module: str) -> set[str]:
    """Return the project's modules that a file imports anywhere: at the top, in functions, for type checking.

    Relative imports are resolved.

    Parameters
    ----------
    file, module
        The source file and the name of its module (for ``__init__.py``, the name of the package).
    """
    stat = file.stat()
    return set(_read_imports(file, module, stat.st_mtime_ns, stat.st_size))


@cache
def _read_imports(file: Path, module: str, modified: int, size: int) -> frozenset[str]:
    found: set[str] = set()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            names = [source, *(f"{source}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {name for name in names if name.partition(".")[0] in PACKAGES and find_file(name) is not None}
    return frozenset(found)


@cache
def find_file(module: str) -> Path | None:
    """Return the source file of a module of the project, or None if the name is that of a function or a value."""
    parent = module.rpartition(".")[0]
    if parent and (find_file(parent) is None or find_file(parent).name != "__init__.py"):  # type: ignore[union-attr]
        return None
    spec = find_spec(module)
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def find_reached(*modules: str, skip: frozenset[str] = frozenset()) -> dict[str, Path]:
    """Return modules, their packages and all that they import, directly or indirectly, as name to source file.

    Modules in ``skip`` are neither returned nor followed.
    """
    out: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        module = todo.pop()
        file = find_file(module)
        if module in out or module in skip or file is None:
            continue
        out[module] = file
        todo += list_imports(file, module)
        if "." in module:
            todo.append(module.rpartition(".")[0])
    return dict(sorted(out.items()))
