"""Bronze: settings, secrets, and what a connector does before and at its first request."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, get_args

from pydantic import BaseModel

from hub.errors import AuthenticationError, HubError, SourceSchemaError
from hub.sdk.overrides import policy_overrides
from hub.testing.bench import Bench, aimed
from hub.testing.ears import listening, traced
from hub.testing.proxy import LOOPBACK, Trouble
from hub.testing.rule import NotDeclaredError, Tier, expect, rule
from hub.testing.subject import Subject, is_secret

SMELLS: Final = ("password", "secret", "key", "token")
SWORDFISH: Final = "swordfish-7391"


def each_secret(subject: Subject) -> Sequence[str]:
    return subject.secrets


@rule(Tier.BRONZE)
def described(subject: Subject, _case: str) -> None:
    """Every setting has a description."""
    bare = [name for name, info in _fields_of(subject.spec.config) if not info.description]
    expect(not bare, f"no description: {', '.join(bare)}")


@rule(Tier.BRONZE)
def secret_types(subject: Subject, _case: str) -> None:
    """What is named like a secret is a SecretStr."""
    readable = [
        name
        for name, info in subject.spec.config.model_fields.items()
        if name.rpartition("_")[2] in SMELLS and not is_secret(info.annotation)
    ]
    expect(not readable, f"not SecretStr: {', '.join(readable)}")


@rule(Tier.BRONZE, cases=each_secret)
def secrets_hidden(subject: Subject, case: str) -> None:
    """No form of the settings shows a secret."""
    with Bench(subject) as bench:
        config = subject.spec.config.model_validate({**bench.settings, case: SWORDFISH})
    for shown in (repr(config), str(config), config.model_dump_json(), str(config.model_dump())):
        expect(SWORDFISH not in shown, f"the settings show {case}")


@rule(Tier.BRONZE, group="network")
def quiet_opening(subject: Subject, _case: str) -> None:
    """Opening a connector touches no network."""
    with Bench(subject) as bench, socket.create_server((LOOPBACK, 0)) as server:
        moved = aimed(bench.settings, bench.near, server.getsockname()[1])
        with policy_overrides(attempts=1, read_timeout=0.2):
            subject.spec.open(subject.spec.config.model_validate(moved)).close()
        server.settimeout(0.1)
        with suppress(TimeoutError):
            server.accept()
            expect(False, "open() connected; let the first request do that")


@rule(Tier.BRONZE)
def check_line(subject: Subject, _case: str) -> None:
    """check() answers with one line, without a secret in it."""
    with Bench(subject) as bench:
        line = bench.connect().check()
        shown = [name for name, text in _given(bench) if text in str(line)]
    expect(isinstance(line, str) and line.strip(), "check() gives no text")
    expect(len(line.splitlines()) == 1, "check() gives more than one line")
    expect(not shown, f"check() shows {', '.join(shown)}")


@rule(Tier.BRONZE, cases=each_secret)
def wrong_secret(subject: Subject, case: str) -> None:
    """A wrong secret is an AuthenticationError, and is shown nowhere."""
    with Bench(subject) as bench, listening() as heard:
        if case not in bench.settings:
            raise NotDeclaredError("the stand-in's settings do not set it")
        settings = {**bench.settings, case: SWORDFISH}
        connector = bench.connect(**{case: SWORDFISH})
        try:
            connector.check()
        except AuthenticationError as error:
            shown, system = traced(error) + heard.text(), error.system
        else:
            expect(False, "a wrong secret is accepted by check()")
    leaks = [text for text in forms(settings, SWORDFISH) if text in shown]
    expect(not leaks, "the wrong secret stands in the error, its traceback or a log")
    expect(system == subject.name, f"the error names the system {system!r}")


@rule(Tier.BRONZE, cases=each_secret)
def unlogged(subject: Subject, case: str) -> None:
    """A good secret, and what it is exchanged for, is in no log, print or traceback."""
    with Bench(subject) as bench, listening() as heard:
        if case not in bench.settings:
            raise NotDeclaredError("the stand-in's settings do not set it")
        failed = _use(bench)
        proofs = forms(bench.settings, str(bench.settings[case])) + _proofs(bench)
        shown = heard.text() + failed
    expect(not [text for text in proofs if text in shown], "it stands in a log or an error")


@rule(Tier.BRONZE)
def unknown_stream(subject: Subject, _case: str) -> None:
    """A stream that there is not is refused with SourceSchemaError."""
    with Bench(subject) as bench:
        try:
            list(bench.connect().read("no_such_stream", None))
        except SourceSchemaError:
            return
    expect(False, "read() of an unknown stream raises nothing")


def _use(bench: Bench) -> str:
    """Check, read, fail; gives the failures as they would be printed."""
    connector = bench.connect()
    connector.check()
    for stream in bench.subject.streams:
        with suppress(HubError):
            next(iter(connector.read(stream, None)), None)
    if bench.address is None:
        return ""
    bench.proxy.inject(Trouble(kind="reset", times=1000))
    try:
        bench.connect().check()
    except HubError as error:
        return traced(error)
    return ""


def _proofs(bench: Bench) -> list[str]:
    """Tokens and sessions that went over the wire in headers."""
    if bench.address is None or not bench.address.http:
        return []
    names = ("authorization", "cookie", "x-api-key", "dolapikey")
    sent = {exchange.headers.get(name, "") for exchange in bench.proxy.exchanges for name in names}
    return [part for value in sent for part in value.split() if len(part) > 15]


def _given(bench: Bench) -> Iterator[tuple[str, str]]:
    for name in bench.subject.secrets:
        if bench.settings.get(name):
            yield name, str(bench.settings[name])


def forms(settings: Mapping[str, Any], secret: str) -> list[str]:
    """A secret as it is, and as it goes over the wire in Basic."""
    names = ("username", "login", "client_id")
    users = [str(settings[name]) for name in names if settings.get(name)]
    pairs = [secret, *(f"{user}:{secret}" for user in users), f"{secret}:"]
    return [secret, *(b64encode(text.encode()).decode().rstrip("=") for text in pairs)]


def _fields_of(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield f"{model.__name__}.{name}", info
        for part in get_args(info.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _fields_of(part)
