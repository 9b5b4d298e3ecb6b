"""What people read about each provider: its names, its sentences, and what a person does there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ServiceProblem
from bot.domain.providers import MJPROXY, USEAPI, provider_of

Sentences = Mapping[FlagKind, str]
Tasks = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProviderWords:
    """The words about one provider. Its sentences name those fields that are words themselves."""

    service: str
    """Its name."""
    api: str
    """What answers, in the middle of a sentence and at its beginning."""
    api_first: str
    setting: str
    address: str
    """What to do if something else answers."""
    speaker: str
    """Whose words the text of a flag is."""
    refusal: str
    """What stands in place of the list if an account that is not named is flagged."""
    do: str
    """What its usual remedy is: "Do not reset yet"."""
    done: str
    doing: str
    after: str
    early: str
    """The remedy before its time: "A reset before then risks the account"."""
    back: str
    """What an account is or does whose incident ended."""
    undone: str
    """Where an account is set right that no request can name."""
    login_unknown: str
    demands: Sentences
    """What a flagged account waits for, without full stops."""
    labels: Sentences
    """The labels of the button with the usual remedy."""
    steps: Mapping[FlagKind, Tasks]
    """The three steps that clear a flag. They name {log_in}, {channel}, {wait} and {reset}, too."""
    by_text: Mapping[str, tuple[str, Tasks]]
    """Demand and steps of a flag's text that differ from those of its kind."""
    problems: Mapping[ServiceProblem, str]
    """The problem of a service incident whose cause is not known."""
    problem_steps: Mapping[ServiceProblem, Tasks]

    def says(self, *, is_past: bool = False) -> str:
        """Return what introduces the text of a flag."""
        return f"{self.speaker} {'said' if is_past else 'says'}"

    def put_into(self, sentence: str, **fields: object) -> str:
        """Return a sentence with its fields filled in."""
        return sentence.format(**{**vars(self), **fields})


OPEN_CHANNEL: Final = "Open {channel} and see what is there."
DEMANDS: Final = {
    FlagKind.MODERATION: "Midjourney wants a moderation message acknowledged",
    FlagKind.CAPTCHA: "Midjourney wants a CAPTCHA solved",
    FlagKind.BLOCK: "Midjourney has blocked it",
}
PROBLEMS: Final = {
    ServiceProblem.LIST_GONE: "Most or all accounts are missing from {service}'s list.",
    ServiceProblem.PENDING: "{service} answers with {refusal} instead of the list.",
    ServiceProblem.AWAY: "I was not running, or an older database was put back.",
}
RENEWS_NOTHING: Final = "{reset} Enabling it does not renew the token."
ON_WEB_PAGE: Final = "midjourney-proxy's own web page"

