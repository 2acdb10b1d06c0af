"""Posteriors on disk, the state of a claim, and the lock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from data.errors import InputError
from inference.store import posteriors as store
from inference.store.fingerprints import combine
from inference.store.lock import hold_lock
from inference.store.paths import ROOT, Paths

CLAIM = "academic_share"
Parts = dict[str, dict[str, str]]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


def toy_tree(value: float = 1.0) -> xr.DataTree:
    return xr.DataTree.from_dict({"posterior": xr.Dataset({"x": (("chain", "draw"), np.full((2, 5), value))})})


def parts(**other: str) -> Parts:
    """What the one fit of a claim depends on."""
    return {"main": {"requirements.lock": "a", "models/common/cells.py": "b", "seed": "5"} | other}


def saved(paths: Paths, spec: str, given: Parts, value: float = 1.0) -> None:
    store.save(paths, CLAIM, spec, toy_tree(value), {"fit_key": combine(given["main"]), "parts": given["main"]})


def state(paths: Paths, given: Parts) -> tuple[str, str]:
    return store.find_claim_state(paths, CLAIM, given)


def finish(paths: Paths) -> None:
    store.finish_claim(paths, CLAIM, ["main"], {}, {})


def test_what_is_stored_is_loaded(paths: Paths):
    saved(paths, "main", parts(), 3.0)
    tree, about = store.load(paths, CLAIM, "main")
    assert float(tree["posterior"]["x"].mean()) == 3
    assert about["fit_key"] == combine(parts()["main"])


def test_groups_left_out_are_not_read_and_the_rest_is_as_stored(paths: Paths):
    tree = toy_tree(3.0)
    tree["prior"] = tree["posterior"].copy()
    tree["estimands"] = xr.DataTree(xr.Dataset({"e": ("year", [1.0, 2.0], {"unit": "ratio"})}, {"year": [2021, 2022]}))
    tree.attrs = {"seed": 7}
    store.save(paths, CLAIM, "main", tree, {"fit_key": combine(parts()["main"]), "parts": parts()["main"]})
    some, _ = store.load(paths, CLAIM, "main", leave=("prior",))
    assert set(some.children) == {"posterior", "estimands"}
    assert some.attrs == {"seed": 7}
    for name in some.children:
        assert some[name].to_dataset().identical(tree[name].to_dataset())


def test_a_new_fit_replaces_the_old_one_and_its_failure(paths: Paths):
    saved(paths, "main", parts())
    store.save_failed(paths, CLAIM, "main", toy_tree(), {"fit_key": "x", "reason": "r"})
    saved(paths, "main", parts(seed="7"), 2.0)
    assert len(list((paths.posteriors / CLAIM).glob("*.nc"))) == 1
    assert float(store.load(paths, CLAIM, "main")[0]["posterior"]["x"].mean()) == 2
    assert not list(paths.failed.rglob("*.json"))


def test_failed_write_leaves_the_good_posterior(paths: Paths, monkeypatch: pytest.MonkeyPatch):
    saved(paths, "main", parts(), 3.0)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.io.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        saved(paths, "main", parts(seed="7"), 4.0)
    assert float(store.load(paths, CLAIM, "main")[0]["posterior"]["x"].mean()) == 3
    assert not list(paths.out.rglob("*.part"))


def test_damaged_posterior_is_found_and_removed(paths: Paths):
    saved(paths, "main", parts())
    finish(paths)
    assert state(paths, parts()) == ("current", "")
    file = next((paths.posteriors / CLAIM).glob("*.nc"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        store.load(paths, CLAIM, "main")
    assert state(paths, parts())[0] == "unfinished"


def test_truncated_posterior_is_not_current(paths: Paths):
    saved(paths, "main", parts())
    finish(paths)
    file = next((paths.posteriors / CLAIM).glob("*.nc"))
    file.write_bytes(file.read_bytes()[:100])
    assert state(paths, parts())[0] == "unfinished"


def test_states_of_a_claim(paths: Paths):
    assert state(paths, parts())[0] == "never fitted"
    saved(paths, "main", parts())
    assert state(paths, parts())[0] == "unfinished"
    finish(paths)
    assert state(paths, parts()) == ("current", "")
    moved = parts(seed="9") | {}
    moved["main"]["models/common/cells.py"] = "other"
    assert state(paths, moved) == ("stale", "changed: models/common/cells.py, seed")
    about = {"fit_key": combine(moved["main"]), "reason": "3 divergent transitions"}
    store.save_failed(paths, CLAIM, "main", toy_tree(), about)
    assert state(paths, moved) == ("failed", "main: 3 divergent transitions")
    assert state(paths, parts()) == ("current", "")  # what was good is still good


def test_states_of_fits_are_told_apart(paths: Paths):
    both = parts() | {"other": parts()["main"] | {"seed": "6"}, "third": parts()["main"]}
    saved(paths, "main", parts())
    saved(paths, "other", parts())
    store.finish_claim(paths, CLAIM, ["main", "other"], {"third": "no sponsor"}, {})
    found = store.find_fit_states(paths, CLAIM, both)
    assert found == {"main": ("current", ""), "other": ("stale", "changed: seed")}  # the third is left out, and known
    assert state(paths, both) == ("stale", "changed: seed")
    found = store.find_fit_states(paths, CLAIM, both | {"fourth": parts()["main"]})
    assert found["fourth"] == ("missing", "no good posterior")


@pytest.mark.parametrize("content", ["", '{"fit_key": ', "{}", "[]", "null"])
def test_damaged_note_is_no_note(paths: Paths, content: str):
    saved(paths, "main", parts())
    finish(paths)
    (paths.posteriors / CLAIM / "main.json").write_text(content)
    assert store.read_metadata(paths, CLAIM, "main") is None
    assert state(paths, parts())[0] == "unfinished"
    (paths.posteriors / CLAIM / "claim.json").write_text(content)
    assert store.list_specs(paths, CLAIM) == []


def test_json_has_no_nan():
    with pytest.raises(ValueError, match="JSON"):
        store.dump({"x": float("nan")})
    assert json.loads(store.dump({"b": 1, "a": [None]})) == {"a": [None], "b": 1}


def test_second_writer_is_told_who_holds_the_folder(paths: Paths):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    code += "from pathlib import Path; from inference.store.lock import held\n"
    code += f"with held(Path({str(paths.lock)!r})): print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=f"process {holder.pid}"), hold_lock(paths.lock):
        pass
    holder.kill()
    holder.wait()
    with hold_lock(paths.lock):  # freed by the system, whatever the holder left behind
        pass
