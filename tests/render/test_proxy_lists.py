"""Lists, cards, questions and the status page say of midjourney-proxy's accounts what is true of them."""

from dataclasses import replace

import pytest

from bot.domain.accounts import Account, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.errors import Cause
from bot.domain.incidents import RemedyVerdict, ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI, Remedy, reference_to
from bot.domain.watch_status import PollStatus, WatchStatus
from bot.providers.errors import Unreachable
from bot.render.account_cards import account_embed
from bot.render.account_list import list_content, unread
from bot.render.action_replies import confirmation, unknown, verdict_sentence
from bot.render.status_page import status
from tests.support.list_pages import list_page
from tests.support.render_samples import CHANNEL, MINUTE, NOW, account, ended, read, service

LOST = Flag("由于无法重新连接，自动禁用账号", FlagKind.CONNECTION)
MEANS = "It means: midjourney-proxy lost its connection to Discord and disabled it."
OFFLINE = Flag("", FlagKind.OFFLINE)


def proxied(
    name: str = "Juniper", flag: Flag | None = None, entry: EntryState = EntryState.OK
) -> KnownAccount:
    return KnownAccount(
        Account(reference_to(MJPROXY, name), flag=flag, entry=entry, discord_channel=CHANNEL),
        name,
        flagged_since=NOW if flag else None,
    )


def test_our_sentence_stands_above_a_text_that_few_can_read() -> None:
    flagged = proxied(flag=LOST)
    entry = list_page([flagged]).entries[0]
    card = read(account_embed(flagged))
    question = read(confirmation(flagged, LOST, None, "", now=NOW).embeds[0])
    assert f"{MEANS} midjourney-proxy says:\n```\n{LOST.text}\n```" in entry
    assert card.index(MEANS) < card.index("[midjourney-proxy says]\n```")
    assert question.index(MEANS) < question.index("[midjourney-proxy says]\n```")
    assert "It means" not in list_page([account(flag="x")]).entries[0]


def test_a_solved_captcha_is_not_asked_for_any_more() -> None:
    captcha = Flag("CF 人工验证...", FlagKind.CAPTCHA)
    for entry, means, says in (
        (EntryState.FLAGGED, "It means: Midjourney wants a CAPTCHA solved.", "midjourney-proxy says"),
        (EntryState.PAUSED, "It asked for a CAPTCHA, which is solved.", "midjourney-proxy said"),
    ):
        flagged = proxied(flag=captcha, entry=entry)
        question = read(confirmation(flagged, captcha, None, "", now=NOW).embeds[0])
        assert means in question
        assert f"[{says}]\n```" in question
        assert means in list_page([flagged]).entries[0]


def test_a_reason_that_nobody_here_knows_is_not_explained() -> None:
    unknown = Flag("临时维护", FlagKind.OTHER)
    words = read(account_embed(proxied(flag=unknown)))
    assert "I do not know this reason; a translator can tell you what it says." in words
    assert "It means" not in words


def test_the_verdict_of_a_remedy_explains_what_it_quotes() -> None:
    words = verdict_sentence(RemedyVerdict.NOT_YET, proxied(flag=LOST), LOST, Remedy.ENABLE, {})
    assert words.endswith(f"\n{MEANS}\n```\n{LOST.text}\n```")


def test_a_verdict_counts_the_accounts_that_the_same_provider_starts_first() -> None:
    def starts(name: str, sort: int, hours: str = "", provider: str = MJPROXY) -> KnownAccount:
        reference = reference_to(provider, name)
        return KnownAccount(Account(reference, entry=EntryState.STARTING, sort=sort, hours=hours), name)

    last = starts("Juniper", 3)
    others = [starts("Aspen", 1), starts("Birch", 2), starts("Cedar", 4)]
    others += [starts("Dogwood", 0, hours="09:00-17:00"), starts("Elm", 0, provider=USEAPI)]
    accounts = {each.reference: each for each in (last, *others)}
    words = verdict_sentence(RemedyVerdict.NOT_STARTED, last, None, Remedy.ENABLE, accounts)
    assert words == "⏳ **Juniper** is enabled, not started yet, 2 others before it. I keep checking."


def test_accounts_of_a_list_that_cannot_be_read_are_not_called_ready() -> None:
    read_at = NOW - 5 * MINUTE
    page = list_page([account(), proxied()], refusal="It failed.", stale={MJPROXY: read_at})
    stamp = int(read_at.timestamp())
    assert page.entries[0].startswith(
        f"At midjourney-proxy, as of <t:{stamp}:f>:\n**Juniper** · ❔ ready when last seen"
    )
    assert page.entries[1].startswith("At useapi.net:\n**Aurora** · ✅ ready")
    assert "when I last read the list" not in page.heading
    assert page.footer == "The rest was read at <t:1768356000:T>"
    layout = list_content(
        [account(), proxied()], 0, 1, at=NOW, refusal="It failed.", stale={MJPROXY: read_at}
    )
    assert str(layout.layout).count("✅ ready") == 2
    nothing = list_page([proxied()], at=None, refusal="It failed.", stale={MJPROXY: read_at})
    assert nothing.footer == "No list can be read now"


