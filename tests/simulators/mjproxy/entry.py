"""One account as midjourney-proxy 11.10.3 lists it: every recorded field, bulk and credentials too."""

from datetime import datetime, timedelta
from typing import Final

from tests.simulators.answers import Json
from tests.simulators.mjproxy.accounts import SimulatedProxyAccount

ALIKE: Final[dict[str, Json]] = {
    "privateChannelId": None,
    "nijiBotChannelId": None,
    "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36",
    "enableMj": True,
    "enableNiji": False,
    "enableFastToRelax": None,
    "enableRelaxToFast": None,
    "isSponsor": False,
    "sponsorUserId": None,
    "coreSize": 3,
    "interval": 1.2,
    "afterIntervalMin": 1.2,
    "afterIntervalMax": 1.2,
    "queueSize": 10,
    "relaxCoreSize": 3,
    "relaxQueueSize": 10,
    "todayFastDrawCount": 0,
    "todayRelaxDrawCount": 0,
    "todayTurboDrawCount": 0,
    "todayDraw": "0 / 0 / 0",
    "maxQueueSize": 100,
    "timeoutMinutes": 5,
    "sponsor": None,
    "weight": 0,
    "fishingTime": None,
    "isHdVideo": False,
    "isRelaxVideo": False,
    "isDraft": False,
    "todayCounter": {},
    "remixAutoSubmit": False,
    "mode": None,
    "allowModes": [],
    "enableAutoSetRelax": None,
    "nijiComponents": [],
    "nijiSettingsMessageId": None,
    "isBlend": True,
    "isDescribe": True,
    "isShorten": True,
    "isAutoLogining": False,
    "loginStart": None,
    "loginEnd": None,
    "loginMessage": None,
    "dayDrawLimit": -1,
    "dayRelaxDrawLimit": -1,
    "dayDrawCount": 0,
    "dayRelaxCount": 0,
    "dayFastCount": 0,
    "isVerticalDomain": False,
    "verticalDomainIds": [],
    "subChannelValues": {},
    "runningCount": 0,
    "queueCount": 0,
    "isYouChuan": False,
    "youChuanEnablePreferRelax": False,
    "youChuanFastRemaining": 0,
    "youChuanRelaxDailyLimit": -1,
    "youChuanExpire": None,
    "youChuanRelaxedReset": None,
    "youChuanPicreadReset": None,
    "officialFastRemaining": 0,
    "officialEnablePersonalize": False,
    "officialMinutesAwarded": 0,
    "officialHasSurveyed": False,
    "mjRemixOn": False,
    "nijiButtons": [],
    "nijiRemixOn": False,
    "nijiFastModeOn": False,
    "versionSelector": None,
    "version": None,
    "relaxTimeRemaining": "N/A",
}
"""What stood the same in every recorded entry."""

PART: Final[dict[str, Json]] = {
    "id": 0,
    "placeholder": None,
    "options": None,
    "min_values": None,
    "max_values": None,
    "emoji": None,
    "url": None,
    "disabled": None,
}
MASK: Final = "****"
MASKED: Final = (
    *("userToken", "cookie", "cfUrl", "cfHashUrl", "remark", "loginAccount", "loginPassword", "login2fa"),
    "permanentInvitationLink",
)
"""What the demo mode hides."""


def entry(account: SimulatedProxyAccount, *, local: timedelta, counted: bool = True) -> dict[str, Json]:
    """Write an entry. `local` is how far the server is ahead, `counted` whether `running` is shown."""
    info = account.info if account.info_at else {}
    return {
        **ALIKE,
        **_credentials(account, local),
        "id": account.id,
        "channelId": account.channel,
        "guildId": account.guild,
        "remark": account.remark,
        "sort": account.sort,
        "enable": account.enable,
        "lock": account.lock,
        "disabledReason": account.reason,
        "running": account.running and counted,
        "fastExhausted": account.fast_exhausted,
        "workTime": account.work_time,
        "isDiscord": account.is_discord,
        "isOfficial": not account.is_discord,
        "dateCreated": stamp(account.created, local),
        "infoUpdated": stamp(account.info_at, local),
        "riskControlUnlockTime": stamp(account.unlocks_at, local),
        "todaySyncCount": account.syncs if counted and account.syncs else -1,
        "components": [_row()] if info else [],
        "buttons": [_button()] if info else [],
        "settingsMessageId": "1300000000000000024" if info else None,
        "mjFastModeOn": bool(info),
        "displays": _displays(bool(info)) if account.is_discord else {"renewDate": "N/A"},
        "fastTimeRemaining": info.get("Fast Time Remaining", ""),
        "lifetimeUsage": info.get("Lifetime Usage", ""),
        "relaxedUsage": info.get("Relaxed Usage", ""),
        "turboUsage": "",
        "fastUsage": "",
        "properties": {**info},
    }


def masked(fields: dict[str, Json]) -> dict[str, Json]:
    """Return an entry as the demo mode shows it to somebody without a token."""
    return {**fields, **dict.fromkeys(MASKED, MASK), "botToken": None, "subChannels": []}


def stamp(moment: datetime | None, local: timedelta) -> str | None:
    """Write a time as the proxy does: its local time, without an offset."""
    return None if moment is None else (moment + local).replace(tzinfo=None).isoformat()


def _credentials(account: SimulatedProxyAccount, local: timedelta) -> dict[str, Json]:
    return {
        "userToken": account.secret("token"),
        "cookie": account.secret("cookie"),
        "botToken": account.secret("bot"),
        "loginAccount": account.secret("login"),
        "loginPassword": account.secret("password"),
        "login2fa": account.secret("twofactor"),
        "permanentInvitationLink": f"https://discord.gg/{account.secret('invitation')}",
        "subChannels": [f"https://discord.com/channels/{account.guild}/{account.secret('channel')}"],
        "cfHashCreated": stamp(account.captcha_at, local),
        "cfHashUrl": f"https://discordsays.example/{account.secret('hash')}/ack" if account.lock else None,
        "cfUrl": account.captcha_link,
    }


def _displays(is_known: bool) -> dict[str, Json]:  # noqa: FBT001 - one of two forms
    if not is_known:
        return {"mode": "", "nijiMode": ""}
    return {
        "subscribePlan": "Standard",
        "billedWay": "Active monthly",
        "renewDate": "2026-12-26 16:00",
        "mode": "Fast",
        "nijiMode": "",
    }


def _row() -> dict[str, Json]:
    button: dict[str, Json] = {
        **PART,
        "type": 2,
        "components": None,
        "custom_id": "MJ::Settings::Fast",
        "style": 3,
        "label": "Fast mode",
    }
    return {**PART, "type": 1, "components": [button], "custom_id": None, "style": None, "label": None}


def _button() -> dict[str, Json]:
    return {"customId": "MJ::Settings::Fast", "emoji": "", "label": "Fast mode", "style": 3, "type": 2}
