"""The form for an account's Discord token, and its values. Nothing of either stays in memory.

What a form does is in its `custom_id`, as with buttons, so one that was opened before a restart still works.
discord.py does not keep the form: it would keep the values in objects that refer to each other, which stay
until the next garbage collection.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from discord import InteractionType, ui

from bot.domain.secret import SecretStr
from bot.interactions.buttons import PREFIX
from bot.interactions.responses import Interaction
from bot.render import account_admin_replies as form_words
from bot.render.error_messages import JOBS_HELP
from bot.runtime.language import say

TOKEN: Final = "token"  # noqa: S105 - the name of a field
JOBS: Final = "jobs"
VALUES: Final = "values"
TOKEN_LIMIT: Final = 500


def account_form(title: str, asker: int, handle: str, jobs: int) -> ui.Modal:
    """Build the form. `handle` is that of the account it was opened for, or empty."""
    form = ui.Modal(title=title, custom_id=f"{PREFIX}:account.save:{asker}:{handle}")
    form.add_item(ui.TextDisplay(say(form_words.PRIVACY)))
    token = ui.TextInput[ui.Modal](custom_id=TOKEN, max_length=TOKEN_LIMIT)
    form.add_item(ui.Label(text=say(form_words.TOKEN_LABEL), component=token))
    number = ui.TextInput[ui.Modal](custom_id=JOBS, default=str(jobs), max_length=4, required=False)
    form.add_item(ui.Label(text=say(form_words.JOBS_LABEL), component=number))
    form.add_item(ui.TextDisplay(say("Jobs: {help}", help=say(JOBS_HELP))))
    form.stop()  # discord.py keeps only forms that are not finished
    return form


def hide_values(caller: Interaction) -> None:
    """Move the values of a form that has just arrived to where nothing can log or keep them.

    `take_values` returns and removes them. No form makes this raise an error.
    """
    if caller.type is InteractionType.modal_submit:
        caller.extras[VALUES] = {
            str(field.get("custom_id")): SecretStr(str(field.pop("value") or ""))
            for field in fields_of(caller.data)
        }


def take_values(caller: Interaction) -> Mapping[str, SecretStr]:
    """Return the values of a form, once."""
    return cast(Mapping[str, SecretStr], caller.extras.pop(VALUES, {}))


def fields_of(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the fields that hold a value, at any depth of the form's data."""
    inner: Iterable[Any] = ()
    if isinstance(part, dict):
        field = cast(dict[str, Any], part)
        if "value" in field:
            yield field
        inner = field.values()
    elif isinstance(part, list):
        inner = cast(list[Any], part)
    for each in inner:
        yield from fields_of(each)
