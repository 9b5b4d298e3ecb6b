"""What people read about midjourney-proxy."""

from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.errors import Cause, ErrorCode
from bot.domain.incidents import ServiceProblem
from bot.render.words import DEMANDS, PROBLEM_STEPS, PROBLEMS, ProviderWords

MJPROXY_WORDS: Final = ProviderWords(
    service="midjourney-proxy",
    setting="MJPROXY_URL",
    address="Check MJPROXY_URL: it is where midjourney-proxy answers, with or without /mj at its end.",
    do="enable it",
    do_first="Enable it",
    done="enabled",
    doing="enabling",
    after="it was enabled",
    early="Enabling it",
    undone="Only then enable the account on midjourney-proxy's own web page.",
    login_unknown="Login unknown. Use the Discord account whose token you gave to midjourney-proxy.",
    demands=DEMANDS
    | {
        FlagKind.OTHER: "midjourney-proxy disabled it with a message",
        FlagKind.CONNECTION: "midjourney-proxy lost its connection to Discord and disabled it",
        FlagKind.CREDITS: "the credits of the account are used up",
        FlagKind.SESSION: "Discord rejects its login or token",
        FlagKind.PLAN: "the account's Midjourney plan is cancelled, paused or missing",
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
        FlagKind.MODERATION: "{log_in}\n"
        "Open {channel}, read the message and acknowledge it there.\n"
        "{reset} Enabling it does not acknowledge it for you.",
        FlagKind.CAPTCHA: "Press **Show me the CAPTCHA**. Only you see the link.\n"
        "Open the link and solve the CAPTCHA.\n"
        "Only then press **I solved it** below the link. It does not solve the CAPTCHA for you.",
        FlagKind.BLOCK: "{wait}\n"
        "{log_in} Open {channel} and see what is there.\n"
        "{reset} Enabling it does not shorten the block.",
        FlagKind.CONNECTION: "Check that the machine of midjourney-proxy can reach Discord.\n"
        "If it cannot, get its network working first.\n"
        "{reset} midjourney-proxy does not enable it by itself.",
        FlagKind.CREDITS: "Log in to midjourney.com with this account.\n"
        "Renew its subscription there, or buy more credits.\n"
        "{reset} Enabling it does not buy credits.",
        FlagKind.SESSION: "{log_in} Copy its new token.\n"
        "Put the token into the account on midjourney-proxy's own web page. Never send it here.\n"
        "{reset} Enabling it does not renew the token.",
        FlagKind.PLAN: "Log in to midjourney.com with this account.\n"
        "Renew its subscription there.\n"
        "{reset} Enabling it does not renew the subscription.",
        FlagKind.OFFLINE: "{log_in}\n"
        "A moderation message can hide here: open {channel} and send /info.\n"
        "Nothing there? Check the account on midjourney-proxy's own web page: "
        "its token, and its working hours.",
        FlagKind.OTHER: "{log_in}\n"
        "Open {channel} and do what the message says.\n"
        "{reset} Enabling it does not fix it.",
    },
    by_text={
        "新的连接失败次数超过限制，禁用账号": (
            "midjourney-proxy could not connect it, most likely because Discord rejects its token",
            (
                "Do other accounts fail, too? Then check the network of midjourney-proxy's machine first.\n"
                "{log_in} Put a new token into the account on midjourney-proxy's own web page. "
                "Never send it here.\n"
                "{reset} Enabling it does not renew the token."
            ),
        )
    },
    hints={"用户 WebSocket 连接异常": "It means: its connection to Discord broke off."},
    problems=PROBLEMS
    | {
        ServiceProblem.TOKEN: "midjourney-proxy refused the token, or it is no administrator's.",
        ServiceProblem.UNPAID: "midjourney-proxy refused the request.",
        ServiceProblem.GONE: "What answers at MJPROXY_URL is not midjourney-proxy.",
    },
    problem_steps=PROBLEM_STEPS
    | {
        ServiceProblem.TOKEN: "Take the token of an administrator of the proxy.\n"
        "Put it into MJPROXY_TOKEN and restart me.",
        ServiceProblem.UNPAID: "Open midjourney-proxy's own web page and see what it says.",
        ServiceProblem.GONE: "{address}\nPut the right address into MJPROXY_URL and restart me.",
        ServiceProblem.LIST_GONE: "Check on midjourney-proxy's own web page "
        "that your accounts are still there, and add what is missing.\n"
        "If MJPROXY_URL was changed, check that it is the same midjourney-proxy.\n"
        "If you removed them there yourself, use /mjremove for each, so that I know.",
    },
    nothing=(
        "midjourney-proxy has no account yet, so there is nothing to watch.\n"
        "1. Add one on midjourney-proxy's own web page; its token belongs there and nowhere else.\n"
        "2. Come back and use this command again."
    ),
    errors={
        Cause.SERVER_ERROR: "midjourney-proxy has a server error.\nIf the problem lasts, look into its log.",
        Cause.CHALLENGE: "Something in front of midjourney-proxy turns this machine away.\n"
        "Check what stands in front of it, such as a login page: it must let this machine pass.",
        Cause.GARBLED: "midjourney-proxy answered in a form that Midwatch does not know.\n"
        "Check MJPROXY_URL. If midjourney-proxy is there, it has changed, and Midwatch needs an update.",
        ErrorCode.CAPTCHA_LINK_FAILED: "midjourney-proxy could not get a CAPTCHA link.\n"
        "Try again in a few minutes.",
        ErrorCode.DEMO_MODE: "midjourney-proxy is in demo mode and does not take the "
        "token for an administrator's.\n"
        "Put the token of an administrator of the proxy into MJPROXY_TOKEN and restart Midwatch.",
        ErrorCode.LIST_TOO_SLOW: "midjourney-proxy takes too long to list all accounts.\n"
        "If the problem lasts, look at the load of the machine it runs on.",
        ErrorCode.NO_CAPTCHA_LINK: "midjourney-proxy has no CAPTCHA link for this account.\n"
        "It may be solved already: /mjaccounts shows how the account stands.",
        ErrorCode.NOT_STARTED: "midjourney-proxy has not started this account, so it cannot ask Midjourney.\n"
        "Enable the account first; one with working hours is asked within them.",
        ErrorCode.NOT_SYNCED: "midjourney-proxy got no answer from Midjourney.\nTry again in a few minutes.",
        ErrorCode.ODD_CHANNEL: "midjourney-proxy lists this account without an id, "
        "twice or in an unknown form.\n"
        "Look at it on midjourney-proxy's own web page; Midwatch does nothing with such an entry.",
        ErrorCode.REJECTED: "midjourney-proxy refused the request.\n"
        "Read what it says. If the problem lasts, use midjourney-proxy's own web page.",
        ErrorCode.SERVICE_GONE: "What answers at MJPROXY_URL is not midjourney-proxy.\n{address}",
        ErrorCode.TOKEN_REFUSED: "midjourney-proxy refused the token, or it is no administrator's.\n"
        "Put the token of an administrator of the proxy into MJPROXY_TOKEN and restart Midwatch.",
        ErrorCode.TOO_OLD_TO_ENABLE: "This midjourney-proxy is older than 11.9.1 and lets no "
        "other program enable accounts.\n"
        "Update midjourney-proxy, or enable the account on midjourney-proxy's own web page.",
    },
)
