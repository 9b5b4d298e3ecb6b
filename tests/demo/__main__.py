"""`python -m tests.demo` starts the demo."""

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # While all the rest is loaded, Ctrl-C ends the demo without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import asyncio

from tests.demo.demo import run

asyncio.run(run())
