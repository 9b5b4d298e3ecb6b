"""Every figure in the order of the table, with what DESIGN holds it to."""

from collections.abc import Iterator
from typing import Final

from tests.bench.figures import Budget, Candidate, Figure, Unit

OF_THE_FLOOR: Final = Budget(1.3, Candidate.MINIMAL)
UNDISTURBED: Final = Budget(25)


def first_answers() -> Iterator[Figure]:
    """Gateway event to first answer."""
    idle = "`/mjaccounts`, `/mjinfo` to first answer, idle"
    yield Figure("answers.idle.p50", f"{idle}: p50", Unit.MILLISECONDS, OF_THE_FLOOR)
    yield Figure("answers.idle.p99", f"{idle}: p99", Unit.MILLISECONDS, OF_THE_FLOOR)
    yield Figure("answers.idle.max", f"{idle}: longest", Unit.MILLISECONDS)
    yield Figure("answers.burst", "a burst of 100 commands: last first answer", Unit.MILLISECONDS)
    for key, title in (
        ("polled", "first answer while 1,000 accounts are polled 10 times a second"),
        ("storm", "first answer while 1,000 accounts are flagged at once"),
        ("locked", "first answer while another program locks the database for 5 s"),
    ):
        yield Figure(f"answers.{key}.p50", f"{title}: p50", Unit.MILLISECONDS)
        yield Figure(f"answers.{key}.p99", f"{title}: p99", Unit.MILLISECONDS, UNDISTURBED)
        yield Figure(f"answers.{key}.max", f"{title}: longest", Unit.MILLISECONDS)


FIGURES: Final = (*first_answers(),)
