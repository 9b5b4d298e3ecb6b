"""How long large pictures take, what they cost the answers meanwhile, and whether memory is given back."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.figures import Candidate
from tests.bench.process import Running
from tests.bench.record import Record
from tests.bench.scenes.answers import FEW, PAUSE, one_by_one, put, steadily
from tests.bench.stage import Stage, staged

OURS: Final = Candidate.MIDWATCH
OFTEN: Final = 0.05
KIBI: Final = 1024


async def play(record: Record) -> None:
    """Play one round: a first picture, for which a process starts, and some more."""
    async with staged(FEW) as stage:
        notes = stage.folder / "pictures"
        async with stage.ready(OURS, BENCH_PICTURES=str(notes)) as one:
            await one_by_one(stage, one, record.size.warm_up)
            before, seconds, samples = one.resident_mebibytes(), list[float](), list[float]()
            for _ in range(record.size.pictures):
                drawing = asyncio.create_task(draw(one, notes))
                samples += await asked_during(stage, one, drawing)
                seconds.append(await drawing)
            record.put("pictures.first", OURS, seconds[0])
            record.put("pictures.next", OURS, median(seconds[1:]))
            put(record, "pictures.answers", OURS, samples)
            record.put("pictures.process", OURS, peak_of_child(one))
            while children(one):  # noqa: ASYNC110 - nothing else tells that it has ended
                await asyncio.sleep(OFTEN)
            record.put("pictures.kept", OURS, one.resident_mebibytes() - before)


async def draw(one: Running, notes: Path) -> float:
    """Have a picture drawn, and return how many seconds it took."""
    before = lines_of(notes)
    os.kill(one.process.pid, signal.SIGUSR1)
    while len(after := lines_of(notes)) == len(before):  # noqa: ASYNC110 - a line tells it
        await asyncio.sleep(OFTEN)
    seconds, size = after[-1].split()
    assert int(size), "there is no picture"
    return float(seconds)


async def asked_during(stage: Stage, one: Running, drawing: "asyncio.Task[float]") -> list[float]:
    """Use a command again and again while a picture is drawn."""
    samples: list[float] = []
    while not drawing.done():
        samples += await steadily(stage, one, max(1, round(OFTEN / PAUSE)))
    return samples


def lines_of(notes: Path) -> list[str]:
    """Return the finished lines of a file that another process writes."""
    with suppress(FileNotFoundError):
        return [line for line in notes.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return []


def children(one: Running) -> list[int]:
    """Return the processes that a candidate has started."""
    return [
        int(pid)
        for pid in Path(f"/proc/{one.process.pid}/task/{one.process.pid}/children").read_text().split()
    ]


def peak_of_child(one: Running) -> float:
    """Return the most memory that the process of a candidate has held, in MiB."""
    lines = Path(f"/proc/{children(one)[0]}/status").read_text().splitlines()
    return next(int(line.split()[1]) / KIBI for line in lines if line.startswith("VmHWM:"))
