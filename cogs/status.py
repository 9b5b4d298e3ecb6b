"""The state of the watch: `/mjstatus`, `/mjmute`, `/mjtest`, and the bot's status text."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Final

from discord import app_commands
from discord.ext import commands

from bot.domain.clock import completions, read_typed, utc_now
from bot.domain.errors import ErrorCode, UserError
from bot.domain.incidents import Incident, open_services
from bot.domain.messages import Message
from bot.domain.watch_status import WatchStatus
from bot.interactions.buttons import Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import AccountOption, Interaction, defer, defer_update, respond
from bot.interactions.watch_status import route_states, watch_status
from bot.providers.errors import ProviderError
from bot.render import hold_replies
from bot.render.message_content import MessageContent
from bot.render.presence import presence_text
from bot.render.routes import test_result
from bot.render.status_page import status_content
from bot.render.text import escape
from bot.rules.policy import LONGEST_MUTE
from bot.rules.service_incidents import severity, worst_problem_of
from bot.runtime.language import speak
from bot.runtime.supervisor import beside, supervise
from bot.storage import StoreError

ENDED_SHOWN: Final = 5
PRESENCE_EVERY: Final = timedelta(minutes=1)
"""How often the status text is checked, as nothing else changes when a mute ends."""
TEST_LIMIT_SECONDS: Final = 10
MUTE_LENGTHS: Final = ("1h", "4h", "8h", "1d", "7d", "off")
SHOWN_CHARACTERS: Final = 40
OFF: Final = frozenset({"off", "0", "none", "end"})


class Status(commands.Cog):
    """Shows the state of the watch, mutes alerts and sends test alerts."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._incident_service = bot.services.incident_service
        self._loops = bot.services.loops
        self._store = bot.services.store
        self._state = bot.services.incident_service.watch_state
        self._running = AsyncExitStack()
        bot.controls.register("status.refresh", Access.ASKER, self.refresh)

    async def cog_load(self) -> None:
        """Start updating the status text."""
        keeping = supervise(
            self.update_presence,
            name="the bot's status text",
            stop=asyncio.Event(),
            every=PRESENCE_EVERY,
            wake=self._state.changed.alarm(),
        )
        await self._running.enter_async_context(beside(keeping))

    async def cog_unload(self) -> None:
        """Stop updating the status text."""
        await self._running.aclose()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Set the status text, which a new connection does not have."""
        # discord.py connects with it as "game", a field that Discord no longer documents.
        await self.update_presence(force=True)

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Set the status text again: an update may have been lost with the connection."""
        await self.update_presence(force=True)

    async def update_presence(self, *, force: bool = False) -> None:
        """Set the bot's status text to the state of the watch."""
        incidents = self._state.incidents.values()
        service = max(
            open_services(incidents).values(), key=lambda each: severity(worst_problem_of(each)), default=None
        )
        speak(self._bot.languages.shared)
        text = presence_text(
            sum(len(each.poll_state.listed or ()) for each in self._pollers),
            incidents,
            service=service,
            providers=self._pollers.names,
            muted=any(until > utc_now() for until in self._state.mutes.values()),
            problems=self._loops.problems(),
            idle=sum(each.is_idle for each in self._pollers.cache.accounts),
        )
        await self._bot.set_status(text, force=force)

    @app_commands.command()
    @app_commands.describe(private="Show the answer to you alone")
    async def mjstatus(self, interaction: Interaction, private: bool = False) -> None:  # noqa: FBT001, FBT002 - an option of the command
        """Show whether the watch is alive, what is open, and whether alerts arrive."""
        await defer(interaction, private=private)
        await respond(interaction, status_content(await self._status(), interaction.user.id))

    @app_commands.command()
    @app_commands.describe(
        duration="For how long, like 30m, 8h or 2d; 7d at most, or off to end it",
        account="The account: pick one, or leave it out for all of them",
    )
    async def mjmute(
        self, interaction: Interaction, duration: str, account: AccountOption | None = None
    ) -> None:
        """Hold alerts for a while; blocks come through, and you get the rest when the time is over."""
        await self._bot.defer_for_owner(interaction)
        known = None if account is None else await self._pollers.find(account)
        reference = None if known is None else known.reference
        length = mute_length(duration)
        until = utc_now() + length
        if known is None and not length:
            await self._unmute_each(interaction.user.id)
        await self._incident_service.mute(reference, interaction.user.id, until)
        all_until = self._state.mutes.get(None)
        still = all_until if known and all_until and all_until > utc_now() else None
        until = max(until, still or until)
        text = hold_replies.muted(known, until) if length else hold_replies.unmuted(known, still)
        await respond(interaction, MessageContent(text))

    @mjmute.autocomplete("duration")
    async def suggest_duration(self, _interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Suggest the usual lengths that fit, and what was typed with each unit."""
        offered = [each for each in MUTE_LENGTHS if each.startswith(typed.strip().casefold())]
        return [
            app_commands.Choice(name=each, value=each)
            for each in dict.fromkeys([*offered, *completions(typed, LONGEST_MUTE)])
        ]

    @app_commands.command()
    async def mjtest(self, interaction: Interaction) -> None:
        """Send every owner and address of ALERT_URLS a marked test alert, and say whether it arrived."""
        await self._bot.defer_for_owner(interaction)
        tests = await self._incident_service.test(self._loops.outbox.routes)
        await self._wait_for(tests)
        late = sum(is_waiting(self._state.messages.get(test.key)) for test in tests)
        await respond(interaction, MessageContent(test_result(route_states(self._bot), late)))

    async def refresh(self, caller: Interaction, press: ButtonPress) -> None:
        """Show the state of the watch as it is now."""
        await defer_update(caller)
        if self._pollers.failures:
            with suppress(ProviderError):  # the status shows it
                await self._pollers.poll()
        await respond(caller, status_content(await self._status(), press.asker))

    async def _status(self) -> WatchStatus:
        ended: Sequence[Incident] = ()
        with suppress(StoreError):  # the problems name the database
            ended = await self._store.watch.ended_incidents(ENDED_SHOWN)
        return await watch_status(self._bot, ended)

    async def _unmute_each(self, owner: int) -> None:
        """End the mutes of single accounts before that of all, so that what they held is sent together."""
        now = utc_now()
        for reference, until in tuple(self._state.mutes.items()):
            if reference is not None and until > now:
                await self._incident_service.mute(reference, owner, now)

    async def _wait_for(self, tests: Iterable[Message]) -> None:
        """Wait until Discord has accepted or refused each test, for a limited time."""
        waiting = {test.key for test in tests}
        with suppress(TimeoutError):
            async with asyncio.timeout(TEST_LIMIT_SECONDS):
                while any(is_waiting(self._state.messages.get(key)) for key in waiting):
                    await self._state.changed.wait(self._state.changed.version)


def is_waiting(test: Message | None) -> bool:
    """Whether Discord has neither accepted nor refused a test yet."""
    return test is not None and test.on_its_way and test.failing_since is None


def mute_length(typed: str) -> timedelta:
    """Return how long a mute lasts. A length of zero ends it.

    Raises:
        UserError: the text is no length of time, or one that is too long.
    """
    if typed.strip().casefold() in OFF:
        return timedelta(0)
    length = read_typed(typed)
    if length is None or not timedelta(0) < length <= LONGEST_MUTE:
        raise UserError(ErrorCode.MUTE_UNREADABLE, typed=escape(typed, SHOWN_CHARACTERS))
    return length


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Status(bot))
