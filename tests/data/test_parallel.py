"""Tasks in several processes: what they report and raise, and that no process is left behind."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data.errors import InputError
from data.parallel import report, run_in_processes
from data.paths import HERE


def work(number: int) -> int:
    report(f"squaring {number}")
    if number < 0:
        raise InputError("negative", "numbers.csv", 3, hint="count up")
    return number**2


def end(number: int) -> int:
    if multiprocessing.parent_process() is None:
        raise AssertionError("this would end the test process itself")
    os._exit(number)


def sleep(file: Path) -> None:
    file.write_text(str(os.getpid()))
    time.sleep(60)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def wait_for(file: Path) -> int:
    for _ in range(300):
        if file.exists() and file.read_text():
            return int(file.read_text())
        time.sleep(0.1)
    raise AssertionError(f"{file} was not written")


def gone(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return True
        time.sleep(0.1)
    return False


def test_every_result_and_every_report_comes_back():
    reports: list[str] = []
    found = dict(run_in_processes(work, {"two": (2,), "three": (3,), "four": (4,)}, 2, "", reports.append))
    assert found == {"two": 4, "three": 9, "four": 16}
    assert sorted(reports) == ["squaring 2", "squaring 3", "squaring 4"]


def test_bad_input_in_a_task_is_raised_here_and_ends_the_others(tmp_path: Path):
    def both() -> None:
        list(run_in_processes(sleep_or_fail, {"sleeps": (tmp_path / "pid",), "fails": (None,)}, 2, ""))

    with pytest.raises(InputError, match=r"numbers.csv, row 3: negative \(count up\)"):
        both()
    assert gone(wait_for(tmp_path / "pid"))


def sleep_or_fail(file: Path | None) -> None:
    if file is not None:
        sleep(file)
    time.sleep(1)
    work(-1)


def test_a_single_task_runs_in_this_process():
    assert list(run_in_processes(find_pid, {"one": ()}, 2, "")) == [("one", os.getpid())]


def find_pid() -> int:
    return os.getpid()


def test_a_killed_process_raises_an_error_with_a_hint():
    with pytest.raises(InputError, match=r"out of memory\? \(take fewer\)"):
        list(run_in_processes(end, {"one": (1,), "two": (2,)}, 2, "take fewer"))


def test_children_end_when_their_parent_is_killed(tmp_path: Path):
    """Its lock is then free, and another process may write to the same folder."""
    file, other = tmp_path / "pid", tmp_path / "other"
    code = (
        "from pathlib import Path\nfrom data.parallel import run_in_processes\n"
        "import tests.data.test_parallel as tests\n"
        f"tasks = {{name: (Path(name),) for name in {[str(file), str(other)]}}}\n"
        "if __name__ == '__main__': list(run_in_processes(tests.sleep, tasks, 2, ''))"
    )
    script = tmp_path / "script.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(HERE.parent)!r})\n{code}\n")
    parent = subprocess.Popen([sys.executable, str(script)], cwd=HERE.parent)
    pids = {wait_for(file), wait_for(other)}
    assert len(pids) == 2 and parent.pid not in pids and all(alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    assert all(gone(pid) for pid in pids)
