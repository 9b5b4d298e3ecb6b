"""A container engine of this machine, a base for the image, and containers as compose.yaml describes them."""

import asyncio
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final[Mapping[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICE: Final[Mapping[str, Any]] = COMPOSE["services"]["midwatch"]
BASE: Final = "midwatch-test-base"
IMAGE: Final = "midwatch-test"
NO_ENGINE: Final = (
    "no container engine works here, so the image is neither built nor run: "
    "that takes a Docker daemon or podman (ENGINE names another, BASE the image that it stands on)"
)
REDIRECT: Final = Path(__file__).parent / "redirect"
SUITE: Final = "trixie"
LOCKED_IN: Final = (
    *(["--read-only"] if SERVICE["read_only"] else []),
    *(f"--tmpfs={SERVICE['tmpfs']}",),
    *(f"--cap-drop={each}" for each in SERVICE["cap_drop"]),
    *(f"--security-opt={each.removesuffix(':true')}" for each in SERVICE["security_opt"]),
    "--no-healthcheck",  # the tests ask by themselves; podman complains where no systemd runs
)
"""The options of `run` that say what compose.yaml says, but for the health check."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The command line of docker, or of another with the same words."""

    command: str

    def call(self, *words: str, stdin: Any = None) -> subprocess.CompletedProcess[str]:
        """Run the engine to its end, while nothing else runs in this process."""
        return subprocess.run(  # noqa: S603 - the words are those of the tests
            [*shlex.split(self.command), *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    async def do(self, *words: str, stdin: Any = None) -> tuple[int, str]:
        """Run the engine beside the simulations, and return its exit code and what it said."""
        done = await asyncio.to_thread(self.call, *words, stdin=stdin)
        return done.returncode, done.stdout.strip()

    async def run(self, *options: str, command: tuple[str, ...] = (), stdin: Any = None) -> tuple[int, str]:
        """Run a container to its end, locked in as by compose.yaml."""
        words = ("run", "--rm", "--network=host", *LOCKED_IN, *options, IMAGE, *command)
        return await self.do(*words, stdin=stdin)

    @asynccontextmanager
    async def container(self, *options: str) -> AsyncGenerator[str]:
        """Run a container beside the block, with a volume of its own, and return its name."""
        name = f"midwatch-test-{uuid4().hex}"
        volume = f"--volume={name}:{SERVICE['volumes'][0].partition(':')[2]}"
        try:
            code, said = await self.do(
                "run", "--detach", f"--name={name}", "--network=host", volume, *LOCKED_IN, *options, IMAGE
            )
            assert code == 0, said
            yield name
        finally:
            await self.do("rm", "--force", name)
            await self.do("volume", "rm", "--force", name)


def engine() -> Engine | None:
    """Return the first engine that answers; None if there is none."""
    for command in filter(None, (os.environ.get("ENGINE"), "docker", "podman")):
        with suppress(FileNotFoundError):
            if Engine(command).call("info").returncode == 0:
                return Engine(command)
    return None


def base(with_engine: Engine) -> str | None:
    """Return what the image can stand on: $BASE, a Debian made here, or what the Dockerfile says (None)."""
    if given := os.environ.get("BASE"):
        return given
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        return None
    if with_engine.call("image", "inspect", BASE).returncode != 0:
        debootstrap(with_engine)
    return BASE


def debootstrap(with_engine: Engine) -> None:
    """Make a Debian that trusts whom this machine trusts, and import it as an image."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # a disk with devices
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, folder], check=True, capture_output=True)  # noqa: S603, S607 - Debian's own
        for path in map(Path, ("/usr/local/share/ca-certificates", "/etc/pip.conf")):
            there = Path(folder, *path.parts[1:])
            if path.is_dir():
                shutil.copytree(path, there, dirs_exist_ok=True)
            elif path.exists():
                shutil.copy(path, there)
        with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:  # noqa: S603, S607 - the system's own
            done = with_engine.call("import", "-", BASE, stdin=tar.stdout)
        assert done.returncode == 0, done.stdout
