"""A site whose address list calls: the guide's connector, installed aside, and its stand-in."""

from __future__ import annotations

import hmac
import json
import os
import re
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.architecture.source import ROOT

SECRET = "a secret of the tests"
_BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)
_ENTRY = "[hub.connectors]\nkontakte = hub_kontakte\nkontakte_live = hub_kontakte_live\n"
_HUB = """\
[hub]
lease_seconds = 1

[connections.live]
connector = "kontakte_live"
standin = "live.json"
credentials = "file:secret.json"

[connections.quiet]
connector = "kontakte_live"
standin = "live.json"

[push]
max_body = 10000
seconds = 2
"""


def files_of(page: str) -> dict[str, str]:
    """The files that a page of the documentation writes."""
    return dict(_BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8")))


def write_plugin(folder: Path) -> Path:
    """The guide's connector and the one that calls, as a folder for PYTHONPATH."""
    for page in ("connectors.md", "connectors/push.md"):
        for name, text in files_of(page).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    info = folder / "hub_kontakte_live-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hub-kontakte-live\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(_ENTRY)
    return folder


def write_site(folder: Path) -> Path:
    """hub.toml, the secret, and a system that holds three contacts."""
    folder.mkdir(parents=True)
    (folder / "hub.toml").write_text(_HUB, encoding="utf-8")
    (folder / "secret.json").write_text(json.dumps({"webhook_secrets": [SECRET]}))
    rows = {str(number): contact(number) for number in (1, 2, 3)}
    (folder / "live.json").write_text(json.dumps({"kontakt": rows}), encoding="utf-8")
    return folder


def environment(plugin: Path) -> dict[str, str]:
    """The environment in which `hub` finds the plugin, and this checkout."""
    return {**os.environ, "PYTHONPATH": f"{plugin}{os.pathsep}{ROOT}"}


def contact(number: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
    """A contact as the system gives it."""
    changed = f"2026-02-01T{9 + minute // 60:02}:{minute % 60:02}:00.000000Z"
    return {"id": number, "art": "P", "name": f"Example {number}", "geaendert": changed, **fields}


def event(row: Mapping[str, Any], kind: str = "geaendert", *, whole: bool = True) -> dict[str, Any]:
    """What the system tells about a contact."""
    told = {"art": kind, "id": row["id"], "zeit": row["geaendert"]}
    return {**told, "kontakt": row} if whole else told


def body_of(*events: Mapping[str, Any]) -> bytes:
    """The body of a delivery."""
    return json.dumps({"ereignisse": events}).encode()


def signed(body: bytes, *, secret: str = SECRET, age: float = 0.0) -> dict[str, str]:
    """The headers with which the system sends a body."""
    stamp = str(int(time.time() - age))
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    return {"Kontakte-Time": stamp, "Kontakte-Signature": mark}


def send(
    port: int, body: bytes, headers: Mapping[str, str], *, to: str = "live", method: str = "POST"
) -> tuple[int, bytes]:
    """Send a delivery; returns the answer's status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, f"/push/{to}", body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
