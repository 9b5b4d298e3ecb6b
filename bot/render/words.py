"""What people read about a provider: its names, its sentences, and what a person does there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ServiceProblem

Sentences = Mapping[FlagKind, str]


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
    steps: Sentences
    """The three lines of steps that clear a flag, which name {log_in}, {channel}, {wait} and {reset}, too."""
    problems: Mapping[ServiceProblem, str]
    """The problem of a service incident whose cause is not known."""
    problem_steps: Mapping[ServiceProblem, str]
    web_page: str
    """Where a person does at the provider what no request does."""
    nothing: str
    """What an empty list says."""
    guess: str = ""
    """The field of its list that is watched for flags, if no document says which has them."""
    open_page: str = "Open {service}"
    """The label of the button that leads to its web page."""
    by_text: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Demand and steps of a flag's text that differ from those of its kind."""
    hints: Mapping[str, str] = field(default_factory=dict[str, str])
    """What a text means that few can read, and that stood before the text of a flag."""
    errors: Mapping[StrEnum, str] = field(default_factory=dict[StrEnum, str])
    """The sentence of each error, and on the next line what to do, where other providers have others."""

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
