"""What holds for the code as a whole: where imports point, one family of errors, an example of settings."""

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Final

import pytest

from bot.config import MEANINGS, Settings, read_fields

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Package:
    """Modules that may import each other, those of the layers below, and these libraries."""

    layer: int
    modules: tuple[str, ...]
    libraries: frozenset[str] = frozenset()


# From the bottom to the top. The packages of one layer know nothing of each other.
PACKAGES: Final = (
    Package(0, ("bot.domain",)),
    Package(0, ("bot.runtime",), frozenset({"dotenv"})),
    Package(1, ("bot.config",)),
    Package(1, ("bot.rules",)),
    Package(1, ("bot.render",), frozenset({"discord"})),
    Package(1, ("bot.storage",), frozenset({"aiosqlite", "filelock"})),
    Package(1, ("bot.providers",), frozenset({"aiohttp", "yarl"})),
    Package(1, ("bot.pictures",), frozenset({"matplotlib"})),
    Package(2, ("bot.incidents",)),
    Package(3, ("bot.polling",), frozenset({"aiohttp"})),
    Package(3, ("bot.notifications",), frozenset({"aiohttp", "discord"})),
    Package(4, ("bot.actions",)),
    Package(4, ("bot.loops",)),
    Package(5, ("bot.listener",), frozenset({"aiohttp", "prometheus_client"})),
    Package(5, ("bot.interactions",), frozenset({"aiohttp", "discord"})),
    Package(6, ("cogs",), frozenset({"discord"})),
    Package(6, ("bot.cli",), frozenset({"aiohttp", "discord"})),
    Package(7, ("bot.app", "bot.connection"), frozenset({"aiohttp", "discord"})),
    Package(8, ("bot.__main__",)),
)


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
    """Yield what a module imports, wherever in its code, by full names."""
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.package.split(".")
            above = parents[: len(parents) - node.level + 1] if node.level else []
            origin = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def package_of(name: str) -> Package | None:
    """Return the package that a name of ours belongs to."""
    return next(
        (each for each in PACKAGES for own in each.modules if name == own or name.startswith(f"{own}.")), None
    )


def is_allowed(importer: str, imported: str, own: Package) -> bool:
    top = imported.partition(".")[0]
    if top not in ("bot", "cogs"):
        return top in own.libraries or top in sys.stdlib_module_names
    other = package_of(imported)
    if other is own:
        return top == "bot" or imported.split(".")[1:2] == importer.split(".")[1:2]  # a cog knows no other
    return other is not None and other.layer < own.layer


def complaints(module: Module) -> list[str]:
    own, used = package_of(module.name), set(imports(module))
    if own is None:
        is_known = not used and module.is_package  # a package's docstring
        return [] if is_known else [f"{module.name} is in no package: add it to PACKAGES, in this file"]
    return [
        f"{module.name} must not import {name}"
        for name in sorted(used)
        if not is_allowed(module.name, name, own)
    ]


@pytest.mark.parametrize("module", modules("bot", "cogs"), ids=lambda module: module.name)
def test_a_module_imports_only_its_own_package_and_the_layers_below(module: Module) -> None:
    assert complaints(module) == []


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        pytest.param(Module("bot.domain.accounts", "import aiohttp"), "aiohttp", id="facts-do-not-talk"),
        pytest.param(
            Module("bot.providers.failures", "from bot import storage"),
            "bot.storage",
            id="from-the-top",
        ),
        pytest.param(
            Module("bot.providers.failures", "from .. import storage"), "bot.storage", id="relative"
        ),
        pytest.param(
            Module("bot.rules.decisions", "import bot.incidents.state"), "bot.incidents.state", id="upward"
        ),
        pytest.param(
            Module("bot.storage", "from ..render import text", is_package=True),
            "bot.render.text",
            id="relative-package",
        ),
        pytest.param(
            Module("bot.storage.migrations", "import bot.render.text"), "bot.render.text", id="a-part-of-it"
        ),
        pytest.param(
            Module("bot.polling.poller", "def f():\n    import discord.ext.commands"),
            "discord.ext.commands",
            id="late",
        ),
        pytest.param(
            Module("bot.render.alert_messages", "from bot.interactions.buttons import Control"),
            "bot.interactions.buttons.Control",
            id="looks-do-not-act",
        ),
        pytest.param(
            Module("bot.actions.remedies", "from bot.loops import Rounds"),
            "bot.loops.Rounds",
            id="resetting-does-not-run-the-loops",
        ),
        pytest.param(
            Module("bot.notifications", "from bot.interactions.client import Midwatch"),
            "bot.interactions.client.Midwatch",
            id="no-gateway",
        ),
        pytest.param(
            Module("bot.interactions.client", "from cogs.info import Info"),
            "cogs.info.Info",
            id="back-to-the-cogs",
        ),
        pytest.param(Module("bot.interactions.client", "import cogs"), "cogs", id="back-to-all-cogs"),
        pytest.param(
            Module("bot.interactions.client", "from bot.app import run"),
            "bot.app.run",
            id="the-client-and-its-root",
        ),
        pytest.param(Module("cogs.info", "import aiosqlite"), "aiosqlite", id="a-cog-and-the-database"),
        pytest.param(
            Module("cogs.info", "from aiohttp import web"), "aiohttp.web", id="a-cog-and-the-network"
        ),
        pytest.param(Module("cogs.info", "from cogs.accounts import x"), "cogs.accounts.x", id="two-cogs"),
        pytest.param(
            Module("cogs.info", "from .accounts import x"), "cogs.accounts.x", id="two-cogs-relative"
        ),
    ],
)
def test_a_wrong_import_is_found(module: Module, complaint: str) -> None:
    assert complaints(module) == [f"{module.name} must not import {complaint}"]


