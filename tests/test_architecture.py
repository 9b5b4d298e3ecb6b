"""What holds for the code as a whole: where imports point, one family of errors, an example of settings."""

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bot.config import Settings

ROOT: Final = Path(__file__).parent.parent

# What each module may import besides the standard library and itself. A package is one module here, and a new
# module needs a row. Cogs share one, and may not import each other.
NOTHING: Final[frozenset[str]] = frozenset()
FACTS: Final = frozenset({"bot.causes", "bot.errors", "bot.incidents", "bot.models"})
LOOKING: Final = FACTS | {"bot.roster", "bot.store", "bot.useapi"}
WATCH: Final = LOOKING | {"bot.ledger", "bot.monitor", "bot.moments", "bot.rules", "bot.watchkeeper"}
DISCORD_SIDE: Final = frozenset(
    {"bot.controls", "bot.inflight", "bot.owners", "bot.permissions", "bot.replies", "bot.sync"}
)
ROWS: Final[Mapping[str, frozenset[str]]] = {
    "bot": NOTHING,
    "bot.blocks": NOTHING,
    "bot.causes": NOTHING,
    "bot.models": frozenset({"bot.blocks"}),
    "bot.errors": NOTHING,
    "bot.durations": NOTHING,
    "bot.logs": NOTHING,
    "bot.lookups": NOTHING,
    "bot.moments": NOTHING,
    "bot.terminal": NOTHING,
    "bot.supervise": NOTHING,
    "bot.wellness": NOTHING,
    "bot.incidents": frozenset({"bot.causes", "bot.models"}),
    "bot.stopping": frozenset({"bot.terminal"}),
    "bot.env_file": frozenset({"dotenv"}),
    "bot.config": frozenset({"bot.env_file", "bot.logs", "pydantic", "pydantic_core", "pydantic_settings"}),
    "bot.rules": frozenset({"bot.causes", "bot.incidents", "bot.models"}),
    "bot.roster": FACTS,
    "bot.store": frozenset({"bot.incidents", "bot.models", "aiosqlite"}),
    "bot.ledger": frozenset({"bot.incidents", "bot.models", "bot.rules", "bot.store"}),
    # typing_extensions: the TypedDict that pydantic asks for below Python 3.12.
    "bot.useapi": frozenset({"bot.causes", "bot.models", "aiohttp", "pydantic", "typing_extensions"}),
    "bot.render": frozenset(
        {"bot.blocks", "bot.causes", "bot.incidents", "bot.models", "bot.wellness", "discord"}
    ),
    # The watch: none of these knows Discord.
    "bot.teller": frozenset({"bot.incidents", "bot.ledger", "bot.rules"}),
    "bot.watchkeeper": frozenset(
        {"bot.causes", "bot.incidents", "bot.ledger", "bot.models", "bot.rules", "bot.teller"}
    ),
    "bot.monitor": LOOKING | {"bot.watchkeeper"},
    "bot.reset": frozenset(
        {
            "bot.incidents",
            "bot.models",
            "bot.moments",
            "bot.monitor",
            "bot.rules",
            "bot.store",
            "bot.supervise",
            "bot.useapi",
            "bot.watchkeeper",
        }
    ),
    "bot.inquiry": LOOKING | {"bot.monitor"},
    # Telling: Discord's REST, not the gateway.
    "bot.delivery": frozenset({"bot.incidents", "aiohttp", "discord"}),
    "bot.outbox": frozenset(
        {
            "bot.delivery",
            "bot.incidents",
            "bot.ledger",
            "bot.models",
            "bot.moments",
            "bot.render",
            "bot.rules",
            "bot.store",
            "bot.supervise",
            "bot.teller",
            "discord",
        }
    ),
    "bot.heartbeat": frozenset({"aiohttp", "pydantic"}),
    "bot.rounds": frozenset(
        {
            "bot.heartbeat",
            "bot.incidents",
            "bot.monitor",
            "bot.outbox",
            "bot.rules",
            "bot.store",
            "bot.supervise",
            "bot.useapi",
            "bot.watchkeeper",
            "bot.wellness",
        }
    ),
    "bot.permissions": frozenset({"discord"}),
    "bot.sync": frozenset({"discord"}),
    "bot.owners": frozenset({"bot.errors", "bot.store", "aiohttp", "discord"}),
    "bot.replies": frozenset(
        {"bot.errors", "bot.render", "bot.store", "bot.supervise", "bot.useapi", "aiohttp", "discord"}
    ),
    "bot.inflight": frozenset({"bot.errors", "bot.replies"}),
    "bot.controls": frozenset(
        {"bot.errors", "bot.inflight", "bot.owners", "bot.render", "bot.replies", "discord"}
    ),
    "bot.account_token": frozenset({"bot.errors", "pydantic"}),
    "bot.saving": frozenset({"bot.models", "bot.useapi", "pydantic"}),
    "bot.configuring": frozenset(
        {
            "bot.incidents",
            "bot.models",
            "bot.monitor",
            "bot.rules",
            "bot.saving",
            "bot.store",
            "bot.useapi",
            "bot.watchkeeper",
            "pydantic",
        }
    ),
    "bot.card": frozenset({"bot.controls", "bot.models", "bot.render", "bot.replies", "discord"}),
    "bot.forms": frozenset({"bot.account_token", "bot.controls", "bot.replies", "discord", "pydantic"}),
    "bot.account_cli": frozenset(
        {
            "bot.account_token",
            "bot.config",
            "bot.errors",
            "bot.lookups",
            "bot.models",
            "bot.render",
            "bot.saving",
            "bot.stopping",
            "bot.store",
            "bot.terminal",
            "bot.useapi",
            "aiohttp",
            "pydantic",
        }
    ),
    "bot.client": WATCH
    | DISCORD_SIDE
    | {
        "bot.config",
        "bot.configuring",
        "bot.forms",
        "bot.inquiry",
        "bot.reset",
        "bot.rounds",
        "bot.supervise",
        "discord",
    },
    "bot.check_database": frozenset({"bot.ledger", "bot.monitor", "bot.owners", "bot.store"}),
    "bot.check": FACTS
    | {
        "bot.check_database",
        "bot.config",
        "bot.owners",
        "bot.permissions",
        "bot.render",
        "bot.store",
        "bot.sync",
        "bot.terminal",
        "bot.useapi",
        "aiohttp",
        "discord",
    },
    "bot.app": WATCH
    | DISCORD_SIDE
    | {
        "bot.client",
        "bot.config",
        "bot.configuring",
        "bot.delivery",
        "bot.heartbeat",
        "bot.inquiry",
        "bot.logs",
        "bot.outbox",
        "bot.reset",
        "bot.rounds",
        "bot.stopping",
        "bot.supervise",
        "bot.teller",
        "aiohttp",
        "discord",
    },
    "bot.__main__": frozenset(
        {
            "bot.account_cli",
            "bot.app",
            "bot.check",
            "bot.config",
            "bot.errors",
            "bot.logs",
            "bot.lookups",
            "bot.stopping",
            "bot.store",
            "bot.terminal",
        }
    ),
    "cogs": WATCH
    | {"bot.durations"}
    | DISCORD_SIDE
    | {
        "bot.account_token",
        "bot.card",
        "bot.client",
        "bot.config",
        "bot.configuring",
        "bot.forms",
        "bot.inquiry",
        "bot.outbox",
        "bot.render",
        "bot.reset",
        "bot.rounds",
        "bot.supervise",
        "discord",
        "pydantic",
    },
}


