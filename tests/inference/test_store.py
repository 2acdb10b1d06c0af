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
from data.lock import hold_lock
from inference.store import posteriors as store
from inference.store.fingerprints import combine
from inference.store.paths import ROOT, Paths

CLAIM = "academic_share"
Parts = dict[str, dict[str, str]]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


def make_tree(value: float = 1.0) -> xr.DataTree:
    return xr.DataTree.from_dict({"posterior": xr.Dataset({"x": (("chain", "draw"), np.full((2, 5), value))})})


def make_parts(**other: str) -> Parts:
    """Return the dependencies of the single fit of a claim."""
    return {"main": {"requirements.lock": "a", "models/common/cells.py": "b", "seed": "5"} | other}


def save(paths: Paths, spec: str, parts: Parts, value: float = 1.0) -> None:
    store.save(paths, CLAIM, spec, make_tree(value), {"fit_key": combine(parts["main"]), "parts": parts["main"]})


def find_state(paths: Paths, parts: Parts) -> tuple[str, str]:
    return store.find_claim_state(paths, CLAIM, parts)


def finish(paths: Paths) -> None:
    store.finish_claim(paths, CLAIM, ["main"], {}, {})


def test_a_stored_fit_is_loaded(paths: Paths):
    save(paths, "main", make_parts(), 3.0)
    tree, metadata = store.load(paths, CLAIM, "main")
    assert float(tree["posterior"]["x"].mean()) == 3
    assert metadata["fit_key"] == combine(make_parts()["main"])


def test_skipped_groups_are_not_read_and_the_others_are_as_stored(paths: Paths):
    tree = make_tree(3.0)
    tree["prior"] = tree["posterior"].copy()
    tree["estimands"] = xr.DataTree(xr.Dataset({"e": ("year", [1.0, 2.0], {"unit": "ratio"})}, {"year": [2021, 2022]}))
    tree.attrs = {"seed": 7}
    store.save(paths, CLAIM, "main", tree, {"fit_key": combine(make_parts()["main"]), "parts": make_parts()["main"]})
    some, _ = store.load(paths, CLAIM, "main", skip=("prior",))
    assert set(some.children) == {"posterior", "estimands"}
    assert some.attrs == {"seed": 7}
    for name in some.children:
        assert some[name].to_dataset().identical(tree[name].to_dataset())


def test_a_new_fit_replaces_the_old_one_and_its_failure(paths: Paths):
    save(paths, "main", make_parts())
    store.save_failed(paths, CLAIM, "main", make_tree(), {"fit_key": "x", "reason": "r"})
    save(paths, "main", make_parts(seed="7"), 2.0)
    assert len(list((paths.posteriors / CLAIM).glob("*.nc"))) == 1
    assert float(store.load(paths, CLAIM, "main")[0]["posterior"]["x"].mean()) == 2
    assert not list(paths.failed.rglob("*.json"))


def test_failed_write_leaves_the_good_posterior(paths: Paths, monkeypatch: pytest.MonkeyPatch):
    save(paths, "main", make_parts(), 3.0)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.io.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(paths, "main", make_parts(seed="7"), 4.0)
    assert float(store.load(paths, CLAIM, "main")[0]["posterior"]["x"].mean()) == 3
    assert not list(paths.out.rglob("*.part"))


def test_damaged_posterior_is_found_and_removed(paths: Paths):
    save(paths, "main", make_parts())
    finish(paths)
    assert find_state(paths, make_parts()) == ("current", "")
    file = next((paths.posteriors / CLAIM).glob("*.nc"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        store.load(paths, CLAIM, "main")
    assert find_state(paths, make_parts())[0] == "unfinished"


def test_truncated_posterior_is_not_current(paths: Paths):
    save(paths, "main", make_parts())
    finish(paths)
    file = next((paths.posteriors / CLAIM).glob("*.nc"))
    file.write_bytes(file.read_bytes()[:100])
    assert find_state(paths, make_parts())[0] == "unfinished"


def test_states_of_a_claim(paths: Paths):
    assert find_state(paths, make_parts())[0] == "never fitted"
    save(paths, "main", make_parts())
    assert find_state(paths, make_parts())[0] == "unfinished"
    finish(paths)
    assert find_state(paths, make_parts()) == ("current", "")
    changed = make_parts(seed="9") | {}
    changed["main"]["models/common/cells.py"] = "other"
    assert find_state(paths, changed) == ("stale", "changed: models/common/cells.py, seed")
    metadata = {"fit_key": combine(changed["main"]), "reason": "3 divergent transitions"}
    store.save_failed(paths, CLAIM, "main", make_tree(), metadata)
    assert find_state(paths, changed) == ("failed", "main: 3 divergent transitions")
    assert find_state(paths, make_parts()) == ("current", "")  # the good fit is still current


def test_states_of_fits_are_distinguished(paths: Paths):
    both = make_parts() | {"other": make_parts()["main"] | {"seed": "6"}, "third": make_parts()["main"]}
    save(paths, "main", make_parts())
    save(paths, "other", make_parts())
    store.finish_claim(paths, CLAIM, ["main", "other"], {"third": "no sponsor"}, {})
    found = store.find_fit_states(paths, CLAIM, both)
    assert found == {"main": ("current", ""), "other": ("stale", "changed: seed")}  # the third is recorded as left out
    assert find_state(paths, both) == ("stale", "changed: seed")
    found = store.find_fit_states(paths, CLAIM, both | {"fourth": make_parts()["main"]})
    assert found["fourth"] == ("missing", "no good posterior")


@pytest.mark.parametrize("content", ["", '{"fit_key": ', "{}", "[]", "null"])
def test_damaged_metadata_count_as_missing(paths: Paths, content: str):
    save(paths, "main", make_parts())
    finish(paths)
    (paths.posteriors / CLAIM / "main.json").write_text(content)
    assert store.read_metadata(paths, CLAIM, "main") is None
    assert find_state(paths, make_parts())[0] == "unfinished"
    (paths.posteriors / CLAIM / "claim.json").write_text(content)
    assert store.list_specs(paths, CLAIM) == []


def test_json_has_no_nan():
    with pytest.raises(ValueError, match="JSON"):
        store.dump({"x": float("nan")})
    assert json.loads(store.dump({"b": 1, "a": [None]})) == {"a": [None], "b": 1}


def test_second_writer_learns_which_process_holds_the_folder(paths: Paths):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    code += "from pathlib import Path; from data.lock import hold_lock\n"
    code += f"with hold_lock(Path({str(paths.lock)!r}), 'refresh'): print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=f"process {holder.pid}"), hold_lock(paths.lock, "refresh"):
        pass
    holder.kill()
    holder.wait()
    with hold_lock(paths.lock, "refresh"):  # the system releases the lock, whatever file the holder left
        pass
