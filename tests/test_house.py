"""The house: one direction, no way back. All imports are read: late, relative, and for type checkers alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from models.registry import CLAIMS
from tests.imports import ROOT, find_circles, find_imports, list_modules

PACKAGES = ("data", "models", "figures", "inference")
FILES = {name: path for package in PACKAGES for name, path in list_modules(ROOT / package).items()}
GRAPH = {name: find_imports(path) & FILES.keys() for name, path in FILES.items()}

MAY = {
    "data": {"data"},
    "models": {"data", "models"},
    "figures": {"data", "figures"},
    "inference": {"data", "models", "figures", "inference"},
}
# Of inference, in the order of the stages: each may import those before it.
STAGES = ("sampling", "store", "summaries", "pipeline", "cli", "__main__")
LIGHT = {"registry", "common.claim", "common.team_types"}
BY_VALUE = ("choices", "specifications", "reporting", "definitions")
HEAVY = {"numpy", "pandas", "xarray", "scipy", "pymc", "pytensor", "arviz"}


def wrong(may: dict[str, set[str]], part: int = 0, root: str = "") -> list[str]:
    """Imports between parts of names that ``may`` does not allow."""

    def of(name: str) -> str:
        return name.removeprefix(root).split(".")[part]

    return [
        f"{name} imports {other}"
        for name, others in GRAPH.items()
        for other in others
        if name.startswith(root) and other.startswith(root) and of(name) in may and of(other) not in may[of(name)]
    ]


def test_no_import_against_the_direction():
    assert wrong(MAY) == []


def test_no_circle():
    assert find_circles(GRAPH) == []


def test_claims_share_only_what_is_common():
    may = {"common": {"common"}, "registry": {"registry"}} | {claim: {claim, "common"} for claim in CLAIMS}
    assert wrong(may, root="models.") == []


def test_inference_goes_by_stage():
    may = {stage: set(STAGES[: i + 1]) for i, stage in enumerate(STAGES)}
    assert wrong(may, root="inference.") == []


def test_it_objects_to_an_import_against_the_direction(monkeypatch: pytest.MonkeyPatch):
    planted = GRAPH | {
        "models.common.cells": {"inference.store.paths"},
        "figures.ladder": {"models.registry"},
        "inference.sampling.fit": {"inference.store.paths"},
        "models.academic_share.model": {"models.code_release.cells"},
    }
    monkeypatch.setattr("tests.test_house.GRAPH", planted)
    monkeypatch.setitem(globals(), "GRAPH", planted)
    assert wrong(MAY) == ["models.common.cells imports inference.store.paths", "figures.ladder imports models.registry"]
    assert wrong({"sampling": {"sampling"}}, root="inference.") == [
        "inference.sampling.fit imports inference.store.paths"
    ]
    assert wrong({"academic_share": {"academic_share", "common"}}, root="models.") == [
        "models.academic_share.model imports models.code_release.cells"
    ]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claims_package_says_only_strings(claim: str):
    """It enters fits by value: which tables, and which module holds a model."""
    tree = ast.parse((ROOT / "models" / claim / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    assert [ast.unparse(node.targets[0]) for node in tree.body[1:]] == ["TABLES", "FACTS", "MODELS"]  # type: ignore[attr-defined]
    for node in tree.body[1:]:
        assert isinstance(node, ast.Assign)
        ast.literal_eval(node.value)


@pytest.mark.parametrize("claim", CLAIMS)
def test_choices_are_dataclasses_and_import_no_sibling(claim: str):
    file = ROOT / "models" / claim / "choices.py"
    assert find_imports(file) & FILES.keys() == set()
    body = ast.parse(file.read_text()).body
    classes = [node.name for node in body if isinstance(node, ast.ClassDef)]
    others = [node for node in body[1:] if not isinstance(node, ast.ClassDef | ast.Import | ast.ImportFrom)]
    assert others == []  # a constant here would change fits without their fingerprint
    assert "Choices" in classes
    assert all(name == "Choices" or name.endswith("Priors") for name in classes)


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_enters_by_value_reaches_models_as_types_alone(claim: str):
    """Models and what they share take classes from ``choices``, and nothing from specifications and reporting."""
    own = f"models.{claim}."
    for name, path in FILES.items():
        if not name.startswith(own) or name.removeprefix(own) in (*BY_VALUE, "chart_data"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == f"{own}choices":
                assert all(alias.name[0].isupper() for alias in node.names), name
        assert not {f"{own}specifications", f"{own}reporting"} & GRAPH[name], name


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("part", BY_VALUE)
def test_what_status_reads_is_light(claim: str, part: str):
    if f"models.{claim}.{part}" not in FILES:
        assert part == "definitions"  # which a claim may do without
        return
    todo, seen = [f"models.{claim}.{part}"], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        found = {
            alias.name.split(".")[0] if isinstance(node, ast.Import) else str(node.module).split(".")[0]
            for node in ast.parse(FILES[name].read_text()).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not found & HEAVY, name
        todo += GRAPH[name] - seen


@pytest.mark.parametrize("package", [*PACKAGES, "benchmarks"])
def test_no_file_is_longer_than_about_400_lines(package: str):
    long = {path.name: n for path in (ROOT / package).rglob("*.py")
            if (n := len(path.read_text().splitlines())) > 420}  # fmt: skip
    assert long == {}


def test_every_package_has_a_docstring():
    for path in (p for package in PACKAGES for p in Path(ROOT / package).rglob("__init__.py")):
        assert ast.get_docstring(ast.parse(path.read_text())), path
