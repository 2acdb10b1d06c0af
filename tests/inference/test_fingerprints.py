"""One change of each type makes exactly these fits and outputs stale, in a copy of the project."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.store.declarations import list_specifications, name_module
from inference.store.fingerprints import READING, SAMPLING, find_tables, list_fit_parts, list_modules_by_value
from inference.store.imports import find_reached
from inference.store.overrides import Overrides
from inference.store.paths import ROOT
from models.registry import CLAIMS
from tests.imports import list_modules

COPIED = ("data", "models", "inference", "figures", "paper")
KEYS = """
import json
from pathlib import Path
from inference.store.fingerprints import (
    combine, list_figure_parts, list_paper_parts, list_parts_by_fit, list_summary_parts,
)
from inference.store.overrides import Overrides
from models.registry import CLAIMS

out, results = {}, {}
for claim in CLAIMS:
    fits = {}
    for extended in (False, True):
        fits |= {f"{claim}/{name}": combine(p) for name, p in list_parts_by_fit(claim, Overrides(), extended).items()}
    out |= fits
    out[f"summary of {claim}"] = combine(list_summary_parts(claim, fits.values(), (), Overrides()))
    out[f"figures of {claim}"] = combine(list_figure_parts(claim, ""))
    results[claim] = out[f"summary of {claim}"] + out[f"figures of {claim}"]
out["paper"] = combine(list_paper_parts(results))
user = Overrides(models=Path("mine.csv"))
out |= {f"user's {name}": combine(p) for name, p in list_parts_by_fit("academic_share", user).items()}
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("original")
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.part", "*.png"))
    shutil.copy2(ROOT / "requirements.lock", root)
    (root / "mine.csv").write_text("Model\nA\n")
    return root


