"""What a connector makes of a system that is away, slow, overloaded or not itself."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from threading import Timer
from typing import Final, NamedTuple

from hub.errors import (
    HubError,
    RateLimitedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.overrides import policy_overrides
from hub.sdk.standin import Fault
from hub.testing.bench import Bench, aimed, keys_of
from hub.testing.proxy import LOOPBACK, Trouble
from hub.testing.rule import BrokenRuleError, NotDeclaredError, Tier, expect, expect_keys, rule
from hub.testing.subject import Subject
from hub.testing.waits import Waits

ALWAYS: Final = 10_000
PAUSE: Final = 3600
_HTML: Final = (("content-type", "text/html"),)


class Expected(NamedTuple):
    """A fault, what becomes of it in HTTP, and in any other protocol."""

    trouble: Trouble
    http: tuple[type[HubError], ...]
    other: tuple[type[HubError], ...]


_AWAY: Final = (SourceUnavailableError,)
_ODD: Final = (SourceUnavailableError, SourceSchemaError)
FAULTS: Final[Mapping[str, Expected]] = {
    "unreachable": Expected(Trouble(kind=""), _AWAY, _AWAY),
    "reset": Expected(Trouble(kind="reset", times=ALWAYS), _AWAY, _AWAY),
    "silent": Expected(Trouble(kind="silent", times=ALWAYS), _AWAY, _AWAY),
    "truncated": Expected(Trouble(kind="truncate", times=ALWAYS), _AWAY, _AWAY),
    "half closed": Expected(Trouble(kind="half_close", times=ALWAYS), _AWAY, _AWAY),
    "500": Expected(Trouble(kind="status", status=500, times=ALWAYS, body=b"{}"), _AWAY, _ODD),
    "429": Expected(
        Trouble(
            kind="status",
            status=429,
            times=ALWAYS,
            headers=(("retry-after", str(PAUSE)),),
        ),
        (RateLimitedError,),
        (),
    ),
    "not the protocol": Expected(
        Trouble(
            kind="status", status=200, times=ALWAYS, headers=_HTML, body=b"<html>gateway</html>"
        ),
        (SourceSchemaError,),
        _ODD,
    ),
}


def each_fault(_subject: Subject) -> Sequence[str]:
    return list(FAULTS)


@rule(Tier.BRONZE, group="network", cases=each_fault)
def fault_error(subject: Subject, case: str) -> None:
    """A system that is away, overloaded or not itself becomes the error that says so."""
    with Bench(subject) as bench, _hurried(attempts=2):
        kinds = FAULTS[case].http if bench.proxy.http else FAULTS[case].other
        if not kinds:
            raise NotDeclaredError("the protocol has no word for it")
        known = bench.connect(**_impatient(subject))
        known.check()
        settings = _impatient(subject) | _aim(bench, case)
        _expect_error(subject, kinds, bench.connect(**settings).check)
        if bench.proxy.http and case != "unreachable":  # in mid-work, with a token in hand
            _expect_error(subject, kinds, lambda: bench.read(None, known))


def _expect_error(
    subject: Subject, kinds: tuple[type[HubError], ...], ask: Callable[[], object]
) -> None:
    error = None
    try:
        ask()
    except HubError as raised:
        error = raised
    names = " or ".join(kind.__name__ for kind in kinds)
    expect(isinstance(error, kinds), f"gives {type(error).__name__}, not {names}")
    assert isinstance(error, SourceError)
    expect(error.system == subject.name, f"the error names the system {error.system!r}")
    expect(subject.name in str(error), "its message does not name the system")
    if isinstance(error, RateLimitedError):
        expect(error.retry_after == PAUSE, f"Retry-After {PAUSE} became {error.retry_after}")


def _aim(bench: Bench, case: str) -> dict[str, object]:
    if case == "500" and not bench.proxy.http:
        bench.standin.fail(Fault(kind="status", times=ALWAYS))
        return {}
    if case != "unreachable":
        bench.proxy.inject(FAULTS[case].trouble)
        return {}
    with socket.socket() as held:
        held.bind((LOOPBACK, 0))
        port = held.getsockname()[1]
    return aimed(bench.settings, bench.near, port)


def _hurried(*, attempts: int) -> AbstractContextManager[None]:
    return policy_overrides(attempts=attempts, read_timeout=0.4, total_timeout=0.6)


def _impatient(subject: Subject) -> dict[str, object]:
    """Settings named ``timeout`` are for transports that take no policy."""
    return {"timeout": 0.4} if "timeout" in subject.spec.config.model_fields else {}


@rule(Tier.SILVER, group="network")
def storm(subject: Subject, _case: str) -> None:
    """A storm of 429 with a short Retry-After is ridden out, waiting as long as is asked."""
    with Bench(subject) as bench, Waits() as waits:
        if not bench.proxy.http:
            raise NotDeclaredError("the protocol has no word for it")
        bench.proxy.inject(
            Trouble(kind="status", status=429, times=2, skip=1, headers=(("retry-after", "1"),))
        )
        began = time.monotonic()
        found = keys_of(bench.read())
        waited = time.monotonic() - began + waits.total
        expect_keys(found, bench.source_keys(), "after two answers of 429")
    expect(waited >= 2, f"twice asked to wait a second, it waited {waited:.1f} s in all")


@rule(Tier.SILVER, group="network")
def slow_drip(subject: Subject, _case: str) -> None:
    """An answer that comes byte by byte meets a deadline, and not only a timeout between bytes."""
    with Bench(subject) as bench, _hurried(attempts=1):
        connector = bench.connect(**_impatient(subject))
        ask: Callable[[], object] = connector.check
        if bench.proxy.http:  # with a token in hand, so that it is the answer that drips
            connector.check()
            ask = partial(bench.read, None, connector)
        bench.proxy.inject(Trouble(kind="drip", seconds=0.1, times=ALWAYS))
        began = time.monotonic()
        # What drips for too long is cut, so that the rule ends where the connector does not.
        cut = Timer(3.0, bench.proxy.close)
        cut.start()
        try:
            ask()
        except SourceUnavailableError:
            lasted = time.monotonic() - began
        else:
            raise BrokenRuleError("the drip did no harm: it takes an answer without end")
        finally:
            cut.cancel()
    expect(lasted < 2.5, f"it read a drip for {lasted:.1f} s and was stopped; give up by the clock")


@rule(Tier.SILVER)
def token_expiry(subject: Subject, _case: str) -> None:
    """A token that expires in the middle of a read is renewed, and nothing is lost."""
    with Bench(subject) as bench:
        expire = getattr(bench.standin, "expire_tokens", None)
        if expire is None:
            expect(
                "client_secret" not in subject.secrets,
                "the stand-in gives tokens, so it needs expire_tokens() that ends all of them",
            )
            raise NotDeclaredError("the stand-in has no tokens that expire")
        pages = bench.pages(bench.connect(), None)
        first = next(pages)
        expire()
        found = keys_of([first, *pages])
        expect_keys(found, bench.source_keys(), "the token expired after page 1")
