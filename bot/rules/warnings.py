"""Which notices hold of an account, which of them become warnings, and the messages about those."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeGuard

from bot.domain.account_info import FastTime, Subscription
from bot.domain.accounts import KnownAccount
from bot.domain.blocks import TIMESTAMP, moment
from bot.domain.incidents import Reason
from bot.domain.messages import Delivery, Message, MessageItem, Purpose
from bot.domain.usage import RecentUsage
from bot.domain.warnings import AccountWarning, Concern, Notice, WarningKind
from bot.rules.poll_state import NewKey
from bot.rules.recipient import incident_keys

SOON: Final = timedelta(days=3)
"""How long before its end a plan or a session is warned of."""


def notices_of(
    account: KnownAccount, low: float | None, now: datetime, recent: RecentUsage | None = None
) -> tuple[Notice, ...]:
    """Return what holds of an account now. `low` is the percentage of fast time that is little; None: none.

    A plan that renews is not about to end. How much fast time is left is unknown once a plan has renewed;
    without a date of that, the last answer holds. Fast time that is little is not said to run out as well.
    """
    expires_at = account.account.expires_at
    found: list[Notice] = []
    if is_soon(expires_at, now):
        found.append(Notice(concern=Concern.EXPIRING, period=expires_at.replace(microsecond=0)))
    if account.snapshot is not None:
        info, taken_at = account.snapshot.standing, account.snapshot.taken_at or now
        plan, fast = info.subscription, info.fast_time
        ends_at = (plan.renews or end_of(plan, taken_at)) if plan else None
        period, is_dated = ends_at or month_end(taken_at), ends_at is not None
        stopped = plan_concern(plan, taken_at, now) if plan else None
        is_known = stopped is not None or now < period or not is_dated
        lacking = fast_time_concern(fast, low) if fast and is_known else None
        concerns = filter(None, [lacking, stopped])
        found += (Notice(concern=each, period=period, is_dated=is_dated) for each in concerns)
    renews = recent.renews(now) if recent and recent.runs_short(now) else None
    if renews and all(each.concern.kind is not WarningKind.FAST_TIME for each in found):
        found.append(Notice(concern=Concern.FAST, period=renews))
    return tuple(found) if account.is_listed else ()


def is_soon(at: datetime | None, now: datetime) -> TypeGuard[datetime]:
    """Whether an end is near, or past."""
    return at is not None and at - now <= SOON


def plan_concern(plan: Subscription, taken_at: datetime, now: datetime) -> Concern | None:
    """Return what is wrong with a plan."""
    status = (plan.status or "").casefold()
    if "cancel" in status:
        return Concern.CANCELLED
    if "paus" in status:
        return Concern.PAUSED
    return Concern.ENDING if plan.renews is None and is_soon(end_of(plan, taken_at), now) else None


def end_of(plan: Subscription, taken_at: datetime) -> datetime | None:
    """Return the end of a plan: a timestamp in its status, as that of a renewal is not left there.

    It is after the answer, or else it is no end: of a plan that has ended Midjourney says that there is none.
    """
    stamp = TIMESTAMP.search(plan.status or "")
    at = moment(stamp) if stamp else None
    return at if at is not None and at > taken_at else None


def fast_time_concern(fast: FastTime, low: float | None) -> Concern | None:
    """Return whether little fast time is left, or none."""
    if fast.left <= 0:
        return Concern.EMPTY
    percent = fast.percent if fast.percent is not None or not fast.total else fast.left / fast.total * 100
    return Concern.LOW if low is not None and percent is not None and percent <= low else None


def month_end(at: datetime) -> datetime:
    """Return the end of a month of the calendar."""
    return (datetime(at.year, at.month, 1, tzinfo=UTC) + timedelta(days=32)).replace(day=1)


def changed_warnings(
    account: KnownAccount,
    known: Collection[AccountWarning],
    *,
    of: Collection[WarningKind],
    now: datetime,
    new_key: NewKey,
) -> Iterator[AccountWarning]:
    """Yield the warnings of an account that are new or changed. `known` are those so far, `of` the kinds.

    A warning that has ended is not repeated in its period, and none begins after the end of its period.
    A warning of the pace goes on while little fast time is left, and none of it follows one of little.
    """
    notices = {each.concern.kind: each for each in account.warnings}
    for warning in known:
        kind = warning.concern.kind
        if kind is WarningKind.PACE and WarningKind.FAST_TIME in notices and now < warning.period:
            continue
        notice = notices.get(kind)
        is_judged = kind in of or warning.period <= now or not account.is_listed
        if not warning.ended and is_judged and (notice is None or is_another_period(warning, notice)):
            yield replace(warning, ended_at=now)
        elif not warning.ended and notice is not None and notice.concern is not warning.concern:
            yield replace(warning, concern=notice.concern)
    for kind, notice in notices.items():
        told = {kind, WarningKind.FAST_TIME} if kind is WarningKind.PACE else {kind}
        same = (each for each in known if each.concern.kind in told)
        if kind in of and notice.period > now and all(is_another_period(each, notice) for each in same):
            values = {each.name: getattr(notice, each.name) for each in fields(Notice)}
            yield AccountWarning(key=new_key(), reference=account.reference, since=now, **values)


def is_another_period(warning: AccountWarning, notice: Notice) -> bool:
    """Whether a notice is of another period.

    A warning that holds, and has no date, goes on for as long as it holds.
    """
    goes_on = not warning.ended and not (warning.is_dated and notice.is_dated)
    return not goes_on and warning.period != notice.period


def warning_messages(
    owner: int,
    messages: Iterable[Message],
    warnings: Mapping[str, AccountWarning],
    *,
    now: datetime,
    new_key: NewKey,
) -> tuple[Message, ...]:
    """Return the message about warnings that is new or changed: an owner has at most one that waits.

    It is about all that hold and that no other message of the owner is about.
    """
    own = [
        each
        for each in messages
        if each.recipient == owner
        and each.purpose is Purpose.WARNING
        and each.delivery is not Delivery.CANCELLED
    ]
    waiting = next((each for each in own if each.delivery is Delivery.WAITING), None)
    sent = incident_keys(each for each in own if each is not waiting)
    due = [each.key for each in warnings.values() if not each.ended and each.key not in sent]
    if not due:
        return (replace(waiting, delivery=Delivery.CANCELLED),) if waiting else ()
    before = waiting or Message(new_key(), owner, Purpose.WARNING, notify=False, created_at=now, due_at=now)
    after = replace(before, entries=tuple(MessageItem(key, Reason.OPENED) for key in due))
    return (after,) if after != waiting else ()
