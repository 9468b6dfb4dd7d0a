"""SOAP transport: one reused client; requests from a local WSDL, answers as plain values.

Sending, retries, limits and the allowed hosts are the REST client's. Answers are read by
:mod:`hub.sdk.soap.values` and :mod:`hub.sdk.soap.rows`, so that absent, nil and empty stay apart
and long lists are read record by record.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from hub.errors import (
    AuthenticationError,
    HubError,
    OutcomeUnknownError,
    PermanentSourceError,
    RejectedError,
    SourceSchemaError,
    SourceUnavailableError,
)
from hub.sdk.auth import Auth
from hub.sdk.limits import RestPolicy
from hub.sdk.rest import RestClient, RestResponse
from hub.sdk.soap.rows import Row, RowReading, RowShape
from hub.sdk.soap.values import SoapFault, Value, read_answer
from hub.sdk.sweep import server_time

if TYPE_CHECKING:
    from hub.sdk.soap.security import SecurityToken
    from hub.sdk.soap.wsdl import SealedRequest, Wsdl

FaultRule = Callable[[SoapFault], HubError | None]
"""What a vendor's fault stands for, or None where the general rule holds."""

AnswerRule = Callable[[Mapping[str, Value]], HubError | None]
"""The error that an answer without a fault stands for, or None where it is a good one."""

_REFUSED_LOGIN: Final = frozenset(
    {"failedauthentication", "invalidsecurity", "invalidsecuritytoken", "invalid_login",
     "invalid_session_id", "failedcheck", "authentication", "unauthorized"}
)  # fmt: skip
"""Fault codes that mean bad credentials: WS-Security 1.1 section 12, and those vendors add."""


class CallOptions(TypedDict, total=False):
    """What a call takes by name: ``headers`` are SOAP header blocks, as elements."""

    stream: str
    reading: bool
    headers: Sequence[Any]


@dataclass(frozen=True, slots=True)
class RowPage:
    """The records of one answer, and the answer without them: how many there are, what is next."""

    rows: list[Row]
    rest: Row


