"""ARCHITECTURE.md against the tree: every path and every name on the page exists, and every file is on it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from models.registry import CLAIMS
from tests.imports import ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGES = ("data", "models", "inference", "figures")


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", TEXT, re.DOTALL)
    assert found, name
    return found.group(1)


def definitions(file: Path) -> set[str]:
    """Names of a module: functions and methods, classes, constants."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_path_exists():
    """Raw files and results of a run are not in the project: their folders are named, not their content."""
    named = set(re.findall(r"`([\w.]+/[\w./*]*)(?:: [\w.]+)?`", TEXT))
    named |= set(re.findall(r"`([\w./]+\.(?:py|md|gz|csv|json|toml))(?:: \w+)?`", TEXT))
    inside = {path for path in named if not path.startswith(("build", "coakley/"))}
    assert len(inside) > 40
    anywhere = {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    for path in inside:
        short = ("/" not in path and path in anywhere) or path == "pipeline/"
        assert short or (ROOT / path).exists() or list((ROOT / "inference").glob(path)), path


def test_every_name_is_where_the_page_says():
    named = re.findall(r"`([\w./]+\.py): (\w+)`", TEXT)
    assert len(named) > 15
    for file, name in named:
        assert name in definitions(ROOT / file), (file, name)


def test_the_walk_goes_through_eight_files_and_its_names_are_theirs():
    walk = block("walk")
    files = list(dict.fromkeys(re.findall(r"`((?:data|models|inference)/[\w/]+\.py)", walk)))
    assert len(re.findall(r"^\d\. ", walk, re.MULTILINE)) == 8
    assert len(files) == 8
    every = set().union(*(definitions(ROOT / file) for file in files))
    for name in ("standardise_shares", "select", "_count_labels", "list_annotator_labels"):
        assert name in every, name
    source = (ROOT / "data/sources/coakley.py").read_text() + (ROOT / "data/classify/paper_row.py").read_text()
    for key in ("open_source_code", "affiliation", "code_coded", "team_coded"):
        assert f"`{key}`" in walk
        assert f'"{key}"' in source, key
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cell = re.search(r"a cell \*(.*?)\*", TEXT, re.DOTALL)
    assert cell
    assert f"| {cell.group(1)}" in readme


def listed(part: str) -> set[str]:
    """Files that the tree names in a part: from the line that begins with its name to the next part."""
    lines = block("tree").splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith(part))
    depth = len(lines[start]) - len(lines[start].lstrip())
    end = next((i for i, line in enumerate(lines) if i > start and line.strip()
                and len(line) - len(line.lstrip()) <= depth), len(lines))  # fmt: skip
    return set(re.findall(r"[\w]+\.py", " ".join(lines[start:end])))


FOLDERS = {
    "sources/": "data/sources", "classify/": "data/classify", "tables/": "data/tables", "build/ ": "data/build",
    "common/": "models/common", "sampling/": "inference/sampling", "store/": "inference/store",
    "summaries/": "inference/summaries", "pipeline/": "inference/pipeline",
}  # fmt: skip


@pytest.mark.parametrize("part", FOLDERS)
def test_the_tree_is_that_of_the_project(part: str):
    there = {path.name for path in (ROOT / FOLDERS[part]).glob("*.py")} - {"__init__.py"}
    assert listed(part) == there, "the tree of ARCHITECTURE.md and the files of this folder differ"


def test_the_tree_names_what_stands_outside_folders():
    of_claims = {f"{claim}.py" for claim in CLAIMS}
    assert listed("figures/") == {path.name for path in (ROOT / "figures").glob("*.py")} - of_claims - {"__init__.py"}
    for package, files in {
        "data": listed("data/"),
        "inference": listed("inference/"),
        "models": listed("models/"),
    }.items():
        there = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py", "__main__.py"}
        assert there <= files, package


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_has_the_usual_files(claim: str):
    usual = listed("CLAIM/")
    assert len(usual) == 8
    there = {path.name for path in (ROOT / "models" / claim).glob("*.py")}
    assert usual <= there
    assert listed(f"{claim}/") == there - usual, "the tree of ARCHITECTURE.md and the files of this claim differ"


def test_the_table_of_imports_is_what_is_tested():
    from tests.test_house import MAY

    rows = re.findall(r"^\| `(\w+)/` \| .* \| ([\w, ]+) \|$", TEXT, re.MULTILINE)
    assert {name: set(others.split(", ")) for name, others in rows} == MAY
