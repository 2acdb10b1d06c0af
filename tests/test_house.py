"""The layers: imports go in one direction, without circles. Late, relative and type-checking imports count too."""

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
# Stages of inference, in order: each may import those before it.
STAGES = ("sampling", "store", "summaries", "pipeline", "cli", "__main__")
LIGHT = {"registry", "common.claim", "common.team_types"}
BY_VALUE = ("choices", "specifications", "reporting", "definitions")
HEAVY = {"numpy", "pandas", "xarray", "scipy", "pymc", "pytensor", "arviz"}


def find_wrong(may: dict[str, set[str]], part: int = 0, root: str = "") -> list[str]:
    """List imports that ``may`` does not allow, between the given parts of modules' names below ``root``."""

    def select_part(name: str) -> str:
        return name.removeprefix(root).split(".")[part]

    return [
        f"{name} imports {other}"
        for name, others in GRAPH.items()
        for other in others
        if name.startswith(root)
        and other.startswith(root)
        and select_part(name) in may
        and select_part(other) not in may[select_part(name)]
    ]


def test_no_import_against_the_direction():
    assert find_wrong(MAY) == []


def test_no_circle():
    assert find_circles(GRAPH) == []


def test_claims_share_only_what_is_common():
    may = {"common": {"common"}, "registry": {"registry"}} | {claim: {claim, "common"} for claim in CLAIMS}
    assert find_wrong(may, root="models.") == []


def test_inference_goes_by_stage():
    may = {stage: set(STAGES[: i + 1]) for i, stage in enumerate(STAGES)}
    assert find_wrong(may, root="inference.") == []


def test_the_check_finds_imports_against_the_direction(monkeypatch: pytest.MonkeyPatch):
    planted = GRAPH | {
        "models.common.cells": {"inference.store.paths"},
        "figures.ladder": {"models.registry"},
        "inference.sampling.fit": {"inference.store.paths"},
        "models.academic_share.model": {"models.code_release.cells"},
    }
    monkeypatch.setattr("tests.test_house.GRAPH", planted)
    monkeypatch.setitem(globals(), "GRAPH", planted)
    assert find_wrong(MAY) == [
        "models.common.cells imports inference.store.paths",
        "figures.ladder imports models.registry",
    ]
    assert find_wrong({"sampling": {"sampling"}}, root="inference.") == [
        "inference.sampling.fit imports inference.store.paths"
    ]
    assert find_wrong({"academic_share": {"academic_share", "common"}}, root="models.") == [
        "models.academic_share.model imports models.code_release.cells"
    ]


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claims_package_holds_only_literals(claim: str):
    """They enter fits by value: the tables, and the module of each model."""
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
def test_models_take_only_types_from_modules_that_enter_by_value(claim: str):
    """Models and their helpers import classes from ``choices``, nothing from ``specifications`` and ``reporting``."""
    package = f"models.{claim}."
    for name, path in FILES.items():
        if not name.startswith(package) or name.removeprefix(package) in (*BY_VALUE, "chart_data"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == f"{package}choices":
                assert all(alias.name[0].isupper() for alias in node.names), name
        assert not {f"{package}specifications", f"{package}reporting"} & GRAPH[name], name


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("part", BY_VALUE)
def test_modules_that_status_reads_import_no_heavy_package(claim: str, part: str):
    if f"models.{claim}.{part}" not in FILES:
        assert part == "definitions"  # optional in a claim
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


def find_long_builds(source: str, limit: int = 60) -> list[int]:
    """Return the lengths, in lines, of functions named ``build`` that are longer than the limit."""
    builds = [one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.FunctionDef) and one.name == "build"]
    lengths = [(one.end_lineno or one.lineno) - one.lineno + 1 for one in builds]
    return [length for length in lengths if length > limit]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "models").rglob("*.py")), ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_a_build_fits_on_a_page(file: Path):
    """A model reads as its generative story: what only the sampler needs is in named helpers."""
    assert find_long_builds(file.read_text()) == []


def test_a_long_build_is_found():
    lines = "\n".join(["    x = 1"] * 60)
    assert find_long_builds(f"def build():\n{lines}") == [61]
    assert find_long_builds(f"def prepare():\n{lines}") == []
