"""Every figure in the order of the table, with the most that Midwatch is allowed."""

from collections.abc import Iterator
from typing import Final

from tests.bench.figures import Budget, Candidate, Figure, Unit
from tests.bench.record import FULL

MS: Final = Unit.MILLISECONDS
OF_THE_FLOOR: Final = Budget(1.3, Candidate.MINIMAL)
UNDISTURBED: Final = Budget(25)
TURN: Final = {1_000: Budget(10), 10_000: Budget(25)}
NONE: Final = Budget(0)
WHOLE_ANSWER: Final = {10: Budget(10), 1_000: Budget(25), 10_000: Budget(80)}
FIRST_MESSAGE: Final = {200: Budget(0.1), 1_000: Budget(0.3)}
POLL: Final = {"same": Budget(2, Candidate.FETCH), "changed": Budget(2.5, Candidate.FETCH)}
TO_MESSAGE: Final = {10: Budget(15)}
STEADY: Final = Budget(16)
"""A page of memory for every 250 polls is noise; a leak of one object in each poll is more."""


def answers() -> Iterator[Figure]:
    """Gateway event to first answer."""
    idle = "first answer, idle"
    yield Figure("answers.idle.p50", f"{idle}: p50", MS, OF_THE_FLOOR)
    yield Figure("answers.idle.p99", f"{idle}: p99", MS, OF_THE_FLOOR)
    yield Figure("answers.idle.max", f"{idle}: longest", MS)
    for key, title in (
        ("polled", f"first answer, {FULL.crowd:,} accounts polled 10 times a second (1)"),
        *(
            (f"storm.{each}", f"first answer, {each:,} accounts flagged at once (1)")
            for each in FULL.answered_storms
        ),
        ("locked", "first answer, the database locked by another program for 5 s (1)"),
    ):
        yield Figure(f"answers.{key}.p50", f"{title}: p50", MS)
        yield Figure(f"answers.{key}.p99", f"{title}: p99", MS, UNDISTURBED)
        yield Figure(f"answers.{key}.max", f"{title}: longest", MS)
    for accounts in FULL.answered_storms:
        title = f"{accounts:,} accounts flagged at once (1): the longest turn of the event loop"
        yield Figure(f"answers.storm.{accounts}.turn", title, MS, TURN[accounts], worst=True)
    yield Figure("answers.burst", f"a burst of {FULL.burst} commands: the last first answer", MS)


def commands() -> Iterator[Figure]:
    """Complete answers, without the API's own time."""
    for name in ("accounts", "info"):
        for count in FULL.lists:
            title = f"`/mj{name}`, {count:,} accounts, beyond the API's own time"
            yield Figure(f"commands.{name}.{count}", title, MS, WHOLE_ANSWER[count])


def alerts() -> Iterator[Figure]:
    """From a flag to its message, and from a reset to its verdict."""
    yield Figure("alerts.sent.p50", "flag in the list's answer to DM: p50 (1)", MS, Budget(15))
    yield Figure("alerts.sent.p99", "flag in the list's answer to DM: p99 (1)", MS, Budget(60))
    yield Figure("alerts.reset.p50", "reset confirmed to verdict, beyond the API's own time: p50 (1)", MS)
    yield Figure("alerts.reset.p99", "reset confirmed to verdict, beyond the API's own time: p99 (1)", MS)
    for count in FULL.storms:
        key, title = f"alerts.storm.{count}", f"{count:,} accounts flagged at once (1)"
        first = FIRST_MESSAGE[count]
        yield Figure(f"{key}.first", f"{title}: first message after", Unit.SECONDS, first)
        yield Figure(f"{key}.messages", f"{title}: messages to each owner", Unit.COUNT, Budget(1), worst=True)
        yield Figure(f"{key}.missing", f"{title}: accounts not listed", Unit.COUNT, NONE, worst=True)
        yield Figure(f"{key}.refused", f"{title}: rate limits met (429)", Unit.COUNT, NONE, worst=True)


def costs() -> Iterator[Figure]:
    """The cost of the watch for the API, Midjourney and the processor."""
    for count in FULL.upstream:
        key, title = f"counts.{count}", f"{count:,} account{'s' * (count > 1)} (1)"
        yield Figure(
            f"{key}.requests", f"{title}: requests to the API", Unit.PER_HOUR, Budget(60), worst=True
        )
        yield Figure(f"{key}.commands", f"{title}: Midjourney commands", Unit.PER_HOUR, NONE, worst=True)
        yield Figure(f"{key}.bytes", f"{title}: body bytes a poll", Unit.KILOBYTES)
    for count in FULL.lists:
        for key, what in (("same", "as before"), ("changed", "changed")):
            title = f"processor time a poll, {count:,} accounts, list {what} (1)"
            yield Figure(f"cpu.{count}.{key}", title, MS, POLL[key], beside=Candidate.FETCH)


