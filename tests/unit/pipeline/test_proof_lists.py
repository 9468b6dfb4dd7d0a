"""Values that stand in lists (addresses, roles, consents), and texts that would break a page."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import escape

from hub.mapping import compile_mapping, load_mapping
from hub.pipeline.canonicalise import CanonicaliseTask, canonicalise
from hub.pipeline.extract import extract
from hub.pipeline.turn import StreamTask
from hub.sdk.contract import Capability, Page, Record, Stream
from hub.store.database import Engine
from tests.unit.pipeline.erase_world import Toy, party_of, say, settle
from tests.unit.pipeline.proof_world import content_of, failing, left_open, prove

MAPPING = """\
system: toy
version: 1
streams:
  firm:
    - entity: party
      fields:
        kind: {const: organisation}
        display_name: name
        organisation: {legal_name: name}
        contact_points: [{kind: {const: email}, value: mail}]
        identifiers:
          - {scheme: {const: customer_no}, value: number, issuer: {const: erp}}
          - {scheme: {const: eu_vat}, value: vat}
        addresses:
          - {lines: {path: street, apply: [split_lines]}, locality: city, rank: {const: 2}}
          - {locality: city}
        roles: [{role: {const: supplier}}, {role: {const: customer}}]
        consents:
          - {purpose: {const: marketing}, channel: {const: phone}, state: {const: out}}
          - {purpose: {const: marketing}, channel: {const: email}, state: {const: in}}
"""
FIRM = {
    "name": "Berg AG",
    "mail": "rechnung@berg.example",
    "number": "K-1",
    "vat": "DE136695976",
    "street": "Am Berg 1",
    "city": "Ulm",
}
NASTY = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><![CDATA[",
    "a\u202eb\u2028c\u2029d",
    "'\"&amp;&lt;{{ 7 * 7 }}{% raw %}",
    "\\u003c\\\\u003c",
    "😀 مرحبا",
)


def say_firms(store: Engine, *records: dict[str, Any]) -> None:
    kinds = frozenset({Capability.FULL})
    carried = Stream(name="firm", entities=("party",), key=("id",), capabilities=kinds)
    task = StreamTask(connection="toy", connector="toy", stream=carried)
    page = Page(records=[Record(item["id"], item, None) for item in records], cursor={})
    extract(store, Toy(page), task=task)
    mapping = compile_mapping(load_mapping(MAPPING, file="toy.yaml"))
    canonicalise(
        store, mapping, task=CanonicaliseTask(connection="toy", stream="firm", text=MAPPING)
    )


def test_lists_are_proved_item_by_item(store: Engine) -> None:
    other = {"number": "K-2", "street": "Am Tal 2", "mail": "info@berg.example"}
    say_firms(store, {"id": "1", **FIRM}, {"id": "2", **FIRM, **other})
    settle(store)
    page = prove(store, party_of(store, "firm:1")).page
    assert (failing(page, store), left_open(page)) == (set(), {})
    told = {value["field"]: value for value in content_of(page)["values"]}
    assert told["roles"]["value"] == ["customer", "supplier"]
    assert [item["channel"] for item in told["consents"]["value"]] == ["email", "phone"]
    assert {"addresses", "identifiers", "customer_no", "eu_vat", "legal_name"} <= told.keys()


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_record_breaks_out_of_the_page(store: Engine, text: str) -> None:
    say(store, "person", {"id": text, "name": text, "family": text, "given": "Eva"})
    settle(store)
    page = prove(store, party_of(store, f"person:{text}"), reason=text).page
    assert (failing(page, store), page.count("<script")) == (set(), 1)
    assert {"reason": text}.items() <= content_of(page).items()
    assert f"<h1>{escape(text)}</h1>" in page
