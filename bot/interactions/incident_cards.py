"""Shows the cards of incidents in answer to the buttons of alerts."""

from bot.domain.accounts import Accounts, KnownAccount
from bot.domain.clock import utc_now
from bot.domain.incidents import Incident
from bot.interactions.buttons import ButtonPress
from bot.interactions.client import Midwatch
from bot.interactions.responses import Interaction, channels_in, respond
from bot.render import action_replies
from bot.render.account_history import ACTIONS_SHOWN
from bot.render.alert_items import known_account
from bot.render.alert_messages import opened_card
from bot.render.message_content import MessageContent


class IncidentCards:
    """The cards of incidents, each in a message of its own."""

    def __init__(self, bot: Midwatch) -> None:
        self._service = bot.services.incident_service
        self._cache = bot.services.pollers.cache
        self._store = bot.services.store

    @property
    def accounts(self) -> Accounts:
        """All accounts that an alert may name, by reference."""
        return self._cache.with_unlisted

    def account(self, incident: Incident) -> KnownAccount:
        """Return the account of an incident."""
        return known_account(incident.reference or "", self.accounts)

    async def incident(self, press: ButtonPress) -> Incident | None:
        """Return the incident that a button is about, however long ago it ended."""
        return await self._service.watch_state.incident(press.parts["incident"])

    async def show_current(self, caller: Interaction, press: ButtonPress) -> None:
        """Show how the account is now, as the incident of the button is over or not known."""
        incident = await self.incident(press)
        current = self._service.watch_state.open_incidents.get(incident.reference or "") if incident else None
        await self.show(caller, current or incident, press)

    async def show(self, caller: Interaction, incident: Incident | None, press: ButtonPress) -> None:
        """Show the card of an incident."""
        if incident is None or incident.reference is None:
            await respond(caller, MessageContent(self.unknown(caller)))
            return
        actions = await self._store.actions(incident.reference, ACTIONS_SHOWN)
        message, incidents = press.parts["message"], self._service.watch_state.incidents
        next_times = await self._service.next_notifications([caller.user.id])
        await respond(
            caller,
            opened_card(
                incident, message, incidents, self.accounts, next_times, now=utc_now(), actions=actions
            ),
        )

    def unknown(self, caller: Interaction) -> str:
        """Return the state of the account that the message links to, or of all if it is not exactly one."""
        accounts = self.accounts
        linked = channels_in(caller.message) & accounts.keys() if caller.message else set[str]()
        return action_replies.unknown(
            accounts[linked.pop()] if len(linked) == 1 else None, self._cache.accounts
        )
