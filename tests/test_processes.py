"""Work in other processes: in order, each item once, whatever dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from intone.batch.processes import in_processes


def squares() -> Callable[[int], int]:
    return square


def square(number: int) -> int:
    if number == 13:
        os._exit(1)
    if number % 5 == 0:
        time.sleep(0.02)
    return number * number


def dying() -> Callable[[int], int]:
    os._exit(1)


def lost(number: int) -> int:
    return -number


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_order_and_a_death_costs_one_item(jobs):
    results = in_processes(squares, range(100), jobs=jobs, lost=lost)
    assert list(results) == [-13 if number == 13 else number**2 for number in range(100)]


def test_processes_that_cannot_start_lose_every_item_and_do_not_hang():
    assert list(in_processes(dying, [1, 2, 3], jobs=2, lost=lost)) == [-1, -2, -3]


def test_no_more_is_worked_on_than_will_soon_be_asked_for(tmp_path):
    results = in_processes(partial(touching, tmp_path), range(500), jobs=2, lost=lost)
    assert next(results) == 0
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) < 100
    results.close()


def touching(folder: Path) -> Callable[[int], int]:
    return partial(touch, folder)


def touch(folder: Path, number: int) -> int:
    (folder / f"{number}").touch()
    return number


def test_when_the_first_process_is_killed_the_others_end():
    code = (
        "import multiprocessing, test_processes as t\n"
        "if __name__ == '__main__':\n"
        "    results = t.in_processes(t.squares, range(1000), jobs=2, lost=t.lost)\n"
        "    next(results)\n"
        "    print(*[p.pid for p in multiprocessing.active_children()], flush=True)\n"
        "    import time; time.sleep(60)\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    )
    others = [int(pid) for pid in first.stdout.readline().split()]
    assert len(others) == 2
    first.send_signal(signal.SIGKILL)
    first.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in others) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in others)
