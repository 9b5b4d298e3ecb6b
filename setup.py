"""Puts .env.example of the root into the package, where `midwatch setup` reads it."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

EXAMPLE = ".env.example"


class BuildWithExample(build_py):
    """Builds the packages and the example of settings."""

    def run(self) -> None:
        """Build everything. In an editable installation the example stays where it is."""
        super().run()
        if not self.editable_mode:
            self.copy_file(EXAMPLE, str(Path(self.build_lib, "bot", EXAMPLE)))


setup(cmdclass={"build_py": BuildWithExample})
