"""What people read about useapi.net."""

from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ServiceProblem
from bot.render.words import BY_PERSON, PROBLEM_STEPS, PROBLEMS, ProviderWords

USEAPI_WORDS: Final = ProviderWords(
    service="useapi.net",
    api="the API",
    api_first="The API",
    setting="USEAPI_URL",
    address="Check USEAPI_URL, and whether useapi.net still offers its Midjourney API.",
    speaker="Midjourney",
    refusal="error 596",
    do="reset",
    do_first="Reset",
    done="reset",
    doing="resetting",
    after="the reset",
    early="A reset",
    back="is back",
    undone="Only then reset the account in the API.",
    login_unknown="Login unknown. Use the Discord account you gave to useapi.net for this channel.",
    demands=dict.fromkeys(FlagKind, "Midjourney stopped it with a message") | BY_PERSON,
    labels=dict.fromkeys(FlagKind, "I did what it says - reset")
    | {
        FlagKind.MODERATION: "I acknowledged it - reset",
        FlagKind.CAPTCHA: "I solved it - reset",
        FlagKind.BLOCK: "The block is over - reset",
    },
    steps=dict.fromkeys(
        FlagKind, "{log_in}\nOpen {channel} and do what the message says.\n{reset} Resetting does not fix it."
    )
    | {
        FlagKind.MODERATION: "{log_in}\n"
        "Open {channel}, read the message and acknowledge it there.\n"
        "{reset} Resetting does not acknowledge it for you.",
        FlagKind.CAPTCHA: "{log_in}\n"
        "Open {channel}, follow the verification link and solve the CAPTCHA. "
        "No link? Run /imagine there; Midjourney then shows it.\n"
        "{reset} Resetting does not solve it for you.",
        FlagKind.BLOCK: "{wait}\n"
        "{log_in} Open {channel} and see what is there.\n"
        "{reset} Resetting does not shorten the block.",
    },
    problems=PROBLEMS
    | {
        ServiceProblem.TOKEN: "useapi.net refused the API token.",
        ServiceProblem.UNPAID: "Your useapi.net subscription has expired or does not cover all accounts.",
        ServiceProblem.GONE: "useapi.net has shut down its Midjourney service.",
    },
    problem_steps=PROBLEM_STEPS
    | {
        ServiceProblem.TOKEN: "Copy the token from your account at useapi.net, whole, with its `user:`.\n"
        "Put it into USEAPI_TOKEN and restart me.",
        ServiceProblem.UNPAID: "Renew or extend the subscription at useapi.net.\n"
        "Then press Refresh in /mjstatus, or wait: I check every 15 min.",
        ServiceProblem.GONE: "The vendor announced that useapi.net ends "
        "its Midjourney service on 2026-06-24.\n"
        "If another server offers you the same API, put its address into USEAPI_URL and restart me.\n"
        "If none does, stop me: there is nothing left to watch.",
        ServiceProblem.LIST_GONE: "Check at useapi.net that your accounts are still configured, "
        "and add what is missing.\n"
        "If USEAPI_TOKEN was changed, check that it belongs to the same subscription.\n"
        "If you removed them there yourself, use /mjremove for each, so that I know.",
    },
    web_page="useapi.net",
    nothing=(
        "No account is configured at useapi.net yet, so there is nothing to watch.\n"
        "1. Follow the page [Setup Midjourney](https://useapi.net/docs/start-here/setup-midjourney): "
        "it explains how to prepare the account and where its Discord token comes from.\n"
        "2. An owner gives that token to useapi.net with /mjadd, which asks for it in a form. "
        "Never post the token in a Discord channel.\n"
        "3. Come back and use this command again."
    ),
)
