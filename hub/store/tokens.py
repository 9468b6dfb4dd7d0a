"""Rotating tokens, sealed in the store and used under a lease, so that no two workers refresh one.

They are encrypted (Fernet: AES-128-CBC with HMAC-SHA256) under a key that lies elsewhere: whoever
gets a copy of the database gets no token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.errors import ConfigError, StoreError
from hub.sdk.auth import StoredToken, TokenSlot
from hub.store.database import Engine, reading, writing
from hub.store.schema import migrate
from hub.store.tables import token

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

LEASE_SECONDS: Final = 120.0
"""Longer than a request for a token may take."""
_LOOK_SECONDS: Final = 0.2
_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class StoreTokens:
    """The token store of one connection; the database is opened by the first lease.

    ``key`` gives the Fernet key, or None where none is configured (ConfigError at the first lease).
    """

    def __init__(
        self, open_engine: Callable[[], Engine], connection: str, key: Callable[[], str | None]
    ) -> None:
        self._open = open_engine
        self._connection = connection
        self._key = key
        self._engine: Engine | None = None

    @contextmanager
    def lease(self, name: str) -> Iterator[TokenSlot]:
        """Hold the token of that name alone; StoreError where another worker keeps it too long."""
        slot = _Slot(self._ready(), (self._connection, name), seal=self._seal())
        slot.acquire()
        try:
            yield slot
        finally:
            slot.release()

    def _ready(self) -> Engine:
        if self._engine is None:
            self._engine = self._open()
            migrate(self._engine)
        return self._engine

    def _seal(self) -> Fernet:
        from cryptography.fernet import Fernet

        key = self._key()
        if key is None:
            raise ConfigError(
                f"connections.{self._connection}: its tokens change with use and must be kept: "
                'set hub.token_key = "env:NAME" and put a key there, made by `hub token-key`'
            )
        try:
            return Fernet(key)
        except ValueError:
            raise ConfigError(
                "hub.token_key leads to what is no key; make one with `hub token-key`"
            ) from None


class _Slot:
    def __init__(self, engine: Engine, place: tuple[str, str], *, seal: Fernet) -> None:
        self._engine = engine
        self._connection, self._name = place
        self._seal = seal
        self._holder = token_hex(8)

    def acquire(self) -> None:
        """Wait for the lease as long as another worker may hold it."""
        self._ensure_row()
        deadline = time.monotonic() + LEASE_SECONDS
        while not self._take():
            if time.monotonic() > deadline:
                raise StoreError(
                    f"the token of {self._connection} is held by another worker; run it again"
                )
            time.sleep(_LOOK_SECONDS)

    def release(self) -> None:
        """Let the next one in."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(token)
                .where(self._here, token.c.lease_holder == self._holder)
                .values(lease_holder=None, lease_until=None)
            )

    def read(self) -> StoredToken | None:
        """What is stored now; None where nothing is, or where the key was changed since."""
        from cryptography.fernet import InvalidToken

        with reading(self._engine) as connection:
            sealed = connection.scalar(sa.select(token.c.sealed).where(self._here))
        if sealed is None:
            return None
        try:
            return StoredToken(**orjson.loads(self._seal.decrypt(sealed)))
        except InvalidToken:
            return None

    def write(self, fresh: StoredToken) -> None:
        """Replace it if the lease still is ours."""
        sealed = self._seal.encrypt(orjson.dumps(asdict(fresh)))
        with writing(self._engine) as connection:
            done = connection.execute(
                sa.update(token)
                .where(self._here, token.c.lease_holder == self._holder)
                .values(sealed=sealed)
            )
        if done.rowcount != 1:
            raise StoreError(
                f"the token of {self._connection} was renewed by another worker meanwhile; "
                "run it again"
            )

    @property
    def _here(self) -> sa.ColumnElement[bool]:
        return (token.c.connection == self._connection) & (token.c.name == self._name)

    def _ensure_row(self) -> None:
        with writing(self._engine) as connection:
            if connection.scalar(sa.select(token.c.name).where(self._here)) is None:
                row = {"connection": self._connection, "name": self._name}
                insert = _INSERT[self._engine.dialect.name](token).values(row)
                connection.execute(insert.on_conflict_do_nothing())

    def _take(self) -> bool:
        now = datetime.now(UTC)
        free = token.c.lease_holder.is_(None) | (token.c.lease_until < now)
        with writing(self._engine) as connection:
            done = connection.execute(
                sa.update(token)
                .where(self._here, free)
                .values(
                    lease_holder=self._holder,
                    lease_until=now + timedelta(seconds=LEASE_SECONDS),
                )
            )
        return done.rowcount == 1
