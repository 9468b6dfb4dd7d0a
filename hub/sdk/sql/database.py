"""One database: how it is reached, and transactions, which read only unless told to write."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hub.errors import ConfigError, HubError, OutcomeUnknownError, SourceUnavailableError
from hub.sdk.sql.failures import explain, is_broken

__all__ = ["Connection", "Database", "Login"]

T = TypeVar("T")

CONNECT_SECONDS: Final = 10
_LOOK_EVERY: Final = 10_000  # steps of SQLite's virtual machine between looks at the clock
_DRIVERS: Final = {
    "postgresql": ("postgresql+psycopg", "postgres"),
    "mysql": ("mysql+pymysql", "mysql"),
    "sqlite": ("sqlite", ""),
}
_CLOCKS: Final = {
    "postgresql": "SELECT clock_timestamp()",
    "mysql": "SELECT utc_timestamp(6)",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}
_PATIENCE: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_TLS: Final = {"off": "disable", "encrypt": "require", "verify": "verify-full"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where a database is; ``database`` is a name, or the path of an SQLite file.

    ``tls``: verify the server's certificate, only encrypt, or off.
    """

    dialect: Literal["postgresql", "mysql", "sqlite"]
    database: str
    host: str = ""
    port: int | None = None
    username: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    tls: Literal["verify", "encrypt", "off"] = "verify"
    ca_file: Path | None = None


