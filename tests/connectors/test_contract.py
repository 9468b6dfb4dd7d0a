"""The rules of the contract, for every built-in connector, over real sockets to its stand-in."""

from __future__ import annotations

import logging
import socket
import traceback
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import cache
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
from pydantic import BaseModel, SecretStr

from hub.demo.company import generate
from hub.errors import (
    AuthenticationError,
    CursorExpiredError,
    HubError,
    RateLimitedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.plugins import discover
from hub.sdk import (
    Capability,
    Connector,
    ConnectorSpec,
    Cursor,
    Fault,
    Page,
    StandIn,
    StandInState,
)

REGISTRY = discover()
SEED_OF = {
    "salesforce": "sfa",
    "request_tracker": "helpdesk",
    "imap": "mail",
    "tryton": "erp",
    "dolibarr": "shop",
}
SYSTEMS = sorted(SEED_OF)
DECLARED = [(name, stream) for name in SYSTEMS for stream in REGISTRY.connectors[name].streams]
STREAMS = [(name, stream.name) for name, stream in DECLARED]
INCREMENTAL = [
    (name, stream.name)
    for name, stream in DECLARED
    if Capability.INCREMENTAL in stream.capabilities
]
SECRETS = [
    (name, field)
    for name in SYSTEMS
    for field, info in REGISTRY.connectors[name].config.model_fields.items()
    if info.annotation is SecretStr
]
SMELLS = ("password", "secret", "key", "token")
SMALL = dict.fromkeys(("page_size", "batch", "batch_size", "query_limit"), 3)
"""Settings by which a connector reads in many small pages."""
SWORDFISH = "swordfish-7391"
ALWAYS = 10_000
FAULTS: Mapping[str, tuple[Fault, type[HubError]]] = {
    "500": (Fault(kind="status", status=500, times=ALWAYS), SourceUnavailableError),
    "429": (
        Fault(kind="status", status=429, times=ALWAYS, headers={"retry-after": "3600"}),
        RateLimitedError,
    ),
    "truncate": (Fault(kind="truncate", times=ALWAYS), SourceUnavailableError),
    "reset": (Fault(kind="reset", times=ALWAYS), SourceUnavailableError),
    "not_json": (Fault(kind="not_json", times=ALWAYS), SourceSchemaError),
}
IMAP_ERRORS = {"429": SourceUnavailableError, "not_json": SourceUnavailableError}
"""IMAP has no word for "wait an hour", and imaplib takes what is no IMAP for a broken line."""


@cache
def seeds() -> Mapping[str, Any]:
    """The systems of a small demo company; a stand-in copies what it gets."""
    return generate(seed=3, customers=60).seeds


@contextmanager
def started(name: str) -> Iterator[StandIn]:
    standin = REGISTRY.standins[name].start(StandInState(seeds()[SEED_OF[name]]), 0)
    try:
        yield standin
    finally:
        standin.stop()


def opened(name: str, settings: Mapping[str, Any]) -> Connector:
    spec = REGISTRY.connectors[name]
    return spec.open(spec.config.model_validate(settings))


def small(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    known = REGISTRY.connectors[name].config.model_fields
    return {**settings, **{field: size for field, size in SMALL.items() if field in known}}


def aimed(settings: Mapping[str, Any], port: int) -> dict[str, Any]:
    """The same settings for another port of this machine."""
    if "port" in settings:
        return {**settings, "port": port}
    moved = urlsplit(settings["base_url"])._replace(netloc=f"127.0.0.1:{port}")
    return {**settings, "base_url": moved.geturl()}


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that is ours and on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


def test_every_built_in_connector_is_covered() -> None:
    assert set(SEED_OF) == set(REGISTRY.standins)
    assert set(REGISTRY.connectors) - set(SEED_OF) == {"file"}
    assert {name for name, _ in SECRETS} == set(SEED_OF)


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield f"{model.__name__}.{name}", info
        for part in get_args(info.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from fields_of(part)


@pytest.mark.parametrize("spec", REGISTRY.connectors.values(), ids=lambda spec: spec.name)
def test_every_setting_is_described(spec: ConnectorSpec) -> None:
    assert [name for name, info in fields_of(spec.config) if not info.description] == []


@pytest.mark.parametrize("spec", REGISTRY.connectors.values(), ids=lambda spec: spec.name)
def test_what_smells_of_a_secret_is_one(spec: ConnectorSpec) -> None:
    readable = [
        name
        for name, info in spec.config.model_fields.items()
        if any(word in name for word in SMELLS) and info.annotation is not SecretStr
    ]
    assert readable == []


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_form_of_the_settings_shows_a_secret(name: str) -> None:
    with started(name) as standin:
        hidden = {field: SWORDFISH for system, field in SECRETS if system == name}
        config = REGISTRY.connectors[name].config.model_validate({**standin.config, **hidden})
    for shown in (repr(config), str(config), config.model_dump_json(), str(config.model_dump())):
        assert SWORDFISH not in shown


@pytest.mark.parametrize("name", SYSTEMS)
def test_opening_touches_no_network(name: str) -> None:
    with started(name) as standin, socket.create_server(("127.0.0.1", 0)) as server:
        opened(name, aimed(standin.config, server.getsockname()[1])).close()
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(("name", "field"), SECRETS)
def test_a_wrong_secret_is_refused_and_shown_nowhere(
    name: str, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with started(name) as standin:
        settings = {**standin.config, field: SWORDFISH}
        with (
            closing(opened(name, settings)) as connector,
            listening(caplog),
            pytest.raises(AuthenticationError) as refused,
        ):
            connector.check()
    shown = "".join(traceback.format_exception(refused.value)) + everything(caplog)
    assert [text for text in forms(settings, SWORDFISH) if text in shown] == []
    assert refused.value.system == name


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_good_secret_is_logged_nowhere(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with started(name) as standin, listening(caplog):
        with closing(opened(name, standin.config)) as connector:
            assert connector.check()
            next(connector.read(REGISTRY.connectors[name].streams[0].name, None))
        secrets = [str(standin.config[field]) for system, field in SECRETS if system == name]
        proofs = [text for secret in secrets for text in forms(standin.config, secret)]
    assert [text for text in proofs if text in everything(caplog)] == []


@contextmanager
def listening(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Every logger there is speaks at DEBUG, and is heard."""
    names = ["urllib3", "urllib3.connectionpool", "zeep", "zeep.transports", "requests", "imaplib"]
    with_levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    for logger, _ in with_levels:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(caplog.handler)
    yield
    for logger, level in with_levels:
        logger.setLevel(level)
        logger.removeHandler(caplog.handler)


def everything(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{record.getMessage()} {vars(record)!r}" for record in caplog.records)


def forms(settings: Mapping[str, Any], secret: str) -> list[str]:
    """A secret as it is, and as it goes over the wire in Basic."""
    user = str(settings.get("username") or settings.get("login") or settings.get("client_id"))
    coded = [b64encode(text.encode()).decode() for text in (secret, f"{user}:{secret}")]
    return [secret, *coded]


@cache
def broken_reads() -> Mapping[tuple[str, str], BaseException | None]:
    """What each connector makes of each fault; side by side, since retries take their time."""
    cases = [(name, fault) for name in SYSTEMS for fault in (*FAULTS, "unreachable")]
    with ThreadPoolExecutor(len(cases)) as pool:
        return dict(zip(cases, pool.map(lambda case: _meet(*case), cases), strict=True))


def _meet(name: str, fault: str) -> BaseException | None:
    with started(name) as standin, closed_port() as port:
        settings = aimed(standin.config, port) if fault == "unreachable" else standin.config
        if fault in FAULTS:
            where = "LOGIN" if name == "imap" else ""
            standin.fail(replace(FAULTS[fault][0], path=where))
        with closing(opened(name, settings)) as connector:
            try:
                connector.check()
            except HubError as error:
                return error
    return None


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_that_is_away_is_unavailable(name: str) -> None:
    error = broken_reads()[name, "unreachable"]
    assert isinstance(error, SourceUnavailableError), repr(error)
    assert error.system == name
    assert name in str(error)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_fault_becomes_the_right_error(name: str, fault: str) -> None:
    error = broken_reads()[name, fault]
    expected = IMAP_ERRORS.get(fault, FAULTS[fault][1]) if name == "imap" else FAULTS[fault][1]
    assert isinstance(error, expected), repr(error)
    if isinstance(error, RateLimitedError):
        assert error.retry_after == 3600.0


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_two_full_reads_give_the_same_keys(name: str, stream: str) -> None:
    with started(name) as standin, closing(opened(name, standin.config)) as connector:
        first, second = (keys(list(connector.read(stream, None))) for _ in range(2))
    assert first == second
    assert first


@pytest.mark.parametrize(("name", "stream"), STREAMS)
def test_resuming_after_each_page_gives_all_keys(name: str, stream: str) -> None:
    """Each page is read by a connector of its own, as after a kill."""
    with started(name) as standin:
        settings = small(name, standin.config)
        with closing(opened(name, settings)) as connector:
            pages = list(connector.read(stream, None))
        met: set[str] = set()
        cursor: Cursor | None = None
        for _ in range(2 * len(pages) + 2):
            with closing(opened(name, settings)) as connector:
                page = next(connector.read(stream, cursor), None)
            if page is None or met >= set(keys(pages)):
                break
            met |= set(keys([page]))
            cursor = page.cursor
    assert len(pages) > 1
    assert met == set(keys(pages))


@pytest.mark.parametrize(("name", "stream"), INCREMENTAL)
def test_nothing_new_is_nothing(name: str, stream: str) -> None:
    with started(name) as standin, closing(opened(name, standin.config)) as connector:
        *_, last = connector.read(stream, None)
        again = list(connector.read(stream, last.cursor))
    assert keys(again) == []


@pytest.mark.parametrize(("name", "stream"), STREAMS)
@pytest.mark.parametrize("cursor", [{"since": "?"}, {"after": {}, "mailboxes": 7}], ids=["a", "b"])
def test_a_foreign_cursor_loses_nothing(name: str, stream: str, cursor: Cursor) -> None:
    """It has expired, or everything is read."""
    with started(name) as standin, closing(opened(name, standin.config)) as connector:
        everything_there = keys(list(connector.read(stream, None)))
        with suppress(CursorExpiredError):
            assert keys(list(connector.read(stream, cursor))) == everything_there


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_unknown_stream_is_refused(name: str) -> None:
    with (
        started(name) as standin,
        closing(opened(name, standin.config)) as connector,
        pytest.raises(SourceSchemaError),
    ):
        list(connector.read("no_such_stream", None))
