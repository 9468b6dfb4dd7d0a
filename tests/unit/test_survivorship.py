"""Which value wins, and why."""

from __future__ import annotations

import itertools
from typing import Any

from hub.model.envelope import SourceKey
from hub.survivorship import Candidate, Golden, Rules, explain, survive


def _candidate(
    source: str, body: dict[str, Any], *, at: str = "2026-01-01", **more: Any
) -> Candidate:
    connection, type_, key = source.split(":")
    return Candidate(
        source=SourceKey(connection, type_, key),
        office=more.get("office", "front"),
        updated=at,
        body={"kind": "person", **body},
        raw_version=more.get("raw_version", 1),
        mapping_digest="m1",
    )


def _survive(*candidates: Candidate, **rules: Any) -> Golden:
    return survive(candidates, Rules(**rules))


def _mail(value: str, **more: Any) -> dict[str, Any]:
    return {"contact_points": [{"kind": "email", "value": value, **more}]}


def _name(given: str, family: str) -> dict[str, Any]:
    person = {"given": given, "family": family}
    return {"person": person, "display_name": f"{given} {family}"}


def test_the_latest_value_wins() -> None:
    old = _candidate("crm:c:1", {"lang": "de"}, at="2026-01-01")
    new = _candidate("shop:c:1", {"lang": "en"}, at="2026-02-01")
    found = _survive(old, new)
    assert found.body["lang"] == "en"
    origin = found.provenance["lang"]
    assert (origin["rule"], origin["source"]["connection"]) == ("recency", "shop")
    assert [loser["value"] for loser in origin["losers"]] == ["de"]


def test_the_back_office_is_trusted_for_the_legal_name() -> None:
    erp = _candidate("erp:p:1", {"organisation": {"legal_name": "Acme GmbH"}}, office="back")
    crm = _candidate("crm:a:1", {"organisation": {"legal_name": "ACME"}}, at="2026-09-09")
    found = _survive(erp, crm)
    assert found.body["legal_name"] == "Acme GmbH"
    assert found.provenance["legal_name"]["rule"] == "trust"


def test_stated_trust_comes_before_office_and_recency() -> None:
    erp = _candidate("erp:p:1", _mail("old@x.example"))
    crm = _candidate("crm:a:1", _mail("new@x.example"), at="2026-09-09")
    assert _survive(erp, crm).body["email"] == "new@x.example"
    assert _survive(erp, crm, trust={"email": ["erp"]}).body["email"] == "old@x.example"


def test_the_steward_is_above_all() -> None:
    crm = _candidate("crm:c:1", {"lang": "de"}, at="2026-09-09")
    steward = _candidate("steward:c:1", {"lang": "fr"}, at="2026-01-01")
    found = _survive(crm, steward, trust={"lang": ["crm"]})
    assert found.body["lang"] == "fr"
    assert found.provenance["lang"]["rule"] == "steward"


def test_names_survive_together_and_full_ones_first() -> None:
    crm = _candidate("crm:c:1", _name("Anna", "Berg"))
    mail = _candidate("mail:m:1", {"display_name": "Anni"}, at="2026-09-09", office="service")
    desk = _candidate("rt:u:1", {"person": {"family": "Koch"}}, at="2026-08-08", office="service")
    body = _survive(crm, mail, desk).body
    assert (body["given"], body["family"], body["display_name"]) == ("Anna", "Berg", "Anna Berg")


def test_contact_points_are_collected_and_bounced_ones_come_last() -> None:
    one = _candidate("crm:c:1", _mail("gone@x.example", status="bounced"), at="2026-09-09")
    two = _candidate("shop:c:1", _mail("Anna@x.example"))
    three = _candidate("erp:c:1", _mail("anna@X.example"))
    found = _survive(one, two, three, normalise=lambda _name, value: str(value).lower())
    assert [value.lower() for value in found.body["emails"]] == ["anna@x.example", "gone@x.example"]
    assert found.body["email"] == found.body["emails"][0]
    assert len(found.provenance["emails"]) == 2


def test_the_sources_own_first_choice_comes_first() -> None:
    points = [
        {"kind": "phone", "value": "2", "rank": 2},
        {"kind": "phone", "value": "1", "rank": 1},
        {"kind": "phone", "value": "0", "purpose": ["fax"]},
    ]
    found = _survive(_candidate("crm:c:1", {"contact_points": points}))
    assert found.body["phones"] == ["1", "2"]
    assert found.provenance["phone"]["mapping"]["path"] == "contact_points[1].value"


