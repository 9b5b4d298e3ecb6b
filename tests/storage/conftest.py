import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - pytest calls it
    """A connection that stays open keeps its thread, and that would keep the process from ending."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(1)
    assert [thread.name for thread in left if thread.is_alive()] == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "midwatch.sqlite3"
