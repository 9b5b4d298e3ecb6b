"""One try to send one message: claim it, send it, write down where it stands or why it does not."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.messages import Delivery, Message, Purpose, Route
from bot.incidents.planner import NotificationPlanner
from bot.incidents.state import Transaction, WatchState
from bot.notifications import retry_policy
from bot.notifications.content import ContentBuilder
from bot.notifications.route_health import RouteHealth
from bot.notifications.transport import DeliveryError, FailureKind, MessageRef, MessageTransport
from bot.rules.message_lifecycle import supersede, with_open_incidents
from bot.runtime.failpoints import FailPoint

log = logging.getLogger(__name__)

REFUSED: Final = frozenset({FailureKind.CLOSED, FailureKind.BROKEN, FailureKind.FORM, FailureKind.GONE})
"""What surely sent nothing."""


@dataclass(frozen=True, slots=True)
class OutboxContext:
    """What sender and editor share: what happens outside, and what decides when."""

    watch_state: WatchState
    post: MessageTransport
    content: ContentBuilder
    routes: RouteHealth
    teller: NotificationPlanner
    inherited: frozenset[str]
    """The messages that were there at the start, by key."""
    untried: set[str]
    """The messages that are claimed, and surely not in Discord under any nonce, by key."""
    now: Callable[[], datetime]
    chance: Callable[[], float]
    at: Callable[[FailPoint], None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send."""

    message: Message
    is_first: bool
    """It was never sent, as far as this process or its database knows."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """Where a message stands, and what it shows as far as that is known."""

    place: MessageRef
    shown: str | None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages, each by itself: two may be under way at once, the same one never."""

    around: OutboxContext

    async def attempt(self, key: str) -> bool:
        """Try once to send a message that is due; tell whether there was anything to do."""
        self.around.at(FailPoint.CLAIMING)
        claim = await self._claim(key)
        if claim is None:
            return False
        self.around.at(FailPoint.CLAIMED)
        try:
            arrival = await self._send(claim)
        except DeliveryError as error:
            if claim.is_first and error.kind in REFUSED:
                self.around.untried.add(key)
            await self._note_refusal(claim.message, error)
            return True
        await self._record(claim.message, arrival)
        return True

    async def _claim(self, key: str) -> Claim | None:
        now = self.around.now()
        async with self.around.watch_state.transaction() as transaction:
            message = transaction.messages.get(key)
            if (
                message is None
                or not message.on_its_way
                or retry_policy.ready_at(message, transaction, now) > now
            ):
                return None
            if message.delivery is Delivery.CLAIMED:
                return Claim(message, is_first=self._is_untried(key))
            whole = with_open_incidents(message, transaction.incidents)
            claimed = replace(self._routed(whole, now), delivery=Delivery.CLAIMED, claimed_at=now)
            transaction.put_message(claimed)
        return Claim(claimed, is_first=True)

    def _is_untried(self, key: str) -> bool:
        """Return, once, whether a claimed message was surely never sent."""
        try:
            self.around.untried.remove(key)
        except KeyError:
            return False
        return True

    def _routed(self, message: Message, now: datetime) -> Message:
        """Return a message with the route to begin with: not one known to be refused, if there is another."""
        refusal = self.around.routes.refusal(message.recipient, now)
        if refusal is None or message.purpose is Purpose.TEST or not self.around.post.has(Route.CHANNEL):
            return message
        return replace(message, route=Route.CHANNEL, failure=refusal)

    async def _send(self, claim: Claim) -> SendResult | None:
        """Return where the message stands; None for a copy that is not needed any more."""
        message, around = claim.message, self.around
        channel = await around.post.open(message.recipient, message.route)
        around.at(FailPoint.OPENED)
        is_superfluous = await self._is_superfluous(message)
        if is_superfluous or self._is_doubtful(claim):
            found = await around.post.find(channel, message.key, message.created_at)
            if found is not None:
                return SendResult(found, None)
        if is_superfluous:
            return None
        look = around.content.look(message)
        silent = not message.notify or retry_policy.is_over(message, around.watch_state.incidents)
        outgoing = around.content.outgoing(message, look)
        place = await around.post.send(channel, outgoing, nonce=message.nonce, silent=silent)
        around.at(FailPoint.SENT)
        # A second try may give back what the first one made, with the look of that time.
        return SendResult(place, look.fingerprint if claim.is_first else None)

    def _is_doubtful(self, claim: Claim) -> bool:
        """Whether a message may stand in Discord already, under a nonce that is forgotten there."""
        if claim.is_first:  # unless the database is an older one, put back
            return claim.message.key in self.around.inherited
        return retry_policy.is_doubtful(claim.message, self.around.now())

    async def _is_superfluous(self, message: Message) -> bool:
        """Whether the same arrived by another route, which memory may have forgotten by now.

        A copy is not needed once its original is there. Of what is over, one message is enough, too. What
        failed until the trouble became worse is told by the message about that.
        """
        watch_state = self.around.watch_state
        if retry_policy.is_overtaken(message, watch_state.messages.values()):
            return True
        if retry_policy.is_copy(message):
            original = await watch_state.message(retry_policy.original_key(message))
            return original is not None and not original.on_its_way
        if not retry_policy.is_over(message, watch_state.incidents):
            return False
        copy = await watch_state.message(retry_policy.copy_key(message))
        has_arrived = copy is not None and copy.delivery in (Delivery.SENT, Delivery.DONE)
        return copy is not None and has_arrived and not copy.is_stuck

    async def _record(self, message: Message, arrival: SendResult | None) -> None:
        now = self.around.now()
        if arrival is not None:
            # Before the state tells anyone: who waits for a test reads the routes right then.
            self.around.routes.worked(message.recipient, message.route, now)
        async with self.around.watch_state.transaction() as transaction:
            # The state lets go of what was cancelled meanwhile.
            cancelled = replace(message, delivery=Delivery.CANCELLED)
            current = transaction.messages.get(message.key, cancelled)
            if arrival is None:
                transaction.put_message(replace(current, delivery=Delivery.CANCELLED))
                return
            arrived = retry_policy.sent(current, arrival.place, shown=arrival.shown, now=now)
            transaction.put_message(arrived)
            for changed in supersede(arrived, transaction.messages.values(), transaction.incidents):
                transaction.put_message(changed)
            self.around.teller.plan_for(transaction, message.recipient)
        self.around.at(FailPoint.RECORDED)

    async def _note_refusal(self, message: Message, error: DeliveryError) -> None:
        now, known = self.around.now(), self.around.routes.state(message.recipient, message.route)
        self.around.routes.failed(message.recipient, message.route, error, now)
        async with self.around.watch_state.transaction() as transaction:
            current = transaction.messages.get(message.key)
            if current is None or not current.on_its_way:
                return
            transaction.put_message(self._refused(transaction, current, error, now))
        self.around.at(FailPoint.REFUSED)
        if known.failure != error.reason:
            log.warning(
                "a message to %s cannot be sent by %s yet: %s",
                message.recipient,
                message.route,
                error.reason,
            )

    def _refused(
        self, transaction: Transaction, message: Message, error: DeliveryError, now: datetime
    ) -> Message:
        """Return the message as it goes on, after putting its copy beside it if it has waited too long."""
        second = self.around.post.has(Route.CHANNEL)
        has_copy = retry_policy.copy_key(message) in transaction.messages
        after = retry_policy.after_failure(
            message,
            error,
            now=now,
            chance=self.around.chance(),
            other_route=second and not has_copy,
        )
        is_news = not retry_policy.is_over(message, transaction.incidents)
        helps = error.kind is FailureKind.WAIT
        if second and helps and not has_copy and is_news and retry_policy.wants_copy(after, now):
            self.around.untried.add(retry_policy.copy_key(after))
            transaction.put_message(retry_policy.fallback_copy(after, now))
        return after
