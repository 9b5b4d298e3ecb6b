"""The soak's arithmetic: what comes and goes is no slope, and what only ever grows is one."""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.census import FEWEST, PROC, Sample, sample, slopes

LENGTH = 240


def life(memory: list[int]) -> list[Sample]:
    return [Sample(each, 20, 4, 30) for each in memory]


def noisy(seed: int) -> list[int]:
    rng = random.Random(seed)  # noqa: S311 - made-up noise, the same for a seed
    return [60_000 + rng.choice((0, 0, 300, 9_000)) for _ in range(LENGTH)]


STEADY = [60_000] * LENGTH
LEAKING = [60_000 + 40 * at for at in range(LENGTH)]
WARMING = [30_000 + min(at, LENGTH // 5) * 600 for at in range(LENGTH)]
SAW = [60_000 + at % 20 * 500 for at in range(LENGTH)]
LATE_STEP = [60_000] * (LENGTH // 2) + [90_000] * (LENGTH // 2)


@pytest.mark.parametrize(
    "lives",
    [
        [STEADY],
        [WARMING, WARMING],
        [SAW],
        [noisy(1), noisy(2), noisy(3)],
        [STEADY, LATE_STEP, STEADY],
        [LEAKING[: FEWEST - 1]],
        [],
    ],
    ids=["steady", "warm-up", "saw", "noise", "one odd life", "too short to tell", "no life"],
)
def test_what_comes_and_goes_is_no_slope(lives: list[list[int]]) -> None:
    assert [*slopes(map(life, lives))] == []


@pytest.mark.parametrize(
    "lives",
    [[LEAKING], [LEAKING, LEAKING, STEADY], [[a + b for a, b in zip(LEAKING, noisy(4), strict=True)]]],
    ids=["one life", "most lives", "under noise"],
)
def test_what_grows_all_the_time_is_a_slope(lives: list[list[int]]) -> None:
    (finding,) = slopes(map(life, lives))
    assert finding.startswith("memory grew")


@pytest.mark.parametrize("name", ["descriptors", "threads", "tasks"])
def test_each_thing_is_counted(name: str) -> None:
    at_first = {"memory": 60_000, "descriptors": 20, "threads": 4, "tasks": 30}
    samples = [Sample(**(at_first | {name: at_first[name] + at // 10})) for at in range(LENGTH)]
    (finding,) = slopes([samples])
    assert finding.startswith(f"{name} grew")


@pytest.mark.skipif(not PROC.exists(), reason="only Linux shows what a process holds")
def test_a_process_is_sampled_while_it_lives(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    assert sample(os.getpid(), tasks) is None
    tasks.write_text("7")
    before = sample(os.getpid(), tasks)
    with (tmp_path / "open").open("w"):
        after = sample(os.getpid(), tasks)
    assert before is not None
    assert after is not None
    assert after.descriptors == before.descriptors + 1
    assert after.memory > 0
    assert after.threads > 0
    assert after.tasks == 7
    assert sample(2**22 + 1, tasks) is None  # above the highest number of a process
