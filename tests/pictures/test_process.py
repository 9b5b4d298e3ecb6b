"""The process that draws pictures: whatever becomes of it, an answer goes out, and nothing stays behind."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.charts import Level, Levels, Picture
from bot.pictures import process
from bot.pictures.process import MOST_WANTED, PNG, Pictures
from tests.support.waiting import until

CHART = Levels((Level("aurora", 3.0, 15.0),))
OTHER = Levels((Level("borealis", 4.0, 15.0),))
NUMBERED = f"""
from bot.pictures import worker
drawn = 0
def answer_to(chart):
    global drawn
    drawn += 1
    return {PNG!r} + bytes([drawn])
worker.answer_to = answer_to
worker.main()
"""
"""Answers each chart with a number instead of a picture."""
HANGING = "import sys, time; sys.stdin.buffer.read(1); time.sleep(600)"


def python(program: str) -> tuple[str, ...]:
    return sys.executable, "-c", program


def altered(change: str) -> tuple[str, ...]:
    """The worker after a change."""
    return python(f"import sys\nfrom bot.pictures import worker\n{change}\nworker.main()")


@pytest.fixture
async def pictures(tmp_path: Path) -> AsyncIterator[Pictures]:
    made = Pictures(tmp_path, python(NUMBERED))
    yield made
    await made.close()


async def drawn(pictures: Pictures, chart: Levels = CHART) -> Picture | None:
    return await pictures.draw(chart, name="fast.png", description="Fast time")


def number(picture: Picture | None) -> int:
    assert picture is not None
    return picture.png[-1]


def pid_of(pictures: Pictures) -> int:
    assert pictures.process is not None
    return pictures.process.pid


def read(file: str) -> str:
    return Path(file).read_text()


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def is_gone(pid: int) -> bool:
    """Whether there is no such process, or one that has ended and waits for its parent to notice."""
    try:
        status = read(f"/proc/{pid}/stat")
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


async def test_a_chart_becomes_a_picture_with_its_name_and_description(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    picture = await drawn(pictures)
    await pictures.close()
    assert picture is not None
    assert picture.png.startswith(PNG)
    assert (picture.name, picture.description) == ("fast.png", "Fast time")


async def test_one_process_draws_one_picture_after_another(pictures: Pictures) -> None:
    assert number(await drawn(pictures)) == 1
    pid = pid_of(pictures)
    assert number(await drawn(pictures, OTHER)) == 2
    assert pid_of(pictures) == pid


async def test_a_chart_that_two_want_at_once_is_drawn_once(pictures: Pictures) -> None:
    assert [number(each) for each in await asyncio.gather(drawn(pictures), drawn(pictures))] == [1, 1]
    assert number(await drawn(pictures)) == 2


async def test_who_does_not_wait_any_more_ends_no_drawing_of_others(pictures: Pictures) -> None:
    impatient, patient = asyncio.create_task(drawn(pictures)), asyncio.create_task(drawn(pictures))
    await until(lambda: bool(pictures.wanted))
    impatient.cancel()
    assert number(await patient) == 1


async def test_a_process_that_was_killed_while_idle_is_replaced(pictures: Pictures) -> None:
    await drawn(pictures)
    killed = pictures.process
    assert killed is not None
    killed.kill()
    await killed.wait()
    assert number(await drawn(pictures)) == 1


async def test_a_wish_at_the_moment_of_its_end_has_a_process_of_its_own(pictures: Pictures) -> None:
    await drawn(pictures)
    pictures._kill()  # pyright: ignore[reportPrivateUsage] - nobody has noticed its end yet
    assert number(await drawn(pictures)) == 1


async def test_an_idle_process_ends_and_the_next_wish_starts_another(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, python(NUMBERED), idle=timedelta(0))
    await drawn(pictures)
    first = pid_of(pictures)
    await until(lambda: is_gone(first))
    assert number(await drawn(pictures)) == 1
    await pictures.close()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(python("import os; os.kill(os.getpid(), 9)"), "ended with -9", id="killed"),
        pytest.param(python("print('hello ' * 9)"), "its process", id="garbage"),
        pytest.param(python("print(end='\\xff\\xff\\xff\\xffhello')"), "its process", id="half-an-answer"),
        pytest.param(
            altered("sys.modules['matplotlib'] = None"), "ModuleNotFoundError matplotlib", id="missing"
        ),
        pytest.param(altered("worker.answer_to = lambda chart: bytes(2 << 30)"), "ended with 1", id="memory"),
        pytest.param(altered("worker.answer_to = lambda chart: 1 / 0"), "ended with 1", id="error"),
        pytest.param(("/nowhere/python",), "FileNotFoundError", id="no-program"),
    ],
)
async def test_without_a_picture_there_is_one_line_in_the_log_until_it_works_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, command: tuple[str, ...], reason: str
) -> None:
    caplog.set_level(logging.INFO)
    pictures = Pictures(tmp_path, command)
    assert [await drawn(pictures) for _ in range(3)] == [None] * 3
    assert len(caplog.messages) == 1
    assert reason in caplog.messages[0]
    pictures.command = python(NUMBERED)
    assert number(await drawn(pictures)) == 1
    assert caplog.messages[1:] == ["Drawing a picture works again after 3 failures"]
    await pictures.close()


async def test_half_of_a_character_is_no_picture_and_no_error(pictures: Pictures) -> None:
    assert await drawn(pictures, Levels((Level("\ud83d", 1.0),))) is None


async def test_a_process_that_hangs_is_killed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pictures = Pictures(tmp_path, python(HANGING), limit=timedelta(seconds=0.3))
    assert await drawn(pictures) is None
    assert is_gone(pid_of(pictures))
    assert "TimeoutError" in caplog.text
    await pictures.close()


async def test_a_process_that_is_killed_while_it_draws_costs_one_picture(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, python(HANGING))
    drawing = asyncio.create_task(drawn(pictures))
    await until(lambda: pictures.process is not None)
    os.kill(pid_of(pictures), signal.SIGKILL)
    assert await drawing is None
    pictures.command = python(NUMBERED)
    assert number(await drawn(pictures)) == 1
    await pictures.close()


async def test_more_than_a_few_are_not_drawn(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, python(HANGING))
    charts = [Levels((Level(f"account {number}", 1.0),)) for number in range(MOST_WANTED)]
    waiting = [asyncio.create_task(drawn(pictures, chart)) for chart in charts]
    await until(lambda: len(pictures.wanted) == MOST_WANTED)
    assert await drawn(pictures) is None
    assert not any(task.done() for task in waiting)
    await pictures.close()
    assert await asyncio.gather(*waiting) == [None] * MOST_WANTED


async def test_a_stop_ends_the_process_at_once_and_none_starts_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = Pictures(tmp_path, python(HANGING))
    drawing = asyncio.create_task(drawn(pictures))
    await until(lambda: pictures.process is not None)
    pid = pid_of(pictures)
    await pictures.close()
    assert is_gone(pid)
    assert await drawing is None
    assert await drawn(pictures) is None
    assert pid_of(pictures) == pid
    assert not caplog.messages


async def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pictures = Pictures(tmp_path, python(NUMBERED))
    await drawn(pictures)
    assert files_in(tmp_path)
    await pictures.close()
    assert not files_in(tmp_path)


def test_without_a_folder_for_temporary_files_another_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with process.temporary_folder(tmp_path) as folder:
        assert Path(folder).parent == tmp_path


async def test_the_process_knows_no_token_and_has_a_low_priority(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "s3cret")
    await drawn(pictures)
    pid = pid_of(pictures)
    assert "s3cret" not in read(f"/proc/{pid}/environ")
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.pictures.test_process import Pictures, drawn, pid_of, python
async def main():
    pictures = Pictures(Path(sys.argv[1]), python(sys.argv[2]))
    drawing = asyncio.create_task(drawn(pictures))
    while pictures.process is None or (sys.argv[3] == "idle" and not drawing.done()):
        await asyncio.sleep(0)
    print(pid_of(pictures), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
SLOW = """
from bot.pictures import worker
def answer_to(chart):
    while True: pass
worker.answer_to, worker.SECONDS = answer_to, 1
worker.main()
"""


@pytest.mark.parametrize(
    ("program", "state"), [(NUMBERED, "idle"), (SLOW, "drawing")], ids=["idle", "drawing"]
)
async def test_the_process_ends_after_a_bot_that_was_killed(tmp_path: Path, program: str, state: str) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(*python(PARENT), str(tmp_path), program, state),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # who is killed removes nothing
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until(lambda: is_gone(pid))


def test_the_bot_itself_loads_nothing_that_draws_also_when_it_has_pictures_drawn() -> None:
    program = (
        "import asyncio, sys, bot.__main__, bot.app\n"
        "from bot.interactions.client import EXTENSIONS\n"
        "[__import__(each) for each in EXTENSIONS]\n"
        "from tests.pictures.test_process import *\n"
        "async def draw():\n"
        "    pictures = Pictures(Path())\n"
        "    assert await drawn(pictures)\n"
        "    await pictures.close()\n"
        "asyncio.run(draw())\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.check_output(python(program), text=True).split()  # noqa: S603 - our own
    assert "bot.pictures.process" in loaded
    assert not {"matplotlib", "numpy", "PIL", "bot.pictures.drawing"} & set(loaded)
