"""The picture of a history, the words for it, and its table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import Account, EntryState, FlagKind, KnownAccount
from bot.domain.actions import Action
from bot.domain.charts import Shade, Span
from bot.domain.history import Blank, Episode, History, Period, figures_of
from bot.domain.incidents import Incident, ServiceProblem, State
from bot.domain.providers import USEAPI
from bot.render.history_chart import timeline, timeline_words
from bot.render.history_csv import guarded, history_csv
from bot.render.history_messages import Report, history_content
from bot.runtime.language import spoken
from tests.support.catalogues import AddCatalogue

AT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANNEL = "100000000000000001"
PERIOD = Period(AT, AT + 100 * HOUR)


def reference(number: int) -> str:
    return str(10**17 + number)


def episode(start: float, end: float, *, of: int = 1, kind: FlagKind = FlagKind.CAPTCHA) -> Episode:
    return Episode(f"{of}", reference(of), kind, AT + start * HOUR, AT + end * HOUR)


def report(
    *episodes: Episode,
    accounts: int = 1,
    since: float = 0,
    blanks: tuple[Blank, ...] = (),
    actions: tuple[Action, ...] = (),
    label: str = "aurora",
) -> Report:
    known = {reference(n): Period(AT + since * HOUR, PERIOD.end) for n in range(1, accounts + 1)}
    history = History(PERIOD, known, episodes, blanks, actions)
    named = {each: KnownAccount(Account(each), name=f"{label}{each[-2:]}") for each in known}
    return Report(history, figures_of(history), named, 5)


def blank(start: float, end: float, problem: ServiceProblem) -> Blank:
    incident = Incident("2", State.ENDED, AT, AT, problem=problem)
    return Blank(Period(AT + start * HOUR, AT + end * HOUR), incident, USEAPI)


def span(start: float, end: float, shade: Shade) -> Span:
    return Span(AT + start * HOUR, AT + end * HOUR, shade)


@pytest.mark.parametrize(
    ("kind", "shade"),
    [
        (FlagKind.BLOCK, Shade.BLOCK),
        (FlagKind.MODERATION, Shade.MODERATION),
        (FlagKind.CAPTCHA, Shade.CAPTCHA),
        (FlagKind.SESSION, Shade.ACCESS),
        (FlagKind.PLAN, Shade.ACCESS),
        (FlagKind.CREDITS, Shade.ACCESS),
        (FlagKind.CONNECTION, Shade.OTHER),
        (FlagKind.OFFLINE, Shade.OTHER),
        (FlagKind.OTHER, Shade.OTHER),
    ],
)
def test_trouble_is_drawn_by_its_kind(kind: FlagKind, shade: Shade) -> None:
    (row,) = timeline(report(episode(5, 6, kind=kind))).rows
    assert row.spans == (span(5, 6, shade),)


def test_what_was_not_seen_is_drawn_within_the_period() -> None:
    found = report(
        episode(90, 130),
        since=10,
        blanks=(blank(20, 30, ServiceProblem.UNREACHABLE), blank(-5, 12, ServiceProblem.AWAY)),
    )
    (row,) = timeline(found).rows
    assert row.spans == (
        span(0, 10, Shade.ABSENCE),
        span(20, 30, Shade.OUTAGE),
        span(0, 12, Shade.ABSENCE),
        span(90, 100, Shade.CAPTCHA),
    )


def test_remedies_are_marked_and_nothing_else() -> None:
    def did(verb: str, hour: float) -> Action:
        return Action(AT + hour * HOUR, 1, verb, reference(1), "done")

    actions = (did("reset", 1), did("enable", 2), did("captcha", 3), did("assign", 4), did("rename", 5))
    (row,) = timeline(report(actions=actions)).rows
    assert row.remedies == (AT + HOUR, AT + 2 * HOUR, AT + 3 * HOUR)


def test_those_with_trouble_have_the_first_of_at_most_fifty_rows() -> None:
    chart = timeline(report(episode(1, 2, of=70), episode(1, 5, of=71), accounts=80))
    assert [row.label for row in chart.rows[:3]] == ["aurora71", "aurora70", "aurora01"]
    assert (len(chart.rows), chart.more) == (50, 30)


def test_the_words_say_who_was_out_longest() -> None:
    words = timeline_words(report(episode(1, 2, of=2), episode(1, 5, of=3), episode(7, 8, of=3), accounts=4))
    assert words == (
        "Timeline of 4 accounts, last 5 days, 2026-03-01 to 2026-03-05. "
        "Most trouble: aurora03, 2 incidents, 5 h out; aurora02, 1 incident, 1 h out. 2 had none."
    )


def test_the_words_for_one_account_count_no_others() -> None:
    assert timeline_words(report(episode(1, 2))).endswith("Most trouble: aurora01, 1 incident, 1 h out.")


def test_a_disabled_account_counts_as_in_service_and_the_answer_says_so() -> None:
    found = report(episode(1, 2), accounts=2)
    named = {**found.accounts, reference(2): KnownAccount(Account(reference(2), entry=EntryState.PAUSED))}
    (embed,) = history_content(replace(found, accounts=named), 1).embeds
    assert "-# 1 account is disabled now, which counts as in service" in (embed.description or "")


@pytest.mark.parametrize("accounts", [50, 1_000])
def test_the_answer_fits_into_a_message_however_many_and_whatever_their_names(accounts: int) -> None:
    episodes = [episode(n % 90, n % 90 + 3, of=n) for n in range(1, accounts + 1)]
    (embed,) = history_content(report(*episodes, accounts=accounts, label="*_`[" * 12), 1).embeds
    assert len(embed.description or "") <= 4_096
    assert f"-# {accounts - 10:,} more had incidents" in (embed.description or "")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
    ],
)
def test_no_cell_of_the_table_is_a_formula(cell: str, shown: str) -> None:
    assert guarded(cell) == shown
    assert f",{shown}01," in history_csv(report(label=cell)).content.decode("utf-8-sig")


def test_a_chart_in_another_language_carries_itself_in_english(catalogue: AddCatalogue) -> None:
    catalogue("de", {"blocked": "gesperrt", "{day} Mar": "{day}. März", "1,234.5": "1.234,5"})
    found = report(episode(1, 2))
    english = timeline(found)
    with spoken("de"):
        german = timeline(found)
    assert german.english == english
    assert (german.kinds[Shade.BLOCK], english.kinds[Shade.BLOCK]) == ("gesperrt", "blocked")
    assert (german.axis.days[2], english.axis.days[2]) == ("{day}. März", "{day} Mar")
    assert (german.axis.mark, english.axis.mark) == (".", ",")
    assert english.english is None
