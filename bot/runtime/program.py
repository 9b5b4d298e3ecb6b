"""Which version the program is, and how it was started: `midwatch` and `python -m bot` are the same."""

import sys
from pathlib import Path
from typing import Final

VERSION: Final = "0.2.0"
"""Read by the log, `--version` and, without running this, the build of the wheel."""
COMMAND: Final = "midwatch"
PROGRAM: Final = COMMAND if Path(sys.argv[0]).stem == COMMAND else "python -m bot"
"""What people have to write to start it again."""
