"""A small Airflow on loopback: its settings, its programs, and their end.

For development only: one machine, SQLite, and users whose passwords lie in a file.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson
import requests

from hub.cli.output import say, working
from hub.errors import ConfigError, HubError

Command = tuple[str, ...]
Programs = Mapping[str, subprocess.Popen[bytes]]

USERS: Final = {"admin": "admin", "steward": "user", "viewer": "viewer"}
"""Users of the simple auth manager and their roles."""

SERVERS: Final[Mapping[str, Command]] = {
    "api-server": ("api-server", "--apps", "core"),
    # A process of its own: the UI's API writes its audit log in its event loop, and would keep
    # a task's request that holds SQLite's lock from ever ending, were they one process.
    "execution-api": ("api-server", "--apps", "execution"),
}
WORKERS: Final[Mapping[str, Command]] = {
    # Without --skip-serve-logs each listens on every interface for other machines' log requests,
    # and no setting binds that to loopback; on one machine the API server reads the files.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
PARTS: Final = ("scheduler", "triggerer", "dag_processor")
LOOPBACK: Final = "127.0.0.1"
HEALTHY_WITHIN: Final = 300.0
STOPPED_WITHIN: Final = 20.0


@dataclass(frozen=True, slots=True)
class AirflowSite:
    """Where Airflow keeps its things, whose hub it runs, and the DAG files."""

    home: Path
    config: Path
    dags: Path

    @property
    def passwords(self) -> Path:
        """The file of the users' passwords; readable by its owner alone."""
        return self.home / "passwords.json"


