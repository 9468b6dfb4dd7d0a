"""Connectors that are wrong in everything but reading: secrets, errors, writes, papers."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field, SecretStr, field_serializer

from hub.errors import (
    AuthenticationError,
    ConflictError,
    HubError,
    OutcomeUnknownError,
    RejectedError,
    SourceUnavailableError,
)
from hub.sdk import (
    Capability,
    Change,
    ConnectorConfig,
    ConnectorSpec,
    Receipt,
    Record,
    StandInSpec,
    hookimpl,
)
from hub.sdk.auth import ClientCredentials
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient, RestResponse
from tests.unit.testing.cards import CARD, SPEC, CardsConfig, CardsConnector
from tests.unit.testing.cards.standin import SAMPLES, CardsStandIn


@dataclass(eq=False)
class Plugin:
    """Cards, with something else in its declaration."""

    spec: ConnectorSpec

    @hookimpl
    def hub_connector(self) -> ConnectorSpec:
        return self.spec

    @hookimpl
    def hub_standin(self) -> StandInSpec:
        return StandInSpec(name="cards", start=CardsStandIn, samples=SAMPLES)


def cards(**changes: Any) -> Plugin:
    return Plugin(replace(SPEC, **changes))


class LogsItsSecret(CardsConnector):
    def check(self) -> str:
        logging.getLogger("cards.client").debug(
            "as %s", self.config.client_secret.get_secret_value()
        )
        return super().check()


class PrintsItsToken(CardsConnector):
    def check(self) -> str:
        print(self.http._auth.headers(self.http._ask))  # noqa: T201  # what it must not do
        return super().check()


class SecretInError(CardsConnector):
    def check(self) -> str:
        try:
            return super().check()
        except AuthenticationError as error:
            secret = self.config.client_secret.get_secret_value()
            raise AuthenticationError(f"{secret} is wrong", system="cards") from error


class TrustsAnySecret(CardsConnector):
    def check(self) -> str:
        return "nothing was asked"


class OpensAtOnce(CardsConnector):
    def __init__(self, config: CardsConfig) -> None:
        super().__init__(config)
        with suppress(HubError):
            self.http.get("hello")


class TwoLines(CardsConnector):
    def check(self) -> str:
        return f"{super().check()}\nand more"


class Explains(CardsConnector):
    """Has a wrong idea of what answers mean."""

    def __init__(self, config: CardsConfig) -> None:
        super().__init__(config)
        auth = ClientCredentials("/token", config.client_id, config.client_secret)
        policy = RestPolicy(explain=self.explain)
        self.http = RestClient(config.base_url, system="cards", auth=auth, policy=policy)

    def explain(self, answer: RestResponse) -> HubError | None:
        raise AssertionError(answer.status)


class ImpatientClient(Explains):
    """Takes 429 for any trouble, and asks again at once."""

    def explain(self, answer: RestResponse) -> HubError | None:
        busy = answer.status == 429
        return SourceUnavailableError("busy", system="cards") if busy else None


class StatusConfused(Explains):
    def explain(self, answer: RestResponse) -> HubError | None:
        return ConflictError("cards: no") if answer.status == 422 else None


class Overwrites(CardsConnector):
    """Compares nothing and asks for no condition."""

    def compare(self, now: Record, change: Change) -> None:
        """As it likes."""

    def headers(self, change: Change, now: Record) -> dict[str, str]:
        return {"idempotency-key": change.idempotency_key}


class ComparesOnly(CardsConnector):
    """Compares, and writes without a condition."""

    def headers(self, change: Change, now: Record) -> dict[str, str]:
        return {"idempotency-key": change.idempotency_key}


class Repeats(CardsConnector):
    """Writes each time it is told, under a new key."""

    def is_done(self, now: Record, change: Change) -> bool:
        return False

    def compare(self, now: Record, change: Change) -> None:
        """As it likes."""

    def headers(self, change: Change, now: Record) -> dict[str, str]:
        return {"if-match": now.version or "", "idempotency-key": str(uuid.uuid4())}


class TriesAgain(CardsConnector):
    """Sends a write again whose outcome it does not know."""

    def headers(self, change: Change, now: Record) -> dict[str, str]:
        return {}

    def put(self, change: Change, now: Record) -> str | None:
        try:
            return super().put(change, now)
        except OutcomeUnknownError:
            return super().put(change, now)


class FetchRaises(CardsConnector):
    def fetch(self, stream: str, key: str) -> Record | None:
        found = super().fetch(stream, key)
        if found is None:
            raise KeyError(key)
        return found


class FetchDiffers(CardsConnector):
    def fetch(self, stream: str, key: str) -> Record | None:
        found = super().fetch(stream, key)
        return found and found._replace(data={**found.data, "fetched": True})


class WritesNothing(CardsConnector):
    def put(self, change: Change, now: Record) -> str | None:
        return now.version


class LiesOnVersion(CardsConnector):
    def put(self, change: Change, now: Record) -> str | None:
        super().put(change, now)
        return now.version


class SwallowsRefusal(CardsConnector):
    def write(self, change: Change) -> Receipt:
        try:
            return super().write(change)
        except RejectedError:
            return Receipt(key=change.key)


class NoKey(CardsConnector):
    def headers(self, change: Change, now: Record) -> dict[str, str]:
        return {"if-match": now.version or ""}


class BareConfig(ConnectorConfig):
    """Without a word on what to put in."""

    base_url: str
    client_id: str = Field(description="Name of the application")
    client_secret: SecretStr = Field(description="Its secret")
    page_size: int = Field(default=100, ge=1, description="Cards to a request")


class OpenConfig(CardsConfig):
    """With a second secret that is none."""

    api_key: str = Field(default="", description="Key")


class TalkativeConfig(CardsConfig):
    """Shows its secret when it is dumped."""

    @field_serializer("client_secret")
    def show(self, value: SecretStr) -> str:
        return value.get_secret_value()


REST: dict[type[CardsConnector], tuple[str, ...]] = {
    LogsItsSecret: ("unlogged",),
    PrintsItsToken: ("unlogged",),
    SecretInError: ("wrong_secret",),
    TrustsAnySecret: ("wrong_secret", "fault_error"),
    OpensAtOnce: ("quiet_opening",),
    TwoLines: ("check_line",),
    ImpatientClient: ("storm", "fault_error"),
    StatusConfused: ("answered",),
    Overwrites: ("stale", "raced"),
    ComparesOnly: ("raced",),
    Repeats: ("repeated",),
    TriesAgain: ("dropped",),
    FetchRaises: ("fetched",),
    FetchDiffers: ("fetched",),
    WritesNothing: ("written", "dropped"),
    LiesOnVersion: ("written",),
    SwallowsRefusal: ("rejected",),
    NoKey: ("key_sent",),
}

DECLARED: dict[str, tuple[Callable[[], Plugin], tuple[str, ...]]] = {
    "undescribed": (lambda: cards(config=BareConfig), ("described",)),
    "readable key": (lambda: cards(config=OpenConfig), ("secret_types",)),
    "dumped secret": (lambda: cards(config=TalkativeConfig), ("secrets_hidden",)),
    "another title": (lambda: cards(title="Other cards"), ("facts",)),
    "read only": (
        lambda: cards(
            streams=(replace(CARD, capabilities=frozenset({Capability.FULL, Capability.WRITE})),)
        ),
        ("facts",),
    ),
    "no writes": (
        lambda: cards(streams=(replace(CARD, capabilities=frozenset({Capability.FULL})),)),
        ("writes",),
    ),
    "unknown entity in the mapping": (
        lambda: cards(streams=(replace(CARD, entities=("party", "account")),)),
        ("mapped",),
    ),
}