def proxies() -> Iterator[Figure]:
    """The cost of watching a midjourney-proxy."""
    for count in FULL.lists:
        key, title = f"proxy.{count}", f"midjourney-proxy, {count:,} accounts (1)"
        pages = -(-count // 100)
        for name, what, most in (
            ("requests", "requests for the list a poll", Budget(pages)),
            ("midjourney", "Midjourney commands by polls", NONE),
            ("discord", "requests to Discord by polls, list as before", NONE),
        ):
            yield Figure(f"{key}.{name}", f"{title}: {what}", Unit.COUNT, most, worst=True)
        yield Figure(
            f"{key}.sent", f"{title}: flag in the last page's answer to DM", MS, TO_MESSAGE.get(count)
        )
        for name in ("accounts", "info"):
            row = f"midjourney-proxy, {count:,} accounts: `/mj{name}`, beyond the proxy's own time"
            yield Figure(f"{key}.{name}", row, MS, WHOLE_ANSWER[count])
        for name, what in (("same", "list as before"), ("changed", "every entry changed (3)")):
            row = f"{title}: processor time a poll, {what}"
            yield Figure(f"{key}.{name}", row, MS, POLL[name], beside=Candidate.FETCH)


def life() -> Iterator[Figure]:
    """Starts and stops."""
    yield Figure("life.poll", "exec to first poll answered", Unit.SECONDS, Budget(1))
    yield Figure(
        "life.answer", "exec to first command answered", Unit.SECONDS, Budget(1.5, Candidate.MINIMAL)
    )
    yield Figure("life.stop", "SIGTERM to exit, idle", Unit.SECONDS, Budget(0.5))
    yield Figure("life.busy_stop", "SIGTERM to exit, in a storm and a burst (1)", Unit.SECONDS, Budget(2))
    yield Figure("life.lost", "... alerts lost by that (1)", Unit.COUNT, NONE, worst=True)
    yield Figure("life.repeated", "... alerts repeated by that (1)", Unit.COUNT, NONE, worst=True)


def pictures() -> Iterator[Figure]:
    """What the picture of a year costs."""
    title = "picture of 400 days, 50 accounts"
    within = Budget(3)
    yield Figure("pictures.first", f"{title}: the first, its process starts (1)", Unit.SECONDS, within)
    yield Figure("pictures.next", f"{title}: another (1)", Unit.SECONDS, within)
    answer = "first answer, such pictures are drawn (1)"
    yield Figure("pictures.answers.p50", f"{answer}: p50", MS)
    yield Figure("pictures.answers.p99", f"{answer}: p99", MS, UNDISTURBED)
    yield Figure("pictures.answers.max", f"{answer}: longest", MS)
    yield Figure("pictures.process", f"{title}: most memory of its process (1)", Unit.MEBIBYTES)
    yield Figure(
        "pictures.kept", "memory that the bot holds more once this has ended (1)", Unit.MEBIBYTES, Budget(4)
    )


def lasting() -> Iterator[Figure]:
    """The growth over a long life."""
    idle = Budget(1.4, Candidate.MINIMAL)
    yield Figure("memory.idle", "resident memory, idle, 50 accounts", Unit.MEBIBYTES, idle)
    yield Figure("memory.polls", f"... after {FULL.polls:,} polls (1)", Unit.MEBIBYTES)
    yield Figure("memory.slope", "... growth over the second half of these (1)", Unit.SLOPE, STEADY)
    yield Figure("memory.incidents", f"... after {FULL.incidents:,} incidents more (1)", Unit.MEBIBYTES)
    year = f"database after a year of {FULL.year_accounts} accounts (1, 2)"
    yield Figure("database.year", year, Unit.MEGABYTES, Budget(10))
    yield Figure("database.ordered", "... with INFO_EVERY=6h besides (2)", Unit.MEGABYTES, Budget(25))
    yield Figure("database.commit.p50", "a commit during that year: p50 (1)", MS)
    yield Figure("database.commit.p99", "a commit during that year: p99 (1)", MS)
    killed = f"{FULL.incidents:,} incidents, killed by SIGKILL (1)"
    yield Figure("killed.times", f"{killed} so many times", Unit.COUNT)
    yield Figure("killed.lost", f"{killed}: alerts lost", Unit.COUNT, NONE, worst=True)
    yield Figure("killed.repeated", f"{killed}: alerts repeated", Unit.COUNT, NONE, worst=True)


FIGURES: Final = (*answers(), *commands(), *alerts(), *costs(), *proxies(), *life(), *pictures(), *lasting())
