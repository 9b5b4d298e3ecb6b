"""`python -m tests.support.elsewhere MODULE ...`: run a module without what Windows lacks.

The standard library and filelock, which have their own ways there, load what they need of it before.
"""

import asyncio
import multiprocessing
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Any, Final, cast

import filelock

LOADED: Final = (asyncio, filelock, multiprocessing, shutil, subprocess, tempfile)
MODULES: Final = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
OF_OS: Final = (
    *("fchmod", "fchown", "fork", "forkpty", "chown", "getegid", "geteuid", "getgid", "getpgid", "getuid"),
    *("killpg", "lchown", "mkfifo", "nice", "openpty", "pipe2", "setsid", "setuid"),
    *("statvfs", "sync"),
)
OF_SIGNAL: Final = (
    *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2"),
    *("alarm", "pause", "pthread_sigmask", "setitimer", "siginterrupt", "sigwait"),
)
OF_LOOP: Final = ("add_signal_handler", "remove_signal_handler")


def take_away() -> None:
    """Take away the modules, the functions and the signals, and have the terminal write Windows-1252."""
    usage = shutil.disk_usage("/")
    shutil.disk_usage = lambda _path: usage  # its way there needs no `os.statvfs`
    for name in MODULES:
        cast(dict[str, Any], sys.modules)[name] = None
    for name in (*OF_OS, *(name for name in vars(os) if name.startswith("EX_"))):
        delattr(os, name)
    for name in OF_SIGNAL:
        delattr(signal, name)
    for name in OF_LOOP:
        delattr(asyncio.SelectorEventLoop, name)  # the base class says that they are not implemented
    for stream in (sys.stdout, sys.stderr):
        cast(Any, stream).reconfigure(encoding="cp1252", errors=stream.errors)


if __name__ == "__main__":
    del sys.argv[0]
    take_away()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
