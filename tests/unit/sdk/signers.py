"""Five systems that sign what they push, each in its own words and with code of its own."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import SecretStr

from hub.sdk.webhooks import HmacHeader, PushRequest, StandardWebhooks, WebhookScheme

BODY = b'{"events": [{"id": 17, "name": "M\xc3\xbcller"}]}'
URL = "https://hooks.example.com/push/sfa?tenant=1"
SECRET = "whsec_" + b64encode(b"k" * 32).decode()
OLD_SECRET = "whsec_" + b64encode(b"o" * 32).decode()
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Signer:
    """How one system signs: by secret, body and time, into headers; and the scheme for it."""

    sign: Callable[[str, bytes, float], Headers]
    scheme: Callable[..., WebhookScheme]
    signature: str
    stamp: str | None
    hexadecimal: bool

    def request(self, *, secret: str = SECRET, body: bytes = BODY, age: float = 0.0) -> PushRequest:
        """A request as the system would send it."""
        headers = self.sign(secret, body, time.time() - age)
        return PushRequest(body=body, headers=headers, received_at=datetime.now(UTC), url=URL)

    def verifier(self, *secrets: str) -> WebhookScheme:
        """The scheme with these secrets."""
        return self.scheme(secrets=tuple(SecretStr(text) for text in secrets or (SECRET,)))


def changed(request: PushRequest, **headers: str | None) -> PushRequest:
    """The request with other headers; None takes one away."""
    merged = {**request.headers, **{name.replace("_", "-"): v for name, v in headers.items()}}
    kept = {name: value for name, value in merged.items() if value is not None}
    return replace(request, headers=kept)


def _mac(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def _standard(secret: str, body: bytes, at: float) -> Headers:
    stamp = str(int(at))
    key = b64decode(secret.removeprefix("whsec_"))
    content = b"msg_1." + stamp.encode() + b"." + body
    mark = b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1a,bm8= v1,{mark}",
    }


def _github(secret: str, body: bytes, _at: float) -> Headers:
    return {"x-hub-signature-256": f"sha256={_mac(secret, body).hex()}", "x-github-delivery": "g1"}


def _hubspot(secret: str, body: bytes, at: float) -> Headers:
    stamp = str(int(at * 1000))
    mark = _mac(secret, b"POST" + URL.encode() + body + stamp.encode())
    return {
        "x-hubspot-signature-v3": b64encode(mark).decode(),
        "x-hubspot-request-timestamp": stamp,
    }


def _zendesk(secret: str, body: bytes, at: float) -> Headers:
    stamp = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark = b64encode(_mac(secret, stamp.encode() + body)).decode()
    return {
        "x-zendesk-webhook-signature": mark,
        "x-zendesk-webhook-signature-timestamp": stamp,
    }


def _stripe(secret: str, body: bytes, at: float) -> Headers:
    stamp = str(int(at))
    mark = _mac(secret, stamp.encode() + b"." + body).hex()
    return {"stripe-signature": f"t={stamp},v0={'0' * 64},v1={mark}"}


def _github_scheme(secrets: tuple[SecretStr, ...]) -> WebhookScheme:
    return HmacHeader(
        secrets=secrets,
        header="X-Hub-Signature-256",
        prefix="sha256=",
        id_header="X-GitHub-Delivery",
        keep=("X-GitHub-Event",),
    )


def _hubspot_scheme(secrets: tuple[SecretStr, ...]) -> WebhookScheme:
    return HmacHeader(
        secrets=secrets,
        header="X-HubSpot-Signature-v3",
        encoding="base64",
        signed="{method}{url}{body}{timestamp}",
        timestamp_header="X-HubSpot-Request-Timestamp",
        timestamp_format="millis",
    )


def _zendesk_scheme(secrets: tuple[SecretStr, ...]) -> WebhookScheme:
    return HmacHeader(
        secrets=secrets,
        header="X-Zendesk-Webhook-Signature",
        encoding="base64",
        signed="{timestamp}{body}",
        timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
        timestamp_format="iso",
    )


def _stripe_scheme(secrets: tuple[SecretStr, ...]) -> WebhookScheme:
    return HmacHeader(
        secrets=secrets,
        header="Stripe-Signature",
        signed="{timestamp}.{body}",
        fields=("t", "v1"),
    )


SIGNERS: Mapping[str, Signer] = {
    "standard": Signer(
        _standard, StandardWebhooks, "webhook-signature", "webhook-timestamp", hexadecimal=False
    ),
    "github": Signer(_github, _github_scheme, "x-hub-signature-256", None, hexadecimal=True),
    "hubspot": Signer(
        _hubspot,
        _hubspot_scheme,
        "x-hubspot-signature-v3",
        "x-hubspot-request-timestamp",
        hexadecimal=False,
    ),
    "zendesk": Signer(
        _zendesk,
        _zendesk_scheme,
        "x-zendesk-webhook-signature",
        "x-zendesk-webhook-signature-timestamp",
        hexadecimal=False,
    ),
    "stripe": Signer(_stripe, _stripe_scheme, "stripe-signature", None, hexadecimal=True),
}
