import asyncio
from dataclasses import replace
from pathlib import Path

from bot.domain.accounts import Account, KnownAccount
from bot.domain.actions import Action
from bot.domain.providers import USEAPI
from bot.storage import Store
from tests.storage.cases import (
    AT,
    CAPTCHA,
    DAY,
    FIRST,
    MINUTE,
    OWNER,
    SECOND,
    answer,
    ask,
    observed,
)


async def test_a_new_database_remembers_nothing(path: Path) -> None:
    async with Store.open(path) as store:
        assert await store.accounts() == ()
        assert await store.last_success(USEAPI) is None
        assert await store.meta("anything") is None
        assert await store.actions(FIRST.reference) == ()


async def test_what_was_observed_is_remembered_across_a_restart(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, replace(SECOND, flag=CAPTCHA)))
    async with Store.open(path) as store:
        assert await store.accounts() == (
            KnownAccount(FIRST),
            KnownAccount(SECOND),
        )
        assert await store.last_success(USEAPI) == AT


async def test_an_account_that_left_the_list_is_remembered_as_not_listed(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, SECOND))
        await store.record_observation(observed(SECOND, at=AT + 3 * MINUTE))
        assert [known.is_listed for known in await store.accounts()] == [False, True]
        await store.record_observation(observed(FIRST, SECOND, at=AT + 4 * MINUTE))
        assert [known.is_listed for known in await store.accounts()] == [True, True]


async def test_an_account_that_left_keeps_the_time_it_was_last_listed(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST))
        await store.record_observation(observed(FIRST, at=AT + 30 * MINUTE))
        await store.record_observation(observed(at=AT + 31 * MINUTE))
    ((seen_at,),) = ask(path, "SELECT seen_at FROM account")
    assert seen_at == (AT + 30 * MINUTE).timestamp() * 1000


async def test_the_latest_info_answer_comes_with_the_account(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(observed(FIRST, SECOND))
        await store.record_info(FIRST.reference, answer("newer", "Blue", AT + MINUTE))
        await store.record_info(FIRST.reference, answer("older", "Green", AT))
        first, second = await store.accounts()
        assert first.snapshot == answer("newer", "Blue", AT + MINUTE)
        assert second.snapshot is None


async def test_the_discord_name_stays_when_an_answer_gives_none(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_info(FIRST.reference, answer(name="Blue"))
        await store.record_info(FIRST.reference, answer(name=None, at=AT + MINUTE))
        (known,) = await store.accounts()
        assert known.discord_name == "Blue"
        assert known.snapshot is not None
        assert known.snapshot.info.discord_name is None


async def test_a_poll_takes_no_name_and_no_answer_away(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_info(FIRST.reference, answer(name="Blue"))
        await store.rename(FIRST.reference, "The first", actor_id=OWNER, at=AT)
        await store.record_observation(observed(FIRST))
        (known,) = await store.accounts()
        assert (known.account, known.name, known.discord_name) == (FIRST, "The first", "Blue")
        assert known.snapshot is not None


async def test_a_name_is_given_and_taken_away_with_its_entry_in_the_audit(path: Path) -> None:
    async with Store.open(path) as store:
        await store.rename(FIRST.reference, "Blue", actor_id=OWNER, at=AT)
        (named,) = await store.accounts()
        await store.rename(FIRST.reference, None, actor_id=OWNER, at=AT + MINUTE)
        (unnamed,) = await store.accounts()
        assert (named.name, unnamed.name) == ("Blue", None)
        assert await store.actions(FIRST.reference) == (
            Action(AT + MINUTE, OWNER, "rename", FIRST.reference, "unnamed"),
            Action(AT, OWNER, "rename", FIRST.reference, "named:Blue"),
        )


async def test_the_last_actions_come_latest_first_and_only_of_that_account(path: Path) -> None:
    def action(minute: int, channel: str) -> Action:
        return Action(AT + minute * MINUTE, OWNER, "reset", channel, f"outcome {minute}")

    async with Store.open(path) as store:
        for minute in range(7):
            await store.watch.save(actions=[action(minute, FIRST.reference)])
        await store.watch.save(actions=[action(8, SECOND.reference)])
        expected = tuple(action(minute, FIRST.reference) for minute in (6, 5, 4, 3, 2))
        assert await store.actions(FIRST.reference) == expected
        assert await store.actions(FIRST.reference, limit=1) == expected[:1]


async def test_the_last_action_by_some_verbs_is_the_one_written_last_whatever_the_clock_said(
    path: Path,
) -> None:
    saved = Action(AT, OWNER, "save", "", "asked")
    removed = Action(AT - MINUTE, OWNER, "remove", FIRST.reference, "asked")
    async with Store.open(path) as store:
        assert await store.last_action(("save", "remove")) is None
        for action in (saved, removed, Action(AT + MINUTE, OWNER, "reset", FIRST.reference, "asked")):
            await store.record_action(action)
        assert await store.last_action(("save", "remove")) == removed
        assert await store.last_action(("save",)) == saved
        assert await store.last_action(("save", "remove"), FIRST.reference) == removed
        assert await store.last_action(("save", "remove"), SECOND.reference) is None


async def test_a_value_is_kept_under_its_key(path: Path) -> None:
    async with Store.open(path) as store:
        await store.set_meta("key", "one")
        await store.set_meta("key", "two")
    async with Store.open(path) as store:
        assert await store.meta("key") == "two"


async def test_answers_and_actions_are_forgotten_after_400_days(path: Path) -> None:
    async with Store.open(path) as store:
        for days in (0, 1):
            await store.record_info(FIRST.reference, answer(f"day {days}", at=AT + days * DAY))
            await store.watch.save(
                actions=[Action(AT + days * DAY, OWNER, "reset", FIRST.reference, f"day {days}")]
            )
        await store.prune(AT + 401 * DAY)
        assert [action.outcome for action in await store.actions(FIRST.reference)] == ["day 1"]
    assert ask(path, "SELECT text FROM info_snapshot") == [("day 1",)]


async def test_ten_thousand_accounts_are_written_and_read(path: Path) -> None:
    many = tuple(Account(str(10**17 + number), max_jobs=3) for number in range(10_000))
    async with Store.open(path) as store, asyncio.timeout(20):
        await store.record_observation(observed(*many))
        assert [known.account for known in await store.accounts()] == list(many)