class SoapClient:
    """Calls the operations of one SOAP service; ``url`` overrides the address in the WSDL.

    ``auth`` is for HTTP; ``port`` names the WSDL's port where the first is not the one. The WSDL is
    read at the first call. A call that changes something says ``reading=False``: it is never sent
    twice, and when its answer can't be read or trusted it ends in OutcomeUnknownError.
    """

    def __init__(
        self,
        wsdl: Path,
        *,
        system: str,
        url: str,
        port: str = "",
        policy: RestPolicy | None = None,
        auth: Auth | None = None,
    ) -> None:
        self.system = system
        self._path, self._url, self._port = wsdl, url, port
        self._tokens: tuple[SecurityToken, ...] = ()
        self._explain: FaultRule = lambda _: None
        self._explain_answer: AnswerRule = lambda _: None
        self._sealing = threading.Lock()
        self._seen_at: datetime | None = None
        rules = policy or RestPolicy()
        reads = replace(rules, explain=lambda answer: self._explain_status(answer, reading=True))
        writes = replace(rules, explain=lambda answer: self._explain_status(answer, reading=False))
        self._rest = RestClient(url, system=system, auth=auth, policy=reads)
        self._rest_writing = RestClient(url, system=system, auth=auth, policy=writes)

    def explain_faults(self, rule: FaultRule) -> None:
        """Let the connector say what this vendor's faults mean."""
        self._explain = rule

    def explain_answers(self, rule: AnswerRule) -> None:
        """Let the connector say which answers are errors though no fault comes with them."""
        self._explain_answer = rule

    def secure(self, *tokens: SecurityToken) -> None:
        """Name the sender, or sign, in each request (WS-Security), in this order."""
        self._tokens = tokens

    @property
    def server_time(self) -> datetime:
        """The server's clock at its last answer; ours before the first."""
        return self._seen_at or datetime.now(UTC)

    def call(
        self, operation: str, parts: Mapping[str, Any], **options: Unpack[CallOptions]
    ) -> dict[str, Value]:
        """The parts of the answer by name."""
        stream, reading = options.get("stream", ""), options.get("reading", True)
        answer = self._send(operation, parts, options)
        try:
            result = read_answer(answer.content, system=self.system, stream=stream)
        except SourceSchemaError as error:
            if reading:
                raise
            raise self._unknown(operation) from error
        if isinstance(result, SoapFault):
            raise self._raised(result, stream, reading=reading)
        if (named := self._explain_answer(result)) is not None:
            raise named
        return result

    def rows(
        self,
        operation: str,
        parts: Mapping[str, Any],
        *,
        shape: RowShape,
        **options: Unpack[CallOptions],
    ) -> Iterator[Row]:
        """The records of a list answer, for lists too long to hold as objects."""
        yield from self._read_rows(operation, parts, shape, options)

    def page(
        self,
        operation: str,
        parts: Mapping[str, Any],
        *,
        shape: RowShape,
        **options: Unpack[CallOptions],
    ) -> RowPage:
        """The records of one page, with what the answer says besides."""
        reading = self._read_rows(operation, parts, shape, options)
        rows: list[Row] = []
        while True:
            try:
                rows.append(next(reading))
            except StopIteration as end:
                return RowPage(rows, end.value)

    def close(self) -> None:
        """Close the pooled connections."""
        self._rest.close()
        self._rest_writing.close()

    def _read_rows(
        self, operation: str, parts: Mapping[str, Any], shape: RowShape, options: CallOptions
    ) -> Generator[Row, None, Row]:
        stream = options.get("stream", "")
        answer = self._send(operation, parts, options)
        reading = RowReading(answer.content, shape, self.system, stream)
        for row in reading:
            if isinstance(row, SoapFault):
                raise self._raised(row, stream, reading=True)
            yield row
        if (named := self._explain_answer(reading.rest)) is not None:
            raise named
        if not reading.found:
            raise reading.missing()
        return reading.rest

    @cached_property
    def _wsdl(self) -> Wsdl:
        from hub.sdk.soap.wsdl import Wsdl

        return Wsdl(self._path, port=self._port, wsse=_Tokens(self._tokens))

    def _seal(
        self, operation: str, parts: Mapping[str, Any], options: CallOptions
    ) -> SealedRequest:
        with self._sealing:  # zeep's types are built while they are used
            return self._wsdl.seal(operation, parts, options.get("headers", ()))

    def _anew(self, first: bytes, seal: Callable[[], bytes]) -> bytes | Callable[[], bytes]:
        """With tokens, another body at each try: a service refuses a nonce that it has seen
        (UsernameToken Profile 1.1.1, section 3.1), and a timestamp may be over by then.
        """
        made = [first]
        return (lambda: made.pop() if made else seal()) if self._tokens else first

    def _send(self, operation: str, parts: Mapping[str, Any], options: CallOptions) -> RestResponse:
        sealed = self._seal(operation, parts, options)
        headers = {"accept": "text/xml, application/soap+xml", **sealed.headers}
        headers.setdefault("Content-Type", "text/xml; charset=utf-8")
        if "SOAPAction" in headers:  # some services name the action by their own address
            headers["SOAPAction"] = headers["SOAPAction"].replace("{address}", self._url)
        stream, reading = options.get("stream", ""), options.get("reading", True)
        answer = (self._rest if reading else self._rest_writing).send(
            "POST",
            self._url,
            content=self._anew(sealed.body, lambda: self._seal(operation, parts, options).body),
            headers=headers,
            stream=stream,
            reading=reading,
        )
        self._seen_at = server_time(answer.headers)
        for token in self._tokens:
            try:
                token.verify(answer.content)
            except ValueError as error:
                if not reading:
                    raise self._unknown(operation) from error
                message = f"the answer's signature is refused: {error}"
                raise PermanentSourceError(message, system=self.system, stream=stream) from error
        return answer

    def _explain_status(self, answer: RestResponse, *, reading: bool) -> HubError | None:
        """A fault comes with HTTP 500 (SOAP 1.1 section 6.2); other bodies follow the status."""
        if "xml" not in answer.headers.get("content-type", ""):
            return None
        try:
            result = read_answer(answer.content, system=self.system, stream=answer.stream)
        except SourceSchemaError:
            return None
        if not isinstance(result, SoapFault):
            return None
        return self._raised(result, answer.stream, reading=reading)

    def _raised(self, fault: SoapFault, stream: str, *, reading: bool) -> HubError:
        named = self._explain(fault)
        if named is not None:
            return named
        code = f"{fault.code} {fault.subcode}".strip() or "without a code"
        place = {"system": self.system, "stream": stream}
        if {fault.code.lower(), fault.subcode.lower()} & _REFUSED_LOGIN:
            message = f"the service refuses the credentials (fault {code})"
            return AuthenticationError(message, **place)
        message = f"the service answers with a fault ({code})"
        if fault.code in ("Server", "Receiver"):
            return SourceUnavailableError(message, **place) if reading else self._unknown(message)
        if reading:
            return SourceSchemaError(message, **place)
        return RejectedError(f"{self.system}: {message}; correct the change before repeating it")

    def _unknown(self, what: str) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            f"{self.system}: nobody knows what became of {what}; look at the record"
        )


class _Tokens:
    """All security tokens as the one object that zeep applies."""

    def __init__(self, tokens: Sequence[SecurityToken]) -> None:
        self._tokens = tokens

    def apply(self, envelope: Any, headers: Any) -> tuple[Any, Any]:
        for token in self._tokens:
            envelope, headers = token.apply(envelope, headers)
        return envelope, headers
