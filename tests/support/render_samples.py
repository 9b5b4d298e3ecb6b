"""Accounts and texts that the tests of the renderer share, and what must hold of everything it makes."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from hypothesis import strategies as st

from bot.domain.account_info import FastTime, Info, InfoSnapshot, Subscription, Usage
from bot.domain.accounts import Account, EntryState, Flag, FlagKind, KnownAccount
from bot.domain.actions import Action
from bot.domain.incidents import Ending, Incident, Reason, RemedyVerdict, ServiceProblem, State
from bot.domain.messages import Message, MessageItem, Purpose
from bot.domain.providers import MJPROXY, USEAPI, Remedy, reference_to
from bot.render.message_content import Button, Link, MessageContent, Select
from bot.render.text import length
from bot.runtime.language import ENGLISH, current_language

NOW = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)
CHANNEL = "1170809721663422494"
LINK = f"https://discord.com/channels/@me/{CHANNEL}"
MODERATION = "You have a pending moderation message. Please acknowledge it before using the bot further."
INFO = Info(
    "**Subscription**: Mega",
    discord_name="studio.north",
    user_id="234567890123456789",
    subscription=Subscription("Mega", "Active monthly", datetime(2026, 1, 20, tzinfo=UTC), None),
    visibility="Public",
    job_mode="Fast",
    fast_time=FastTime(29.57, 30.0, "hours", 98.58),
    lifetime=Usage(11_170, 120.63, "hours"),
    relaxed=Usage(344, 3.47, "hours"),
    queued_fast=0,
    queued_relax=2,
)
SNAPSHOT = InfoSnapshot(NOW - timedelta(hours=2), timedelta(seconds=8.2), INFO)


def account(
    label: str | None = "Aurora",
    *,
    flag: str | None = None,
    reference: str = CHANNEL,
    max_jobs: int | None = 3,
    server: str | None = None,
    snapshot: InfoSnapshot | None = None,
) -> KnownAccount:
    """Make an account; one with a flag has had it for ten minutes."""
    return KnownAccount(
        Account(reference, max_jobs, None if flag is None else Flag.of(flag), server),
        name=label,
        flagged_since=None if flag is None else NOW - timedelta(minutes=10),
        snapshot=snapshot,
    )


MESSAGE = "f" * 32
OWNER, OTHER = 111111111111111111, 222222222222222222
BLOCKED = "You have been blocked from accessing Midjourney for 3 days"
NAMES = ("Aurora", "Borealis", "Cirrus", "Dusk", "Ember", "Fjord", "Glade")
MINUTE = timedelta(minutes=1)


def channel(number: int) -> str:
    """Return the channel of an account by its number."""
    return str(int(CHANNEL) + number)


ACCOUNTS = {
    channel(n): account(name, reference=channel(n), snapshot=SNAPSHOT) for n, name in enumerate(NAMES)
}


def incident(number: int = 0, text: str = MODERATION, **changes: Any) -> Incident:
    """Make an incident of an account that has been flagged for ten minutes."""
    flag, opened = Flag.of(text), changes.get("opened_at", NOW - 10 * MINUTE)
    ends = flag.block_end(opened)
    made = Incident(
        f"{number:032x}",
        State.OPEN,
        opened,
        NOW,
        reference=channel(number),
        flag=flag,
        worst_kind=flag.kind,
        block_ends=ends,
    )
    return replace(made, **changes)


def ended(number: int = 0, ending: Ending = Ending.CLEARED, **changes: Any) -> Incident:
    """Make an incident that was over after 25 minutes."""
    return incident(number, state=State.ENDED, ended_at=NOW + 15 * MINUTE, ending=ending, **changes)


def service(problem: ServiceProblem, **changes: Any) -> Incident:
    """Build a service incident that is six minutes old."""
    return replace(Incident("e" * 32, State.OPEN, NOW - 6 * MINUTE, NOW, problem=problem), **changes)


def message(
    *entries: tuple[Incident, Reason | None], purpose: Purpose = Purpose.ALERT, **changes: Any
) -> Message:
    """Make a message that is due now."""
    rows = tuple(MessageItem(each.key, reason) for each, reason in entries)
    return replace(
        Message(MESSAGE, OWNER, purpose, notify=True, created_at=NOW, due_at=NOW, entries=rows), **changes
    )


FRAGMENTS = [
    *(
        "`",
        "``",
        "```",
        "\u1fef\u1fef\u1fef",
        "\\",
        "\\`",
        "\n",
        "\r\n",
        "\t",
        "\u2028",
        "\x00",
        "\x1b[0m",
        "\x85",
    ),
    *("<@234567890123456789>", "<@&234567890123456789>", "@everyone", "@here", "<#234567890123456789>"),
    *("</mjinfo:234567890123456789>", "<t:1:R>", "<:party:234567890123456789>", "<id:guide>", ":smile:"),
    *(
        "https://evil.example/x",
        "http://evil.example",
        "[here](https://evil.example)",
        "<https://evil.example>",
    ),
    *("discord.gg/abc", "**", "__", "~~", "||", "# ", "> ", ">>> ", "-# ", "- ", "1. ", "*", "_", "](", ")"),
    *("\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\u00ad", "\U000e0041", "\ud800", "\u3164"),
    *("👩‍👩‍👧", "🧩" * 40, "Z͑ͫa̴l͖g͚o", "x" * 300, "blocked from accessing Midjourney for 9999 weeks", "captcha"),
]
hostile = st.one_of(
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=20)), max_size=12).map("".join),
    st.sampled_from(FRAGMENTS).map(lambda fragment: fragment * 500),
)
words = st.none() | hostile
moments = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
channels = st.from_regex(r"[0-9]{17,20}", fullmatch=True)
references = channels | st.builds(reference_to, st.sampled_from([USEAPI, MJPROXY]), hostile)
numbers = st.integers(-5, 10**30)
usages = st.none() | st.builds(Usage, numbers, st.none() | st.floats(), words)
infos = st.builds(
    Info,
    hostile,
    discord_name=words,
    user_id=words,
    subscription=st.none() | st.builds(Subscription, hostile, words, st.none() | moments, words),
    visibility=words,
    job_mode=words,
    fast_time=st.none()
    | st.builds(FastTime, st.floats(), st.none() | st.floats(), hostile, st.none() | st.floats()),
    lifetime=usages,
    fast=usages,
    turbo=usages,
    relaxed=usages,
    queued_fast=st.none() | numbers,
    queued_relax=st.none() | numbers,
    running=words,
    others=st.lists(st.tuples(hostile, hostile), max_size=5).map(tuple),
)
snapshots = st.builds(InfoSnapshot, moments, st.timedeltas(timedelta(0), timedelta(days=2)), infos)
accounts = st.builds(
    KnownAccount,
    st.builds(
        Account,
        references,
        st.none() | numbers,
        st.none() | hostile.map(Flag.of),
        words | channels,
        st.sampled_from(EntryState),
    ),
    name=words,
    discord_name=words,
    flagged_since=st.none() | moments,
    snapshot=st.none() | snapshots,
)
actions = st.builds(Action, moments, st.integers(1, 2**64), hostile, channels, hostile)
flags = hostile.map(Flag.of) | st.builds(
    Flag, hostile | st.sampled_from(["由于无法重新连接，自动禁用账号", "连" * 999]), st.sampled_from(FlagKind)
)

incidents = st.builds(
    Incident,
    st.uuids().map(lambda key: key.hex),
    st.sampled_from(State),
    moments,
    moments,
    reference=references,
    flag=st.none() | flags,
    from_command=st.booleans(),
    before_watch=st.booleans(),
    recurring=st.booleans(),
    clear_since=st.none() | moments,
    ended_at=st.none() | moments,
    ending=st.none() | st.sampled_from(Ending),
    reset_at=st.none() | moments,
    leased_by=st.none() | st.integers(1, 2**60),
    assigned_to=st.none() | st.integers(1, 2**60),
    assigned_at=st.none() | moments,
    snoozed_until=st.none() | moments,
    blind_from=st.none() | moments,
    blind_until=st.none() | moments,
    block_ends=st.none() | moments,
    provider=st.sampled_from([USEAPI, MJPROXY]),
    starting_since=st.none() | moments,
    first_reason=words,
    remedy=st.none() | st.sampled_from(Remedy),
    verdict=st.none() | st.sampled_from(RemedyVerdict),
    judged_at=st.none() | moments,
)
service_incidents = st.builds(
    Incident,
    st.uuids().map(lambda key: key.hex),
    st.sampled_from([State.OPEN, State.ENDED]),
    moments,
    moments,
    flag=st.none() | hostile.map(Flag.of),
    provider=st.sampled_from([USEAPI, MJPROXY]),
    problem=st.sampled_from(ServiceProblem),
    ended_at=st.none() | moments,
    blind_from=st.none() | moments,
    blind_until=st.none() | moments,
)
entries = st.lists(
    st.tuples(st.one_of(incidents, incidents, service_incidents), st.none() | st.sampled_from(Reason)),
    max_size=8,
)

CODE = re.compile(r"```[\s\S]+?```|`[^`\n]+`")
OURS = re.compile(
    r"<t:-?\d+:[RfFtT]>|\]\(https://discord\.com/channels/(@me|\d{17,20})/\d{17,20}\)"
    r"|<@(?!234567890123456789)\d{1,20}>|^-# Midwatch · [0-9a-f]{12}$",
    re.MULTILINE,
)
HEADING = re.compile(r"^#{2,3} (?=[MOHR])", re.MULTILINE)
TRANSLATED_HEADING = re.compile(r"^#{2,3} (?=\w)", re.MULTILINE)
ACTIVE = re.compile(
    r"<[@#:/ati]|@everyone|@here|https?://|discord\.gg/|\w\]\(|(?<!\\):\w+:|^(#{1,3}|-#|>|>>>|[-+*])\s",
    re.MULTILINE,
)


def assert_harmless(text: str) -> None:
    """Nothing in it is unseen, and Discord acts on nothing in it but what the renderer wrote itself."""
    acting = [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char != "\n"]
    assert acting == []
    outside = CODE.sub("code", text)
    assert "`" not in outside
    heading = HEADING if current_language() == ENGLISH else TRANSLATED_HEADING
    assert ACTIVE.search(heading.sub("ours", OURS.sub("ours", outside))) is None, outside


def assert_inert(text: str) -> None:
    """Every character that could be markdown is escaped."""
    assert re.search(r"[*_~|\[\]<>@`]", re.sub(r"\\[^0-9A-Za-z\s]", "", text)) is None


def assert_within_limits(embed: discord.Embed) -> list[str]:
    """Discord takes the embed, by the stricter of its ways to count. Return its texts."""
    texts = [embed.title or "", embed.description or "", embed.footer.text or ""]
    assert length(texts[0]) <= 256
    assert 1 <= length(texts[1]) <= 4096
    assert len(embed.fields) <= 25
    for field in embed.fields:
        assert 1 <= length(field.name or "") <= 256
        assert 1 <= length(field.value or "") <= 1024
        texts += [field.name or "", field.value or ""]
    assert sum(map(length, texts)) <= 6000
    return texts


def assert_embed_sendable(embed: discord.Embed) -> None:
    """Discord takes the embed, and acts on nothing that others wrote in it."""
    for text in assert_within_limits(embed):
        assert_harmless(text)


def assert_sendable(posted: MessageContent) -> None:
    """Discord takes the message, in its form and as text alone, and acts on nothing that others wrote."""
    assert 1 <= length(posted.content) <= 2000
    assert 1 <= length(posted.plain_text) <= 2000
    assert_harmless(posted.content)
    assert_harmless(posted.plain_text)
    for embed in posted.embeds:
        assert_embed_sendable(embed)
    ids = [each.custom_id for each in posted.components if not isinstance(each, Link)]
    assert len(set(ids)) == len(ids)
    for custom_id in ids:
        assert re.fullmatch(r"mw:[a-z.]{1,24}:0:[0-9a-z.]{1,70}", custom_id)
        assert len(custom_id) <= 100
    for each in posted.components:
        assert_pressable(each)
    rows = sum(1 if isinstance(each, Select) else 0.2 for each in posted.components)
    assert rows <= 5


def assert_pressable(control: Button | Select | Link) -> None:
    """Discord takes the control."""
    match control:
        case Select():
            assert 1 <= len(control.options) <= 25
            assert length(control.label) <= 150
            for option in control.options:
                assert 1 <= length(option.label) <= 100
                assert 1 <= length(option.description or "") <= 100
        case Button() | Link():
            assert 1 <= length(control.label) <= 80


def read(embed: discord.Embed) -> str:
    """Return an embed as a person reads it from top to bottom."""
    fields = [f"[{field.name}]\n{field.value}" for field in embed.fields]
    return "\n".join([*filter(None, [embed.title, embed.description]), *fields])


def seen(posted: MessageContent) -> str:
    """Return all of a message as a person reads it from top to bottom: a link as (text)."""
    shown = [posted.content, *map(read, posted.embeds), *filter(None, [_footer(posted)])]
    controls = [f"<{each.label}>" for each in posted.components]
    text = "\n".join([*shown, *filter(None, [" ".join(controls)])])
    return re.sub(r"\[([^\]]*)\]\(https://[^)]*\)", r"(\1)", text)


def _footer(posted: MessageContent) -> str | None:
    return posted.embeds[0].footer.text if posted.embeds else None
