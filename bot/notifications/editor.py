"""Keeps the content of sent messages up to date, and deletes the empty ones."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain.incidents import Incident
from bot.domain.messages import Delivery, Message
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner
from bot.notifications import retry_policy
from bot.notifications.route_health import RetryGate
from bot.notifications.sender import Contents, as_sent
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef, Transports
from bot.rules.message_lifecycle import deleted
from bot.rules.policy import near
from bot.runtime.aside import aside

log = logging.getLogger(__name__)

EDIT_EVERY: Final = timedelta(seconds=10)
OLD: Final = timedelta(hours=1)
EDIT_OLD_EVERY: Final = timedelta(minutes=10)
"""Discord limits edits of messages older than an hour much harder (30046)."""
UNKNOWN_CHANNEL: Final = "10003"
PERMANENT: Final = frozenset({FailureKind.BROKEN, FailureKind.FORM})
"""Waiting does not help. A message whose form is refused is tried as text alone first."""
ATTEMPTS: Final = 3
TRIED_FOR: Final = timedelta(minutes=2)
"""After so many permanent failures in a row, or so long, a message is not edited any more."""
REPLACE_EVERY: Final = timedelta(minutes=10)
"""A replacement is not replaced sooner. Each change would be a new message where edits fail."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Edits and deletes messages. Each message is a task of its own."""

    watch_state: WatchState
    transports: Transports
    planner: NotificationPlanner
    contents: Contents
    unsent: set[str]
    """See `Sender.unsent`."""
    gate: RetryGate
    every: timedelta
    """The time between two edits of a message that is not old."""
    _failures: dict[str, tuple[int, datetime]] = field(default_factory=dict[str, tuple[int, datetime]])
    """How often each message failed permanently in a row, and since when. A restart may try all again."""
    _replacements: set[str] = field(default_factory=set[str])
    """The keys of the messages that this process sent to replace others."""

    async def pending(self, now: datetime) -> dict[str, datetime]:
        """Return when each message that needs an edit may be edited, ordered by that time."""
        state = self.watch_state
        changed = await aside(len(state.incidents), self._changed, state.messages, state.incidents)
        pending = {each.key: self._allowed_at(each, now) for each in changed}
        return dict(sorted(pending.items(), key=lambda item: item[1]))

    def _changed(self, messages: Mapping[str, Message], incidents: Mapping[str, Incident]) -> list[Message]:
        sent = (each for each in messages.values() if each.delivery is Delivery.SENT)
        return [each for each in sent if self._needs_edit(each, incidents)]

    def _needs_edit(self, message: Message, incidents: Mapping[str, Incident]) -> bool:
        if not message.entries or retry_policy.is_over(message, incidents, self.watch_state.warnings):
            return True
        if not message.traits.edits:
            return False
        try:
            return self.contents.of_sent(message, incidents)[0].fingerprint != message.shown
        except Exception:  # noqa: BLE001 - the edit raises it again, and holds up this message alone
            return True

    def _allowed_at(self, message: Message, now: datetime) -> datetime:
        allowed = self.gate.until(message.key, now) or now
        # Discord limits edits and not deletions.
        if message.edited_at and message.entries and not self._is_awaited(message):
            is_old = message.sent_at is None or now - message.sent_at >= OLD
            allowed = max(allowed, message.edited_at + (EDIT_OLD_EVERY if is_old else self.every))
        return now if retry_policy.is_due(allowed, now) else allowed

    def _is_awaited(self, message: Message) -> bool:
        """Whether a person did something since the last edit, and waits for its effect."""
        shown_at = message.edited_at or message.sent_at
        incidents = (self.watch_state.incidents.get(entry.incident) for entry in message.entries)
        acts = (self.watch_state.acted_at.get(each.reference or "") for each in incidents if each is not None)
        return shown_at is not None and any(at is not None and at >= shown_at for at in acts)

    async def reconcile(self, key: str) -> bool:
        """Edit or delete one message. Return whether it was there to change.

        Raises:
            DeliveryError: it must be tried again later.
        """
        message = self.watch_state.messages.get(key)
        if message is None or message.delivery is not Delivery.SENT:
            return False
        if message.channel_id is None or message.message_id is None:
            await self._put(message, delivery=Delivery.DONE)
            return True
        place = MessageRef(message.channel_id, message.message_id)
        try:
            if message.entries:
                await self._edit(message, place)
            else:
                await self.transports.of(message.route).delete(place)
                await self._put(message, delivery=Delivery.DONE)
        except DeliveryError as error:
            await self._record_failure(message, error)
        else:
            self._failures.pop(key, None)
        return True

    async def _edit(self, message: Message, place: MessageRef) -> None:
        edited_at: datetime | None = self.watch_state.now()  # later changes are not in this edit
        incidents = self.watch_state.incidents
        work = self.contents.of_sent, message, incidents
        content, language = await aside(len(message.entries), *work)
        was_over = retry_policy.is_over(message, incidents, self.watch_state.warnings)
        if content.fingerprint == message.shown:
            edited_at = message.edited_at
        else:
            if message.shown is not None:  # until the answer is there, nobody knows what it shows
                await self._put(message, shown=None)
            await self.transports.of(message.route).edit(place, as_sent(message, content))
        async with self.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key)
            if current is None or current.delivery is not Delivery.SENT:
                return
            # An incident may have come back while its end was being shown.
            is_done = was_over and retry_policy.is_over(current, transaction.incidents, transaction.warnings)
            shown = content.fingerprint
            current = replace(current, shown=shown, language=language, edited_at=edited_at, plain=False)
            transaction.put_message(replace(current, delivery=Delivery.DONE) if is_done else current)

    async def _put(self, message: Message, **changes: Any) -> None:
        async with self.watch_state.transaction() as transaction:
            transaction.put_message(replace(transaction.messages.get(message.key, message), **changes))

    async def _record_failure(self, message: Message, error: DeliveryError) -> None:
        """Finish a message that is gone or cannot be edited. Show one as text alone if its form is refused.

        Raises:
            DeliveryError: it must be tried again later.
        """
        is_gone = error.kind in (FailureKind.GONE, FailureKind.CLOSED) or error.reason == UNKNOWN_CHANNEL
        if is_gone:
            await self._put_deleted(message, error)
        elif error.kind is FailureKind.FORM and not message.plain:
            await self._put(message, plain=True)
        elif error.kind in PERMANENT and self._is_hopeless(message):
            await self._replace(message, error)
        else:
            if message.plain and error.kind is FailureKind.FORM:
                await self._put(message, plain=False)
            raise error

    def _is_hopeless(self, message: Message) -> bool:
        """Count a permanent failure, and return whether the message should not be edited any more."""
        now, known = self.watch_state.now(), self.watch_state.messages
        self._replacements.intersection_update(known)
        for key in self._failures.keys() - known.keys():
            del self._failures[key]
        count, since = self._failures.get(message.key, (0, now))
        self._failures[message.key] = count + 1, since
        is_new = message.key in self._replacements and near(message.sent_at or now, now, REPLACE_EVERY)
        return not is_new and (count + 1 >= ATTEMPTS or now - since >= TRIED_FOR)

    async def _replace(self, message: Message, error: DeliveryError) -> None:
        """Leave a message in Discord as it is, and send another in its place if one is needed."""
        now = self.watch_state.now()
        async with self.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key)
            if current is None or current.delivery is not Delivery.SENT:
                return
            stuck = replace(current, delivery=Delivery.DONE, failing_since=now, failure=error.reason)
            transaction.put_message(stuck)
            if is_replaced := retry_policy.needs_replacement(current, transaction.messages):
                replacement = retry_policy.replacement(current, self.planner.new_key(), now)
                self._replacements.add(replacement.key)
                self.unsent.add(replacement.key)
                transaction.put_message(replacement)
        log.warning(
            "a message to %s by %s cannot be changed any more (%s)%s",
            message.recipient,
            message.route,
            error.reason,
            ": it stays as it was, and is sent anew" if is_replaced else ": it stays as it was",
        )

    async def _put_deleted(self, message: Message, error: DeliveryError) -> None:
        """Finish a message that was deleted, and plan another for what it did not show.

        Raises:
            DeliveryError: no owner is known yet, so that none could be alerted of an end.
        """
        async with self.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key, message)
            done, alerts = deleted(current, transaction.incidents)
            if alerts and not self.planner.owners():
                raise error
            transaction.put_message(done)
            size = len(transaction.incidents)
            await aside(size, self.planner.plan_for, transaction, message.recipient, alerts)
