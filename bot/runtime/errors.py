"""Why the program cannot go on, for the terminal and the log: each says it in the language of its reader."""

from datetime import timedelta

from bot.runtime.language import Sentence, say_with


class UnavailableError(Exception):
    """Something the program needs is not available; `str(error)` is one sentence, and maybe what to do.

    `wait` is how long it asks to be left alone.
    """

    what: Sentence
    advice: Sentence

    def __init__(
        self, what: Sentence, advice: Sentence = "", *, wait: timedelta | None = None, **fields: object
    ) -> None:
        super().__init__(what)
        self.what, self.advice, self.wait, self.fields = what, advice, wait, fields

    def __str__(self) -> str:
        """Return the sentences in one line."""
        said = [say_with(each, self.fields) for each in (self.what, self.advice) if each]
        return " ".join(said).replace("\n", " ")


class TokenRefusedError(UnavailableError):
    """Discord refuses the bot's token; starting again would not help."""
