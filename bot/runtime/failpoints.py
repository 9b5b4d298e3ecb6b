"""The moments at which tests of crashes end the program, named where sending and resetting pass them."""

from enum import StrEnum


class FailPoint(StrEnum):
    """The moments of a message's way, and of a reset's, at which a crash is tried out."""

    CLAIMING = "claiming"
    CLAIMED = "claimed"
    OPENED = "opened"
    SENT = "sent"
    RECORDED = "recorded"
    REFUSED = "refused"
    EDITING = "editing"
    EDITED = "edited"
    NOTED = "noted"
    LEFT = "left"
    """A message that cannot be changed any more is done with, and another stands claimed in its place."""
    DELETING = "deleting"
    DELETED = "deleted"
    LEASED = "leased"
    """The right to reset an account is taken, the API not asked yet."""
    RESET = "reset"
    """The API was asked to reset; what came of it is not known yet."""
    JUDGED = "judged"


def no_failpoints(_step: FailPoint) -> None:
    """Go on; a test of crashes does otherwise."""
