"""What goes wrong inside Midwatch and is told to a person in one plain sentence."""

from datetime import timedelta


class UserError(Exception):
    """Something a person asked for that cannot be done as asked.

    `str(error)` says what happened, `next_step` what to do; both are shown to the person as they stand.
    """

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what)
        self.next_step = next_step


class UnavailableError(Exception):
    """Something the program needs is not available; `str(error)` is one sentence for the terminal.

    `wait` is how long it asks to be left alone.
    """

    def __init__(self, what: str, *, wait: timedelta | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class TokenRefusedError(Exception):
    """Discord refuses the bot's token; starting again would not help."""
