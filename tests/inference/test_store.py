"""Keys, posteriors on disk, the state of a claim, and the lock."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from data.io import InputError
from inference import keys, store
from inference.given import Given
from inference.lock import held
from inference.places import ROOT, Places
from models.registry import CLAIMS

CLAIM = "academic_share"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def toy_tree(value: float = 1.0) -> xr.DataTree:
    return xr.DataTree.from_dict({"posterior": xr.Dataset({"x": (("chain", "draw"), np.full((2, 5), value))})})


def parts() -> dict[str, str]:
    return keys.fit_parts(CLAIM, Given())


def saved(places: Places, spec: str, given: dict[str, str], value: float = 1.0) -> None:
    store.save(places, CLAIM, spec, toy_tree(value), {"fit_key": keys.fit_key(given, spec)})


def state(places: Places, given: dict[str, str]) -> tuple[str, str]:
    return store.claim_state(places, CLAIM, given)


def test_key_holds_what_decides_about_a_fit():
    names = set(parts())
    module = "models/academic_share.py"
    assert {module, "models/_blocks.py", "inference/fit.py", "requirements.lock", "table models", "seed"} <= names
    assert not any(name.startswith(("figures/", "paper/")) for name in names)
    assert keys.fit_key(parts(), "a") != keys.fit_key(parts(), "b")
    assert keys.fit_parts(CLAIM, Given(seed=5))["seed"] != parts()["seed"]


def imported(file: Path) -> set[str]:
    """Files of the project that a file imports, and what those of models/ and inference/ import in turn."""
    found: set[str] = set()
    todo = [file]
    while todo:
        for node in ast.walk(ast.parse(todo.pop().read_text())):
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            paths = {f"{name.replace('.', '/')}.py" for name in names}
            new = {path for path in paths if (ROOT / path).is_file()} - found
            found |= new
            todo += [ROOT / path for path in new if not path.startswith("data/")]
    return found


@pytest.mark.parametrize("claim", CLAIMS)
def test_key_holds_every_file_that_a_fit_imports(claim: str):
    """But for places, errors, and the registry: names alone, and those of the tables, whose content is in the key."""
    found = imported(ROOT / f"{CLAIMS[claim].module.replace('.', '/')}.py") | imported(ROOT / "inference/fit.py")
    assert {"models/_blocks.py", "inference/density.py"} <= found
    assert found - {"inference/places.py", "data/io.py", "models/registry.py"} <= set(keys.fit_parts(claim, Given()))


def test_key_of_a_table_is_that_of_its_content(tmp_path: Path):
    import gzip

    content = gzip.decompress(keys.table_paths(CLAIM)["models"].read_bytes())
    mine, again = tmp_path / "a.csv.gz", tmp_path / "b.csv.gz"
    mine.write_bytes(gzip.compress(content, compresslevel=1))
    again.write_bytes(gzip.compress(content, compresslevel=9))
    assert keys.fit_parts(CLAIM, Given(models=mine)) == keys.fit_parts(CLAIM, Given(models=again))
    assert "own table of models" in keys.changed(parts(), keys.fit_parts(CLAIM, Given(models=mine)))


def test_own_priors_are_in_the_key(tmp_path: Path):
    path = tmp_path / "my.toml"
    path.write_text("[academic_share]\nlevel_sd = 1.0\n")
    assert keys.changed(parts(), keys.fit_parts(CLAIM, Given(priors=path))) == ["own priors"]


def test_output_key_holds_what_draws_and_writes():
    found = keys.output_parts(["a"])
    assert "paper/sections/academic_share.typ" in found
    assert "inference/words.py" in found
    assert "figures/style.py" in found
    assert not any("published" in name or "__pycache__" in name for name in found)
    assert keys.output_parts(["b"])["fits"] != found["fits"]


def test_what_is_stored_is_loaded(places: Places):
    saved(places, "main", parts(), 3.0)
    tree, about = store.load(places, CLAIM, "main")
    assert float(tree["posterior"]["x"].mean()) == 3
    assert about["fit_key"] == keys.fit_key(parts(), "main")


def test_groups_left_out_are_not_read_and_the_rest_is_as_stored(places: Places):
    tree = toy_tree(3.0)
    tree["prior"] = tree["posterior"].copy()
    tree["estimands"] = xr.DataTree(xr.Dataset({"e": ("year", [1.0, 2.0], {"unit": "ratio"})}, {"year": [2021, 2022]}))
    tree.attrs = {"seed": 7}
    store.save(places, CLAIM, "main", tree, {"fit_key": keys.fit_key(parts(), "main")})
    some, _ = store.load(places, CLAIM, "main", leave=("prior",))
    assert set(some.children) == {"posterior", "estimands"}
    assert some.attrs == {"seed": 7}
    for name in some.children:
        assert some[name].to_dataset().identical(tree[name].to_dataset())


def test_a_new_fit_replaces_the_old_one_and_its_failure(places: Places):
    saved(places, "main", parts())
    store.save_failed(places, CLAIM, "main", toy_tree(), {"fit_key": "x", "reason": "r"})
    saved(places, "main", parts() | {"seed": "7"}, 2.0)
    assert len(list((places.posteriors / CLAIM).glob("*.nc"))) == 1
    assert float(store.load(places, CLAIM, "main")[0]["posterior"]["x"].mean()) == 2
    assert not list(places.failed.rglob("*.json"))


def test_failed_write_leaves_the_good_posterior(places: Places, monkeypatch: pytest.MonkeyPatch):
    saved(places, "main", parts(), 3.0)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.io.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        saved(places, "main", parts() | {"seed": "7"}, 4.0)
    assert float(store.load(places, CLAIM, "main")[0]["posterior"]["x"].mean()) == 3
    assert not list(places.out.rglob("*.part"))


def test_damaged_posterior_is_found_and_removed(places: Places):
    saved(places, "main", parts())
    store.finish_claim(places, CLAIM, parts(), ["main"])
    assert state(places, parts()) == ("current", "")
    file = next((places.posteriors / CLAIM).glob("*.nc"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        store.load(places, CLAIM, "main")
    assert state(places, parts())[0] == "unfinished"


def test_truncated_posterior_is_not_current(places: Places):
    saved(places, "main", parts())
    store.finish_claim(places, CLAIM, parts(), ["main"])
    file = next((places.posteriors / CLAIM).glob("*.nc"))
    file.write_bytes(file.read_bytes()[:100])
    assert state(places, parts())[0] == "unfinished"


def test_states_of_a_claim(places: Places):
    assert state(places, parts())[0] == "never fitted"
    saved(places, "main", parts())
    assert state(places, parts())[0] == "unfinished"
    store.finish_claim(places, CLAIM, parts(), ["main"])
    assert state(places, parts()) == ("current", "")
    moved = parts() | {"models/_blocks.py": "other", "seed": "9"}
    assert state(places, moved) == ("stale", "changed: models/_blocks.py, seed")
    about = {"fit_key": keys.fit_key(moved, "main"), "reason": "3 divergent transitions"}
    store.save_failed(places, CLAIM, "main", toy_tree(), about)
    assert state(places, moved) == ("failed", "main: 3 divergent transitions")
    assert state(places, parts()) == ("current", "")  # what was good is still good


@pytest.mark.parametrize("content", ["", '{"fit_key": ', "{}", "[]", "null"])
def test_damaged_note_is_no_note(places: Places, content: str):
    saved(places, "main", parts())
    store.finish_claim(places, CLAIM, parts(), ["main"])
    (places.posteriors / CLAIM / "main.json").write_text(content)
    assert store.note(places, CLAIM, "main") is None
    assert state(places, parts())[0] == "unfinished"
    (places.posteriors / CLAIM / "claim.json").write_text(content)
    assert store.specs_of(places, CLAIM) == []


def test_json_has_no_nan():
    with pytest.raises(ValueError, match="JSON"):
        store.dump({"x": float("nan")})
    assert json.loads(store.dump({"b": 1, "a": [None]})) == {"a": [None], "b": 1}


def test_second_writer_is_told_who_holds_the_folder(places: Places):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    code += "from pathlib import Path; from inference.lock import held\n"
    code += f"with held(Path({str(places.lock)!r})): print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=f"process {holder.pid}"), held(places.lock):
        pass
    holder.kill()
    holder.wait()
    with held(places.lock):  # freed by the system, whatever the holder left behind
        pass
