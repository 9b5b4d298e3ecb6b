"""The lines of `python -m bot check`."""

from dataclasses import dataclass

from bot.providers.errors import UseapiError
from bot.render.error_messages import next_step, what


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. The words of one that is not good end with what to do."""

    subject: str
    good: bool
    words: str
    is_warning: bool = False
    """Whether the bot works all the same."""

    def __str__(self) -> str:
        return (
            f"{'WARN' if self.is_warning else 'ok  ' if self.good else 'FAIL'}  {self.subject}: {self.words}"
        )


def passed(subject: str, words: str) -> Finding:
    """Return a finding that is good."""
    return Finding(subject, good=True, words=words)


def warned(subject: str, words: str) -> Finding:
    """Return a finding that stops nothing."""
    return Finding(subject, good=True, words=words, is_warning=True)


def failed(subject: str, words: str) -> Finding:
    """Return a finding that is not good."""
    return Finding(subject, good=False, words=words)


def sentences(error: UseapiError) -> str:
    """Return an error's sentence and what to do."""
    return f"{what(error)} {next_step(error)}"