def compute_keys(root: Path) -> dict[str, str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", KEYS], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def before(original: Path) -> dict[str, str]:
    return compute_keys(original)


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / file
        text = path.read_text()
        assert old in text, (file, old)
        path.write_text(text.replace(old, new, 1))

    return change


def append(file: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        with (root / file).open("a") as handle:
            handle.write("\n# a remark\n")

    return change


def change_table(root: Path) -> None:
    path = root / "data" / "snapshot" / "models.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace("2012-", "2011-", 1).encode()))


def compress_table_anew(root: Path) -> None:
    path = root / "data" / "snapshot" / "models.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))


def list_fits(claim: str, *, model: str = "", without: tuple[str, ...] = (), extended: bool | None = None) -> set[str]:
    """List the fits of a claim, for one model or all, and those of a user's run."""
    chosen = [
        one for one in list_specifications(claim, extended) if model in ("", one.model) and one.name not in without
    ]
    users = {f"user's {one.name}" for one in chosen if claim == "academic_share" and not one.extended}
    return {f"{claim}/{one.name}" for one in chosen} | users


def list_outputs(*claims: str) -> set[str]:
    return {*(f"summary of {claim}" for claim in claims), "paper"}


ALL_FITS = set().union(*(list_fits(claim) for claim in CLAIMS))
ACADEMIC, TOPIC, CODE, GAP, ADOPTION, ACCESS = CLAIMS
SCEPTICAL = ("sceptical",)  # has a scale of the trend of its own

CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "a label": (
        edit("models/academic_share/reporting.py", '"academia-only share"', '"share of academia"'),
        list_outputs(ACADEMIC),
    ),
    # Extended specifications are stored without draws, so their verdicts cannot be derived again.
    "a published value": (
        edit("models/academic_share/reporting.py", "0.65, tolerance", "0.66, tolerance"),
        list_fits(ACADEMIC, extended=True) | list_outputs(ACADEMIC),
    ),
    "a title": (
        edit("models/academic_share/specifications.py", "missing sectors resolved", "unknown sectors resolved"),
        list_outputs(ACADEMIC),
    ),
    "a prior's default": (
        edit("models/academic_share/choices.py", "trend_sd: float = 1.8", "trend_sd: float = 1.7"),
        list_fits(ACADEMIC, without=SCEPTICAL) | list_outputs(ACADEMIC),
    ),
    "a choice's default": (
        edit("models/code_release/choices.py", 'access_vintage: str = "2025-06"', 'access_vintage: str = "2026-05"'),
        list_fits(CODE, without=("access_2026_05",)) | list_outputs(CODE),
    ),
    "one specification's choice": (
        edit("models/academic_share/specifications.py", '{"above_line": 0.76}', '{"above_line": 0.9}'),
        {"academic_share/hard_threshold"} | list_outputs(ACADEMIC),
    ),
    "one model's settings of NUTS": (
        edit("models/topic_compute/specifications.py", '{"draws": 2500}', '{"draws": 3500}'),
        list_fits(TOPIC, model="topic_year") | list_outputs(TOPIC),
    ),
    "a seed": (
        edit("models/code_release/specifications.py", "= 20240107", "= 3"),
        list_fits(CODE) | list_outputs(CODE),
    ),
    "a model file": (
        append("models/academic_share/upper_tail.py"),
        list_fits(ACADEMIC, model="upper_tail") | list_outputs(ACADEMIC),
    ),
    "a file that two models of a claim share": (
        append("models/topic_compute/decomposition.py"),
        list_fits(TOPIC) | list_outputs(TOPIC),
    ),
    "a shared block": (
        append("models/common/walks.py"),
        list_fits(ACADEMIC) | list_fits(TOPIC, model="topic_year") | list_fits(GAP, model="setups")
        | list_fits(ADOPTION) | list_fits(ACCESS) | list_outputs(ACADEMIC, TOPIC, GAP, ADOPTION, ACCESS),
    ),
    "a block of all claims": (append("models/common/exclusions.py"), ALL_FITS | list_outputs(*CLAIMS)),
    "a reader of a user's file": (
        append("data/tables/user_tables.py"),
        {f"user's {one.name}" for one in list_specifications(ACADEMIC, extended=False)},
    ),
    "a reader of a raw file": (
        append("data/sources/epoch.py"),
        {f"user's {one.name}" for one in list_specifications(ACADEMIC, extended=False)},
    ),
    "a reader of tables": (append("data/tables/load.py"), ALL_FITS | list_outputs(*CLAIMS)),
    "a table": (
        change_table,
        list_fits(ACADEMIC) | list_fits(CODE) | list_fits(GAP) | list_fits(ACCESS)
        | list_outputs(ACADEMIC, CODE, GAP, ACCESS),
    ),
    "a table's compression": (compress_table_anew, set()),
    "the lock": (append("requirements.lock"), ALL_FITS | list_outputs(*CLAIMS)),
    "the gate's limit": (
        edit("inference/sampling/diagnostics.py", "ESS_MIN = 400", "ESS_MIN = 1"),
        ALL_FITS | list_outputs(*CLAIMS),
    ),
    "the retry": (
        edit("inference/sampling/settings.py", "RETRY_DRAWS = 2", "RETRY_DRAWS = 1"),
        ALL_FITS | list_outputs(*CLAIMS),
    ),
    "the private route to nutpie": (append("inference/sampling/nutpie_private.py"), ALL_FITS | list_outputs(*CLAIMS)),
    "a summary": (append("inference/summaries/ladder.py"), list_outputs(*CLAIMS)),
    "a claim's chart data": (append("models/topic_compute/chart_data.py"), list_outputs(TOPIC)),
    "a figure": (append("figures/code_release.py"), {"figures of code_release", "paper"}),
    "the look of all figures": (append("figures/style.py"), {*(f"figures of {claim}" for claim in CLAIMS), "paper"}),
    "the paper's text": (append("paper/sections/topic_compute.typ"), {"paper"}),
    "a declaration": (append("paper/declared_sensitivities.toml"), {"paper"}),
    "a table of facts": (append("data/snapshot/vintages.csv"), {"paper"}),
    "what writes estimates.json": (append("inference/pipeline/outputs.py"), {"paper"}),
    "a human label": (append("data/labels/affiliations.csv"), set()),
    "a command": (append("inference/cli.py"), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_exactly_what_depends_on_a_change_becomes_stale(
    name: str, original: Path, before: dict[str, str], tmp_path: Path
):
    root = tmp_path / "changed"
    shutil.copytree(original, root, symlinks=True)
    change, expected = CHANGES[name]
    change(root)
    after = compute_keys(root)
    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key]} == expected


def test_a_users_priors_and_seed_count_by_value(tmp_path: Path):
    [main] = [one for one in list_specifications(ACADEMIC) if one.name == "main"]
    [tail] = [one for one in list_specifications(ACADEMIC) if one.name == "large_scale"]
    path = tmp_path / "my.toml"
    path.write_text("[academic_share.shares]\nintercept_sd = 1.0\n")
    mine = Overrides(priors=path)
    assert find_changes(list_fit_parts(ACADEMIC, main, Overrides()), list_fit_parts(ACADEMIC, main, mine)) == {
        "priors: intercept_sd"
    }
    assert list_fit_parts(ACADEMIC, tail, Overrides()) == list_fit_parts(ACADEMIC, tail, mine)  # a fit of another model
    path.write_text("[academic_share.shares]\nintercept_sd = 1  # the same\n")
    assert list_fit_parts(ACADEMIC, main, mine)["priors: intercept_sd"] == "1.0"
    seeded = list_fit_parts(ACADEMIC, main, Overrides(seed=5))
    assert find_changes(list_fit_parts(ACADEMIC, main, Overrides()), seeded) == {"seed"}


def test_a_users_table_counts_by_its_content(tmp_path: Path):
    [main] = [one for one in list_specifications(ACADEMIC) if one.name == "main"]
    content = gzip.decompress(find_tables(ACADEMIC)["models"].read_bytes())
    one, again = tmp_path / "a.csv.gz", tmp_path / "b.csv.gz"
    one.write_bytes(gzip.compress(content, compresslevel=1))
    again.write_bytes(gzip.compress(content, compresslevel=9))
    parts = [list_fit_parts(ACADEMIC, main, Overrides(models=path)) for path in (one, again)]
    assert parts[0] == parts[1]
    assert "user's table of models" in parts[0]
    assert (
        list_fit_parts(TOPIC, list_specifications(TOPIC)[0], Overrides(models=one)).keys()
        == list_fit_parts(TOPIC, list_specifications(TOPIC)[0], Overrides()).keys()
    )  # topic_compute reads no table of models


def find_changes(old: dict[str, str], new: dict[str, str]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


LOADED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(("claim", "model"), [(ACADEMIC, "upper_tail"), (TOPIC, "topic_year"), (CODE, "release")])
def test_a_fit_holds_every_file_that_python_loads_for_it(claim: str, model: str):
    roots = (name_module(claim, model), SAMPLING, READING)
    done = subprocess.run([sys.executable, "-c", LOADED, *roots], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    files = {name for package in ("data", "models", "inference", "figures") for name in list_modules(ROOT / package)}
    loaded = {name for name in json.loads(done.stdout) if name in files}
    assert len(loaded) > 25
    held = find_reached(*roots, skip=frozenset(list_modules_by_value(claim)))
    assert loaded - set(list_modules_by_value(claim)) <= held.keys()
    # The only other file is loaded when it is needed.
    assert held.keys() - loaded == {"inference.sampling.nutpie_private"}


def test_relative_and_late_imports_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from inference.store import imports

    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "__init__.py").write_text("from . import a\n")
    (folder / "inner" / "a.py").write_text("def f():\n    from ..b import value\n    import json\n")
    (folder / "b.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import data.c\n")
    (folder / "c.py").write_text("")
    monkeypatch.setattr(imports, "find_file", list_modules(folder, tmp_path).get)
    assert set(imports.find_reached("data.inner")) == {"data", "data.inner", "data.inner.a", "data.b", "data.c"}
    assert set(imports.find_reached("data.inner", skip=frozenset({"data.b"}))) == {"data", "data.inner", "data.inner.a"}