def serve(site: AirflowSite, port: int | None = None) -> None:
    """Run Airflow until it is interrupted; every program it started is ended then."""
    _make_private(site.home)
    with _alone(site.home), ExitStack() as cleanup:
        address, execution = f"http://{LOOPBACK}:{_free_port(port)}", _free_port(0)
        environment = _environment(site, address, execution)
        passwords = _passwords(site.passwords)
        with working("preparing Airflow's database …"):
            _migrate(site, environment)
        programs: dict[str, subprocess.Popen[bytes]] = {}
        cleanup.callback(_end, programs)
        with working("starting Airflow …"):
            _start_in_order(site, programs, environment)
        say(f"Airflow: {address}")
        for user, password in passwords.items():
            say(f"  {user} / {password}")
        say(f"hub: {site.config}; logs: {site.home}; Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            _watch(site, programs)
        say("ending Airflow …")


def _start_in_order(
    site: AirflowSite, programs: dict[str, subprocess.Popen[bytes]], environment: Mapping[str, str]
) -> None:
    """The servers first: a task that starts before they answer is lost."""
    addresses = {
        "api-server": environment["AIRFLOW__API__BASE_URL"],
        "execution-api": environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"],
    }
    health = f"{addresses['api-server']}/api/v2/monitor/health"
    execution = f"{addresses['execution-api']}health"
    for name, command in SERVERS.items():
        port = str(urlsplit(addresses[name]).port)
        programs[name] = _start(site, environment, name, (*command, "--port", port))
    _await(site, programs, lambda: _healthy(health, ("metadatabase",)) and _healthy(execution))
    for name, command in WORKERS.items():
        programs[name] = _start(site, environment, name, command)
    _await(site, programs, lambda: _healthy(health, PARTS))


def _make_private(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two Airflows in one folder would share a database and fight over its tasks."""
    with (home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"Airflow already runs in {home}; end that one first") from None
        yield


def _free_port(wanted: int | None) -> int:
    """The wanted port (0 is any), else 8080, else any that is free."""
    for port in (8080, 0) if wanted is None else (wanted,):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise ConfigError(f"port {wanted} is taken; name another with --port")


def _passwords(path: Path) -> dict[str, str]:
    """The users' passwords, made once; the file is there before Airflow could make it readable."""
    if path.is_file():
        return dict(orjson.loads(path.read_bytes()))
    made = {user: secrets.token_urlsafe(12) for user in USERS}
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(orjson.dumps(made))
    return made


def _environment(site: AirflowSite, address: str, execution: int) -> dict[str, str]:
    """What makes this Airflow small, local and ours, over the environment we were given."""
    settings = {
        "core": {
            "dags_folder": str(site.dags),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "dags_are_paused_at_creation": "False",
            "dagbag_import_error_tracebacks": "False",
            "test_connection": "Enabled",
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager"
            ".SimpleAuthManager",
            "simple_auth_manager_users": ",".join(f"{name}:{role}" for name, role in USERS.items()),
            "simple_auth_manager_passwords_file": str(site.passwords),
            "execution_api_server_url": f"http://{LOOPBACK}:{execution}/execution/",
        },
        # By itself SQLite waits 5 seconds for its lock, too little on a busy machine.
        "database": {"sql_alchemy_conn": f"sqlite:///{site.home / 'airflow.db'}?timeout=60"},
        "api": {
            "host": LOOPBACK,
            "base_url": address,
            "workers": "1",
            "secret_key": secrets.token_hex(32),
        },
        "api_auth": {"jwt_secret": secrets.token_hex(32)},
        "scheduler": {"enable_health_check": "False"},
        "dag_processor": {"dag_version_inflation_check_level": "error"},
        "usage_data_collection": {"enabled": "False"},
    }
    flat = {
        f"AIRFLOW__{section.upper()}__{name.upper()}": value
        for section, names in settings.items()
        for name, value in names.items()
    }
    ours = {"AIRFLOW_HOME": str(site.home), "HUB_CONFIG": str(site.config)}
    return {**os.environ, **flat, **ours}


def _migrate(site: AirflowSite, environment: Mapping[str, str]) -> None:
    program = _start(site, environment, "db", ("db", "migrate"))
    try:
        code = program.wait()
    finally:
        _stop({"db": program})
    if code:
        raise _failure(site, "db", code)


def _start(
    site: AirflowSite, environment: Mapping[str, str], name: str, command: Command
) -> subprocess.Popen[bytes]:
    """A program in a session of its own, so that Ctrl-C reaches only us and we end it in order."""
    with _log_file(site, name).open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and fixed words
            [sys.executable, "-m", "airflow", *command],
            env=dict(environment),
            cwd=site.home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _log_file(site: AirflowSite, name: str) -> Path:
    return site.home / f"{name}.log"


def _failure(site: AirflowSite, name: str, code: int) -> HubError:
    return HubError(f"Airflow's {name} ended with code {code}; its log is {_log_file(site, name)}")


def _await(site: AirflowSite, programs: Programs, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN
    while not ready():
        _require_running(site, programs)
        if time.monotonic() > deadline:
            raise HubError(f"Airflow is not healthy yet; its logs are in {site.home}")
        time.sleep(1.0)


def _healthy(address: str, parts: tuple[str, ...] = ()) -> bool:
    """Whether it answers, and these parts have reported to the database lately."""
    try:
        answer = requests.get(address, timeout=10)
        found = answer.json()
    except requests.RequestException:
        return False
    reported = all((found.get(part) or {}).get("status") == "healthy" for part in parts)
    return answer.status_code == requests.codes.ok and reported


def _watch(site: AirflowSite, programs: Programs) -> None:
    while True:
        _require_running(site, programs)
        time.sleep(0.5)


def _require_running(site: AirflowSite, programs: Programs) -> None:
    for name, program in programs.items():
        if (code := program.poll()) is not None:
            raise _failure(site, name, code)


def _end(programs: Programs) -> None:
    """Stop for good; a second Ctrl-C is not heard, since it would leave some of them behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _stop(programs)


def _stop(programs: Programs) -> None:
    """Ask all at once, wait for all, then kill what is left of their sessions."""
    for program in programs.values():
        if program.poll() is None:
            program.terminate()
    deadline = time.monotonic() + STOPPED_WITHIN
    for program in programs.values():
        with suppress(subprocess.TimeoutExpired):
            program.wait(max(deadline - time.monotonic(), 0.1))
    _kill_sessions({program.pid for program in programs.values()})
    for program in programs.values():
        program.wait()


def _kill_sessions(sessions: set[int]) -> None:
    """Airflow gives each task a process group of its own, but all stay in our session."""
    for pid in _running_pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) in sessions:
                os.kill(pid, signal.SIGKILL)


def _running_pids() -> list[int]:
    if Path("/proc/self").exists():
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    listing = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True
    )
    return [int(pid) for pid in listing.stdout.split()]
