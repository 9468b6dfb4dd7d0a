"""How long, how often and how much: timeouts, retries, Retry-After, body cap, call budget."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tenacity
from urllib3.response import BaseHTTPResponse

from hub.errors import (
    CircuitOpenError,
    HubError,
    RateLimitedError,
    SourceSchemaError,
    SourceUnavailableError,
    TransientSourceError,
)

if TYPE_CHECKING:
    from hub.sdk.rest import RestResponse

CHUNK_BYTES: Final = 1 << 18


class RateBudget:
    """At most ``calls`` requests in any ``seconds``, over all threads that share the budget.

    A token bucket: an idle client may send ``calls`` at once, then one each ``seconds/calls``.
    """

    def __init__(
        self, calls: int, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate = (calls, seconds)
        self._interval = seconds / calls
        self._span = seconds
        self._clock = clock
        self._free_at = 0.0
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take one call and return how many seconds to wait before making it."""
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now - self._span + self._interval)
            wait = max(0.0, self._free_at - now)
            self._free_at += self._interval
            return wait


@dataclass(frozen=True, slots=True, kw_only=True)
class RestPolicy:
    """How a client behaves towards one system; the defaults suit a business API.

    ``explain`` sees each answer of status 400 and above before the general rules do, and may return
    the error that this vendor's body stands for; ``inspect`` does the same for the answers below
    400, for systems that tell of errors with status 200. After ``break_after`` failures in a row
    the client asks nothing for ``break_pause`` seconds (CircuitOpenError), then tries one request.
    ``allowed_hosts`` ("host" or "host:port") are those besides the base URL's own that a redirect
    or a next-page URL may lead to.
    ``ca_bundle`` names a file of certificates for a company's own authority; verification itself
    has no switch. ``sleep`` is replaced by tests, ``resolve`` (name and port to addresses) where a
    name server of its own is asked.
    """

    attempts: int = 5
    backoff: float = 0.5
    max_backoff: float = 30.0
    max_retry_after: float = 60.0
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    total_timeout: float = 300.0
    max_body: int = 64 * 1024 * 1024
    max_redirects: int = 5
    break_after: int = 15
    break_pause: float = 60.0
    allowed_hosts: tuple[str, ...] = ()
    ca_bundle: str | Path | None = None
    budget: RateBudget | None = None
    explain: Callable[[RestResponse], HubError | None] | None = None
    inspect: Callable[[RestResponse], HubError | None] | None = None
    sleep: Callable[[float], None] = time.sleep
    resolve: Callable[[str, int], Iterable[str]] | None = None


def parse_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header, in either form; None where there is none or junk.

    RFC 9110 section 10.2.3: delay in seconds or an HTTP date.
    """
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


def retrying(policy: RestPolicy) -> tenacity.Retrying:
    """Calls again on transient errors, with full jitter, or after what Retry-After asks.

    Not where the circuit is open: whoever asks again soon learns nothing new.

    Where the system asks for a longer pause than the policy waits, the error goes to the caller at
    once: its scheduler can do something else meanwhile.
    """
    return tenacity.Retrying(
        sleep=policy.sleep,
        stop=lambda state: _is_over(state, policy),
        wait=lambda state: _pause(state, policy),
        retry=tenacity.retry_if_exception_type(TransientSourceError),
        reraise=True,
    )


def read_body(
    raw: BaseHTTPResponse, policy: RestPolicy, *, deadline: float, system: str, stream: str = ""
) -> bytes:
    """The whole body, unpacked; refuses one above the cap, or one that comes too slowly.

    The size is checked while reading, after unpacking, so that neither a missing Content-Length
    nor a small packed body can fill the memory. ``read1`` returns with each packet, so that a slow
    drip meets the deadline and not only the timeout between two bytes.
    """
    chunks: list[bytes] = []
    size = 0
    while chunk := raw.read1(CHUNK_BYTES, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > policy.max_body:
            message = f"an answer is larger than {policy.max_body} bytes; ask for smaller pages"
            raise SourceSchemaError(message, system=system, stream=stream)
        if time.monotonic() > deadline:
            message = f"an answer took longer than {policy.total_timeout:g} s"
            raise SourceUnavailableError(message, system=system, stream=stream)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _is_over(state: tenacity.RetryCallState, policy: RestPolicy) -> bool:
    asked = _asked_pause(state)
    error = state.outcome.exception() if state.outcome else None
    return (
        isinstance(error, CircuitOpenError)
        or state.attempt_number >= policy.attempts
        or (asked is not None and asked > policy.max_retry_after)
    )


def _pause(state: tenacity.RetryCallState, policy: RestPolicy) -> float:
    ceiling = min(policy.max_backoff, policy.backoff * 2 ** (state.attempt_number - 1))
    jitter = random.uniform(0, ceiling)  # noqa: S311  # spreads retries, guards nothing
    asked = _asked_pause(state)
    return jitter if asked is None else asked + min(jitter, 1.0)


def _asked_pause(state: tenacity.RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after if isinstance(error, RateLimitedError) else None
