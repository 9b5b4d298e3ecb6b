"""The message transport to the addresses of ALERT_URLS, by the optional library Apprise."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from bot.domain.messages import Route
from bot.domain.secret import SecretStr
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef
from bot.providers.failures import PROXIES
from bot.render.message_content import MessageContent
from bot.render.outside_text import outside_text
from bot.runtime.alert_addresses import service_at

SEND_LIMIT: Final = timedelta(seconds=60)
"""Longer than the libraries wait for a server."""
REFUSED: Final = "not accepted"


@dataclass(frozen=True, slots=True)
class Address:
    """An address of ALERT_URLS."""

    recipient: int
    """Its number as a recipient: negative, which no id of Discord is, and the same after a restart."""
    name: str
    """Its scheme and, unless that may be a secret, its host."""
    notify: Callable[[str, str], bool]
    """Sends a title and a text, and returns whether the service took them. It blocks."""


def open_addresses(urls: Collection[SecretStr], proxy: SecretStr | None = None) -> tuple[Address, ...]:
    """Return the addresses; Apprise has accepted each of them before, when the settings were read."""
    if urls:
        use_proxy(proxy)
    return tuple(open_address(url.get_secret_value()) for url in dict.fromkeys(urls))


def use_proxy(proxy: SecretStr | None) -> None:
    """Have Apprise's libraries use a proxy, or none. They look for proxies in the environment alone."""
    for name in [name for name in os.environ if name.upper() in {*PROXIES, "NO_PROXY"}]:
        del os.environ[name]
    if proxy is not None:
        url = proxy.get_secret_value()
        os.environ.update({"HTTP_PROXY": url, "HTTPS_PROXY": url, "NO_PROXY": "localhost,127.0.0.0/8,::1"})


def open_address(url: str) -> Address:
    """Return one address."""
    service = service_at(url)
    assert service is not None  # noqa: S101 - see `open_addresses`

    # A service would refuse a text that is too long for it, again and again.
    overflow = None if "overflow=" in url.casefold() else "truncate"

    def notify(title: str, text: str) -> bool:
        # Apprise sends no title alone.
        said = {"title": title, "body": text} if text else {"body": title}
        return bool(service.notify(**said, body_format="text", overflow=overflow))

    digest = hashlib.sha256(url.encode()).digest()
    return Address(-1 - int.from_bytes(digest[:4]) // 2, name_of(url, service.template_tokens), notify)


def name_of(url: str, parts: Mapping[str, object]) -> str:
    """Return the scheme of an address, and its host if that is one: other services have a token there."""
    address = urlsplit(url)
    host = address.hostname or ""
    is_host = "host" in parts and ("." in host or host == "localhost" or ":" in host)
    return f"{address.scheme} at {host}" if is_host else address.scheme


class AppriseTransport:
    """Sends the text of messages to addresses. None can be edited or found: an edit is another message."""

    ready: bool = True

    def __init__(self, addresses: Iterable[Address], limit: timedelta = SEND_LIMIT) -> None:
        self._addresses = {each.recipient: each for each in addresses}
        self._limit = limit
        self._taken: set[tuple[int, str]] = set()
        """The nonces that each address took: what could not be written down is not sent again."""

    def has(self, route: Route) -> bool:
        """Whether a route exists."""
        return route is Route.ADDRESS

    async def open(self, recipient: int, route: Route) -> int:  # noqa: ARG002 - the protocol's
        """Return the recipient: an address is its own channel."""
        return recipient

    async def send(
        self,
        channel_id: int,
        content: MessageContent,
        *,
        nonce: str,
        silent: bool,  # noqa: ARG002 - the protocol's
    ) -> MessageRef:
        """Send a message. After a restart a second attempt may arrive as a second message."""
        place, address = MessageRef(channel_id, 0), self._addresses.get(channel_id)
        if nonce and (channel_id, nonce) in self._taken:
            return place
        if address is None:
            raise DeliveryError(FailureKind.GONE, "no such address")
        title, text = outside_text(content)
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                is_accepted = await in_thread(lambda: address.notify(title, text))
        except TimeoutError:
            raise DeliveryError(FailureKind.WAIT, "TimeoutError") from None
        if not is_accepted:
            raise DeliveryError(FailureKind.WAIT, REFUSED)
        self._taken.add((channel_id, nonce))
        return place

    async def edit(self, place: MessageRef, content: MessageContent) -> None:
        """Send what a message shows in the end as another one."""
        await self.send(place.channel_id, content, nonce=content.fingerprint, silent=True)

    async def delete(self, place: MessageRef) -> None:
        """Leave a message where it is."""

    async def find(
        self,
        channel_id: int,  # noqa: ARG002 - the protocol's
        key: str,  # noqa: ARG002 - the protocol's
        since: datetime,  # noqa: ARG002 - the protocol's
    ) -> MessageRef | None:
        """Find nothing: the services have no history."""
        return None


async def in_thread(call: Callable[[], bool]) -> bool:
    """Return what a blocking call returns, False if it raises. A stop does not wait for its thread."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def settle(*, result: bool) -> None:
        if not done.done():
            done.set_result(result)

    def run() -> None:
        result = False
        with suppress(Exception):  # whatever a service's library raises may hold the address
            result = call()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lambda: settle(result=result))

    threading.Thread(target=run, name="alert outside of Discord", daemon=True).start()
    return await done
