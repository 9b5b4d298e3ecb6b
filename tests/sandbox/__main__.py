"""`python -m tests.sandbox` starts the demo."""

import asyncio

from tests.sandbox.demo import run

asyncio.run(run())
