"""What the fields of the sentences hold, for translators."""

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, str]] = {
    "n": "a number, as its digits",
    "name": "the label of an account",
    "service": "the name of the provider: useapi.net or midjourney-proxy",
}
