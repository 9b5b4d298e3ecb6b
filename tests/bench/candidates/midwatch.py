"""Midwatch itself: `python -m bot`, connected to the simulations."""

import os
import sys
from pathlib import Path

from tests.bench.candidates.sandboxed import end_with_parent, point_discord


def main() -> int:
    """Run the bot with the settings of the environment."""
    end_with_parent()
    point_discord()
    from bot.__main__ import main as bot_main  # noqa: PLC0415 - imported as late as `python -m bot` does

    if notes := os.environ.get("BENCH_PICTURES"):
        from tests.bench.candidates.drawing import draw_when_asked  # noqa: PLC0415 - of no use to the others

        draw_when_asked(Path(notes))
    return bot_main([], env_file=None)


if __name__ == "__main__":
    sys.exit(main())
