"""Tricky pairs: who is one customer, who is not, and who is for a person to judge."""

from __future__ import annotations

import itertools

import pytest

from hub.match.keys import match_keys, phone_match_key
from hub.match.profile import Profile, build_profile
from hub.match.rules import Comparison, Grade, compare
from tests.unit.pipeline.party_world import Body, company, person

ANNA = {"email": "anna@berg.example", "phone": "030 1234567"}
HOME = {"street": "Hauptstr. 5", "city": "Berlin", "postcode": "10115"}
OFFICE = {"street": "Am Markt 3", "city": "Ulm", "postcode": "89073"}


def _compare(one: Body, other: Body) -> Comparison:
    return compare(build_profile(one), build_profile(other))


SAME: list[tuple[str, Body, Body]] = [
    ("mailbox alone", person("Anna", "Berg", **ANNA), person("", "", email=ANNA["email"])),
    ("nickname and phone", person("Sepp", "Huber", **ANNA), person("Josef", "Huber", **ANNA)),
    ("name and house", person("Anna", "Berg", **HOME), person("Anna", "Berg", **HOME)),
    (
        "swapped name, birth date",
        person("Anna", "Berg", birth="1980-02-03"),
        person("Berg", "Anna", birth="1980-02-03"),
    ),
    (
        "customer number that sales knows",
        company("Acme", customer_no="K-17"),
        company("Acme GmbH", customer_no="k17"),
    ),
    (
        "VAT number, moved",
        company("Acme GmbH", vat="DE123456788", **HOME),
        company("Acme", vat="DE 123456788", **OFFICE),
    ),
    (
        "company and its web domain",
        company("Acme GmbH", web="https://www.acme.example/de"),
        company("ACME", email="info@acme.example"),
    ),
    (
        "person at a desk, as the help desk calls a company",
        person("Tischlerei", "Lorenz", email="info@lorenz.example"),
        company("Tischlerei Lorenz", web="lorenz.example"),
    ),
    (
        "two accounts in one ledger, everything else alike",
        person("Anna", "Berg", customer_no="1", **ANNA, **HOME),
        person("Anna", "Berg", customer_no="2", **ANNA, **HOME),
    ),
]
SAME += [
    (
        "nickname that the mailbox spells out",
        person("Babsi", "Winkler", email="barbara.winkler@a.example", phone="030 1234567"),
        person("Barbara", "Winkler", phone="030 1234567"),
    ),
    (
        "another script, one birth date and house",
        person("Jie", "Wang", birth="1993-09-14", **HOME),
        {**person("", "", birth="1993-09-14", **HOME), "display_name": "王杰"},
    ),
    (
        "company that signs with its own name",
        person("Tischlerei", "Lorenz", email="berlin@tischlerei-lorenz.example"),
        company("Tischlerei Lorenz GmbH", web="tischlerei-lorenz.example", **HOME),
    ),
]
ASKED: list[tuple[str, Body, Body]] = [
    ("name and postcode", person("Anna", "Berg", postcode="10115"), person("Anna", "Berg", **HOME)),
    (
        "branches",
        company("Acme GmbH", web="acme.example", phone="030 1234567", **HOME),
        company("Acme GmbH", web="acme.example", phone="030 1234567", **OFFICE),
    ),
    (
        "one VAT number under two names",
        company("Alpha Industrie GmbH", vat="DE123456788"),
        company("Zeta Services AG", vat="DE123456788"),
    ),
    (
        "couple with one mailbox",
        person("Hans", "Berg", email="berg@home.example"),
        person("Erika", "Berg", email="berg@home.example"),
    ),
]
DIFFERENT: list[tuple[str, Body, Body]] = [
    ("namesakes", person("Anna", "Berg"), person("Anna", "Berg")),
    (
        "family on one phone in one house",
        person("Hans", "Berg", phone="030 1234567", **HOME),
        person("Erika", "Berg", phone="030 1234567", **HOME),
    ),
    (
        "father and son",
        person("Karl", "Berg", birth="1950-02-03", **HOME),
        person("Karl", "Berg", birth="1980-07-09", **HOME),
    ),
    (
        "colleagues behind info@",
        person("Anna", "Berg", email="info@acme.example"),
        person("Bert", "Koch", email="info@acme.example"),
    ),
    (
        "person and her company",
        person("Anna", "Berg", email="anna@acme.example"),
        company("Acme GmbH", email="anna@acme.example"),
    ),
    (
        "two VAT numbers",
        company("Acme GmbH", vat="DE123456788", **HOME),
        company("Acme GmbH", vat="DE987654321", **HOME),
    ),
    ("brother and sister", person("Daniel", "Berg", **HOME), person("Daniela", "Berg", **HOME)),
    (
        "colleague and the bare desk",
        person("Anna", "Berg", email="info@acme.example"),
        company("", email="info@acme.example"),
    ),
    ("one name in two cities", company("Acme GmbH", **HOME), company("Acme GmbH", **OFFICE)),
]


@pytest.mark.parametrize(("one", "other"), [c[1:] for c in SAME], ids=[c[0] for c in SAME])
def test_one_customer(one: Body, other: Body) -> None:
    assert _compare(one, other).grade is Grade.CERTAIN


@pytest.mark.parametrize(("one", "other"), [c[1:] for c in ASKED], ids=[c[0] for c in ASKED])
def test_a_person_is_asked(one: Body, other: Body) -> None:
    assert _compare(one, other).grade in (Grade.PROBABLE, Grade.POSSIBLE)


@pytest.mark.parametrize(
    ("one", "other"), [c[1:] for c in DIFFERENT], ids=[c[0] for c in DIFFERENT]
)
def test_two_customers(one: Body, other: Body) -> None:
    assert _compare(one, other).grade is Grade.NONE


@pytest.mark.parametrize("case", SAME, ids=[case[0] for case in SAME])
def test_one_customer_shares_a_key(case: tuple[str, Body, Body]) -> None:
    left, right = build_profile(case[1]), build_profile(case[2])
    assert match_keys(left) & match_keys(right)


def test_order_of_the_two_does_not_matter() -> None:
    bodies = [body for case in (*SAME, *ASKED, *DIFFERENT) for body in case[1:]]
    for one, other in itertools.combinations(map(build_profile, bodies), 2):
        left, right = compare(one, other), compare(other, one)
        assert (left.weight, left.grade) == (right.weight, right.grade)
        assert set(left.vetoes) == set(right.vetoes)


def test_missing_is_not_disagreement() -> None:
    full = person("Anna", "Berg", birth="1980-02-03", **ANNA, **HOME)
    assert not _compare(full, person("", "", email=ANNA["email"])).vetoes


def test_a_frequent_phone_weighs_little() -> None:
    left, right = (build_profile(person("Anna", "Berg", phone="030 1234567")) for _ in range(2))
    key = phone_match_key("+49301234567")
    assert compare(left, right).grade is Grade.CERTAIN
    assert compare(left, right, frequent={key}).grade is Grade.POSSIBLE


def test_evidence_names_no_values() -> None:
    one = person("Anna", "Berg", **ANNA)
    assert "anna" not in repr(_compare(one, one)).lower()


def test_equal_content_has_one_digest() -> None:
    def digest(body: Body) -> Profile:
        return build_profile(body)

    assert digest(person("Anna", "Berg")).digest == digest(person("ANNA", "Berg ")).digest
    assert digest(person("Anna", "Berg")).digest != digest(person("Anne", "Berg")).digest