def test_an_address_is_never_mixed() -> None:
    old = _candidate("crm:c:1", {"addresses": [{"lines": ["Weg 1"], "postcode": "1"}]})
    new = _candidate("erp:c:1", {"addresses": [{"locality": "Ulm"}]}, at="2026-09-09")
    assert _survive(old, new).body["address"] == {"locality": "Ulm"}


def test_identifiers_and_roles_are_collected() -> None:
    number = {"scheme": "customer_no", "value": "17", "issuer": "erp"}
    erp = _candidate("erp:c:1", {"identifiers": [number], "roles": [{"role": "customer"}]})
    crm = _candidate("crm:c:1", {"roles": [{"role": "lead"}, {"role": "customer"}]})
    body = _survive(erp, crm).body
    assert body["customer_no"] == "17"
    assert body["roles"] == ["customer", "lead"]


def test_the_latest_consent_counts_and_in_doubt_it_is_out() -> None:
    def consent(state: str) -> dict[str, Any]:
        return {"consents": [{"purpose": "news", "channel": "email", "state": state}]}

    found = _survive(_candidate("a:c:1", consent("in")), _candidate("b:c:1", consent("out")))
    assert [item["state"] for item in found.body["consents"]] == ["out"]
    later = _candidate("c:c:1", consent("in"), at="2027-01-01")
    again = _survive(_candidate("b:c:1", consent("out")), later)
    assert [item["state"] for item in again.body["consents"]] == ["in"]


def test_order_of_candidates_does_not_matter() -> None:
    bodies = [_name("Anna", "Berg"), _mail("a@x.example"), _mail("b@x.example"), {"lang": "de"}]
    candidates = [_candidate(f"c{n}:x:{n}", body) for n, body in enumerate(bodies)]
    first = _survive(*candidates)
    for order in itertools.permutations(candidates):
        assert _survive(*order) == first


def test_lines_are_looked_up() -> None:
    def find(candidate: Candidate, path: str) -> int:
        return len(candidate.source.connection) + len(path)

    found = _survive(_candidate("crm:c:1", {"lang": "de"}), find_line=find)
    assert found.provenance["lang"]["mapping"] == {"digest": "m1", "path": "lang", "line": 7}


def _claims(attribute: str, *candidates: Candidate, **rules: Any) -> list[tuple[Any, bool, str]]:
    return [(c.value, c.wins, c.why) for c in explain(candidates, Rules(**rules), attribute)]


def test_every_loser_is_told_why() -> None:
    erp = _candidate("erp:c:1", {"lang": "de"}, at="2026-03-03")
    old = _candidate("crm:c:1", {"lang": "en"}, at="2026-01-01")
    new = _candidate("crm:c:2", {"lang": "fr"}, at="2026-02-02")
    copy = _candidate("crm:c:3", {"lang": "fr"}, at="2026-02-02")
    silent = _candidate("crm:c:4", {})
    assert _claims("lang", erp, old, new, copy, silent, trust={"lang": ["crm"]}) == [
        ("fr", True, "recency"),
        ("fr", False, "the same value; source key"),
        ("en", False, "recency"),
        ("de", False, "trust"),
    ]
    assert _claims("tz", erp) == []


def test_a_name_wins_and_loses_whole() -> None:
    new = _candidate("crm:c:1", _name("Anna", "Koch"), at="2026-02-02")
    old = _candidate("erp:c:1", _name("Annabelle", "Berg"), at="2026-01-01")
    assert _claims("given", old, new) == [
        ("Anna", True, "recency"),
        ("Annabelle", False, "the name survives whole; recency"),
    ]
    assert _survive(old, new).provenance["given"]["rule"] == "recency"


def test_collected_values_win_once_each() -> None:
    one, two = _candidate("a:c:1", _mail("x@x.example")), _candidate("b:c:1", _mail("X@x.example"))
    bad = _candidate("c:c:1", _mail("?"))

    def normalise(_attribute: str, value: str) -> str | None:
        return value.lower() if "@" in value else None

    claims = _claims("emails", one, two, bad, normalise=normalise)
    assert [(value, wins) for value, wins, _ in claims] == [
        ("x@x.example", True),
        ("X@x.example", False),
        ("?", False),
    ]
    assert claims[2][2] == "not usable as it is"
    assert len(_claims("email", one, two, bad, normalise=normalise)) == 3
