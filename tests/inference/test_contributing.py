"""CONTRIBUTING.md as it is carried out: a toy claim is added by its list of places, and refresh makes a paper of it."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import typst

import figures
import models
from inference import keys
from inference.places import ROOT
from models.registry import CLAIMS
from tests.conftest import digests
from tests.toy.run import TOY

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CLAIM = "mean_compute"
HEADING = "The mean of ten numbers"
COPIED = ("models", "figures", "inference", "paper")
SECTION = f"""#import "../lib.typ": *
#let c = "CLAIM"
#let shown = est(c, "mean_by_year", coords: (year: 2020))
#let name = [{HEADING}]
#let abstract = [The mean is #shown.]
#let story = []
#let body = [
  = #name <mean-compute>
  The mean #verdict(c, "mean_by_year", coords: (year: 2020)), at #shown. #metadata(shown) <shown>
  #image("../figures/CLAIM.pdf")
]
"""


def block(name: str) -> str:
    """What stands between the marks of a name."""
    found = re.search(rf"<!-- {name}\b.*?-->\n(.*?)<!-- end of {name} -->", TEXT, re.DOTALL)
    assert found, f"CONTRIBUTING.md has no {name}"
    return found.group(1)


def places() -> list[str]:
    return re.findall(r"^\d\. `([^`]+)`", block("places"), re.MULTILINE)


def parts() -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", block("parts"), re.MULTILINE)


def registry_line() -> str:
    found = re.search(r'^    ("CLAIM": Entry\(.*\),)$', TEXT, re.MULTILINE)
    assert found, "CONTRIBUTING.md gives no line for the registry"
    return found.group(1)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code in a copy of its own, its other claims taken from the registry: they would be fitted too."""
    root = tmp_path / "copy"
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.part", "published"))
    shutil.copy2(ROOT / "requirements.lock", root)
    registry = root / "models" / "registry.py"
    text, marked = re.subn(r"(?s)(CLAIMS: dict\[str, Entry\] = \{\n).*", r"\1}\n", registry.read_text())
    assert marked == 1
    registry.write_text(text)
    return root


def add_claim(root: Path) -> None:
    """Write what CONTRIBUTING.md lists, at the places that it lists."""
    figure = (TOY / "figures.py").read_text().replace('"toy"', f'"{CLAIM}"')
    content = {
        "models/CLAIM.py": (TOY / "claim.py").read_text(),
        "figures/CLAIM.py": figure,
        "paper/sections/CLAIM.typ": SECTION,
        "models/registry.py": None,
    }
    assert places() == list(content), "the places of CONTRIBUTING.md and those of this test differ"
    for place, text in content.items():
        path = root / place.replace("CLAIM", CLAIM)
        if text is None:
            before, end = path.read_text()[:-2], "}\n"
            path.write_text(f"{before}    {registry_line().replace('CLAIM', CLAIM)}\n{end}")
        else:
            assert not path.exists()
            path.write_text(text.replace("CLAIM", CLAIM))


@pytest.fixture
def added(toy: Any, copy: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs commands on the copy, to which the claim was added."""
    before = digests(copy)
    add_claim(copy)
    after = digests(copy)
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {place.replace("CLAIM", CLAIM) for place in places()}
    spec = importlib.util.spec_from_file_location("registry_of_the_copy", copy / "models" / "registry.py")
    assert spec and spec.loader
    registry = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, registry)
    spec.loader.exec_module(registry)
    assert list(registry.CLAIMS) == [CLAIM]
    monkeypatch.delitem(CLAIMS, "toy")
    monkeypatch.setitem(CLAIMS, CLAIM, registry.CLAIMS[CLAIM])
    for package in (models, figures):
        folder = copy / package.__name__
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        monkeypatch.delitem(sys.modules, f"{package.__name__}.{CLAIM}", raising=False)
    monkeypatch.setattr(keys, "ROOT", copy)
    monkeypatch.setattr("inference.paper.SOURCES", copy / "paper")
    monkeypatch.setattr("inference.sensitivity.DECLARED", copy / "paper" / "declared_sensitivities.toml")
    yield toy
    for package in (models, figures):
        sys.modules.pop(f"{package.__name__}.{CLAIM}", None)
        if hasattr(package, CLAIM):
            delattr(package, CLAIM)


def test_a_claim_added_by_its_steps_is_in_the_paper(added: Any, copy: Path, tmp_path: Path):
    out = tmp_path / "out"
    code, said, errors = added("refresh", "--out", out)
    assert code == 0, said + errors
    assert added("status", "--out", out)[1] == f"{CLAIM}: current\n"
    content = json.loads((out / "estimates.json").read_text())
    assert (content["claims"], content["missing"]) == ([CLAIM], [])
    [row] = [row for row in content["estimates"] if row["headline"]]
    assert (row["claim"], row["estimand"], row["coords"]) == (CLAIM, "mean_by_year", {"year": 2020})
    assert (out / "paper.pdf").read_bytes().startswith(b"%PDF")
    assert f"figures/{CLAIM}.pdf" in digests(out)
    assert shown(copy, out, "heading").count(HEADING) == 1
    assert row["text"] in shown(copy, out, "<shown>")

    # Declared as CONTRIBUTING.md says, the outputs are to be written again, without a fit.
    code, said, _ = added("sensitivity", "--out", out)
    assert code == 1
    assert f"not declared: {CLAIM}/main/mean_by_year[2020]" in said
    declaration = block("declaration").replace("CLAIM", CLAIM).replace("SPECIFICATION", "main")
    declaration = declaration.replace("ESTIMAND", "mean_by_year").replace("COORDINATE", "2020")
    (copy / "paper" / "declared_sensitivities.toml").write_text(declaration)
    code, said, errors = added("refresh", "--out", out)
    assert code == 0, errors
    assert "sampling" not in said
    assert added("sensitivity", "--out", out)[0] == 0


def shown(copy: Path, out: Path, what: str) -> str:
    """What the compiled paper has of something, as JSON."""
    folder = out.parent / "read"
    if not folder.exists():
        shutil.copytree(copy / "paper", folder)
        shutil.copy2(out / "estimates.json", folder)
        shutil.copytree(out / "figures", folder / "figures")
    return str(typst.query(str(folder / "paper.typ"), what, root=str(folder), ignore_system_fonts=True))


@pytest.mark.parametrize("claim", list(CLAIMS))
def test_claims_have_the_parts_that_it_lists(claim: str):
    module = importlib.import_module(CLAIMS[claim].module)
    assert module.__doc__
    assert [name for name in parts() if not hasattr(module, name)] == []
    toy = importlib.import_module("tests.toy.claim")
    assert [name for name in parts() if not hasattr(toy, name)] == []


def test_every_path_that_it_names_exists():
    named = re.findall(r"`([\w./]+/[\w./]*|[\w]+\.(?:md|in|json))`", TEXT)
    assert len(named) > 15
    for path in named:
        for claim in CLAIMS if "CLAIM" in path else [""]:
            inside = path.replace("CLAIM", claim)
            assert any((ROOT / folder / inside).exists() for folder in ("", "data", "data/snapshot", "build")), inside


def test_every_command_that_it_names_exists():
    from data.__main__ import app as data
    from inference.__main__ import app as inference

    known = {name: {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
             for name, app in (("inference", inference), ("data", data))}  # fmt: skip
    for place, command in re.findall(r"python -m (\w+) (\w+)", TEXT):
        assert command in known[place], (place, command)
    for module in re.findall(r"python -m (\w+\.\w+)", TEXT):
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", TEXT, re.MULTILINE)) <= targets
