"""A card's whole way through the hub, at a real Radicale: read, matched, written back, deleted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.radicale import RadicaleServer

pytestmark = [pytest.mark.servers, pytest.mark.slow]

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-{n}\r\nFN:Karla Muster{n}\r\nN:Muster{n};Karla;;;\r\n"
    "ORG:Muster Werke {n} GmbH\r\nEMAIL;TYPE=WORK:karla{n}@muster{n}.example\r\n"
    "item1.TEL:+49 30 555000{n}\r\nitem1.X-ABLabel:Zentrale\r\nX-ODD:keep\r\nEND:VCARD\r\n"
)
PARTNERS = """system: file
version: 1
streams:
  partner:
    - entity: party
      fields:
        kind: {const: person}
        person: {given: given, family: family}
        contact_points:
          - {kind: {const: email}, value: mail}
          - {kind: {const: phone}, value: phone}
"""
HUB = """[hub]
company = "Example"
[connections.book]
connector = "carddav"
credentials = "env:HUB_BOOK"
[connections.crm]
connector = "file"
mapping = "partners.yaml"
options = { root = ".", files = [
    { name = "partner", path = "partners.csv", format = "csv", key = ["id"] } ] }
[resolve.trust]
phone = ["crm", "book"]
[publish]
settle_seconds = 0.0
[[publish.rules]]
attribute = "phone"
connection = "book"
stream = "card"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hub whose partners have newer numbers than the address book."""
    lines = [f"{n},Karla,Muster{n},karla{n}@muster{n}.example,+49 40 777000{n}" for n in (1, 2)]
    (tmp_path / "partners.csv").write_text("\n".join(["id,given,family,mail,phone", *lines, ""]))
    (tmp_path / "partners.yaml").write_text(PARTNERS)
    (tmp_path / "hub.toml").write_text(HUB)
    return tmp_path


def hub(folder: Path, server: RadicaleServer, *arguments: str) -> Any:
    settings: dict[str, Any] = {"base_url": server.url, "address_books": ["story"]}
    settings |= {"username": server.user, "password": server.password}
    done = subprocess.run(
        [Path(sys.executable).with_name("hub"), *arguments, "--json"],
        cwd=folder,
        env={**os.environ, "HUB_BOOK": json.dumps(settings)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_card_from_reading_to_deletion(folder: Path, radicale_server: RadicaleServer) -> None:
    book = radicale_server.new_book("story")
    for n in range(1, 5):
        radicale_server.put(f"{book}{n}.vcf", CARD.format(n=n).encode())
    hub(folder, radicale_server, "sync")
    hub(folder, radicale_server, "resolve")
    before = radicale_server.get(f"{book}1.vcf")
    hub(folder, radicale_server, "publish")
    assert radicale_server.get(f"{book}1.vcf") == before.replace("+49 30 5550001", "+49 40 7770001")
    assert "+49 30 5550003" in radicale_server.get(f"{book}3.vcf")
    radicale_server.delete(f"{book}4.vcf")
    cards, _partners = hub(folder, radicale_server, "sync")
    assert (cards["read"], cards["changed"], cards["tombstones"]) == (3, 2, 1)
    hub(folder, radicale_server, "resolve")
    assert "acknowledged" not in str(hub(folder, radicale_server, "publish"))
