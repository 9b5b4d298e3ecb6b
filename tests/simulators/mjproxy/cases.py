"""What the tests of the simulated midjourney-proxy share: a clock, and the recorded answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import aiohttp

from tests.simulators.mjproxy import SimulatedMjproxy

FOLDER: Final = Path(__file__).parents[2] / "recorded" / "mjproxy"
RECORDED_TOKEN: Final = "admin-secret-1"
UNTOLD: Final = frozenset({"Date", "Server", "Connection"})
"""Headers that were not recorded."""


@dataclass(slots=True)
class Clock:
    """Time that passes when a test says so."""

    time: datetime = field(default=datetime(2026, 11, 27, 6, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.time

    def passes(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answer of the real one, and what it was asked."""

    name: str
    method: str
    path: str
    sent: Mapping[str, str]
    asked: Any
    status: int
    headers: Mapping[str, str]
    body: Any
    text: str

    @property
    def content(self) -> bytes:
        """The body of the answer, as bytes."""
        return self.text.encode() if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


def recorded(name: str) -> Recorded:
    kept = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    request = kept["request"]
    return Recorded(
        name,
        request["method"],
        request["path"],
        request["headers"],
        request["body"],
        kept["status"],
        kept["headers"],
        kept.get("body"),
        kept.get("text", ""),
    )


def fields(value: object) -> dict[str, Any]:
    """Return the fields of an object; of anything else, none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


NAMES: Final = tuple(sorted(file.stem for file in FOLDER.glob("*.json")))


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    proxy: SimulatedMjproxy, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> Reply:
    url = proxy.url.removesuffix("/mj") + path
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
        session.request(
            method, url, headers=headers, data=body, skip_auto_headers=["Content-Type"], allow_redirects=False
        ) as found,
    ):
        headers = {name: value for name, value in found.headers.items() if name not in UNTOLD}
        return Reply(found.status, headers, await found.read())
