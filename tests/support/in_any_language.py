"""Runs the examples of a property in the languages in turn."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from zlib import crc32

from bot.runtime.language import languages, spoken

Parameters = ParamSpec("Parameters")


def in_any_language(test: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Run each example of a property in one of the languages; the same example always in the same."""

    @wraps(test)
    def run(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        values = [each for each in (*arguments, *options.values()) if not callable(each)]
        known = languages()
        with spoken(known[crc32(repr(values).encode(errors="replace")) % len(known)]):
            test(*arguments, **options)

    return run
