"""One key at two providers names two accounts, wherever something is stored."""

from dataclasses import replace
from pathlib import Path

from bot.domain.accounts import Account, EntryState, KnownAccount, Observation
from bot.domain.actions import Action
from bot.domain.incidents import Incident, ServiceProblem, State
from bot.domain.providers import MJPROXY, USEAPI, provider_of, reference_to
from bot.storage import Store, StoredMute
from tests.storage.cases import AT, CAPTCHA, FIRST, MINUTE, OWNER, SECOND, answer
from tests.storage.watch_cases import KEYS, incident, outage

TWIN = replace(FIRST, reference=reference_to(MJPROXY, FIRST.reference), title="Twin", discord_channel="")


def seen(*accounts: Account, at: int = 0, complete: bool = True) -> Observation:
    return Observation(AT + at * MINUTE, accounts, provider_of(accounts[0].reference), is_complete=complete)


async def listed(store: Store) -> dict[str, bool]:
    return {each.reference: each.is_listed for each in await store.accounts()}


async def test_accounts_names_and_info_stay_apart(path: Path) -> None:
    async with Store.open(path) as store:
        await store.record_observation(seen(FIRST))
        await store.record_observation(seen(TWIN))
        await store.rename(TWIN.reference, "Proxy's", actor_id=OWNER, at=AT)
        await store.record_info(FIRST.reference, answer("Plan", "aurora"))
    async with Store.open(path) as store:
        first, twin = await store.accounts()
        assert (first.account, first.name, first.discord_name) == (FIRST, None, "aurora")
        assert twin == KnownAccount(TWIN, "Proxy's")
        assert first.snapshot is not None
        assert [each.outcome for each in await store.actions(TWIN.reference)] == ["named:Proxy's"]
        assert await store.actions(FIRST.reference) == ()


async def test_how_an_account_was_is_known_after_a_restart(path: Path) -> None:
    paused, running = replace(TWIN, entry=EntryState.PAUSED), replace(TWIN, entry=EntryState.OK)
    async with Store.open(path) as store:
        await store.record_observation(seen(running))
        await store.record_observation(seen(paused))
    async with Store.open(path) as store:
        assert [known.account for known in await store.accounts()] == [paused]


async def test_the_list_of_one_provider_unlists_nothing_of_the_other(path: Path) -> None:
    both = {FIRST.reference: True, TWIN.reference: True}
    async with Store.open(path) as store:
        await store.record_observation(seen(FIRST))
        await store.record_observation(seen(TWIN))
        await store.record_observation(seen(SECOND, at=1))
        assert await listed(store) == both | {FIRST.reference: False, SECOND.reference: True}
        other = replace(TWIN, reference=reference_to(MJPROXY, "other"))
        await store.record_observation(seen(other, at=1, complete=False))
        assert (await listed(store))[TWIN.reference]
        await store.record_observation(seen(other, at=2))
        assert not (await listed(store))[TWIN.reference]
        assert await store.last_success(USEAPI) == AT + MINUTE
        assert await store.last_success(MJPROXY) == AT + 2 * MINUTE


async def test_incidents_mutes_and_poll_states_stay_apart(path: Path) -> None:
    first = incident(0)
    twin = replace(incident(1), reference=TWIN.reference, provider=MJPROXY, lease_reference=TWIN.reference)
    down = replace(outage(2), provider=MJPROXY, problem=ServiceProblem.TOKEN)
    own = outage(3)
    mutes = [StoredMute(None, AT, OWNER), StoredMute(FIRST.reference, AT + MINUTE, OWNER)]
    mutes.append(StoredMute(TWIN.reference, AT + 2 * MINUTE, OWNER, 60))
    acts = [
        Action(AT, OWNER, "mute", each.reference, each.provider) for each in (first, twin) if each.reference
    ]
    async with Store.open(path) as store:
        await store.watch.save(
            incidents=[first, twin, down, own],
            mutes=mutes,
            poll_states={USEAPI: "one", MJPROXY: "other"},
            actions=acts,
        )
    async with Store.open(path) as store:
        assert set(await store.watch.load_incidents(AT)) == {first, twin, down, own}
        assert set(await store.watch.load_mutes()) == set(mutes)
        assert await store.poll_state(USEAPI) == "one"
        assert await store.poll_state(MJPROXY) == "other"
        for channel, provider in ((FIRST.reference, USEAPI), (TWIN.reference, MJPROXY)):
            assert [each.outcome for each in await store.actions(channel)] == [provider]
            last = await store.last_action(["mute"], channel)
            assert last is not None
            assert last.reference == channel


async def test_a_key_may_be_anything(path: Path) -> None:
    keys = ["a:b", "US:a@b.c", "a/../b?", "'); --", "ключ"]
    accounts = [Account(reference_to(MJPROXY, key)) for key in keys]
    flagged = [
        Incident(KEYS[at], State.OPEN, AT, AT, each.reference, CAPTCHA, CAPTCHA.kind, provider=MJPROXY)
        for at, each in enumerate(accounts)
    ]
    async with Store.open(path) as store:
        await store.record_observation(seen(*accounts))
        await store.watch.save(incidents=flagged)
    async with Store.open(path) as store:
        assert [each.account for each in await store.accounts()] == accounts
        assert set(await store.watch.load_incidents(AT)) == set(flagged)
