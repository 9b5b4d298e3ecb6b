"""A watch of hours and days, in which everything happens when it is due."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from bot.domain.accounts import Account
from bot.notifications.apprise_transport import Address
from bot.rules.audiences import Audience
from tests.properties.any_order.fake_discord import FakeDiscord
from tests.support.assembly import Assembly
from tests.support.clock import MINUTE, Clock


class Night(Assembly):
    """A watch whose time passes by hand, with a Discord and other recipients to tell."""

    def __init__(
        self,
        database: Path,
        clock: Clock,
        audiences: Mapping[int, Audience],
        addresses: Sequence[Address] = (),
    ) -> None:
        self.discord = FakeDiscord(clock.now, lambda _: None, lambda _: None)
        self.audiences, self.addresses = audiences, addresses
        super().__init__(database, clock, transport=self.discord)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.outbox = self.make_outbox()
        return self

    async def close(self) -> None:
        """End the process. The next one goes on with the same database."""
        await self.__aexit__()

    async def pass_time(self, length: timedelta, *shown: Account) -> None:
        """Let time pass with a poll a minute, if any accounts are shown, and everything when it is due."""
        end = self.clock.now() + length
        while True:
            await self.settle()
            left = end - self.clock.now()
            if left <= timedelta():
                return
            self.clock.advance(min(left, MINUTE))
            if shown:
                await self.see(*shown)
            await self.incident_service.tick()

    async def settle(self) -> None:
        """Send and edit what is due."""
        for _ in range(20):
            await self.outbox.begin()
            tasks = self.outbox.under_way
            if not tasks:
                return
            for task in tasks:
                await task

    @property
    def pushes(self) -> list[str]:
        """The first lines of the messages in Discord that notified."""
        return [each.content.content.partition("\n")[0] for each in self.discord.created if not each.silent]
