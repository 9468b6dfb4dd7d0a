"""``make airflow-celery``: the DAGs on CeleryExecutor, two workers, one of them killed at work.

Redis and PostgreSQL are Debian's, on loopback and free ports. The store ends as in a clean run in
one process without Airflow, or the program ends with code 1.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
import psutil
import requests
import sqlalchemy as sa

from hub.bundled import bundled
from hub.store.database import open_store, reading
from hub.store.digest import digest, dump
from tests.dags.server import Server
from tests.dags.site import CONNECTIONS, lay_out
from tests.servers import postgres, process

CUSTOMERS: Final = 400
USERS: Final = {"admin": "admin"}
_ARRIVED: Final = """
SELECT connection.name, stream.name FROM stream JOIN connection ON connection.id = connection_id
JOIN source_record ON stream_id = stream.id JOIN canonical_record ON record_id = source_record.id
GROUP BY connection.name, stream.name ORDER BY min(canonical_record.id)"""
DAGS: Final = {*(f"hub_sync__{name}" for name in CONNECTIONS), "hub_resolve", "hub_publish"}


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201  # a program's output


def main() -> int:
    """Run it; 0 where the stores are the same."""
    lacking = _lacking()
    if lacking:
        say(lacking)
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-celery-")))
        cluster = stack.enter_context(postgres.running(fsync=False))
        redis = stack.enter_context(_redis(folder))
        store = cluster.fresh_database()
        config = _site(folder / "celery", store)
        environment = _environment(folder, config, redis, cluster.fresh_database())
        server = stack.enter_context(_airflow(folder, environment))
        workers = [stack.enter_context(_worker(folder, environment, n)) for n in (1, 2)]
        say("Airflow is healthy; two workers take tasks")
        _tell_the_story(server, workers)
        return _compare(store, _clean(folder / "clean", _arrived(store)))


def _lacking() -> str | None:
    missing = postgres.available()
    if missing is None and not Path("/usr/bin/redis-server").exists():
        missing = "Redis is not installed (tests/servers/install.sh)"
    return missing


def _site(folder: Path, store: str) -> Path:
    path = lay_out(folder, CUSTOMERS)
    text = path.read_text(encoding="utf-8").replace("sqlite:///hub.db", store)
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def _redis(folder: Path) -> Iterator[int]:
    port = process.free_port()
    command = ["/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    launch = process.Launch("Redis", command, folder / "redis.log")
    with process.running(launch, lambda: process.accepts(port)):
        yield port


def _environment(folder: Path, config: Path, redis: int, database: str) -> dict[str, str]:
    passwords = folder / "passwords.json"
    passwords.write_bytes(orjson.dumps({"admin": secrets.token_urlsafe(12)}))
    passwords.chmod(0o600)
    api, execution = process.free_port(), process.free_port()
    settings = {
        "CORE__DAGS_FOLDER": str(bundled("dags")),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "CeleryExecutor",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{execution}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": database,
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": database,  # else Airflow asks for asyncpg
        "API__HOST": "127.0.0.1",
        "API__BASE_URL": f"http://127.0.0.1:{api}",
        "API__WORKERS": "1",
        "API__SECRET_KEY": secrets.token_hex(32),
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "CELERY__BROKER_URL": f"redis://127.0.0.1:{redis}/0",
        "CELERY__RESULT_BACKEND": f"db+{database}",
        "CELERY__WORKER_CONCURRENCY": "2",
        "CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
        # A worker that is gone is noticed after seconds here; Airflow's own figure is five minutes.
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "SCHEDULER__TASK_QUEUED_TIMEOUT": "40",
        "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
        "SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    ours = {"AIRFLOW_HOME": str(folder / "airflow"), "HUB_CONFIG": str(config)}
    ports = {"HUB_TEST_API": str(api), "HUB_TEST_EXECUTION": str(execution)}
    named = {f"AIRFLOW__{name}": value for name, value in settings.items()}
    return {**os.environ, **named, **ours, **ports}


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *words]


@contextmanager
def _program(
    folder: Path, environment: Mapping[str, str], name: str, *words: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        program = subprocess.Popen(
            _command(*words), env=dict(environment), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield program
    finally:
        _end(program.pid)
        program.wait()


def _end(pid: int) -> None:
    """Kill a program and what it has started, each by its own pid."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue


@contextmanager
def _airflow(folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    with (folder / "db.log").open("wb") as log:
        made = subprocess.run(
            _command("db", "migrate"), env=dict(environment), stdout=log, stderr=log, check=False
        )
    if made.returncode:
        raise RuntimeError((folder / "db.log").read_text(encoding="utf-8")[-3000:])
    api, execution = environment["HUB_TEST_API"], environment["HUB_TEST_EXECUTION"]
    programs = {
        "api": ("api-server", "--apps", "core", "--port", api),
        "execution": ("api-server", "--apps", "execution", "--port", execution),
        "scheduler": ("scheduler", "--skip-serve-logs"),
        "dag-processor": ("dag-processor",),
    }
    with ExitStack() as stack:
        started = [
            stack.enter_context(_program(folder, environment, name, *words))
            for name, words in programs.items()
        ]
        address = environment["AIRFLOW__API__BASE_URL"]
        _await(f"{address}/api/v2/monitor/health")
        _await(f"http://127.0.0.1:{execution}/execution/health")
        passwords = orjson.loads((folder / "passwords.json").read_bytes())
        server = Server(address, passwords, started[0].pid)
        server.await_dags(DAGS, 180)
        yield server


def _await(address: str) -> None:
    for _ in range(240):
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"{address} does not answer")