# Imports point one way


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    source: str
    is_package: bool = False

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]


def modules(*folders: str) -> list[Module]:
    return [module_in(file) for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def module_in(file: Path) -> Module:
    parts = file.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, file.read_text(encoding="utf-8"), is_package)


def imports(module: Module) -> Iterator[str]:
    """Give what a module imports, wherever in its code, by full names."""
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.package.split(".")
            above = parents[: len(parents) - node.level + 1] if node.level else []
            origin = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def row_name(name: str) -> str:
    """Give what a name counts as: a row of the table, one cog, or the top of somebody else's package."""
    parts = name.split(".")
    if parts[0] == "cogs":
        return ".".join(parts[:2])
    if parts[0] != "bot":
        return parts[0]
    known = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next(prefix for prefix in known if prefix in ROWS)


def complaints(module: Module) -> list[str]:
    own = row_name(module.name)
    if own == "bot" and module.name != "bot":
        return [f"{module.name} has no row: add to ROWS, in this file, what it may import"]
    allowed = ROWS["cogs" if own.startswith("cogs") else own]
    used = {row_name(name) for name in imports(module)}
    wrong = used - allowed - sys.stdlib_module_names - {own}
    return [f"{module.name} must not import {name}" for name in sorted(wrong)]


@pytest.mark.parametrize("module", modules("bot", "cogs"), ids=lambda module: module.name)
def test_a_module_imports_only_what_its_row_allows(module: Module) -> None:
    assert complaints(module) == []


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        pytest.param(Module("bot.models", "import aiohttp"), "aiohttp", id="facts-do-not-talk"),
        pytest.param(Module("bot.useapi.info", "from bot import store"), "bot.store", id="from-the-top"),
        pytest.param(Module("bot.useapi.info", "from .. import store"), "bot.store", id="relative"),
        pytest.param(
            Module("bot.store", "from ..render import text", is_package=True),
            "bot.render",
            id="relative-package",
        ),
        pytest.param(Module("bot.store.schema", "import bot.render.text"), "bot.render", id="a-part-of-it"),
        pytest.param(
            Module("bot.monitor", "def f():\n    import discord.ext.commands"), "discord", id="late"
        ),
        pytest.param(
            Module("bot.render.alerts", "from bot.controls import view_of"),
            "bot.controls",
            id="looks-do-not-act",
        ),
        pytest.param(
            Module("bot.reset", "from bot.outbox import Outbox"), "bot.outbox", id="resetting-tells-nobody"
        ),
        pytest.param(Module("bot.outbox", "from bot.client import Midwatch"), "bot.client", id="no-gateway"),
        pytest.param(Module("bot.client", "from cogs.info import Info"), "cogs.info", id="back-to-the-cogs"),
        pytest.param(Module("bot.client", "import cogs"), "cogs", id="back-to-all-cogs"),
        pytest.param(
            Module("bot.client", "from bot.app import run"), "bot.app", id="the-client-and-its-root"
        ),
        pytest.param(Module("cogs.info", "import aiosqlite"), "aiosqlite", id="a-cog-and-the-database"),
        pytest.param(Module("cogs.info", "from aiohttp import web"), "aiohttp", id="a-cog-and-the-network"),
        pytest.param(Module("cogs.info", "from cogs.accounts import x"), "cogs.accounts", id="two-cogs"),
        pytest.param(Module("cogs.info", "from .accounts import x"), "cogs.accounts", id="two-cogs-relative"),
    ],
)
def test_a_wrong_import_is_found(module: Module, complaint: str) -> None:
    assert complaints(module) == [f"{module.name} must not import {complaint}"]


