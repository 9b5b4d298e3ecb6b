"""The buttons of alerts that send nothing to a provider: "I'm on it", Snooze, and those of a digest."""

from datetime import timedelta
from typing import Final

from discord.ext import commands

from bot.domain.incidents import Incident
from bot.interactions.buttons import ALERT, MESSAGE, PAGE, Access, ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.incident_cards import IncidentCards
from bot.interactions.responses import (
    Interaction,
    defer,
    defer_update,
    respond,
    respond_private,
    speak_to,
    update,
)
from bot.render import hold_replies
from bot.render.alert_messages import content_of
from bot.render.message_content import MessageContent
from bot.runtime.language import say, speak

HOURS: Final = r"(?:\.(?P<hours>[0-9]{1,6}))?"


class Alerts(commands.Cog):
    """Assigns and snoozes the incidents of alerts, one or all of a message, and pages through digests."""

    def __init__(self, bot: Midwatch) -> None:
        self._bot = bot
        self._service = bot.services.incident_service
        self._state = bot.services.incident_service.watch_state
        self._cards = IncidentCards(bot)
        bot.controls.register("watch.mine", Access.OWNERS, self.assign, ALERT)
        bot.controls.register("watch.mineall", Access.OWNERS, self.assign, MESSAGE)
        bot.controls.register("watch.snooze", Access.OWNERS, self.snooze, f"{ALERT}{HOURS}")
        bot.controls.register("watch.snoozeall", Access.OWNERS, self.snooze, f"{MESSAGE}{HOURS}")
        bot.controls.register("watch.open", Access.OWNERS, self.open, MESSAGE)
        bot.controls.register("watch.page", Access.OWNERS, self.turn_page, rf"{MESSAGE}\.{PAGE}")

    async def assign(self, caller: Interaction, press: ButtonPress) -> None:
        """Assign the incident, or all of the message, to the owner. The message of every owner shows it."""
        await self._bot.defer_for_owner(caller)
        keys = await self._keys(press)
        taken = await self._service.assign(keys, caller.user.id)
        await self._confirm(caller, press, taken, len(keys))

    async def snooze(self, caller: Interaction, press: ButtonPress) -> None:
        """Hold the reminders of the incident, or of all, for some hours. If none are chosen yet, ask."""
        await self._bot.defer_for_owner(caller)
        keys, hours = await self._keys(press), press.parts["hours"]
        if hours:
            taken = await self._service.snooze(keys, caller.user.id, timedelta(hours=int(hours)))
            await self._confirm(caller, press, taken, len(keys))
            return
        known = [self._state.incidents[key] for key in keys if key in self._state.incidents]
        if not (open_ones := [each for each in known if not each.ended]):
            await self._show_over(caller, press)
            return
        single, accounts = press.parts.get("incident"), list(map(self._cards.account, open_ones))
        verb, argument = ("watch.snooze", f"{single}.") if single else ("watch.snoozeall", "")
        is_assigned = any(each.assigned_at for each in open_ones)
        argument += press.parts["message"]
        choice = hold_replies.snooze_choice(accounts, verb, argument, is_assigned=is_assigned)
        await respond(caller, choice)

    async def open(self, caller: Interaction, press: ButtonPress) -> None:
        """Show the card of an account that was picked from a digest."""
        await defer(caller, private=True)
        await self._cards.show(caller, await self._state.incident(press.chosen), press)

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
            speak_to(caller, private=True)
            await respond_private(caller, MessageContent(self._cards.unknown(caller)))
        else:
            speak(message.language)
            next_times = await self._service.next_notifications([message.recipient])
            await show(caller, content_of(message, incidents, self._cards.accounts, next_times, page=page))

    async def _keys(self, press: ButtonPress) -> list[str]:
        """Return the incident of a button, or all of its message."""
        if key := press.parts.get("incident"):
            return [key]
        message = await self._state.message(press.parts["message"])
        return [entry.incident for entry in message.entries] if message else []

    async def _confirm(
        self, caller: Interaction, press: ButtonPress, taken: list[Incident], number: int
    ) -> None:
        """Answer what was assigned or snoozed, of how many, and when the person is next notified of it."""
        next_times = await self._service.next_notifications([caller.user.id])
        times = [next_times[each.key] for each in taken if each.key in next_times]
        if not times:
            await self._show_over(caller, press)
            return
        said = hold_replies.snoozed if press.parts.get("hours") else hold_replies.assigned
        accounts = list(map(self._cards.account, taken))
        await respond(caller, MessageContent(said(accounts, times, number - len(taken))))

    async def _show_over(self, caller: Interaction, press: ButtonPress) -> None:
        """Show how the account is now, or that nothing of the message is open."""
        if "incident" in press.parts:
            await self._cards.show_current(caller, press)
        else:
            await respond(caller, MessageContent(say(hold_replies.NOTHING_OPEN)))


async def setup(bot: Midwatch) -> None:
    """Add the cog."""
    await bot.add_cog(Alerts(bot))
