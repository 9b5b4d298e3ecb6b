"""`python -m tests.demo [PROVIDER]` starts the demo, of one provider or of both."""

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # While all the rest is loaded, Ctrl-C ends the demo without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import asyncio

from tests.demo.demo import PROVIDERS, run
from tests.demo.page import Living, Useapi

parser = argparse.ArgumentParser(prog="python -m tests.demo", description="Start the demo.")
parser.add_argument(
    "provider",
    nargs="?",
    choices=(*PROVIDERS, Living.key),
    help="what to watch: one provider, or useapi.net with three more services; both if none is named",
)
provider = parser.parse_args().provider
chosen = [Useapi.key, Living.key] if provider == Living.key else [provider]
asyncio.run(run(chosen if provider else PROVIDERS))