def test_an_account_that_is_not_started_is_not_called_flagged() -> None:
    page = list_page([proxied(flag=OFFLINE)])
    assert "**🟡 1 account, none flagged, 1 not started**" in page.heading
    assert page.entries[0].endswith("Noticed <t:1768356000:f> (<t:1768356000:R>).")
    card = read(account_embed(proxied(flag=OFFLINE)))
    assert "(no text)" not in card
    assert "1 account, none flagged" in unknown(None, [proxied(flag=OFFLINE)])
    assert "Noticed" in card


def test_job_slots_are_those_of_the_provider_that_reports_them() -> None:
    assert "\n3 job slots in all at useapi.net, 3 usable" in list_page([account(), proxied()]).heading
    assert "\n3 job slots in all, 3 usable" in list_page([account()]).heading


@pytest.mark.parametrize("verdict", [RemedyVerdict.NOT_YET, RemedyVerdict.FLAGGED_AGAIN])
def test_a_verdict_about_a_plan_sends_nobody_to_a_channel(verdict: RemedyVerdict) -> None:
    plan = Flag("Plan Cancelled, x", FlagKind.PLAN)
    words = verdict_sentence(verdict, proxied(flag=plan), plan, Remedy.ENABLE, {})
    assert "channel" not in words
    assert "Its alert says what to do" in words


def test_no_job_slot_counts_as_usable_where_the_list_cannot_be_read() -> None:
    both = [account(), proxied()]
    heading = list_page(both, refusal="It failed.", stale={USEAPI: NOW}).heading
    assert heading.endswith("\n3 job slots in all at useapi.net, when last seen")
    assert "3 usable" in list_page(both, refusal="It failed.", stale={MJPROXY: NOW}).heading


def test_why_a_list_cannot_be_read_names_its_provider_once() -> None:
    refused, fault = Unreachable(Cause.REFUSED), Unreachable(Cause.FAULT)
    refused.provider = MJPROXY
    assert unread({MJPROXY: refused}, (USEAPI, MJPROXY)).startswith("⚠️ midjourney-proxy refuses connections.")
    assert unread({MJPROXY: fault}, (USEAPI, MJPROXY)).startswith("**midjourney-proxy:** ⚠️ Something broke")


def test_the_card_of_a_paused_account_says_where_to_enable_it() -> None:
    sentence = "A person paused it. To use it again, enable it on midjourney-proxy's own web page."
    assert sentence in read(account_embed(proxied(entry=EntryState.PAUSED)))
    assert sentence not in read(account_embed(proxied()))


@pytest.mark.parametrize(
    ("kind", "asked", "said"),
    [
        (FlagKind.MODERATION, "Did you acknowledge", "enabling now **risks the account**"),
        (
            FlagKind.CONNECTION,
            "Can midjourney-proxy reach Discord again?",
            "Not sure? Try it: if Discord is still out",
        ),
        (FlagKind.SESSION, "Did you put **Juniper**'s new token into midjourney-proxy?", "renew a login"),
        (FlagKind.PLAN, "Does **Juniper** have an active plan?", "Without an active plan, midjourney-proxy"),
        (FlagKind.CREDITS, "Does **Juniper** have fast time again?", "does not buy credits"),
        (FlagKind.BLOCK, "that the block is over?", "Enable it only if you have seen in the channel"),
        (FlagKind.CAPTCHA, "Open the link in the title, solve", "does not solve the CAPTCHA for you"),
    ],
)
def test_a_question_says_what_the_remedy_does_about_a_flag_of_its_kind(
    kind: FlagKind, asked: str, said: str
) -> None:
    flag = Flag("x", kind)
    content = confirmation(proxied(flag=flag), flag, None, "", now=NOW)
    words = read(content.embeds[0])
    assert asked in content.content
    assert said in words
    is_about_a_message = kind in {FlagKind.MODERATION, FlagKind.BLOCK}
    assert ("If a message is still waiting" in words) is is_about_a_message
    assert ("Login unknown" in words) is (kind in {FlagKind.MODERATION, FlagKind.BLOCK, FlagKind.SESSION})


def test_the_status_names_whose_accounts_it_counts_and_whose_it_could_not_see() -> None:
    accounts = {each.reference: each for each in (account(), proxied())}
    down = service(ServiceProblem.UNREACHABLE, provider=MJPROXY)
    over = replace(ended(), reference=None, problem=ServiceProblem.UNREACHABLE, provider=MJPROXY)
    polls = (PollStatus(USEAPI), PollStatus(MJPROXY))
    words = "\n".join(status(WatchStatus(NOW, accounts, incidents=(down, over), polls=polls)))
    assert "At useapi.net: ✅ **1 account watched, all ready**" in words
    assert "Could not see your accounts at midjourney-proxy · " in words
