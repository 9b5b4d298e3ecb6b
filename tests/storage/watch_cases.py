"""Incidents and messages for the tests of the watch's memory."""

from dataclasses import replace
from datetime import datetime

from bot.domain.accounts import Flag
from bot.domain.incidents import Ending, Incident, Reason, ServiceProblem, State
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from tests.storage.cases import AT, CAPTCHA, FIRST, MINUTE, OWNER

KEYS = [f"{number:032x}" for number in range(100)]


def incident(number: int = 0, *, at: datetime = AT, flag: Flag = CAPTCHA) -> Incident:
    return Incident(KEYS[number], State.OPEN, at, at, FIRST.reference, flag, flag.kind)


def outage(number: int = 0, *, at: datetime = AT) -> Incident:
    return Incident(KEYS[number], State.OPEN, at, at, problem=ServiceProblem.UNREACHABLE)


def ended(incident: Incident, at: datetime) -> Incident:
    return replace(incident, state=State.ENDED, ended_at=at, ending=Ending.CLEARED)


def alert(number: int, *incidents: Incident, at: datetime = AT, recipient: int = OWNER) -> Message:
    entries = tuple(MessageItem(incident.key, Reason.OPENED) for incident in incidents)
    return Message(
        KEYS[number], recipient, Purpose.ALERT, notify=True, created_at=at, due_at=at, entries=entries
    )


def sent(message: Message, at: datetime = AT) -> Message:
    return replace(
        message,
        delivery=Delivery.SENT,
        attempts=1,
        claimed_at=at,
        channel_id=555555555555555555,
        message_id=666666666666666666,
        sent_at=at,
        shown="fingerprint",
        edited_at=at + MINUTE,
    )


def done(message: Message) -> Message:
    return replace(message, delivery=Delivery.DONE)
