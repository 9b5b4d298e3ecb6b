"""The form for an account's Discord token, and what was filled in. Nothing of either stays in memory.

What a form does stands in its `custom_id`, as with buttons, so one that was opened before a restart, or an
hour ago, still works; discord.py is not asked to remember it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from discord import ui
from pydantic import SecretStr

from bot.account_token import JOBS_HELP
from bot.controls import PREFIX
from bot.replies import Caller

TOKEN: Final = "token"  # noqa: S105 - the name of a field
JOBS: Final = "jobs"
TITLE_LIMIT: Final = 45
TOKEN_LIMIT: Final = 500
PRIVACY: Final = (
    "The token goes to useapi.net and nowhere else: Midwatch does not keep it. "
    "Whoever has it can use that Discord account, so never post it in a channel."
)


def account_form(title: str, asker: int, channel: str, jobs: int) -> ui.Modal:
    """Make the form; `channel` is the account it was opened for, or empty."""
    form = ui.Modal(title=title[:TITLE_LIMIT], custom_id=f"{PREFIX}:account.save:{asker}:{channel}")
    form.add_item(ui.TextDisplay(PRIVACY))
    token = ui.TextInput[ui.Modal](custom_id=TOKEN, max_length=TOKEN_LIMIT)
    form.add_item(ui.Label(text="Discord token of the account", component=token))
    number = ui.TextInput[ui.Modal](custom_id=JOBS, default=str(jobs), max_length=4, required=False)
    form.add_item(ui.Label(text="Jobs at a time, 1 to 15", component=number))
    form.add_item(ui.TextDisplay(f"Jobs: {JOBS_HELP}"))
    form.stop()  # discord.py keeps only forms that are not finished
    return form


def filled_in(caller: Caller) -> Mapping[str, SecretStr]:
    """Take what was filled in out of the interaction, in which it is no more after that."""
    data = cast(dict[str, Any], caller.data or {})
    return {field["custom_id"]: taken(field) for field in fields_of(data.get("components", []))}


def taken(field: dict[str, Any]) -> SecretStr:
    """Hide a field's value, and leave it empty."""
    return SecretStr(str(field.pop("value") or ""))


def fields_of(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give the fields of a form, in labels or rows."""
    for component in components:
        inner = [component["component"]] if "component" in component else component.get("components", [])
        yield from fields_of(inner)
        if "custom_id" in component and "value" in component:
            yield component
