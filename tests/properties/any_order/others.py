"""Who is told besides the owners: a second owner, and two addresses outside of Discord."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from bot.domain.incidents import NEWS, Reason
from bot.domain.messages import Message, Purpose, Route
from bot.notifications.apprise_transport import Address, AppriseTransport
from bot.notifications.retry_policy import is_copy
from bot.notifications.transport import MessageRef
from bot.render.message_content import MessageContent
from bot.rules.audiences import Audience
from tests.properties.any_order.truth import MINUTE, Case

CARA: Final = 1003
SPARE, ALWAYS = -1, -2
"""The address for what Discord does not accept, and the one for all."""
AUDIENCES: Final = {
    CARA: Audience.ESCALATED,
    SPARE: Audience.UNACCEPTED,
    ALWAYS: Audience.ALL_PUSHES,
}
ESCALATE_AFTER: Final = 30 * MINUTE
ACCEPTED_WITHIN: Final = 2 * MINUTE
BIRTHS: Final = frozenset({Reason.OPENED, Reason.RECURRING})

Took = Callable[[int, str, bool], None]


class Outside(AppriseTransport):
    """The addresses of one process.

    `took` is called as each is sent a message, with its nonce, and again once the address took it.
    """

    def __init__(self, down: Collection[int], took: Took) -> None:
        self._count = Counter[int]()
        self._down, self._took = down, took
        super().__init__([self._address(each) for each in (SPARE, ALWAYS)])

    def _address(self, number: int) -> Address:
        def notify(title: str, text: str) -> bool:
            assert title
            assert text
            if number in self._down:
                return False
            self._count[number] += 1
            return True

        return Address(number, str(number), notify)

    async def send(self, channel_id: int, content: MessageContent, *, nonce: str, silent: bool) -> MessageRef:
        before = self._count[channel_id]
        self._took(channel_id, nonce, False)  # noqa: FBT003 - a callback
        place = await super().send(channel_id, content, nonce=nonce, silent=silent)
        if self._count[channel_id] != before:
            self._took(channel_id, nonce, True)  # noqa: FBT003 - a callback
        return place


def claimed_late(row: Message) -> bool:
    """Whether a message waited before it was sent, as for another one or for the database."""
    return row.claimed_at is None or row.claimed_at - row.created_at >= MINUTE


@dataclass
class Others:
    """What each of them was told."""

    rows: Callable[[], Iterable[Message]]
    lives: Callable[[], int]
    owners: Collection[int]
    taken: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])
    """In which life of the process each address took a message last, by its nonce."""
    tried: set[str] = field(default_factory=set[str])
    """The nonces of the rows that an address was sent, be it in vain."""
    told: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    """How often each was told that an incident opened."""
    shown: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])

    def take(self, address: int, nonce: str, is_taken: bool) -> None:  # noqa: FBT001 - a callback
        """Check what an address is sent: a row of the outbox, or the end of one it took."""
        if is_taken:
            assert self.taken.get((address, nonce)) != self.lives(), "sent twice to an address"
            self.taken[address, nonce] = self.lives()
        row = next((each for each in self.rows() if each.nonce == nonce), None)
        if row is None or nonce in self.tried:
            return
        self.tried.add(nonce)
        assert row.notify, "what is silent in Discord was sent to an address"
        for entry in row.entries:
            is_known = (address, entry.incident) in self.shown
            if address == SPARE and not is_known:
                assert entry.reason in {None, *NEWS}, "it followed nothing"
                assert self.may_be_unaccepted(entry.incident, row), "Discord had accepted it"
        self.arrive(row)

    def may_be_unaccepted(self, incident: str, told: Message) -> bool:
        """Whether a push about an incident had not been accepted in time, for all that is still known."""
        pushes = [
            each
            for each in self.rows()
            if each.route is not Route.ADDRESS
            and each.notify
            and any(entry.incident == incident and entry.reason in NEWS for entry in each.entries)
        ]
        for each in pushes:
            claimed_at = told.claimed_at or told.due_at
            times = [claimed_at, *([each.sent_at] if each.sent_at is not None else [])]
            if all(at - each.created_at >= ACCEPTED_WITHIN for at in times):
                return True
        # A copy is another row than the push that was late, and what waited long may be told of what is over.
        is_unclear = any(is_copy(each) for each in pushes) or claimed_late(told)
        return not pushes or is_unclear or (not self.owners and all(each.sent_at is None for each in pushes))

    def arrive(self, row: Message) -> None:
        """Count what a message tells."""
        for entry in row.entries:
            mark = row.recipient, entry.incident
            self.shown.add(mark)
            self.told[mark] += entry.reason in BIRTHS
            assert self.told[mark] <= 1, "told twice that it opened"

    def wake_second(self, row: Message, cases: Iterable[Case]) -> None:
        """Check a push to the second owner."""
        reasons = {entry.reason for entry in row.entries} - {None}
        assert reasons != {Reason.REMINDER}, "the second owner was reminded"
        born = {case.key: case.born for case in cases}
        for entry in row.entries:
            if entry.reason in BIRTHS and entry.incident in born and row.claimed_at is not None:
                assert row.claimed_at - born[entry.incident] >= ESCALATE_AFTER, (
                    "too soon for the second owner"
                )
        self.arrive(row)

    def check_late(self, cases: Iterable[Case], is_muted: Callable[[str], bool]) -> None:
        """Check that what Discord has not accepted for an hour and more is told."""
        quiet = {case.key for case in cases if case.end is not None or is_muted(case.channel)}
        for row in self.rows():
            is_push = row.notify and row.on_its_way and row.purpose in (Purpose.ALERT, Purpose.SERVICE)
            if row.route is Route.ADDRESS or not is_push:
                continue
            for entry in row.entries:
                if entry.reason in NEWS and entry.incident not in quiet:
                    assert (SPARE, entry.incident) in self.shown, f"nobody was told: {row}"
