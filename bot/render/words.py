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
    """The words about one provider. Its sentences name those fields that are words themselves."""

    service: str
    """Its name."""
    api: Word
    """What answers, in the middle of a sentence and at its beginning."""
    api_first: Word
    setting: str
    address: Sentence
    """What to do if something else answers."""
    speaker: Word
    """Whose words the text of a flag is."""
    refusal: Word
    """What stands in place of the list if an account that is not named is flagged."""
    do: Word
    """What its usual remedy is: "Do not reset yet"."""
    done: Word
    doing: Word
    after: Word
    early: Word
    """The remedy before its time: "A reset before then risks the account"."""
    back: Word
    """What an account is or does whose incident ended."""
    undone: Sentence
    """Where an account is set right that no request can name."""
    login_unknown: Sentence
    demands: Sentences
    """What a flagged account waits for, without full stops."""
    labels: Sentences
    """The labels of the button with the usual remedy."""
    steps: Sentences
    """The three lines of steps that clear a flag, which name {log_in}, {channel}, {wait} and {reset}, too."""
    problems: Mapping[ServiceProblem, Sentence]
    """The problem of a service incident whose cause is not known."""
    problem_steps: Mapping[ServiceProblem, Sentence]
    web_page: Word
    """Where a person does at the provider what no request does."""
    nothing: Sentence
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
        return f"{self.speaker} {'said' if is_past else 'says'}"

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
            return say_word(name, getattr(self._words, name))
        except AttributeError:
            raise KeyError(name) from None


OPEN_CHANNEL: Final[Sentence] = "Open {channel} and see what is there."
DEMANDS: Final[dict[FlagKind, Sentence]] = {
    FlagKind.MODERATION: "Midjourney wants a moderation message acknowledged",
    FlagKind.CAPTCHA: "Midjourney wants a CAPTCHA solved",
    FlagKind.BLOCK: "Midjourney has blocked it",
}
PROBLEMS: Final[dict[ServiceProblem, Sentence]] = {
    ServiceProblem.LIST_GONE: "Most or all accounts are missing from {service}'s list.",
    ServiceProblem.PENDING: "{service} answers with {refusal} instead of the list.",
    ServiceProblem.AWAY: "I was not running, or an older database was put back.",
}
