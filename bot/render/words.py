"""What people read about a provider: its names, its sentences, and what a person does there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.domain.accounts import FlagKind
from bot.domain.incidents import ServiceProblem
from bot.runtime.language import Sentence, Word, say_with, say_word

Sentences = Mapping[FlagKind, Sentence]


@dataclass(frozen=True, kw_only=True)
class ProviderWords:
    """The words about one provider. Its sentences name those fields that are words themselves.

    What a field holds by default is true of any provider.
    """

    service: str
    """Its name."""
    api: Word = "{service}"
    """What answers, in the middle of a sentence and at its beginning."""
    api_first: Word = "{service}"
    speaker: str = "{service}"
    """Whose words the text of a flag is, by name."""
    setting: Word = "its address"
    address: Word = "Check the address that you set for {service}."
    """What to do if something else answers."""
    refusal: Word = "an error"
    """What stands in place of the list if an account that is not named is flagged."""
    do: Word = "set it right"
    """What its usual remedy is, in the middle of a sentence and at its beginning: "Do not reset yet"."""
    do_first: Word = "Set it right"
    done: Word = "set right"
    doing: Word = "setting right"
    after: Word = "it was set right"
    early: Word = "Setting it right"
    """The remedy before its time: "A reset before then risks the account"."""
    back: Word = "runs again"
    """What an account is or does whose incident ended."""
    undone: Sentence = "Then set the account right on {service}'s own web page."
    """Where an account is set right that no request can name."""
    login_unknown: Sentence = "Login unknown. Use the one that you gave to {service} for this account."
    demands: Sentences = field(default_factory=lambda: DEMANDS)
    """What a flagged account waits for, without full stops."""
    labels: Sentences = field(default_factory=lambda: LABELS)
    """The labels of the button with the usual remedy."""
    steps: Sentences = field(default_factory=lambda: STEPS)
    """The three lines of steps that clear a flag, which name {log_in}, {channel}, {wait} and {reset}, too."""
    problems: Mapping[ServiceProblem, Sentence] = field(default_factory=lambda: PROBLEMS)
    """The problem of a service incident whose cause is not known."""
    problem_steps: Mapping[ServiceProblem, Sentence] = field(default_factory=lambda: PROBLEM_STEPS)
    web_page: Word = "{service}'s own web page"
    """Where a person does at the provider what no request does."""
    page: str = ""
    """The link to the page that says how its accounts are set up."""
    again: Word = ""
    """What a person enters again if an account's session is over."""
    option: str = ""
    """Its name in USEAPI_SERVICES."""
    nothing: Sentence = (
        "{service} has no account yet, so there is nothing to watch. Add one on {service}'s own web page."
    )
    """What an empty list says."""
    guess: str = ""
    """The field of its list that is watched for flags, if no document says which has them."""
    open_page: Sentence = "Open {service}"
    """The label of the button that leads to its web page."""
    by_text: Mapping[str, tuple[Sentence, Sentence]] = field(
        default_factory=dict[str, tuple[Sentence, Sentence]]
    )
    """Demand and steps of a flag's text that differ from those of its kind."""
    hints: Mapping[str, Sentence] = field(default_factory=dict[str, Sentence])
    """What a text means that few can read, and that stood before the text of a flag."""
    errors: Mapping[StrEnum, Sentence] = field(default_factory=dict[StrEnum, Sentence])
    """The sentence of each error, and on the next line what to do, where other providers have others."""

    def says(self, *, is_past: bool = False) -> str:
        """Return what introduces the text of a flag."""
        return self.put_into("{speaker} said" if is_past else "{speaker} says")

    def put_into(self, sentence: Sentence, /, **fields: object) -> str:
        """Return a sentence in the language of this task, with its fields and these words filled in."""
        return say_with(sentence, _Fields(self, fields))


class _Fields(dict[str, object]):
    """Fields of a sentence, of which a provider's words are translated when they are asked for."""

    def __init__(self, words: ProviderWords, fields: Mapping[str, object]) -> None:
        super().__init__(fields)
        self._words = words

    def __missing__(self, name: str) -> str:
        try:
            return say_word(name, getattr(self._words, name), self)
        except AttributeError:
            raise KeyError(name) from None


BY_PERSON: Final[dict[FlagKind, Sentence]] = {
    FlagKind.MODERATION: "Midjourney wants a moderation message acknowledged",
    FlagKind.CAPTCHA: "Midjourney wants a CAPTCHA solved",
    FlagKind.BLOCK: "Midjourney has blocked it",
}
DEMANDS: Final[dict[FlagKind, Sentence]] = (
    dict.fromkeys(FlagKind, "{service} stopped it with a message")
    | BY_PERSON
    | {FlagKind.SESSION: "{service} rejects its login", FlagKind.OFFLINE: "{service} has not started it"}
)
LABELS: Final[Sentences] = dict.fromkeys(FlagKind, "I did what it says")
STEPS: Final[Sentences] = dict.fromkeys(
    FlagKind,
    "Open {service}'s own web page and log in with this account's login.\n"
    "Do what the message asks for.\n"
    "See there that the account runs again.",
)
PROBLEMS: Final[dict[ServiceProblem, Sentence]] = {
    ServiceProblem.LIST_GONE: "Most or all accounts are missing from {service}'s list.",
    ServiceProblem.PENDING: "{service} answers with {refusal} instead of the list.",
    ServiceProblem.AWAY: "I was not running, or an older database was put back.",
    ServiceProblem.TOKEN: "{service} refused the token.",
    ServiceProblem.UNPAID: "{service} wants to be paid.",
    ServiceProblem.GONE: "What answers is not {service}.",
}
PROBLEM_STEPS: Final[dict[ServiceProblem, Sentence]] = dict.fromkeys(
    ServiceProblem, "Look at {service}'s own web page."
) | {ServiceProblem.AWAY: "Nothing: I am running again."}
