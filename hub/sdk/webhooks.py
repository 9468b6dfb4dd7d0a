"""Push: what a system sends by itself, how it proves that it was the system, what it says.

A connector with a stream that declares PUSH names its scheme (:meth:`PushConnector.webhook`) and
reads what came (:meth:`PushConnector.receive`). The hub does the rest: it checks the signature over
the raw bytes, stores the delivery before it answers, and lands it the normal way.

Schemes are declarations. Sources: https://www.standardwebhooks.com, and for HMAC headers
https://docs.github.com/webhooks/securing, https://docs.stripe.com/webhooks/signature,
https://developer.zendesk.com/documentation/webhooks/verifying,
https://developers.hubspot.com/docs/api/webhooks/validating-requests.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, Protocol

from pydantic import SecretStr

from hub.errors import ContractError, PushRefusedError
from hub.sdk.contract import Connector, Record, Tombstone, Unreadable

TOLERANCE: Final = timedelta(minutes=5)
"""How far a signed time may be from ours, before and after."""

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_MARK: Final = re.compile(r"v1,[A-Za-z0-9+/]{43}=")
"""The library decodes more loosely, and so would take one signature in many spellings."""
_PLACE: Final = re.compile(r"\{(\w+)\}")
_PARTS: Final = frozenset({"body", "method", "timestamp", "url"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """A request as it came: raw bytes, header names in small letters, the URL that was called.

    A header that came twice has both values, joined by a comma.
    """

    body: bytes
    headers: Mapping[str, str]
    received_at: datetime
    url: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushDelivery:
    """A request that came from the system, for certain; only the headers that were asked for."""

    id: str
    body: bytes
    headers: Mapping[str, str]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPush:
    """What a delivery says about one stream.

    A record needs a version, since deliveries overtake each other. Where the system gives none, or
    not the whole record, name its key among the ``hints``: the hub fetches it (``fetch``), and one
    that is gone becomes a tombstone. A tombstone's version is the time of the deletion.
    """

    stream: str
    records: Sequence[Record] = ()
    tombstones: Sequence[Tombstone] = ()
    hints: Sequence[str] = ()
    unreadable: Sequence[Unreadable] = ()


class WebhookScheme(Protocol):
    """How a system signs; its secrets are those that are active now, an old one among them."""

    @property
    def keep(self) -> tuple[str, ...]:
        """The headers that ``receive`` wants to see."""

    def verify(self, request: PushRequest) -> str:
        """Name the delivery, the same for each repetition; or raise PushRefusedError."""


class PushConnector(Connector, Protocol):
    """A connector with a stream that declares PUSH."""

    def webhook(self) -> WebhookScheme | None:
        """How the system signs, with the secrets from the settings; None where none is set."""

    def receive(self, delivery: PushDelivery) -> Iterable[StreamPush]:
        """Say what a delivery says; nothing where it is about nothing of ours (a ping).

        No network here: what has to be fetched is a hint. It may be called again with the same
        delivery. Whatever it raises puts this delivery aside, and no other.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardWebhooks:
    """Standard Webhooks: HMAC-SHA256 over ``id.timestamp.body``, five minutes of tolerance."""

    secrets: tuple[SecretStr, ...]
    keep: tuple[str, ...] = ()

    def verify(self, request: PushRequest) -> str:
        """Name the delivery by its signed id."""
        # The specification's own library: it also decodes secrets and tries every signature.
        from standardwebhooks import Webhook

        stamp = request.headers.get("webhook-timestamp", "")
        _require_fresh(_moment(stamp, "seconds"), request.received_at, TOLERANCE)
        headers = dict(request.headers)
        marks = headers.get("webhook-signature", "").split(" ")
        if not all(_MARK.fullmatch(mark) for mark in marks if mark.startswith("v1,")):
            raise PushRefusedError("the signature has another form")
        for secret in self.secrets:
            try:
                Webhook(secret.get_secret_value()).verify(request.body, headers, json_parse=False)
            except Exception:  # noqa: BLE001, S112  # whatever it stumbles over, it is no proof
                continue
            return _named(request.headers["webhook-id"])
        raise PushRefusedError("no signature fits")


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacHeader:
    """An HMAC in a header, as most systems that have a scheme of their own do it.

    ``signed`` says over what: ``{body}``, ``{timestamp}``, ``{method}``, ``{url}`` and any text
    between them. ``fields`` names the time and the signature where both stand in one header
    (``t=…,v1=…``). A scheme that signs no time can't know a repetition from the like: it names
    deliveries by ``id_header`` together with the body, so let ``receive`` give hints there.
    """

    secrets: tuple[SecretStr, ...]
    header: str
    algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    signed: str = "{body}"
    fields: tuple[str, str] | None = None
    timestamp_header: str | None = None
    timestamp_format: Literal["seconds", "millis", "iso"] = "seconds"
    tolerance: timedelta = TOLERANCE
    id_header: str | None = None
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = set(_PLACE.findall(self.signed))
        if "body" not in parts or parts - _PARTS:
            raise ContractError(f"a webhook signs {{body}}, and knows {', '.join(sorted(_PARTS))}")
        timed = self.timestamp_header is not None or self.fields is not None
        if timed != ("timestamp" in parts):
            raise ContractError("a webhook's time proves something only where it is signed")

    def verify(self, request: PushRequest) -> str:
        """Name the delivery by what was signed."""
        stamp, given = self._given(request)
        if stamp is not None:
            moment = _moment(stamp, self.timestamp_format)
            _require_fresh(moment, request.received_at, self.tolerance)
        signed = self._content(request, stamp or "")
        fits = False
        for secret in self.secrets:
            key = secret.get_secret_value().encode()
            expected = hmac.digest(key, signed, self.algorithm) if key else b""
            for signature in given:
                fits |= bool(expected) and hmac.compare_digest(expected, signature)
        if not fits:
            raise PushRefusedError("no signature fits")
        return self._name(request, signed)

    def _given(self, request: PushRequest) -> tuple[str | None, list[bytes]]:
        """The time that is claimed, and the signatures."""
        value = request.headers.get(self.header.lower(), "")
        if self.fields is not None:
            pairs = [part.strip().partition("=") for part in value.split(",")]
            times = [text for name, _, text in pairs if name == self.fields[0]]
            marks = [text for name, _, text in pairs if name == self.fields[1]]
            if len(times) != 1:
                raise PushRefusedError("the signature names no time")
            return times[0], [self._decoded(mark) for mark in marks]
        if not value.startswith(self.prefix):
            raise PushRefusedError("the signature has another form")
        given = [self._decoded(value.removeprefix(self.prefix))]
        if self.timestamp_header is None:
            return None, given
        return request.headers.get(self.timestamp_header.lower(), ""), given

    def _decoded(self, text: str) -> bytes:
        try:
            if self.encoding == "hex":
                return binascii.unhexlify(text.encode("ascii"))
            return b64decode(text.encode("ascii"), validate=True)
        except ValueError as error:
            raise PushRefusedError("the signature has another form") from error

    def _content(self, request: PushRequest, stamp: str) -> bytes:
        parts = {
            "body": request.body,
            "method": request.method.encode(),
            "timestamp": stamp.encode(),
            "url": request.url.encode(),
        }
        texts = _PLACE.split(self.signed)
        return b"".join(
            parts[text] if number % 2 else text.encode() for number, text in enumerate(texts)
        )

    def _name(self, request: PushRequest, signed: bytes) -> str:
        """An unsigned id is only trusted to make two deliveries differ."""
        if self.timestamp_header is None and self.fields is None and self.id_header is not None:
            claimed = request.headers.get(self.id_header.lower(), "")
            signed = claimed.encode() + b"\0" + signed
        return sha256(signed).hexdigest()


def _named(id_: str) -> str:
    return id_ if _PLAIN_ID.fullmatch(id_) else sha256(id_.encode()).hexdigest()


def _moment(text: str, form: str) -> datetime:
    """A time as it stands in a header, strictly: what is read loosely can be written anew."""
    try:
        if form == "iso":
            moment = datetime.fromisoformat(text)
        elif text.isascii() and text.isdigit() and len(text) <= 16:
            moment = datetime.fromtimestamp(int(text) / (1000 if form == "millis" else 1), UTC)
        else:
            raise PushRefusedError("the time has another form")
    except (ValueError, OverflowError, OSError) as error:
        raise PushRefusedError("the time has another form") from error
    if moment.tzinfo is None:
        raise PushRefusedError("the time has no zone")
    return moment


def _require_fresh(moment: datetime, now: datetime, tolerance: timedelta) -> None:
    if abs(now - moment) > tolerance:
        raise PushRefusedError("the time is too far from ours")
