"""The lines of `python -m bot check`."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.providers.errors import ProviderError
from bot.render.error_messages import next_step, what

FAIL: Final = "FAIL"
WARN: Final = "WARN"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. The words of one that is not good end with what to do."""

    mark: str
    """How its line begins. With WARN the bot works all the same."""
    subject: str
    words: str

    @property
    def good(self) -> bool:
        """Whether it stops nothing."""
        return self.mark != FAIL

    def __str__(self) -> str:
        return f"{self.mark:<4}  {self.subject}: {self.words}"


passed: Final = partial(Finding, "ok")
warned: Final = partial(Finding, WARN)
failed: Final = partial(Finding, FAIL)


def sentences(error: ProviderError) -> str:
    """Return an error's sentence and what to do."""
    return f"{what(error)} {next_step(error)}"