WORDS: Final[Mapping[str, ProviderWords]] = {
    USEAPI: ProviderWords(
        service="useapi.net",
        api="the API",
        api_first="The API",
        setting="USEAPI_URL",
        address="Check USEAPI_URL, and whether useapi.net still offers its Midjourney API.",
        speaker="Midjourney",
        refusal="error 596",
        do="reset",
        done="reset",
        doing="resetting",
        after="the reset",
        early="A reset",
        back="is back",
        undone="Only then reset the account in the API.",
        login_unknown="Login unknown. Use the Discord account you gave to useapi.net for this channel.",
        demands=dict.fromkeys(FlagKind, "Midjourney stopped it with a message") | DEMANDS,
        labels=dict.fromkeys(FlagKind, "I did what it says - reset")
        | {
            FlagKind.MODERATION: "I acknowledged it - reset",
            FlagKind.CAPTCHA: "I solved it - reset",
            FlagKind.BLOCK: "The block is over - reset",
        },
        steps=dict.fromkeys(
            FlagKind,
            (
                "{log_in}",
                "Open {channel} and do what the message says.",
                "{reset} Resetting does not fix it.",
            ),
        )
        | {
            FlagKind.MODERATION: (
                "{log_in}",
                "Open {channel}, read the message and acknowledge it there.",
                "{reset} Resetting does not acknowledge it for you.",
            ),
            FlagKind.CAPTCHA: (
                "{log_in}",
                (
                    "Open {channel}, follow the verification link and solve the CAPTCHA. "
                    "No link? Run /imagine there; Midjourney then shows it."
                ),
                "{reset} Resetting does not solve it for you.",
            ),
            FlagKind.BLOCK: (
                "{wait}",
                f"{{log_in}} {OPEN_CHANNEL}",
                "{reset} Resetting does not shorten the block.",
            ),
        },
        by_text={},
        problems=PROBLEMS
        | {
            ServiceProblem.TOKEN: "useapi.net refused the API token.",
            ServiceProblem.UNPAID: "Your useapi.net subscription has expired or does not cover all accounts.",
            ServiceProblem.GONE: "useapi.net has shut down its Midjourney service.",
        },
        problem_steps={
            ServiceProblem.AWAY: ("Nothing: I am running again.",),
            ServiceProblem.TOKEN: (
                "Copy the token from your account at useapi.net, whole, with its `user:`.",
                "Put it into USEAPI_TOKEN and restart me.",
            ),
            ServiceProblem.UNPAID: (
                "Renew or extend the subscription at useapi.net.",
                "Then press Refresh in /mjstatus, or wait: I check every 15 min.",
            ),
            ServiceProblem.GONE: (
                "The vendor announced that useapi.net ends its Midjourney service on 2026-06-24.",
                "If another server offers you the same API, put its address into USEAPI_URL and restart me.",
                "If none does, stop me: there is nothing left to watch.",
            ),
            ServiceProblem.LIST_GONE: (
                "Check at useapi.net that your accounts are still configured, and add what is missing.",
                "If USEAPI_TOKEN was changed, check that it belongs to the same subscription.",
                "If you removed them there yourself, use /mjremove for each, so that I know.",
            ),
        },
    ),
    MJPROXY: ProviderWords(
        service="midjourney-proxy",
        api="midjourney-proxy",
        api_first="midjourney-proxy",
        setting="MJPROXY_URL",
        address="Check MJPROXY_URL: it is where midjourney-proxy answers, with or without /mj at its end.",
        speaker="midjourney-proxy",
        refusal="an error",
        do="enable it",
        done="enabled",
        doing="enabling",
        after="it was enabled",
        early="Enabling it",
        back="runs again",
        undone=f"Only then enable the account on {ON_WEB_PAGE}.",
        login_unknown="Login unknown. Use the Discord account whose token you gave to midjourney-proxy.",
        demands={
            **DEMANDS,
            FlagKind.OTHER: "midjourney-proxy disabled it with a message",
            FlagKind.CONNECTION: "midjourney-proxy lost its connection to Discord and disabled it",
            FlagKind.CREDITS: "the credits of the account are used up",
            FlagKind.SESSION: "Discord rejects its login or token",
            FlagKind.PLAN: "the account's Midjourney plan is cancelled, paused or missing",
            FlagKind.OFFLINE: "midjourney-proxy has not started it",
        },
        labels=dict.fromkeys(FlagKind, "I did what it says - enable")
        | {
            FlagKind.MODERATION: "I acknowledged it - enable",
            FlagKind.CAPTCHA: "Show me the CAPTCHA",
            FlagKind.BLOCK: "The block is over - enable",
            FlagKind.CONNECTION: "Enable",
            FlagKind.CREDITS: "I renewed it - enable",
            FlagKind.SESSION: "The token is new - enable",
            FlagKind.PLAN: "I renewed it - enable",
        },
        steps={
            FlagKind.MODERATION: (
                "{log_in}",
                "Open {channel}, read the message and acknowledge it there.",
                "{reset} Enabling it does not acknowledge it for you.",
            ),
            FlagKind.CAPTCHA: (
                "Press **Show me the CAPTCHA**: the link is for you alone.",
                "Open it and solve the CAPTCHA.",
                "Only then press **I solved it**, below the link. Saying so does not solve it for you.",
            ),
            FlagKind.BLOCK: (
                "{wait}",
                f"{{log_in}} {OPEN_CHANNEL}",
                "{reset} Enabling it does not shorten the block.",
            ),
            FlagKind.CONNECTION: (
                "Check the network of the machine that midjourney-proxy runs on.",
                "Wait until Discord can be reached from there.",
                "{reset} midjourney-proxy does not enable it by itself.",
            ),
            FlagKind.CREDITS: (
                "Log in to midjourney.com with this account.",
                "Renew its subscription there, or buy more credits.",
                "{reset} Enabling it brings no credits.",
            ),
            FlagKind.SESSION: (
                "{log_in} Get a new token of it.",
                f"Put the token into the account on {ON_WEB_PAGE}. Never send it here.",
                RENEWS_NOTHING,
            ),
            FlagKind.PLAN: (
                "Log in to midjourney.com with this account.",
                "Renew its subscription there.",
                "{reset} Enabling it does not renew the subscription.",
            ),
            FlagKind.OFFLINE: (
                "{log_in}",
                "A moderation message can hide here: open {channel} in Discord and send /info.",
                f"Nothing there? See on {ON_WEB_PAGE} why it does not start.",
            ),
            FlagKind.OTHER: (
                "{log_in}",
                "Open {channel} and do what the message says.",
                "{reset} Enabling it does not fix it.",
            ),
        },
        by_text={
            "新的连接失败次数超过限制，禁用账号": (
                "Discord probably rejects its login or token",
                (
                    "Is only this account affected? If not, check the network of midjourney-proxy's machine.",
                    f"{{log_in}} Put a new token into the account on {ON_WEB_PAGE}. Never send it here.",
                    RENEWS_NOTHING,
                ),
            )
        },
        problems=PROBLEMS
        | {
            ServiceProblem.TOKEN: "midjourney-proxy refused the token, or it is no administrator's.",
            ServiceProblem.UNPAID: "midjourney-proxy refused the request.",
            ServiceProblem.GONE: "What answers at MJPROXY_URL is not midjourney-proxy.",
        },
        problem_steps={
            ServiceProblem.AWAY: ("Nothing: I am running again.",),
            ServiceProblem.TOKEN: (
                "Take the token of an administrator of the proxy.",
                "Put it into MJPROXY_TOKEN and restart me.",
            ),
            ServiceProblem.UNPAID: (f"Look at {ON_WEB_PAGE}.",),
            ServiceProblem.GONE: ("{address}", "Put the right address into MJPROXY_URL and restart me."),
            ServiceProblem.LIST_GONE: (
                f"Check on {ON_WEB_PAGE} that your accounts are still there, and add what is missing.",
                "If MJPROXY_URL was changed, check that it is the same midjourney-proxy.",
                "If you removed them there yourself, use /mjremove for each, so that I know.",
            ),
        },
    ),
}
TITLES: Final = {provider: words.service for provider, words in WORDS.items()}
"""The name of each provider for people."""


def words_for(account: str) -> ProviderWords:
    """Return the words about the provider of a reference."""
    return WORDS.get(provider_of(account), WORDS[USEAPI])


def is_mixed_with(provider: str, accounts: Iterable[str]) -> bool:
    """Return whether there are accounts of another provider."""
    return any(provider_of(each) != provider for each in accounts)


def your_accounts(provider: str, accounts: Iterable[str]) -> str:
    """Return "your accounts", with their provider if there are accounts of another one."""
    return f"your accounts at {TITLES[provider]}" if is_mixed_with(provider, accounts) else "your accounts"


def services(providers: Iterable[str]) -> str:
    """Return the names of providers: "useapi.net or midjourney-proxy"."""
    return " or ".join(TITLES[provider] for provider in providers)
