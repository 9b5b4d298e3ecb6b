"""The watch in Discord: runs its loops, and answers `/mjreset` and the buttons of alerts."""

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
from bot.domain.accounts import Accounts, EntryState, Flag, KnownAccount
from bot.domain.actions import RemedyOutcome, RemedyResult, RemedyStage
from bot.domain.clock import utc_now
from bot.domain.incidents import Incident, open_services
from bot.domain.providers import Remedy, provider_of, reference_to
from bot.interactions.buttons import HANDLE, INCIDENT, MESSAGE, PAGE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import (
    AccountOption,
    Interaction,
    channels_in,
    defer,
    defer_update,
    is_late,
    respond,
    respond_private,
    sentence,
    update,
)
from bot.providers.errors import ProviderError, Rejected
from bot.render import action_replies
from bot.render.account_history import ACTIONS_SHOWN
from bot.render.action_replies import about
from bot.render.alert_items import NO_WORDS, known_account
from bot.render.alert_messages import content_of, opened_card
from bot.render.instructions import page_line
from bot.render.message_content import MessageContent
from bot.render.remedy_words import ENABLE_ALL, RemedyWords, words_of
from bot.render.text import count
from bot.rules.policy import ASSIGNED_FOR
from bot.rules.recipient import quiet_until
from bot.storage import StoreError

ALERT: Final = rf"{INCIDENT}\.{MESSAGE}"
SNOOZE: Final = rf"{ALERT}(?:\.(?P<hours>[0-9]{{1,6}}))?"
CONFIRMATION: Final = rf"{HANDLE}\.(?P<confirmed>[0-9a-f]+)"
GROUP: Final = r"(?P<provider>[a-z]+)(?:\.(?P<confirmed>[0-9a-f]+))?"


