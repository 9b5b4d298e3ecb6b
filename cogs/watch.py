"""The watch in Discord: runs its loops, and applies remedies from `/mjreset`, cards and alerts."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.actions.remedies import Progress, group_digest
from bot.domain.accounts import EntryState, Flag, KnownAccount
from bot.domain.actions import RemedyOutcome, RemedyResult, RemedyStage
from bot.domain.clock import utc_now
from bot.domain.incidents import Incident, open_services
from bot.domain.messages import Purpose
from bot.domain.providers import Remedy, provider_of, reference_to
from bot.interactions.buttons import ALERT, HANDLE, INCIDENT, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.incident_cards import IncidentCards
from bot.interactions.responses import AccountOption, Interaction, is_late, respond, sentence, update
from bot.providers.errors import ProviderError, Rejected
from bot.render import action_replies
from bot.render.action_replies import about
from bot.render.alert_items import NO_WORDS, known_account
from bot.render.instructions import page_line
from bot.render.message_content import MessageContent
from bot.render.remedy_words import ENABLE, RemedyWords, words_of
from bot.render.text import count
from bot.rules.recipient import incident_keys, last_sent
from bot.runtime.language import say
from bot.storage import StoreError

CONFIRMATION: Final = rf"{HANDLE}\.(?P<confirmed>[0-9a-f]+)"
GROUP: Final = r"(?P<provider>[a-z]+)(?:\.(?P<confirmed>[0-9a-f]+))?"


class Watch(commands.Cog):
    """Runs the loops of the watch and applies remedies."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._incident_service = bot.services.incident_service
        self._loops = bot.services.loops
        self._remedies = bot.services.remedies
        self._store = bot.services.store
        self._state = bot.services.incident_service.watch_state
        self._cards = IncidentCards(bot)
        self._running = AsyncExitStack()
        bot.controls.register("watch.reset", Access.OWNERS, self.ask_reset, ALERT)
        bot.controls.register("watch.confirm", Access.OWNERS, self.reset, CONFIRMATION)
        bot.controls.register("watch.all", Access.OWNERS, self.enable_all, GROUP)
        bot.controls.register("watch.notyet", Access.OWNERS, self.leave)
        bot.controls.register("watch.paused", Access.OWNERS, self.leave_paused, INCIDENT)
        bot.controls.register("account.reset", Access.OWNERS, self.ask_reset_on_card, HANDLE)

    async def cog_load(self) -> None:
        """Start the loops. They need neither a login nor the gateway."""
        await self._running.enter_async_context(self._loops.running())

    async def cog_unload(self) -> None:
        """Stop the loops, and wait until they have ended."""
        await self._running.aclose()

    @app_commands.command()
    @app_commands.describe(account="The account: pick one, or type its name or channel id")
    async def mjreset(self, interaction: Interaction, account: AccountOption) -> None:
        """Return a flagged account to work, after you acknowledged Midjourney's message in Discord."""
        await self._bot.defer_for_owner(interaction)
        await self._ask_to_confirm(interaction, await self._pollers.find(account))

    async def ask_reset_on_card(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask for a confirmation of a reset, from an account's card."""
        await self._bot.defer_for_owner(caller)
        await self._ask_to_confirm(caller, self._pollers.cache.find(press.parts["handle"]))

    async def _ask_to_confirm(self, caller: Interaction, known: KnownAccount) -> None:
        incident = self._remedies.confirmable(known.reference)
        flag = incident.flag if incident else known.account.flag
        if flag is not None:
            await respond(caller, await self._question(known, flag, incident))
        elif provider_of(known.reference) in open_services(self._state.incidents.values()):
            await respond(caller, MessageContent(about(known, action_replies.CANNOT_SEE)))
        else:
            await respond(caller, MessageContent(action_replies.nothing_to_reset(known)))

    async def ask_reset(self, caller: Interaction, press: ButtonPress) -> None:
        """Ask for a confirmation of a reset, from an alert."""
        await self._bot.defer_for_owner(caller)
        incident = await self._cards.incident(press)
        if incident is None or incident.ended or incident.flag is None:
            await self._cards.show_current(caller, press)
        else:
            known = self._cards.account(incident)
            await respond(caller, await self._question(known, incident.flag, incident))

    async def reset(self, caller: Interaction, press: ButtonPress) -> None:
        """Reset the account that was confirmed, and show the progress and the result."""
        await self._bot.defer_for_owner(caller, is_update=True)
        reference = self._pollers.cache.reference(press.parts["handle"])
        confirmed = press.parts["confirmed"]
        known, incident = (
            known_account(reference, self._cards.accounts),
            self._remedies.confirmable(reference),
        )
        flag = (incident and incident.flag) or NO_WORDS
        remedy = self._remedies.remedy_of(reference, flag)

        run = partial(self._remedies.run, reference, caller.user.id, confirmed)
        result = await self._apply(caller, words_of(remedy), provider_of(reference), known.label, run)
        if result is None:
            return
        if result.outcome is RemedyOutcome.CHANGED and result.flag is not None:
            question = await self._question(known, result.flag, result.incident)
            content = f"{say(action_replies.FLAG_CHANGED)}\n{question.content}"
            await respond(caller, replace(question, content=content))
        else:
            unseen, accounts = self._remedies.is_unseen(reference), self._cards.accounts
            answer = action_replies.remedy_result(result, known, accounts, remedy, unseen=unseen)
            alert = self._alert(caller, incident, result.incident)
            await respond(caller, action_replies.with_alert(answer, alert))

    async def enable_all(self, caller: Interaction, press: ButtonPress) -> None:
        """Enable all accounts that lost their connection together if that was confirmed, else ask."""
        provider, confirmed = press.parts["provider"], press.parts["confirmed"]
        await self._bot.defer_for_owner(caller, is_update=bool(confirmed))
        said = None
        if confirmed:
            enabled, _ = self._remedies.group(provider)
            label = count(len(enabled), "{n} account[|s]")
            run = partial(self._remedies.run_all, provider, caller.user.id, confirmed)
            result = await self._apply(caller, ENABLE, provider, label, run)
            if result is None:
                return
            said = action_replies.enable_all_result(result)
            if result.outcome is not RemedyOutcome.CHANGED:
                answer = MessageContent(said)
                await respond(caller, action_replies.with_alert(answer, self._alert(caller, *enabled)))
                return
        group, others = self._remedies.group(provider)
        accounts, left_out = map(self._cards.account, group), map(self._cards.account, others)
        argument = f"{provider}.{group_digest(group)}"
        await respond(
            caller, action_replies.enable_all_question(provider, [*accounts], [*left_out], argument, said)
        )

    async def _apply(
        self,
        caller: Interaction,
        words: RemedyWords,
        provider: str,
        label: str,
        run: Callable[[Progress], Awaitable[RemedyResult]],
    ) -> RemedyResult | None:
        """Run a remedy and show its progress. Return None after an error, which is shown instead."""

        async def show(stage: RemedyStage, wait: timedelta) -> None:
            if stage is RemedyStage.SENDING:
                self._bot.in_flight.sent()
            if not is_late(caller):  # then each step would be a message of its own
                with suppress(discord.HTTPException):
                    said = action_replies.remedy_progress(words, stage, provider, label, wait)
                    await respond(caller, MessageContent(said))

        try:
            return await run(show)
        except (ProviderError, StoreError) as error:
            page = self._pollers.web_pages.get(provider) if isinstance(error, Rejected) else None
            said = [sentence(error), page_line(reference_to(provider, ""), page)]
            await respond(caller, MessageContent("\n".join(filter(None, said))))
            return None

    async def leave(self, caller: Interaction, _press: ButtonPress) -> None:
        """Answer that nothing was sent."""
        await update(caller, MessageContent(say(action_replies.NOT_SENT)))

    async def leave_paused(self, caller: Interaction, press: ButtonPress) -> None:
        """End the incident of an account that stays disabled."""
        await self._bot.defer_for_owner(caller)
        incident = await self._cards.incident(press)
        is_paused = incident and self._cards.account(incident).account.entry is EntryState.PAUSED
        key = press.parts["incident"]
        left = await self._incident_service.leave_paused(key, caller.user.id) if is_paused else None
        said = left and about(self._cards.account(left), action_replies.LEFT_PAUSED)
        text = said or self._cards.unknown(caller)
        await respond(caller, MessageContent(text))

    async def _question(self, known: KnownAccount, flag: Flag, incident: Incident | None) -> MessageContent:
        """Return the question whether to apply the remedy, with the link that it needs, or what to do."""
        if self._remedies.remedy_of(known.reference, flag) is Remedy.GUIDE:
            return MessageContent(action_replies.guide(known, flag))
        if known.account.entry is EntryState.STARTING:
            return MessageContent(action_replies.still_starting(known, flag, self._cards.accounts))
        unseen = self._remedies.is_unseen(known.reference)
        link = await self._remedies.link(known.reference, flag)
        argument = f"{known.account.handle}.{self._remedies.digest(known.reference, flag, incident)}"
        return action_replies.confirmation(
            known, flag, incident, argument, now=utc_now(), unseen=unseen, link=link
        )

    def _alert(self, caller: Interaction, *incidents: Incident | None) -> str | None:
        """Return the address of the last message to a person about any of these; None if none stands."""
        keys = {each.key for each in incidents if each is not None}
        own = (each for each in self._state.messages.values() if each.recipient == caller.user.id)
        alerts = (each for each in own if each.message_id is not None and each.purpose is not Purpose.NOTE)
        alert = last_sent(each for each in alerts if incident_keys([each]) & keys)
        if alert is None or alert.channel_id is None or alert.message_id is None:
            return None
        return self._bot.address(alert.channel_id, alert.message_id)


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Watch(bot))
