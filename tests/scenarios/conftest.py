from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulators.discord import SimulatedDiscord
from tests.simulators.useapi import SimulatedUseapi
from tests.support.sandbox import Sandbox


@pytest.fixture
async def sandbox(api: SimulatedUseapi, world: SimulatedDiscord, tmp_path: Path) -> AsyncIterator[Sandbox]:
    yield Sandbox(api, world, tmp_path)
    assert not world.connected