def test_a_right_import_is_not_complained_about() -> None:
    source = "import os.path\nfrom bot.models import Account\nfrom . import records\nfrom .store import Store"
    assert complaints(Module("bot.store.schema", source)) == []
    assert complaints(Module("cogs.info", "from bot.models import Account\nimport discord.ui")) == []


def test_a_module_without_a_row_is_asked_for_one() -> None:
    (complaint,) = complaints(Module("bot.novelty", "import discord"))
    assert complaint.startswith("bot.novelty has no row: add to ROWS")


# The API's errors are one family


def is_exception(name: str, bases: Mapping[str, list[str]]) -> bool:
    if name in bases:
        return any(is_exception(base, bases) for base in bases[name])
    known = getattr(builtins, name, None)
    if isinstance(known, type):
        return issubclass(known, BaseException)
    return name.endswith(("Error", "Exception"))  # somebody else's


def is_useapi_error(name: str, bases: Mapping[str, list[str]]) -> bool:
    return name == "UseapiError" or any(is_useapi_error(base, bases) for base in bases.get(name, []))


def exports(source: str) -> set[str]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def strays(sources: list[str], exported: set[str]) -> list[str]:
    """Name the exceptions that `except UseapiError` would miss, or that the package does not export."""
    bases = {
        node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }
    family = [name for name in bases if is_exception(name, bases)]
    outside = [f"{name} is not a UseapiError" for name in family if not is_useapi_error(name, bases)]
    return outside + [f"{name} is not exported" for name in family if name not in exported]


