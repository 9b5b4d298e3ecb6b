"""Dockerfile, .dockerignore, compose.yaml and the locks agree with each other and with the package."""

import json
import re
import tomllib
from typing import Any, Final

import pytest

from bot.config import MEANINGS
from tests.container.engine import COMPOSE, ROOT, SERVICE
from tests.project.test_makefile import pinned

DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
IGNORED: Final = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
ALLOWED: Final = {line[1:] for line in IGNORED if line.startswith("!")}
PYPROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS: Final = {name.upper() for name in MEANINGS}
LAST_STAGE: Final = DOCKERFILE.rpartition("\nFROM ")[2]


def instructions(name: str, text: str = DOCKERFILE) -> list[str]:
    """Return what follows an instruction, wherever it stands."""
    return [each.strip() for each in re.findall(rf"^{name} (.*)$", text, re.MULTILINE)]


def environment() -> dict[str, str]:
    """Return the variables that the image sets for the bot."""
    pairs = (pair.partition("=") for line in instructions("ENV", LAST_STAGE) for pair in line.split())
    return {name: value for name, _, value in pairs if name != "PATH"}


def test_only_named_files_get_into_the_image_and_each_of_them_is_there() -> None:
    assert next(line for line in IGNORED if line and not line.startswith("#")) == "*"
    assert not any(re.search(r"env|data|sqlite|git|[*?\[]", name) for name in ALLOWED - {".env.example"})
    assert [name for name in ALLOWED if not (ROOT / name).exists()] == []
    copied = {name for line in instructions("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied - {"."} <= ALLOWED
    packages = {
        name.removesuffix("*") for name in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    built = {*packages, "pyproject.toml", "setup.py", ".env.example", PYPROJECT["project"]["readme"]}
    assert built <= ALLOWED


def test_the_settings_of_the_image_and_of_compose_are_settings_and_name_the_volume() -> None:
    (volume,) = instructions("VOLUME")
    assert environment().keys() | SERVICE["environment"].keys() <= SETTINGS
    for given in (environment(), SERVICE["environment"]):
        assert given["DATABASE_PATH"].startswith(f"{volume}/")
    ((name, _, place),) = (each.partition(":") for each in SERVICE["volumes"])
    assert (place, [*COMPOSE["volumes"]]) == (volume, [name])


def test_the_image_runs_the_command_of_the_package_itself_and_as_nobody_special() -> None:
    (entry,), (words,) = instructions("ENTRYPOINT"), instructions("CMD")
    assert [*json.loads(entry), *json.loads(words)] == [
        "midwatch",
        "run",
    ]  # without a shell that keeps signals
    assert "midwatch" in PYPROJECT["project"]["scripts"]
    (user,) = instructions("USER")
    assert re.fullmatch(r"[1-9]\d+:0", user)


def test_compose_locks_the_bot_in_and_starts_it_again_after_a_reboot() -> None:
    assert SERVICE["env_file"] == ".env"
    assert (SERVICE["read_only"], SERVICE["cap_drop"]) == (True, ["ALL"])
    assert SERVICE["restart"] == "unless-stopped"


@pytest.mark.parametrize("lock", ["requirements-image.lock", "requirements-build.lock"])
def test_every_library_of_the_image_is_checked_by_its_hash_and_none_is_compiled(lock: str) -> None:
    (installed,) = (part for line in instructions("RUN") for part in line.split("&&") if lock in part)
    assert "--require-hashes --no-deps --only-binary :all:" in installed


def test_the_image_holds_what_the_tests_ran_with_for_all_that_is_optional() -> None:
    image = pinned("requirements-image.lock")
    assert pinned("requirements.lock").items() <= image.items() <= pinned("requirements-dev.lock").items()
    optional = PYPROJECT["project"]["optional-dependencies"].values()
    assert {re.split(r"[<>=]", need)[0] for needs in optional for need in needs} <= image.keys()
    assert not image.keys() & {"pip", "setuptools", "pytest"}
    (need,) = PYPROJECT["build-system"]["requires"]
    assert f"echo '{need}' | uv" in (ROOT / "Makefile").read_text(encoding="utf-8")
    build = pinned("requirements-build.lock")
    assert [*build] == ["setuptools"]
    assert build.items() <= pinned("requirements-dev.lock").items()
