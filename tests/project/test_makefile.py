"""The Makefile's `.venv`: which Python makes it, and that it holds what it is stamped to hold."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock")
LIBRARIES = ("aiohttp", "aiosqlite", "discord", "matplotlib")
RUN_STAMP = ".venv/run.stamp"
TOO_OLD = "#!/bin/sh\nexit 1\n"
SHIM = "#!/bin/sh\necho 'pyenv: the command exists in these Python versions: 3.12.1' >&2\nexit 127\n"
RUNS = """\
#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && basename "$0" > .venv/made-by ;;
*"import discord"* | *"import aiohttp"*) test -z "$NOTHING_INSTALLED" ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Clone:
    """A folder with the Makefile and its locks, and one of programs that stands first on the path."""

    folder: Path
    programs: Path

    def put(self, name: str, script: str) -> None:
        """Put a program on the path."""
        program = self.programs / name
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)

    def make(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(  # noqa: S603 - the words are those of the tests
            ["/usr/bin/env", "make", "--no-print-directory", *words],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def stamped(self) -> bool:
        return (self.folder / RUN_STAMP).exists()

    @property
    def made_by(self) -> str:
        return (self.folder / ".venv/made-by").read_text(encoding="utf-8").strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder, programs = tmp_path / "clone", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.lock").touch()
    return Clone(folder, programs)


def wheel(folder: Path) -> str:
    """Write a wheel that holds an empty module for each library, and return its line in a lock."""
    path = folder / "libraries-1-py3-none-any.whl"
    about = "libraries-1.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        for name in LIBRARIES:
            file.writestr(f"{name}.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: libraries\nVersion: 1\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return f"libraries @ {path.as_uri()} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_settings_of_pip_and_python_put_nothing_elsewhere_than_into_the_environment(clone: Clone) -> None:
    elsewhere = str(clone.folder / "elsewhere")
    (clone.folder / "requirements.lock").write_text(wheel(clone.folder), encoding="utf-8")
    done = clone.make(
        RUN_STAMP,
        f"PYTHON={sys.executable}",
        PIP_USER="1",
        PIP_TARGET=elsewhere,
        PIP_PREFIX=elsewhere,
        PIP_ROOT=elsewhere,
        PIP_DRY_RUN="1",
        PIP_REQUIRE_VIRTUALENV="1",
        PIP_NO_INDEX="1",
        PYTHONHOME=elsewhere,
        PYTHONPATH=os.pathsep.join(sys.path),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path(elsewhere).exists()
    used = subprocess.run(  # noqa: S603 - the environment that was made
        [clone.folder / ".venv/bin/python", "-c", "import discord; print(discord.__file__)"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert used.stdout.startswith(str(clone.folder / ".venv"))


def test_the_first_python_that_runs_and_is_new_enough_makes_the_environment(clone: Clone) -> None:
    for name, script in (("python3.11", SHIM), ("python3", TOO_OLD), ("python3.12", RUNS)):
        clone.put(name, script)
    assert clone.make(RUN_STAMP).returncode == 0
    assert (clone.made_by, clone.stamped) == ("python3.12", True)


def test_a_python_that_is_named_is_the_only_one_asked(clone: Clone) -> None:
    clone.put("python3.11", RUNS)
    clone.put("mine", SHIM)
    done = clone.make(RUN_STAMP, "PYTHON=mine")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer, and none runs here (mine)" in done.stdout
    assert not (clone.folder / ".venv").exists()


def test_an_environment_without_the_libraries_is_not_stamped(clone: Clone) -> None:
    clone.put("python3.11", RUNS)
    done = clone.make(RUN_STAMP, NOTHING_INSTALLED="1")
    assert (done.returncode != 0, clone.stamped) == (True, False)
    assert "cannot be used from .venv" in done.stdout
    assert clone.make(RUN_STAMP).returncode == 0
    assert clone.stamped


def pinned(lock: str) -> dict[str, str]:
    """Return each package of a lock with its version, marker and hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)(==.*\n(?:    --hash=.*\n)+)", text, re.MULTILINE)
    return dict(pins)


def test_every_lock_pins_the_same_versions_by_the_same_hashes() -> None:
    run, demo, dev = (pinned(lock) for lock in LOCKS)
    assert run.items() <= demo.items() <= dev.items()
    assert "simcord" in demo
    assert not demo.keys() & {"basedpyright", "playwright", "pytest", "ruff"}


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_the_address_of_a_package_index(lock: str) -> None:
    assert re.search(r"://|--index|--find-links", (ROOT / lock).read_text(encoding="utf-8")) is None


def test_make_alone_lists_every_target_and_does_nothing(clone: Clone) -> None:
    done = clone.make()
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    listed = re.findall(r"^make (\w+) +\S", done.stdout, re.MULTILINE)
    assert listed == " ".join(targets).split()
    assert not (clone.folder / ".venv").exists()