def test_every_error_of_the_api_client_is_of_one_family_and_exported() -> None:
    package = modules("bot/useapi")
    exported = exports(next(module.source for module in package if module.is_package))
    assert "UseapiError" in exported
    assert strays([module.source for module in package], exported) == []


def test_a_stray_error_is_found() -> None:
    source = """
class UseapiError(Exception): ...
class Member(UseapiError): ...
class Hidden(Member): ...
class Timeout(asyncio.TimeoutError): ...
class Ending(BaseException): ...
class NoError: ...
"""
    assert strays([source], {"UseapiError", "Member", "Timeout", "Ending"}) == [
        "Timeout is not a UseapiError",
        "Ending is not a UseapiError",
        "Hidden is not exported",
    ]


# .env.example shows all settings


def entries(text: str) -> dict[str, tuple[str, bool, str]]:
    """Give each variable's meaning, whether it must be filled in, and the default that is shown."""
    found: dict[str, tuple[str, bool, str]] = {}
    for meaning, line in zip(["", *text.splitlines()], text.splitlines(), strict=False):
        name, equals, default = line.removeprefix("#").partition("=")
        if equals and name.isupper():
            found[name] = meaning.removeprefix("# "), not line.startswith("#"), default
    return found


def differences(text: str) -> list[str]:
    """Say in what an example file differs from Settings."""
    shown, fields = entries(text), {name.upper(): field for name, field in Settings.model_fields.items()}
    if list(shown) != list(fields):
        return [f"the variables are {', '.join(shown)}; Settings has {', '.join(fields)}"]
    found: list[str] = []
    for name, field in fields.items():
        meaning, is_required, default = shown[name]
        if meaning != field.description:
            found.append(f"{name}: the meaning is not the description of the field")
        if is_required is not field.is_required():
            found.append(f"{name}: a variable is commented out if and only if it has a default")
        if not field.is_required() and read(name, default) != field.default:
            found.append(f"{name}: the default is not that of the field")
    return found


def read(name: str, text: str) -> object:
    """Give what a variable becomes in the settings."""
    texts = {"discord_token": "a" * 10, "useapi_token": "b" * 10} | ({name.lower(): text} if text else {})
    return getattr(Settings.model_validate(texts), name.lower())


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_example_shows_every_setting_in_order_with_its_meaning_and_default(example: str) -> None:
    assert differences(example) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param("#LOG_LEVEL=INFO", "", "the variables are", id="missing"),
        pytest.param("#LOG_LEVEL=", "#LOG_LEVELS=", "the variables are", id="another-name"),
        pytest.param(
            "\nDISCORD_TOKEN=", "\n#DISCORD_TOKEN=", "DISCORD_TOKEN: a variable is commented", id="required"
        ),
        pytest.param(
            "#OUTAGE_AFTER=5m", "OUTAGE_AFTER=5m", "OUTAGE_AFTER: a variable is commented", id="optional"
        ),
        pytest.param(
            "#OUTAGE_AFTER=5m", "#OUTAGE_AFTER=6m", "OUTAGE_AFTER: the default", id="another-default"
        ),
        pytest.param("#OUTAGE_AFTER=5m", "#OUTAGE_AFTER=300s", None, id="the-same-default"),
        pytest.param("of open trouble", "of trouble", "REMIND_AFTER: the meaning", id="another-meaning"),
    ],
)
def test_an_example_that_differs_is_found(example: str, old: str, new: str, complaint: str | None) -> None:
    assert old in example
    found = differences(example.replace(old, new))
    assert [text.startswith(complaint or "") for text in found] == ([True] if complaint else [])


def test_an_example_in_another_order_is_found(example: str) -> None:
    assert differences("\n\n".join(reversed(example.split("\n\n"))))[0].startswith("the variables are")
