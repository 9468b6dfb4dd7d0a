"""Shapes: the cheap way to a validated JSON text gives what the models themselves give."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hub.model import ENTITIES
from hub.pipeline import shapes
from hub.pipeline.shapes import shape_of, to_json

_REF = {"type": "person", "key": " k 1 "}
_MONEY = {"currency": "EUR", "net": "12.50", "tax": 0, "gross": "1E+2"}
_DOCUMENT = {"number": "N1", "date": "2026-01-31", "status": "open", "party": _REF, **_MONEY}
_PERIOD = {"start": "2026-01-01"}
SAMPLES: list[tuple[str, dict[str, Any]]] = [
    (
        "party",
        {
            "kind": "person",
            "person": {"given": " Anna ", "birth_date": "1990-02-03"},
            "roles": [{"role": "customer", "period": _PERIOD}],
            "contact_points": [
                {
                    "kind": "email",
                    "value": "a@example.com",
                    "verified_at": "2026-01-01T01:00:00+01:00",
                }
            ],
            "addresses": [{"lines": ["One", "Two"], "country": "DE"}],
            "identifiers": [{"scheme": "eu_vat", "value": "DE 1"}],
            "consents": [{"purpose": "news", "channel": "email", "state": "out"}],
            "updated_at": "2026-01-01T00:00:00.123456Z",
            "ext": {"toy.x": [1, 2.5, None, {"deep": True}]},
        },
    ),
    ("party", {"kind": "organisation", "organisation": {"industry": {"scheme": "n", "code": "1"}}}),
    ("relationship", {"from_party": _REF, "to_party": _REF, "type": "bill_to", "primary": "true"}),
    ("account", {"party": _REF, "ledger": "L", "account_no": "1", "credit_limit": "-0.0001"}),
    (
        "interaction",
        {
            "channel": "email",
            "direction": "inbound",
            "at": "2026-06-01T00:00:00+02:00",
            "participants": [{"contact_point": "x", "role": "to", "party": _REF}],
            "attachments": [{"size": 3}],
            "ticket": _REF,
        },
    ),
    ("ticket", {"number": "1", "status": "open", "party": _REF, "opened": 1_700_000_000}),
    ("opportunity", {"stage": "won", "probability": 0.25, "lines": [{"product": "p"}]}),
    ("campaign", {"code": "C", "cost": 10, "period": _PERIOD}),
    ("campaign_member", {"campaign": _REF, "party": _REF, "arm": "control"}),
    ("order", {**_DOCUMENT, "lines": [{"quantity": 2, "net": "1.0000"}], "opportunity": _REF}),
    ("invoice", {**_DOCUMENT, "kind": "credit_note", "open_amount": "-12.5", "order": _REF}),
    (
        "payment",
        {
            "number": "P",
            "date": "2026-02-01",
            "currency": "EUR",
            "amount": "5",
            "allocations": [{"invoice": _REF, "amount": "5"}],
        },
    ),
]


def test_every_entity_has_a_sample() -> None:
    assert {entity for entity, _ in SAMPLES} == set(ENTITIES)


@pytest.mark.parametrize(("entity", "fields"), SAMPLES)
def test_the_json_is_that_of_the_model(entity: str, fields: dict[str, Any]) -> None:
    model = ENTITIES[entity]
    text = to_json(shape_of(entity).validate(fields))
    assert text.decode() == model.model_validate(fields).model_dump_json(exclude_none=True)
    assert model.model_validate_json(text) == model.model_validate(fields)


@pytest.mark.parametrize(("entity", "fields"), SAMPLES)
def test_another_pydantic_would_give_the_same(entity: str, fields: dict[str, Any]) -> None:
    slow = shapes._through_instance(ENTITIES[entity])
    assert to_json(slow(fields)) == to_json(shape_of(entity).validate(fields))


@pytest.mark.parametrize(
    ("entity", "wrong"),
    [
        ("party", {}),
        ("party", {"kind": "robot"}),
        ("party", {"kind": "person", "unknown": 1}),
        ("party", {"kind": "person", "display_name": "  "}),
        ("party", {"kind": "person", "updated_at": "2026-01-01T00:00:00"}),
        ("party", {"kind": "person", "person": {"nickname": "x"}}),
        ("invoice", {**_DOCUMENT, "net": "0.00001"}),
        ("invoice", {**_DOCUMENT, "currency": "euro"}),
        ("ticket", {"number": "1", "status": "open", "party": {"type": "t"}}),
    ],
)
def test_what_the_model_refuses_is_refused(entity: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as expected:
        ENTITIES[entity].model_validate(wrong)
    with pytest.raises(ValidationError) as found:
        shape_of(entity).validate(wrong)
    assert [flaw["loc"] for flaw in found.value.errors()] == [
        flaw["loc"] for flaw in expected.value.errors()
    ]


def test_references_are_found_in_lists_too() -> None:
    assert ("participants", "*", "party") in shape_of("interaction").refs
    assert shape_of("party").refs == ()
    assert ("allocations", "*", "invoice") in shape_of("payment").refs
