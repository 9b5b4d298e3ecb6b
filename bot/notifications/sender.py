"""One attempt to send one message: claim it, send it, record where it is or why it failed."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.accounts import KnownAccount
from bot.domain.incidents import Incident
from bot.domain.measures import Measures
from bot.domain.messages import Delivery, Message, Purpose
from bot.incidents.languages import Languages
from bot.incidents.state import WatchState
from bot.incidents.transaction import NotificationPlanner, Transaction
from bot.notifications import retry_policy
from bot.notifications.route_health import RouteHealth
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef, Transports
from bot.render.alert_messages import content_of
from bot.render.message_content import MessageContent
from bot.rules.message_lifecycle import supersede, with_open_incidents
from bot.rules.recipient import notifies
from bot.runtime.aside import aside
from bot.runtime.language import spoken

log = logging.getLogger(__name__)

NOT_SENT: Final = frozenset({FailureKind.CLOSED, FailureKind.BROKEN, FailureKind.FORM, FailureKind.GONE})
"""After these failures nothing was sent. After the others it is unknown."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What messages show, each in its language."""

    watch_state: WatchState
    planner: NotificationPlanner
    accounts: Callable[[], Mapping[str, KnownAccount]]
    languages: Languages

    def of(self, message: Message, incidents: Mapping[str, Incident], language: str) -> MessageContent:
        """Return what a message shows now, in a language."""
        state = self.watch_state
        next_times = self.planner.next_notifications(
            message.recipient, state.messages.values(), incidents, state.mutes, state.now()
        )
        every, warnings = self.planner.policy.info_every, state.warnings
        with spoken(language):
            return content_of(
                message, incidents, self.accounts(), next_times, warnings=warnings, info_every=every
            )

    def of_sent(self, message: Message, incidents: Mapping[str, Incident]) -> tuple[MessageContent, str]:
        """Return what a sent message should show, and its language: the same until something changes."""
        content = self.of(message, incidents, message.language)
        language = self.languages.of(message.recipient, message.route)
        if content.fingerprint == message.shown or language == message.language:
            return content, message.language
        return self.of(message, incidents, language), language


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages. Two may be sent at once, but never the same one twice at once."""

    watch_state: WatchState
    transports: Transports
    planner: NotificationPlanner
    contents: Contents
    unsent: set[str]
    """The keys of the claimed messages that are surely not in Discord. The editor adds its replacements."""
    routes: RouteHealth
    inherited: frozenset[str]
    """The keys of the messages that existed at the start."""
    chance: Callable[[], float]
    measures: Measures

    async def attempt(self, key: str) -> bool:
        """Try once to send a message that is due. Return whether it was due."""
        claimed = await self._claim(key)
        if claimed is None:
            return False
        message, is_first = claimed
        try:
            await self._send(message, is_first=is_first)
        except DeliveryError as error:
            if is_first and error.kind in NOT_SENT:
                self.unsent.add(key)
            await self._record_failure(message, error)
        return True

    async def _claim(self, key: str) -> tuple[Message, bool] | None:
        """Return the claimed message, and whether it was surely never sent before."""
        now = self.watch_state.now()
        async with self.watch_state.transaction() as transaction:
            messages, incidents = transaction.messages, transaction.incidents
            message = messages.get(key)
            if message is None or not message.on_its_way:
                return None
            if retry_policy.ready_at(message, messages, incidents, now) > now:
                return None
            is_first = message.delivery is not Delivery.CLAIMED or key in self.unsent
            self.unsent.discard(key)
            if message.delivery is not Delivery.CLAIMED:
                whole = with_open_incidents(message, self.planner.shown_to(message.recipient, transaction))
                message = replace(self._routed(whole, now), delivery=Delivery.CLAIMED, claimed_at=now)
            language = self.contents.languages.of(message.recipient, message.route)
            claimed = replace(message, language=language)
            transaction.put_message(claimed)
        return claimed, is_first

    def _routed(self, message: Message, now: datetime) -> Message:
        """Return a message with its first route: the fallback if direct messages are refused."""
        refusal, fallback = self.routes.refusal(message.recipient, now), message.traits.fallback
        if refusal is None or message.purpose is Purpose.TEST or fallback is None:
            return message
        return replace(message, route=fallback, failure=refusal) if self.transports.has(fallback) else message

    async def _send(self, message: Message, *, is_first: bool) -> None:
        """Send a message, unless it is in Discord already or is not needed any more."""
        transport = self.transports.of(message.route)
        channel = await transport.open(message.recipient, message.route)
        is_needless = await self._is_needless(message)
        if is_needless or self._may_exist(message, is_first=is_first):
            found = await transport.find(channel, message.key, message.created_at)
            if found is not None:
                await self._record(message, found, None)
                return
        if is_needless:
            async with self.watch_state.transaction() as transaction:
                current = transaction.messages.get(message.key, message)
                transaction.put_message(replace(current, delivery=Delivery.CANCELLED))
            return
        incidents = self.watch_state.incidents
        work = self.contents.of, message, incidents, message.language
        content = await aside(len(message.entries), *work)
        is_quiet = bool(message.entries) and not notifies(message, incidents)
        silent = is_quiet or not message.notify
        outgoing = as_sent(message, content)
        place = await transport.send(channel, outgoing, nonce=message.nonce, silent=silent)
        # A second attempt may return the message of the first one, with the content of that time. An address
        # gets another one.
        is_known = is_first or not message.traits.edits
        shown = content.fingerprint if is_known else None
        await self._record(message, place, shown)

    def _may_exist(self, message: Message, *, is_first: bool) -> bool:
        """Whether a message may be in Discord already, under a nonce that Discord has forgotten."""
        if is_first:  # unless an older database was restored
            return message.key in self.inherited
        return not retry_policy.knows_nonce(message, self.watch_state.now())

    async def _is_needless(self, message: Message) -> bool:
        """Whether a message need not be sent any more.

        A copy is needless after its original has arrived, a message that is over after its copy has, and a
        message about the service after a later one.
        """
        if retry_policy.is_overtaken(message, self.watch_state.messages.values()):
            return True
        if retry_policy.is_copy(message):
            original = await self.watch_state.message(retry_policy.original_key(message))
            return original is not None and not original.on_its_way
        if not retry_policy.is_over(message, self.watch_state.incidents, self.watch_state.warnings):
            return False
        copy = await self.watch_state.message(retry_policy.copy_key(message))
        return copy is not None and retry_policy.has_arrived(copy) and not copy.is_stuck

    async def _record(self, message: Message, place: MessageRef, shown: str | None) -> None:
        now = self.watch_state.now()
        # Before the transaction wakes those who wait for a test and then read the routes.
        self.routes.worked(message.recipient, message.route, now)
        async with self.watch_state.transaction() as transaction:
            # The state drops a message that was cancelled meanwhile.
            cancelled = replace(message, delivery=Delivery.CANCELLED)
            current = transaction.messages.get(message.key, cancelled)
            arrived = retry_policy.sent(current, place, shown=shown, now=now)
            transaction.put_message(arrived)
            for changed in supersede(arrived, transaction.messages.values(), transaction.incidents):
                transaction.put_message(changed)
            size = len(transaction.incidents)
            await aside(size, self.planner.plan_for, transaction, message.recipient)
        self.measures.sent(arrived, self.watch_state.incidents)

    async def _record_failure(self, message: Message, error: DeliveryError) -> None:
        now = self.watch_state.now()
        before = self.routes.state(message.recipient, message.route)
        self.routes.failed(message.recipient, message.route, error, now)
        self.measures.failed(message.route)
        async with self.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key)
            if current is None or not current.on_its_way:
                return
            self._put_failed(transaction, current, error, now)
        if before.failure != error.reason:
            log.warning(
                "a message to %s cannot be sent by %s yet: %s", message.recipient, message.route, error.reason
            )

    def _put_failed(
        self, transaction: Transaction, message: Message, error: DeliveryError, now: datetime
    ) -> None:
        """Put the message for its next attempt, and its copy if it has failed for too long."""
        copy_key, chance = retry_policy.copy_key(message), self.chance()
        can_copy = self.transports.has(message.traits.fallback) and copy_key not in transaction.messages
        after = retry_policy.after_failure(message, error, now=now, chance=chance, other_route=can_copy)
        is_news = not retry_policy.is_over(message, transaction.incidents, transaction.warnings)
        if can_copy and is_news and retry_policy.wants_copy(after, error, now):
            self.unsent.add(copy_key)
            transaction.put_message(retry_policy.fallback_copy(after, now))
        transaction.put_message(after)


def as_sent(message: Message, content: MessageContent) -> MessageContent:
    """Return the content in the form that Discord takes: text alone if it refused another before."""
    return MessageContent(content.plain_text, mentioned=content.mentioned) if message.plain else content
