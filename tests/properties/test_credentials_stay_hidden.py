"""No credential of an account is shown, whatever field of the answer repeats it: whole, in part, encoded."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape, unescape
from typing import Final
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account
from bot.providers.errors import ProviderError
from bot.providers.http_response import ApiRequest, ApiResponse
from bot.providers.mjproxy import parsing as mjproxy
from bot.providers.mjproxy.entries import CREDENTIALS, READ, parse_entry
from bot.providers.mjproxy.error_mapping import Endpoint
from bot.providers.redaction import HIDDEN
from bot.providers.useapi import parsing as useapi
from bot.providers.useapi.error_mapping import Endpoint as UseapiEndpoint
from tests.support.samples import parse_accounts

NOW: Final = datetime(2026, 11, 28, tzinfo=UTC)
ADDRESS: Final = "https://editor.midjourney.com/captcha/challenge/index.html"
TEXTS: Final = ("remark", "disabledReason", "workTime", "fishingTime", "properties")
"""The fields of an entry whose text is shown."""

RANDOM: Final = st.from_regex(r"[0-9][A-Za-z0-9_-]{7,30}[A-Za-z0-9]", fullmatch=True)
"""A value as programs make it."""
TYPED: Final = st.text(st.sampled_from("abcXYZ019 .+&=/?#@!$'\"<>;:,|äß密"), min_size=6, max_size=20).filter(
    lambda text: any(each.isdigit() for each in text) and len(text.strip()) >= 6
)
"""A value as people may type it."""
HOLDERS: Final[dict[str, Callable[[str, str], object]]] = {
    "alone": lambda one, _: one,
    "with blanks around it": lambda one, _: f" {one}\n",
    "in a list": lambda one, other: [other, [one]],
    "in an object": lambda one, other: {"a": other, "b": {"c": one}},
    "as a key": lambda one, other: {one: other},
    "in a cookie": lambda one, other: f"__Host-Midjourney.Auth_i={one}; theme=dark; b={other}",
    "in JSON": lambda one, other: json.dumps([{"name": "a", "value": one}, {"value": other}]),
    "in a query": lambda one, other: f"{ADDRESS}?hash={one}&token={other}",
    "in a query that is escaped": lambda one, other: f"{ADDRESS}?hash%3D{one}%26token%3D{other}",
    "in a path": lambda one, other: (
        f"https://936929561302675456.discordsays.com/api/c/{one}/ack?hash={other}"
    ),
    "in one for a second factor": lambda one, other: f"otpauth://totp/Discord:{other}?secret={one}&issuer=D",
}
SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "in an address": lambda text: quote(text, safe=""),
    "in an address, small": lambda text: re.sub(
        "%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe="")
    ),
    "in HTML": escape,
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON of .NET": lambda text: "".join(
        each if each.isalnum() else f"\\u{ord(each):04X}" for each in text
    ),
    "in HTML in JSON": lambda text: json.dumps(escape(text))[1:-1],
    "in an address in an address": lambda text: quote(quote(text, safe=""), safe=""),
}


def entry(**fields: object) -> dict[str, object]:
    return {"id": "one", "channelId": "12", "enable": False, "lock": False, "running": False, **fields}


def shown_of(account: Account) -> str:
    """Return all that is kept of an account, in every spelling of it."""
    text = "\n".join(filter(None, (repr(account), account.flag and account.flag.text, account.title)))
    info = account.info
    text += "\n" + (info.info.text if info and info.info.text else "") + f"{info!r}"
    return "\n".join((text, unquote(text), unescape(text), unescape(unquote(unquote(text)))))


def test_every_credential_that_is_known_of_the_proxy_is_kept_from_what_is_shown() -> None:
    assert set(CREDENTIALS) <= set(READ)
    assert not set(CREDENTIALS) & set(TEXTS)


@given(
    name=st.sampled_from(CREDENTIALS),
    holder=st.sampled_from(sorted(HOLDERS)),
    one=RANDOM,
    other=RANDOM,
    field=st.sampled_from(TEXTS),
    spelling=st.sampled_from(sorted(SPELLINGS)),
    around=st.sampled_from(("Use {} now", "{}", "失败{}失败", "token={}&x=1", '{{"error":"{}"}}', "{}.")),
)
def test_a_value_within_a_credential_is_shown_nowhere(
    name: str, holder: str, one: str, other: str, field: str, spelling: str, around: str
) -> None:
    said: object = around.format(SPELLINGS[spelling](one))
    fields = {name: HOLDERS[holder](one, other), field: {"Plan": said} if field == "properties" else said}
    assert one not in shown_of(parse_entry(entry(**fields), None, NOW))


@given(
    name=st.sampled_from(CREDENTIALS),
    holder=st.sampled_from(("alone", "with blanks around it", "in a list", "in an object", "in a query")),
    one=TYPED,
    field=st.sampled_from(TEXTS),
    spelling=st.sampled_from(sorted(SPELLINGS)),
)
def test_a_whole_credential_is_shown_nowhere_however_it_is_spelled(
    name: str, holder: str, one: str, field: str, spelling: str
) -> None:
    secret = HOLDERS[holder](one, "none")
    whole = (secret if isinstance(secret, str) else one).strip()
    said: object = f"Use {SPELLINGS[spelling](whole)} now"
    fields = {name: secret, field: {"Plan": said} if field == "properties" else said}
    assert whole not in shown_of(parse_entry(entry(**fields), None, NOW))


@given(secret=RANDOM, spelling=st.sampled_from(sorted(SPELLINGS)), is_outside=st.booleans())
def test_a_refusal_quotes_no_credential_of_the_account_in_it(
    secret: str, spelling: str, *, is_outside: bool
) -> None:
    said = f"Failed for {SPELLINGS[spelling](secret)}"
    account = {"userToken": secret}
    body = {"success": False, "message": said, **(account if is_outside else {"data": account})}
    answer = ApiResponse(
        200, "application/json", json.dumps(body).encode(), None, NOW, credentials=CREDENTIALS
    )
    with pytest.raises(ProviderError) as caught:
        mjproxy.require_success(answer, ApiRequest(Endpoint.SOLVED, "one"))
    assert caught.value.quote == f"Failed for {HIDDEN}"


@given(secret=RANDOM, field=st.sampled_from(("pendingModMessage", "error")), is_code=st.booleans())
def test_useapi_shows_no_token_of_an_account_of_any_form(secret: str, field: str, *, is_code: bool) -> None:
    fields = {"channel": "117080972166342241", "discord": secret, field: f"Use {secret} now"}
    text = ""
    if is_code:
        body = json.dumps({**fields, "error": f"Use {secret} now", "code": 596}).encode()
        answer = ApiResponse(200, "application/json", body, None, NOW, credentials=useapi.CREDENTIALS)
        with pytest.raises(ProviderError) as caught:
            useapi.raise_for_error(answer, ApiRequest(UseapiEndpoint.LIST))
        text = repr(caught.value.__dict__)
    else:
        answer = ApiResponse(200, "application/json", json.dumps([fields]).encode(), None, NOW)
        text = repr(parse_accounts(answer, ApiRequest(UseapiEndpoint.LIST)))
    assert secret not in text
    assert f"Use {HIDDEN} now" in text


@given(secret=RANDOM)
def test_useapi_shows_no_token_in_an_answer_to_info_or_as_a_channel(secret: str) -> None:
    said = f"Your info - {secret}"
    job = {"discord": secret, "content": f"**Subscription**: {secret}", "embeds": [{"title": said}]}
    answer = ApiResponse(200, "application/json", json.dumps(job).encode(), None, NOW)
    info = useapi.parse_report(answer, ApiRequest(UseapiEndpoint.INFO))
    assert secret not in f"{info!r} {info.info!r} {info.info.text}"
    body = json.dumps([{"channel": f"a-{secret}", "discord": secret}]).encode()
    listed = parse_accounts(
        ApiResponse(200, "application/json", body, None, NOW), ApiRequest(UseapiEndpoint.LIST)
    )
    assert secret not in repr(listed)


@given(secret=RANDOM)
def test_base64_of_a_whole_credential_is_not_shown(secret: str) -> None:
    said = b64encode(secret.encode()).decode()
    account = parse_entry(entry(userToken=secret, disabledReason=f"Basic {said}"), None, NOW)
    assert said.rstrip("=") not in shown_of(account)


@pytest.mark.parametrize(
    "said",
    [
        "https://editor.midjourney.com/captcha/challenge?token=x1y2z3",
        "editor.midjourney.com/captcha/challenge?token=x1y2z3",
        "https%3A%2F%2Feditor.midjourney.com%2Fcaptcha%3Ftoken%3Dx1y2z3",
        "https:\\/\\/editor.midjourney.com\\/captcha?token=x1y2z3",
        "10.0.0.1:8080/captcha/x1y2z3",
        "https://1.DiscordSays.com/x1y2z3",
        "[solve](https://editor.midjourney.com/captcha?a=1&amp;token=x1y2z3)",
    ],
)
def test_a_captcha_link_is_hidden_also_where_no_field_names_it(said: str) -> None:
    account = parse_entry(entry(disabledReason=f"CF 人工验证 {said} now"), None, NOW)
    assert "x1y2z3" not in shown_of(account)
    assert account.flag is not None
    assert account.flag.text == f"CF 人工验证 {HIDDEN} now"


@pytest.mark.parametrize(
    "said",
    [
        "Blocked, You have been blocked for 3 days. See https://docs.midjourney.com/hc/articles/32013696484109.",
        "Please solve the CAPTCHA. Midjourney/captcha support: reCAPTCHA, hCaptcha/Turnstile.",
        "Your Standard plan renews in 30 days: dark mode, en-US, fast, Europe/London, 100% & more",
        "CF 自动验证中...",
        "Pending mod message, visit https://discord.com/channels/662267976984297473/ at midjourney.com",
        "Pending mod message, visit https://discord.com/channels/110000012345678901/1200000023456789012 now",
    ],
)
def test_what_a_credential_has_in_common_with_ordinary_words_stays(said: str) -> None:
    cookie = (
        "theme=dark; lang=en-US; plan=Standard; days=30; tz=Europe/London; mode=fast; n=3; on=true; Path=/"
    )
    fields = entry(
        cookie=cookie,
        cfUrl=f"{ADDRESS}?hash=OOHASH&token=CAPTCHA-1",
        loginPassword="x",
        login2fa="****",
        loginAccount="3",
        subChannels=["https://discord.com/channels/110000000000000001/1200000000000000005", "none"],
        disabledReason=said,
    )
    account = parse_entry(fields, None, NOW)
    assert account.flag is not None
    assert account.flag.text == said


PARTS: Final = (
    b64encode(b"102345678901234567").decode(),
    "GabcDe",
    "xYz0aB3dEf6Gh1jKl4mN0pQr7sTu2vWx5yZ8bC",
)
WHOLE: Final = ".".join(PARTS)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"{WHOLE[:40]}...", f"{HIDDEN}..."),
        (f"...{WHOLE[-30:]}", f"...{HIDDEN}"),
        (PARTS[2], HIDDEN),
        (f"失败:{'.'.join(PARTS[:2])}失败", f"失败:{HIDDEN}失败"),
        (f"{WHOLE[:30]}\n{WHOLE[30:]}", HIDDEN),
        (f"{WHOLE[:30]}\u200b{WHOLE[30:]}", HIDDEN),
        (" ".join(re.findall(".{1,9}", WHOLE)), HIDDEN),
        (f"{WHOLE[:12]}***{WHOLE[-25:]}", f"{HIDDEN}***{HIDDEN}"),
        (f"{WHOLE[:11]}***", f"{WHOLE[:11]}***"),
        (urlsafe_b64encode(f"Bearer {WHOLE}?>?>".encode()).decode(), HIDDEN),
        ("".join(f"%{ord(each):02X}" for each in WHOLE[30:]), HIDDEN),
    ],
)
@pytest.mark.parametrize("name", ["userToken", "cookie"])
def test_a_long_piece_of_a_credential_is_shown_nowhere_however_it_is_broken(
    name: str, said: str, shown: str
) -> None:
    secret = WHOLE if name == "userToken" else f"theme=dark; auth={WHOLE}"
    account = parse_entry(entry(**{name: secret}, disabledReason=f"bad {said} end"), None, NOW)
    assert account.flag is not None
    assert account.flag.text == f"bad {shown} end"


def test_a_long_text_is_read_in_a_moment() -> None:
    secret = "a1" * 20
    for said in (
        "a." * 60_000,
        "http://" * 15_000,
        "%25" * 30_000,
        "captcha" * 15_000,
        "\\" * 90_000,
        "a1B2" * 25_000,
    ):
        account = parse_entry(entry(cookie=f"a={secret}; b={secret}x", disabledReason=said), None, NOW)
        assert account.flag is not None
        assert len(account.flag.text) <= 2_000
