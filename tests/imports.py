"""The graph of imports, read from the source without running it, for tests of the layers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

Graph = Mapping[str, set[str]]


def list_modules(folder: Path, root: Path = ROOT) -> dict[str, Path]:
    """List the modules below a folder by their full name; a package is its ``__init__``."""
    return {_name_module(path, root): path for path in sorted(folder.rglob("*.py"))}


def find_imports(file: Path, root: Path = ROOT) -> set[str]:
    """Return the full names of all modules that a file imports, including late, relative and type-checking imports.

    An import from a package counts as the module of that name, if there is one, else as the package.
    """
    found: set[str] = set()
    package = _name_module(file, root) if file.name == "__init__.py" else _name_module(file, root).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            names = [f"{base}.{alias.name}" for alias in node.names]
            found |= {name if _is_module(name, root) else base for name in names}
        elif isinstance(node, ast.Call) and _is_import(node.func):
            found |= {str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant)}
    return found


def build_graph(folder: Path, root: Path = ROOT) -> dict[str, set[str]]:
    """Return the modules of a folder, each with those of the folder that it imports."""
    files = list_modules(folder, root)
    return {name: find_imports(path, root) & files.keys() for name, path in files.items()}


def find_reached(start: str, graph: Graph) -> set[str]:
    """Return all modules that a module imports, directly or indirectly; itself only if it is in a circle."""
    found: set[str] = set()
    todo = [*graph[start]]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += graph.get(name, ())
    return found


def find_circles(graph: Graph) -> list[list[str]]:
    """Return groups of modules that import one another, directly or indirectly; a module may import itself."""
    after = {name: find_reached(name, graph) for name in graph}
    groups = {frozenset(other for other in found if name in after.get(other, ())) for name, found in after.items()}
    return sorted(sorted(group) for group in groups if group)


def _name_module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_module(name: str, root: Path) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _is_import(function: ast.expr) -> bool:
    """Return whether a function imports a module by its name: ``import_module`` or ``__import__``."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")