@contextmanager
def _worker(
    folder: Path, environment: Mapping[str, str], number: int
) -> Iterator[subprocess.Popen[bytes]]:
    words = ("celery", "worker", "--skip-serve-logs", "--celery-hostname", f"w{number}@localhost")
    pid = ("--pid", str(folder / f"w{number}.pid"))
    with _program(folder, environment, f"worker-{number}", *words, *pid) as program:
        log = folder / f"worker-{number}.log"
        for _ in range(240):
            if b"ready" in log.read_bytes():
                break
            time.sleep(0.5)
        yield program


def _tell_the_story(server: Server, workers: list[subprocess.Popen[bytes]]) -> None:
    for dag in ("hub_resolve", "hub_publish"):
        server.pause(dag, paused=True)
    victim: subprocess.Popen[bytes] | None = None
    for name in CONNECTIONS:  # one by one, as in the clean run: whose records come first found
        run_id = server.trigger(f"hub_sync__{name}")
        if victim is None:
            victim = server.wait(partial(_at_work, server, {name: run_id}, workers), 120)
            say(f"worker {victim.pid} is killed while it reads")
            _end(victim.pid)
        _finish(server, f"hub_sync__{name}", run_id)
    for dag in ("hub_resolve", "hub_publish"):
        server.pause(dag, paused=False)
        _finish(server, dag, server.trigger(dag))


def _at_work(
    server: Server, started: Mapping[str, str], workers: list[subprocess.Popen[bytes]]
) -> subprocess.Popen[bytes] | None:
    """The worker in which a stream is being read right now."""
    for name, run_id in started.items():
        for task in server.tasks(f"hub_sync__{name}", run_id):
            if task["task_id"] == "sync_stream" and task["state"] == "running" and task["pid"]:
                owner: subprocess.Popen[bytes] | None = _owner(task["pid"], workers)
                return owner
    return None


def _owner(pid: int, workers: list[subprocess.Popen[bytes]]) -> Any:
    try:
        above = {parent.pid for parent in psutil.Process(pid).parents()}
    except psutil.NoSuchProcess:
        return None
    return next((worker for worker in workers if worker.pid in above), None)


def _finish(server: Server, dag: str, run_id: str) -> None:
    """Wait for a run; what Airflow has noticed to be killed is cleared instead of waited for."""
    lost: set[tuple[str, int]] = set()

    def ended() -> bool:
        for task in server.tasks(dag, run_id):
            if task["state"] == "up_for_retry":
                lost.add((task["task_id"], task["map_index"]))
                server.clear(dag, run_id, task["task_id"], index=task["map_index"])
        return bool(
            server.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run_id}")["state"]
            in ("success", "failed")
        )

    server.wait(ended, 400)
    state = server.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run_id}")["state"]
    say(f"{dag}: {state}; lost with the worker and done again: {len(lost)} tasks")
    assert state == "success"


def _clean(folder: Path, order: list[tuple[str, str]]) -> str:
    """The same read undisturbed, each stream in its turn: whose record came first founds."""
    from hub.airflow import publishing, tasks

    path = lay_out(folder, CUSTOMERS)
    os.environ["HUB_CONFIG"] = str(path)
    streams = [(name, stream) for name in CONNECTIONS for stream in tasks.list_streams(name)]
    for name, stream in sorted(
        streams, key=lambda one: order.index(one) if one in order else len(order)
    ):
        tasks.sync_stream(name, stream)
    tasks.resolve()
    publishing.stage()
    return f"sqlite:///{path.parent / 'hub.db'}"


def _arrived(url: str) -> list[tuple[str, str]]:
    """The streams of a store, with their connections, in the order in which records came."""
    engine = open_store(url)
    with reading(engine) as db:
        found = db.execute(sa.text(_ARRIVED)).all()
    engine.dispose()
    return [(row[0], row[1]) for row in found]


def _compare(one: str, other: str) -> int:
    found = [open_store(url) for url in (one, other)]
    digests = [digest(engine) for engine in found]
    lines = [set(dump(engine)) for engine in found]
    for engine in found:
        engine.dispose()
    say(f"celery on PostgreSQL: {digests[0]}, {len(lines[0]):,} lines")
    say(f"clean on SQLite:      {digests[1]}, {len(lines[1]):,} lines")
    same = digests[0] == digests[1]
    say("the same" if same else f"{len(lines[0] ^ lines[1]):,} lines differ")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