def test_a_right_import_is_not_complained_about() -> None:
    source = "import os.path\nfrom bot.domain.accounts import Account\nfrom . import records\n"
    assert complaints(Module("bot.storage.migrations", source)) == []
    assert complaints(Module("cogs.info", "from bot.domain.accounts import Account\nimport discord.ui")) == []


def test_a_module_in_no_package_is_asked_for_one() -> None:
    (complaint,) = complaints(Module("bot.novelty", "import discord"))
    assert complaint.startswith("bot.novelty is in no package: add it to PACKAGES")


# The API's errors are one family


def is_exception(name: str, bases: Mapping[str, list[str]]) -> bool:
    if name in bases:
        return any(is_exception(base, bases) for base in bases[name])
    known = getattr(builtins, name, None)
    if isinstance(known, type):
        return issubclass(known, BaseException)
    return name.endswith(("Error", "Exception"))  # somebody else's


def is_provider_error(name: str, bases: Mapping[str, list[str]]) -> bool:
    return name == "ProviderError" or any(is_provider_error(base, bases) for base in bases.get(name, []))


def strays(sources: list[str]) -> list[str]:
    """Name the exceptions that `except ProviderError` would miss."""
    bases = {
        node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }
    family = [name for name in bases if is_exception(name, bases)]
    return [f"{name} is not a ProviderError" for name in family if not is_provider_error(name, bases)]


def test_every_error_of_a_provider_is_of_one_family() -> None:
    assert strays([module.source for module in modules("bot/providers")]) == []


def test_a_stray_error_is_found() -> None:
    source = """
class ProviderError(Exception): ...
class Member(ProviderError): ...
class Hidden(Member): ...
class Timeout(asyncio.TimeoutError): ...
class Ending(BaseException): ...
class NoError: ...
"""
    assert strays([source]) == ["Timeout is not a ProviderError", "Ending is not a ProviderError"]


# .env.example shows all settings


def entries(text: str) -> dict[str, tuple[str, bool, str]]:
    """Return each variable's meaning, whether it must be filled in, and the default that is shown."""
    found: dict[str, tuple[str, bool, str]] = {}
    for meaning, line in zip(["", *text.splitlines()], text.splitlines(), strict=False):
        name, equals, default = line.removeprefix("#").partition("=")
        if equals and name.isupper():
            found[name] = meaning.removeprefix("# "), not line.startswith("#"), default
    return found


def differences(text: str) -> list[str]:
    """Describe in what an example file differs from Settings."""
    shown, settings = entries(text), {each.name.upper(): each for each in fields(Settings)}
    if list(shown) != list(settings):
        return [f"the variables are {', '.join(shown)}; Settings has {', '.join(settings)}"]
    found: list[str] = []
    for name, field in settings.items():
        meaning, is_required, default = shown[name]
        if meaning != field.metadata["meaning"]:
            found.append(f"{name}: the meaning is not the description of the field")
        if is_required is not (field.default is MISSING):
            found.append(f"{name}: a variable is commented out if and only if it has a default")
        if field.default is not MISSING and read(name, default) != field.default:
            found.append(f"{name}: the default is not that of the field")
    return found


def read(name: str, text: str) -> object:
    """Return what a variable becomes in the settings."""
    texts = {"discord_token": "a" * 10} | ({name.lower(): text} if text else {})
    return getattr(Settings(**read_fields(Settings, texts)[0]), name.lower())


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in MEANINGS:
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
        pytest.param("of open incidents", "of incidents", "REMIND_AFTER: the meaning", id="another-meaning"),
    ],
)
def test_an_example_that_differs_is_found(example: str, old: str, new: str, complaint: str | None) -> None:
    assert old in example
    found = differences(example.replace(old, new))
    assert [text.startswith(complaint or "") for text in found] == ([True] if complaint else [])


def test_an_example_in_another_order_is_found(example: str) -> None:
    assert differences("\n\n".join(reversed(example.split("\n\n"))))[0].startswith("the variables are")
