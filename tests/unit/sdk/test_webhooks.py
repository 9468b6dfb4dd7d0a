"""Signatures of pushes: what each system sends is accepted, and nothing that it did not send."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from hub.errors import ContractError, PushRefusedError
from hub.sdk.webhooks import HmacHeader, PushRequest, StandardWebhooks
from tests.unit.sdk.attacks import attacks_on
from tests.unit.sdk.signers import BODY, OLD_SECRET, SECRET, SIGNERS

ATTACKS = [(name, attack) for name, signer in SIGNERS.items() for attack in attacks_on(signer)]


@pytest.mark.parametrize("name", SIGNERS)
def test_what_the_system_sends_is_accepted(name: str) -> None:
    signer = SIGNERS[name]
    assert signer.verifier().verify(signer.request())


@pytest.mark.parametrize("name", SIGNERS)
def test_there_are_twenty_attacks_at_least(name: str) -> None:
    assert len(attacks_on(SIGNERS[name])) >= 20


@pytest.mark.parametrize(("name", "attack"), ATTACKS)
def test_what_it_did_not_send_is_refused(
    name: str, attack: str, caplog: pytest.LogCaptureFixture
) -> None:
    signer = SIGNERS[name]
    forged = attacks_on(signer)[attack](signer)
    assert forged != signer.request()
    with caplog.at_level(logging.DEBUG), pytest.raises(PushRefusedError) as refused:
        signer.verifier().verify(forged)
    assert SECRET not in caplog.text + str(refused.value)


@pytest.mark.parametrize("name", SIGNERS)
def test_an_old_secret_is_good_while_it_is_active(name: str) -> None:
    signer = SIGNERS[name]
    request = signer.request(secret=OLD_SECRET)
    assert signer.verifier(SECRET, OLD_SECRET).verify(request)
    with pytest.raises(PushRefusedError):
        signer.verifier(SECRET).verify(request)


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("secrets", [(), ("",)])
def test_without_a_secret_nothing_is_accepted(name: str, secrets: tuple[str, ...]) -> None:
    signer = SIGNERS[name]
    scheme = signer.scheme(secrets=tuple(SecretStr(text) for text in secrets))
    with pytest.raises(PushRefusedError):
        scheme.verify(signer.request(secret=OLD_SECRET))


@pytest.mark.parametrize("name", SIGNERS)
def test_a_repetition_has_the_same_name_and_another_delivery_not(name: str) -> None:
    signer = SIGNERS[name]
    scheme, request = signer.verifier(), signer.request()
    assert scheme.verify(request) == scheme.verify(request)
    if name != "standard":  # there the id alone names it
        assert scheme.verify(signer.request(body=b"{}")) != scheme.verify(request)


@pytest.mark.parametrize("field", ["url", "method"])
def test_hubspot_signs_where_and_how_it_calls(field: str) -> None:
    signer = SIGNERS["hubspot"]
    other = {"url": "https://evil.example/push/sfa", "method": "PUT"}
    request = signer.request()
    forged = PushRequest(
        body=request.body,
        headers=request.headers,
        received_at=request.received_at,
        url=other["url"] if field == "url" else request.url,
        method=other["method"] if field == "method" else request.method,
    )
    with pytest.raises(PushRefusedError):
        signer.verifier().verify(forged)


def test_githubs_own_example_is_accepted() -> None:
    """Source: https://docs.github.com/webhooks/securing, "Testing the webhook payload"."""
    mark = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    scheme = SIGNERS["github"].verifier("It's a Secret to Everybody")
    headers = {"x-hub-signature-256": mark}
    request = PushRequest(body=b"Hello, World!", headers=headers, received_at=datetime.now(UTC))
    assert scheme.verify(request)


def test_an_unsigned_id_makes_deliveries_differ() -> None:
    signer = SIGNERS["github"]
    request = signer.request()
    again = replace(request, headers={**request.headers, "x-github-delivery": "g2"})
    assert signer.verifier().verify(request) != signer.verifier().verify(again)


def test_a_strange_id_is_kept_by_its_digest() -> None:
    from standardwebhooks import Webhook

    now = datetime.now(UTC)
    id_ = "id with spaces " * 20
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(id_, now, BODY.decode()),
    }
    scheme = StandardWebhooks(secrets=(SecretStr(SECRET),))
    request = PushRequest(body=BODY, headers=headers, received_at=now)
    assert len(scheme.verify(request)) == 64


@pytest.mark.parametrize(
    ("signed", "timestamp_header"),
    [("{timestamp}", "x-time"), ("{body}", "x-time"), ("{timestamp}.{body}", None), ("{id}", None)],
)
def test_a_scheme_that_proves_nothing_is_refused(signed: str, timestamp_header: str | None) -> None:
    with pytest.raises(ContractError):
        HmacHeader(secrets=(), header="x", signed=signed, timestamp_header=timestamp_header)
