"""Messages that wait, fail, or cannot be changed, as `/mjstatus` lists them."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.incidents import Reason
from bot.domain.messages import Message, Purpose
from bot.domain.watch_status import WatchStatus
from bot.render.provider_words import WORDS
from bot.render.routes import failure_sentence, recipient_name
from bot.render.text import count, when
from bot.runtime.language import Counted, Sentence, say

PURPOSES: Final[Mapping[Purpose, Sentence]] = {
    Purpose.NOTE: "Note",
    Purpose.WARNING: "Warning",
    Purpose.HELLO: "Hello",
    Purpose.TEST: "Test",
}


def undelivered_lines(watch: WatchStatus) -> list[str]:
    """Return a line for each recipient whose messages fail."""
    failing: dict[int, list[Message]] = {}
    for message in watch.messages:
        if message.on_its_way and message.failing_since is not None:
            failing.setdefault(message.recipient, []).append(message)
    return [_undelivered(recipient, messages, watch) for recipient, messages in failing.items()]


def _undelivered(recipient: int, messages: Sequence[Message], watch: WatchStatus) -> str:
    since = min(each.failing_since or each.due_at for each in messages)
    return count(
        len(messages),
        "📪 **{n} message[|s] for {person} cannot be delivered**, first tried {time}. "
        "{reason} I keep trying.",
        person=recipient_name(recipient, watch.routes),
        time=when(since),
        reason=failure_sentence(messages[0].failure),
    )


def waiting_line(message: Message, watch: WatchStatus) -> str:
    """Return a message that was not sent yet, with what it waits for."""
    person, time = recipient_name(message.recipient, watch.routes), when(message.due_at, "T")
    state = say("going out now")
    if message.failing_since is not None:
        failure = failure_sentence(message.failure)
        sentence: Counted = "tried {n} time[|s], next at {time}. {reason}"
        state = count(message.attempts, sentence, time=time, reason=failure)
    elif message.due_at > watch.now:
        state = say("waits until {time}, because they were notified less than 5 min ago", time=time)
    return say("{message} for {person}: {state}", message=_what(message, watch), person=person, state=state)


def stuck_line(message: Message, watch: WatchStatus) -> str:
    """Return a message that Discord refuses to change, with what is out of date."""
    link = f"https://discord.com/channels/@me/{message.channel_id}/{message.message_id}"
    place = f"[{say('direct message')}]({link})"
    if message.traits.mentions:
        place = say("in {channel}", channel=f"<#{message.channel_id}>")
    parts = [
        say("{message} for {person}", message=_what(message, watch), person=f"<@{message.recipient}>"),
        place,
        say("out of date since {time}", time=when(message.failing_since or watch.now)),
    ]
    if message.purpose is not Purpose.NOTE:
        parts.append(say("a newer message says what it is about"))
    return " · ".join([*parts, failure_sentence(message.failure)])


def _what(message: Message, watch: WatchStatus) -> str:
    match message.purpose:
        case Purpose.ALERT:
            reasons = {entry.reason for entry in message.entries} - {None}
            if reasons and reasons <= {Reason.REMINDER, Reason.ASSIGNEE_CHECK}:
                return count(len(message.entries), "Reminder about {n} account[|s]")
            return count(len(message.entries), "Alert about {n} account[|s]")
        case Purpose.SERVICE:
            scopes = {each.scope for each in watch.incidents if message.holds(each.key)}
            named = {WORDS[each].put_into("Alert about {api}") for each in scopes}
            return named.pop() if len(named) == 1 else say("Alert about the API")
        case purpose:
            return say(PURPOSES[purpose])
