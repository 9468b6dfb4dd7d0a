"""The whole draft of a SOAP connector: source, mapping, facts, and the WSDL with its schemas."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.scaffold.render import TEMPLATES, render
from hub.scaffold.soapdraft import Draft, StreamDraft, draft_connector
from hub.scaffold.wsdl import describe_wsdl
from hub.sdk.contract import Stream
from hub.sdk.resource import Since
from hub.sdk.soap import RowShape, SoapStream


def draft_files(wsdl: Path, name: str) -> dict[str, str]:
    """Every file of the draft by its path; the WSDL goes along, with the schemas beside it."""
    draft = draft_connector(describe_wsdl(wsdl), name)
    values: dict[str, Any] = {item.name: getattr(draft, item.name) for item in fields(Draft)}
    values["declared"] = [_declared(stream) for stream in draft.streams]
    return {**render(TEMPLATES / "soap", values), **_documents(wsdl, draft.package)}


def _declared(stream: StreamDraft) -> Stream:
    """What the declaration in the draft amounts to."""
    return SoapStream(
        name=stream.name,
        entities=(stream.entity,),
        operation=stream.operation,
        rows=RowShape(within=stream.within, item=stream.item),
        key=(stream.key,),
        version=stream.version,
        changes=Since(param=stream.since) if stream.version and stream.since else None,
        deleted=stream.deleted,
    ).declared()


def _documents(wsdl: Path, package: str) -> dict[str, str]:
    """The WSDL and the schemas in its folder, as they are."""
    found = {f"{package}/service.wsdl": wsdl}
    for path in wsdl.parent.rglob("*.xsd"):
        found[f"{package}/{path.relative_to(wsdl.parent)}"] = path
    try:
        return {name: path.read_text(encoding="utf-8") for name, path in found.items()}
    except (OSError, UnicodeDecodeError) as error:
        message = "the WSDL or a schema beside it is not UTF-8; convert it, then draft again"
        raise ConfigError(message) from error