class Watch(commands.Cog):
    """Runs the loops of the watch, applies remedies and answers the buttons of alerts."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._pollers = bot.services.pollers
        self._incident_service = bot.services.incident_service
        self._loops = bot.services.loops
        self._remedies = bot.services.remedies
        self._store = bot.services.store
        self._state = bot.services.incident_service.watch_state
        self._running = AsyncExitStack()
        bot.controls.register("watch.reset", Access.OWNERS, self.ask_reset, ALERT)
        bot.controls.register("watch.confirm", Access.OWNERS, self.reset, CONFIRMATION)
        bot.controls.register("watch.all", Access.OWNERS, self.enable_all, GROUP)
        bot.controls.register("watch.notyet", Access.OWNERS, self.leave)
        bot.controls.register("watch.paused", Access.OWNERS, self.leave_paused, INCIDENT)
        bot.controls.register("watch.mine", Access.OWNERS, self.assign, ALERT)
        bot.controls.register("watch.snooze", Access.OWNERS, self.snooze, SNOOZE)
        bot.controls.register("watch.open", Access.OWNERS, self.open, MESSAGE)
        bot.controls.register("watch.page", Access.OWNERS, self.turn_page, rf"{MESSAGE}\.{PAGE}")
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
        incident = await self._incident(press)
        if incident is None or incident.ended or incident.flag is None:
            await self._show_current(caller, press)
        else:
            await respond(caller, await self._question(self._account(incident), incident.flag, incident))

    async def reset(self, caller: Interaction, press: ButtonPress) -> None:
        """Reset the account that was confirmed, and show the progress and the result."""
        await self._bot.defer_for_owner(caller, is_update=True)
        reference = self._pollers.cache.reference(press.parts["handle"])
        confirmed = press.parts["confirmed"]
        known, incident = known_account(reference, self._accounts()), self._remedies.confirmable(reference)
        flag = (incident and incident.flag) or NO_WORDS
        remedy = self._remedies.remedy_of(reference, flag)

        run = partial(self._remedies.run, reference, caller.user.id, confirmed)
        result = await self._apply(caller, words_of(remedy), provider_of(reference), known.label, run)
        if result is None:
            return
        if result.outcome is RemedyOutcome.CHANGED and result.flag is not None:
            question = await self._question(known, result.flag, result.incident)
            content = f"{action_replies.FLAG_CHANGED}\n{question.content}"
            await respond(caller, replace(question, content=content))
        else:
            unseen = self._remedies.is_unseen(reference)
            await respond(
                caller, action_replies.remedy_result(result, known, self._accounts(), remedy, unseen=unseen)
            )

    async def enable_all(self, caller: Interaction, press: ButtonPress) -> None:
        """Enable all accounts that lost their connection together if that was confirmed, else ask."""
        provider, confirmed = press.parts["provider"], press.parts["confirmed"]
        await self._bot.defer_for_owner(caller, is_update=bool(confirmed))
        said = None
        if confirmed:
            label = count(len(self._remedies.group(provider)[0]), "account")
            run = partial(self._remedies.run_all, provider, caller.user.id, confirmed)
            result = await self._apply(caller, ENABLE_ALL, provider, label, run)
            if result is None:
                return
            said = action_replies.enable_all_result(result)
            if result.outcome is not RemedyOutcome.CHANGED:
                await respond(caller, MessageContent(said))
                return
        group, others = self._remedies.group(provider)
        accounts, left_out = list(map(self._account, group)), list(map(self._account, others))
        argument = f"{provider}.{group_digest(group)}"
        await respond(
            caller, action_replies.enable_all_question(provider, accounts, left_out, argument, said)
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
        await update(caller, MessageContent(action_replies.NOT_SENT))

    async def leave_paused(self, caller: Interaction, press: ButtonPress) -> None:
        """End the incident of an account that stays disabled."""
        await self._bot.defer_for_owner(caller)
        incident = await self._incident(press)
        is_paused = incident is not None and self._account(incident).account.entry is EntryState.PAUSED
        key = press.parts["incident"]
        left = await self._incident_service.leave_paused(key, caller.user.id) if is_paused else None
        text = about(self._account(left), action_replies.LEFT_PAUSED) if left else self._unknown(caller)
        await respond(caller, MessageContent(text))

    async def assign(self, caller: Interaction, press: ButtonPress) -> None:
        """Assign the incident to the owner. The message of every owner shows it."""
        await self._bot.defer_for_owner(caller)
        incident = await self._incident_service.assign(press.parts["incident"], caller.user.id)
        if incident is None or incident.assigned_at is None:
            await self._show_current(caller, press)
        else:
            until = incident.assigned_at + ASSIGNED_FOR
            await respond(caller, MessageContent(action_replies.assigned(self._account(incident), until)))

    async def snooze(self, caller: Interaction, press: ButtonPress) -> None:
        """Hold the reminders of an incident for some hours. If none are chosen yet, ask for how many."""
        await self._bot.defer_for_owner(caller)
        key, hours = press.parts["incident"], press.parts["hours"]
        if hours:
            incident = await self._incident_service.snooze(key, caller.user.id, timedelta(hours=int(hours)))
        else:
            incident = await self._state.incident(key)
        if incident is None or incident.ended:
            await self._show_current(caller, press)
            return
        account, until = self._account(incident), incident.snoozed_until
        if hours and until is not None:
            until = quiet_until(incident, self._state.mutes) or until
            await respond(caller, MessageContent(action_replies.snoozed(account, until)))
        else:
            message, is_assigned = press.parts["message"], incident.assigned_at is not None
            choice = action_replies.snooze_choice(account, key, message, is_assigned=is_assigned)
            await respond(caller, choice)

    async def open(self, caller: Interaction, press: ButtonPress) -> None:
        """Show the card of an account that was picked from a digest."""
        await defer(caller, private=True)
        await self._show_card(caller, await self._state.incident(press.chosen), press)

    async def turn_page(self, caller: Interaction, press: ButtonPress) -> None:
        """Show another page of a digest. Which page a message shows is not stored."""
        key, page = press.parts["message"], int(press.parts["page"])
        message, incidents, show = self._state.messages.get(key), self._state.incidents, update
        if message is None or any(entry.incident not in incidents for entry in message.entries):
            await defer_update(caller)
            message, show = await self._state.message(key), respond
            found = [await self._state.incident(each.incident) for each in message.entries] if message else []
            incidents = {**incidents, **{each.key: each for each in found if each}}
        if message is None:
            await respond_private(caller, MessageContent(self._unknown(caller)))
        else:
            await show(caller, content_of(message, incidents, self._accounts(), page=page))

    async def _show_current(self, caller: Interaction, press: ButtonPress) -> None:
        """Show how the account is now, as the incident of the button is over or not known."""
        incident = await self._incident(press)
        current = incident and self._remedies.incident_of(incident.reference or "")
        await self._show_card(caller, current or incident, press)

    async def _show_card(self, caller: Interaction, incident: Incident | None, press: ButtonPress) -> None:
        """Show the card of an incident in a message of its own."""
        if incident is None or incident.reference is None:
            await respond(caller, MessageContent(self._unknown(caller)))
            return
        actions = await self._store.actions(incident.reference, ACTIONS_SHOWN)
        message, incidents = press.parts["message"], self._state.incidents
        card = opened_card(incident, message, incidents, self._accounts(), now=utc_now(), actions=actions)
        await respond(caller, card)

    def _unknown(self, caller: Interaction) -> str:
        """Return the state of the account that the message links to, or of all if it is not exactly one."""
        accounts = self._accounts()
        linked = channels_in(caller.message) & accounts.keys() if caller.message else set[str]()
        return action_replies.unknown(
            accounts[linked.pop()] if len(linked) == 1 else None, self._pollers.cache.accounts
        )

    async def _question(self, known: KnownAccount, flag: Flag, incident: Incident | None) -> MessageContent:
        """Return the question whether to apply the remedy, with the link that it needs, or what to do."""
        if self._remedies.remedy_of(known.reference, flag) is Remedy.GUIDE:
            return MessageContent(action_replies.guide(known, flag))
        if known.account.entry is EntryState.STARTING:
            return MessageContent(action_replies.still_starting(known, flag, self._accounts()))
        unseen = self._remedies.is_unseen(known.reference)
        link = await self._remedies.link(known.reference, flag)
        argument = f"{known.account.handle}.{self._remedies.digest(known.reference, flag, incident)}"
        return action_replies.confirmation(
            known, flag, incident, argument, now=utc_now(), unseen=unseen, link=link
        )

    async def _incident(self, press: ButtonPress) -> Incident | None:
        return await self._state.incident(press.parts["incident"])

    def _account(self, incident: Incident) -> KnownAccount:
        return known_account(incident.reference or "", self._accounts())

    def _accounts(self) -> Accounts:
        return self._pollers.cache.with_unlisted


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Watch(bot))
