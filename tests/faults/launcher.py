"""Starts `hub` commands by forking: a run costs its own work, not the interpreter's start.

Reads a JSON line ``[folder, arguments, log]``, answers with the child's pid, and with its exit code
once it has ended (negative: the signal that killed it).
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import NoReturn

from hub.cli.main import run
from hub.plugins import discover


def main() -> None:
    """Serve one command after another until the input ends."""
    discover()
    print("ready", flush=True)
    for line in sys.stdin:
        folder, arguments, log = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become_hub(folder, arguments, log)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become_hub(folder: str, arguments: list[str], log: str) -> NoReturn:
    """Run the console script's entry point in this process, and end with its code."""
    code: object = 0
    try:
        os.chdir(folder)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.argv = ["hub", *arguments]
        run()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 99
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    main()