class Database:
    """Runs work in transactions, on one connection; opens it for the first of them.

    ``timeout`` bounds each statement, in seconds; a server that says nothing at all is given up
    after twice that and ``grace``. All times that carry a zone come in UTC.
    """

    def __init__(
        self, login: Login, *, system: str, timeout: float = 300, grace: float = 30
    ) -> None:
        self._system = system
        self._login = login
        self._timeout = timeout
        self._grace = grace
        self._engine: Engine | None = None
        self._wire: Any = None

    def read(self, work: Callable[[Connection], T], stream: str = "") -> T:
        """The outcome of ``work`` in one transaction that only reads."""
        return self._run(work, stream, writing=False)

    def write(self, work: Callable[[Connection], T], stream: str = "") -> T:
        """The same in one that writes: committed whole, or not at all.

        OutcomeUnknownError where the connection breaks while the commit is under way.
        """
        return self._run(work, stream, writing=True)

    def clock(self, connection: Connection) -> datetime:
        """The database's own time."""
        told = connection.exec_driver_sql(_CLOCKS[self._login.dialect]).scalar_one()
        moment = told if isinstance(told, datetime) else datetime.fromisoformat(told)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def close(self) -> None:
        """Close the connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _run(self, work: Callable[[Connection], T], stream: str, *, writing: bool) -> T:
        """The driver's error is forgotten before ours is raised: a trace would show its text."""
        phase = _Phase()
        try:
            with self._transaction(phase, writing=writing) as connection:
                return work(connection)
        except SQLAlchemyError as error:
            problem = self._explain(error, phase, stream, writing=writing)
        except OSError as error:
            cause = error.strerror or type(error).__name__
            problem = SourceUnavailableError(cause, system=self._system, stream=stream)
        raise problem

    @contextmanager
    def _transaction(self, phase: _Phase, *, writing: bool) -> Iterator[Connection]:
        engine = self._engine or self._open()
        with self._watched(), engine.connect() as connection:
            self._begin(connection, writing=writing)
            yield connection
            phase.committing = True
            connection.commit()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """A server that has gone silent can't keep its own timeout, and libpq knows none."""
        if self._login.dialect != "postgresql":
            yield
            return
        watch = threading.Timer(2 * self._timeout + self._grace, self._hang_up)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _hang_up(self) -> None:
        """End the connection for whoever waits for an answer on it."""
        wire = self._wire
        if wire is None or wire.closed:
            return
        with suppress(OSError), socket.socket(fileno=os.dup(wire.fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)

    def _note_wire(self, connection: Any, _record: object) -> None:
        self._wire = connection

    def _explain(
        self, error: SQLAlchemyError, phase: _Phase, stream: str, *, writing: bool
    ) -> HubError:
        broken = isinstance(error, DBAPIError) and is_broken(error)
        if writing and phase.committing and broken:
            message = "the connection broke during the commit; look at the row before repeating"
            return OutcomeUnknownError(f"{self._system}: {message}")
        return explain(error, system=self._system, stream=stream, writing=writing)

    def _begin(self, connection: Connection, *, writing: bool) -> None:
        """Set for the transaction alone where the dialect can: a pooler may share the session."""
        if self._login.dialect == "postgresql":
            mode = "WRITE" if writing else "ONLY"
            for statement in (
                f"SET TRANSACTION READ {mode}",
                f"SET LOCAL statement_timeout = {int(self._timeout * 1000)}",
                "SET LOCAL TimeZone = 'UTC'",
            ):
                connection.exec_driver_sql(statement)
        elif self._login.dialect == "mysql":
            mode = "WRITE" if writing else "ONLY"
            connection.exec_driver_sql(f"SET SESSION TRANSACTION READ {mode}")
        else:
            self._begin_sqlite(connection, writing=writing)

    def _begin_sqlite(self, connection: Connection, *, writing: bool) -> None:
        """A writer takes the lock at once: an upgrade in the middle could deadlock."""
        deadline = time.monotonic() + self._timeout
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _LOOK_EVERY)
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writing else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    def _open(self) -> Engine:
        driver, extra = _DRIVERS[self._login.dialect]
        try:
            engine = sa.create_engine(
                _url(self._login, driver),
                pool_size=1,
                max_overflow=0,
                pool_pre_ping=self._login.dialect != "sqlite",
                poolclass=sa.pool.QueuePool,
                hide_parameters=True,
                connect_args=self._connect_args(),
            )
        except ModuleNotFoundError as error:
            message = f"the driver for {self._login.dialect} is missing: pip install"
            raise ConfigError(f"{self._system}: {message} 'customer-hub[{extra}]'") from error
        if self._login.dialect == "sqlite":
            sa.event.listen(engine, "connect", _let_us_begin)
        if self._login.dialect == "postgresql":
            sa.event.listen(engine, "connect", self._note_wire)
        if self._login.dialect == "mysql":
            sa.event.listen(engine, "connect", self._prepare_mysql)
        self._engine = engine
        return engine

    def _connect_args(self) -> dict[str, Any]:
        login = self._login
        if login.dialect == "sqlite":
            return {"timeout": min(self._timeout, 60), "check_same_thread": False}
        authorities = str(login.ca_file) if login.ca_file else _known_authorities()
        if login.dialect == "postgresql":
            tls = {"sslmode": _TLS[login.tls]}
            if login.tls == "verify":
                tls["sslrootcert"] = authorities
            return {**_PATIENCE, "prepare_threshold": None, **tls}
        verify = {"ca": authorities, "check_hostname": True}
        secure = {"ssl": verify if login.tls == "verify" else {"ssl": True}}
        patience = {"connect_timeout": CONNECT_SECONDS, "read_timeout": 2 * self._timeout}
        return {**patience, **(secure if login.tls != "off" else {})}

    def _prepare_mysql(self, connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"SET SESSION max_execution_time = {int(self._timeout * 1000)}")
        cursor.close()


@dataclass(slots=True)
class _Phase:
    committing: bool = False


def _url(login: Login, driver: str) -> URL:
    if login.dialect != "sqlite":
        return URL.create(
            driver,
            username=login.username or None,
            password=login.password.get_secret_value() or None,
            host=login.host,
            port=login.port,
            database=login.database,
        )
    path = Path(login.database).resolve().as_uri()
    return URL.create(driver, database=path, query={"mode": "rw", "uri": "true"})


def _let_us_begin(connection: Any, _record: object) -> None:
    """The driver would begin transactions by itself, and only for writes."""
    connection.isolation_level = None


def _known_authorities() -> str:
    import certifi  # what requests trusts, so that every transport trusts the same

    return certifi.where()
