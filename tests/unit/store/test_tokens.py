"""Rotating tokens in the store: sealed, leased, and never overwritten by a worker that was late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from hub.errors import ConfigError, StoreError
from hub.sdk.auth import StoredToken
from hub.store.database import Engine, reading, writing
from hub.store.tables import token
from hub.store.tokens import StoreTokens

KEY = Fernet.generate_key().decode()
FRESH = StoredToken("refresh-1", access="access-1", access_until=9.5, seed="s")


def tokens(store: Engine, key: str | None = KEY) -> StoreTokens:
    return StoreTokens(lambda: store, "sfa", lambda: key)


def test_a_token_comes_back_and_is_nowhere_readable(store: Engine) -> None:
    with tokens(store).lease("oauth") as slot:
        assert slot.read() is None
        slot.write(FRESH)
    with tokens(store).lease("oauth") as slot:
        assert slot.read() == FRESH
    with reading(store) as connection:
        row = connection.execute(sa.select(token)).one()
    assert "refresh-1" not in str(tuple(row))
    assert row.lease_holder is None


def test_another_key_finds_nothing_and_loses_nothing(store: Engine) -> None:
    with tokens(store).lease("oauth") as slot:
        slot.write(FRESH)
    with tokens(store, Fernet.generate_key().decode()).lease("oauth") as slot:
        assert slot.read() is None
    with tokens(store).lease("oauth") as slot:
        assert slot.read() == FRESH


def test_workers_take_turns(store: Engine) -> None:
    def add(number: int) -> None:
        with tokens(store).lease("oauth") as slot:
            before = slot.read()
            count = int(before.refresh) if before else 0
            slot.write(StoredToken(str(count + 1), access=str(number)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(12)))
    with tokens(store).lease("oauth") as slot:
        found = slot.read()
    assert found is not None
    assert found.refresh == "12"


def test_a_worker_that_lost_its_lease_writes_nothing(store: Engine) -> None:
    with tokens(store).lease("oauth") as slot:
        with writing(store) as connection:
            connection.execute(sa.update(token).values(lease_holder="other"))
        with pytest.raises(StoreError, match="by another worker"):
            slot.write(FRESH)


@pytest.mark.parametrize(("key", "words"), [(None, "must be kept"), ("short", "no key")])
def test_without_a_good_key_nothing_is_kept(store: Engine, key: str | None, words: str) -> None:
    with pytest.raises(ConfigError, match=words), tokens(store, key).lease("oauth"):
        pass
