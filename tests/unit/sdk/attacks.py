"""Twenty ways and more to send what the system did not send, for each way to sign."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hub.sdk.webhooks import PushRequest
from tests.unit.sdk.signers import BODY, SECRET, Signer, changed

Attack = Callable[[Signer], PushRequest]
OTHER = "whsec_" + b64encode(b"x" * 32).decode()


def signature(signer: Signer, edit: Callable[[str], str]) -> PushRequest:
    """A good request whose signature header is edited."""
    request = signer.request()
    return replace(
        request,
        headers={**request.headers, signer.signature: edit(request.headers[signer.signature])},
    )


def body(signer: Signer, content: bytes) -> PushRequest:
    """A good request with another body."""
    return replace(signer.request(), body=content)


def _flip(text: str) -> str:
    """Another last digit of the signature, of the same form."""
    return text[:-3] + ("1" if text[-3] == "0" else "0") + text[-2:]


def _with_sha1(signer: Signer) -> PushRequest:
    weak = hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()
    return signature(signer, lambda _: f"sha1={weak}")


def _other_encoding(signer: Signer) -> PushRequest:
    def edit(text: str) -> str:
        head, mark = _parted(text)
        if signer.hexadecimal:
            return head + b64encode(bytes.fromhex(mark)).decode()
        return head + b64decode(mark).hex()

    return signature(signer, edit)


def _parted(text: str) -> tuple[str, str]:
    """What stands before the last signature, and that signature."""
    place = max(text.rfind("v1,") + 3, text.rfind("v1=") + 3, text.rfind("sha256=") + 7)
    place = place if place > 7 or text[:3] in {"v1,", "v1="} or text.startswith("sha256=") else 0
    return text[:place], text[place:]


def _of_another(signer: Signer) -> PushRequest:
    other = signer.request(body=b'{"events": []}')
    return signature(signer, lambda _: other.headers[signer.signature])


COMMON: Mapping[str, Attack] = {
    "wrong secret": lambda signer: signer.request(secret=OTHER),
    "secret without its last letter": lambda signer: signer.request(secret=SECRET[:-4]),
    "body changed": lambda signer: body(signer, BODY.replace(b"17", b"18")),
    "body with other spaces": lambda signer: body(signer, BODY.replace(b" ", b"")),
    "body with a line more": lambda signer: body(signer, BODY + b"\n"),
    "body with a mark before": lambda signer: body(signer, b"\xef\xbb\xbf" + BODY),
    "body truncated": lambda signer: body(signer, BODY[:-1]),
    "no body": lambda signer: body(signer, b""),
    "body in another encoding": lambda signer: body(signer, BODY.decode().encode("latin-1")),
    "no signature": lambda signer: changed(signer.request(), **{signer.signature: None}),
    "empty signature": lambda signer: signature(signer, lambda _: ""),
    "signature truncated": lambda signer: signature(signer, lambda text: text[:-4]),
    "signature longer": lambda signer: signature(signer, lambda text: text + "AAAA"),
    "signature changed": lambda signer: signature(signer, _flip),
    "signature in another encoding": _other_encoding,
    "signature of another delivery": _of_another,
    "signature twice": lambda signer: signature(signer, lambda text: f"{text}, {text}"),
    "signature with letters of no alphabet": lambda signer: signature(
        signer, lambda text: f"{text[:-6]}é{text[-5:]}"
    ),
    "signature by a weaker hash": _with_sha1,
    "signature made of prefixes": lambda signer: signature(signer, lambda text: _parted(text)[0]),
}
TIMED: Mapping[str, Attack] = {
    "six minutes old": lambda signer: signer.request(age=360),
    "a day old": lambda signer: signer.request(age=86_400),
    "six minutes ahead": lambda signer: signer.request(age=-360),
    "from the beginning of time": lambda signer: signer.request(age=1_700_000_000),
}


def _stamped(edit: Callable[[str], str | None]) -> Attack:
    def attack(signer: Signer) -> PushRequest:
        assert signer.stamp is not None
        request = signer.request()
        return changed(request, **{signer.stamp: edit(request.headers[signer.stamp])})

    return attack


def _later(text: str) -> str:
    """A time that is as fresh as the one that was signed, in the same form."""
    if text.isdigit():
        return str(int(text) - 1)
    return (datetime.fromisoformat(text) - timedelta(seconds=1)).isoformat()


STAMPED: Mapping[str, Attack] = {
    "time changed": _stamped(_later),
    "no time": _stamped(lambda _: None),
    "empty time": _stamped(lambda _: ""),
    "time in words": _stamped(lambda _: "now"),
    "time in foreign digits": _stamped(lambda text: text.replace("1", "١")),
    "time with a fraction": _stamped(lambda text: f"{text}.5"),
    "no number": _stamped(lambda _: "nan"),
    "huge time": _stamped(lambda _: "9" * 400),
}


def attacks_on(signer: Signer) -> Mapping[str, Attack]:
    """The attacks that make sense against a way to sign."""
    found = dict(COMMON)
    if "github" not in signer.scheme.__name__:
        found |= TIMED
    if signer.stamp:
        found |= STAMPED
    return found
