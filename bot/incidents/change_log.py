"""Log what a transaction changed, once it is committed: one line a change, without Midjourney's texts."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from bot.domain.actions import Action
from bot.domain.incidents import DISABLED, Ending, Incident
from bot.domain.messages import Delivery, Message, reference
from bot.render.provider_words import titles
from bot.render.text import span
from bot.runtime.language import ENGLISH, spoken
from bot.runtime.log_setup import log_fact

log = logging.getLogger(__name__)

ACTIONS: Final[Mapping[str, str]] = {
    "reset": "reset of %(account)s by %(person)s: %(outcome)s",
    "enable": "enabling of %(account)s by %(person)s: %(outcome)s",
    "captcha": "solved CAPTCHA of %(account)s, by %(person)s: %(outcome)s",
    "save": "adding or updating %(account)s, by %(person)s: %(outcome)s",
    "remove": "removal of %(account)s by %(person)s: %(outcome)s",
    "assign": "assignment of %(account)s to %(person)s: %(outcome)s",
    "snooze": "snooze of %(account)s by %(person)s: %(outcome)s",
    "mute": "mute of %(account)s by %(person)s: %(outcome)s",
    "unmute": "end of the mute of %(account)s by %(person)s: %(outcome)s",
}
CLEAR: Final = "account %(account)s is clear (%(ending)s), %(lasted)s after it was flagged"
DISABLED_NOW: Final = "account %(account)s stays disabled (%(ending)s), %(lasted)s after it was flagged"
OTHER_ACTION: Final = "%(verb)s of %(account)s by %(person)s: %(outcome)s"
NO_CHANNEL: Final[Mapping[str, str]] = {
    "save": "an account",
    "mute": "all accounts",
    "unmute": "all accounts",
}


class ChangeLog:
    """Logs the changes of incidents, messages and the audit, with the accounts by their labels."""

    def __init__(self) -> None:
        self.label_of: Callable[[str], str | None] = lambda _channel: None
        """Returns the label of the account of a reference, if it has one."""

    @spoken(ENGLISH)  # whoever made the changes
    def committed(
        self,
        incidents: Iterable[tuple[Incident | None, Incident]],
        messages: Iterable[tuple[Message | None, Message]],
        actions: Iterable[Action],
    ) -> None:
        """Log changed incidents and messages, each with its value before, and new actions."""
        for before, after in incidents:
            if after.reference is not None:
                self._log_flag(before, after, after.reference)
        for action in actions:
            self._log_action(action)
        for before, after in messages:
            if (before is None or before.on_its_way) and after.delivery in (Delivery.SENT, Delivery.DONE):
                log_sent(before, after)

    def _named(self, reference: str) -> str:
        """Return the label of an account and its service or the end of its key, on one line."""
        end, label = " ".join(titles(reference)) or f"…{reference[-4:]}", self.label_of(reference)
        if label is None or label == end:
            return end
        return f"{''.join(char if char.isprintable() else ' ' for char in label)} ({end})"

    def _log_flag(self, before: Incident | None, after: Incident, reference: str) -> None:
        """Log that an account was flagged, that its flag changed, or that it is clear."""
        change = flag_change(before, after)
        if change is None:
            return
        event, line = change
        lasted = after.over_at - after.opened_at
        over = {
            "ending": after.ending or Ending.CLEARED,
            "lasted": span(lasted),
            "seconds": round(lasted.total_seconds()),
        }
        log_fact(
            log,
            event,
            line,
            account=self._named(reference),
            kind=after.flag.kind if after.flag else "unknown",
            **(over if after.ended else {}),
        )

    def _log_action(self, action: Action) -> None:
        """Log what a person did."""
        no_account = NO_CHANNEL.get(action.verb, "the service")
        log_fact(
            log,
            "action",
            ACTIONS.get(action.verb, OTHER_ACTION),
            verb=action.verb,
            account=self._named(action.reference) if action.reference else no_account,
            person=action.actor_id,
            outcome=action.outcome,
        )


def flag_change(before: Incident | None, after: Incident) -> tuple[str, str] | None:
    """Return the event and the line for a changed incident; None if its kind and state are as before."""
    was_open = before is not None and not before.ended
    if after.ended:
        over = ("account_disabled", DISABLED_NOW) if after.ending in DISABLED else ("account_clear", CLEAR)
        return over if was_open or before is None else None
    if before is None:
        return "account_flagged", "account %(account)s is flagged: %(kind)s"
    if not was_open:
        return "account_flagged_again", "account %(account)s is flagged again: %(kind)s"
    if before.flag is None or after.flag is None or before.flag.kind is after.flag.kind:
        return None
    if after.flag.kind.rank > before.flag.kind.rank:
        return "account_worse", "account %(account)s is worse: %(kind)s"
    return "account_changed", "account %(account)s is flagged differently: %(kind)s"


def log_sent(before: Message | None, after: Message) -> None:
    """Log that a message was sent, and how late if it failed at first."""
    since = before.failing_since if before else None
    late = after.sent_at - since if since is not None and after.sent_at is not None else None
    sent = "%(purpose)s %(reference)s sent to %(person)s by %(route)s"
    log_fact(
        log,
        "message_sent",
        sent if late is None else f"{sent}, %(lasted)s after it first failed",
        purpose=after.purpose,
        reference=reference(after.key),
        person=after.recipient,
        route=after.route,
        **({} if late is None else {"lasted": span(late), "seconds": round(late.total_seconds())}),
    )
