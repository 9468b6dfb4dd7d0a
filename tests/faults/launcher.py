"""Starts `hub` commands by forking: a run costs its own work, not the interpreter's start.

Reads a JSON line ``[folder, arguments, log]``, answers with the child's pid, and with its exit code
once it has ended (negative: the signal that killed it).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from hub.cli.main import run
from hub.plugins import discover


def main(become: Callable[[str, list[str], str], NoReturn]) -> None:
    """Serve one command after another until the input ends; a child becomes what is wanted."""
    discover()
    tell("ready")
    for line in sys.stdin:
        folder, arguments, log = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(folder, arguments, log)
        tell(pid)
        _, status = os.waitpid(pid, 0)
        tell(os.waitstatus_to_exitcode(status))


def tell(answer: object) -> None:
    """Answer with one line."""
    sys.stdout.write(f"{answer}\n")
    sys.stdout.flush()


def become_hub(folder: str, arguments: list[str], log: str) -> NoReturn:
    """Run the console script's entry point in this process, and end with its code."""
    sys.argv = ["hub", *arguments]
    end_with(run, folder, log)


def end_with(act: Callable[[], object], folder: str, log: str) -> NoReturn:
    """Do one thing in a folder, print to a log, and end with the code that it comes to."""
    code: object = 99
    try:
        os.chdir(folder)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(output, stream)
        act()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main(become_hub)
