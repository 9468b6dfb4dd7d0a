"""The whole draft of a SOAP connector: source, mapping, facts, and the WSDL with its schemas."""

from __future__ import annotations

from ast import literal_eval
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from hub.errors import ConfigError, ContractError
from hub.scaffold.draft import Draft as MappedDraft
from hub.scaffold.draft import StreamDraft as ListDraft
from hub.scaffold.mapping import mapping_text
from hub.scaffold.render import TEMPLATES, render
from hub.scaffold.samples import sample_function
from hub.scaffold.soapdraft import Draft, StreamDraft, draft_connector
from hub.scaffold.wsdl import describe_wsdl
from hub.sdk.resource import RestStream, Since
from hub.sdk.soap import RowShape, SoapStream


def draft_files(wsdl: Path, name: str, title: str = "") -> dict[str, str]:
    """Every file of the draft by its path; the WSDL goes along, with the schemas beside it."""
    whole = draft_connector(describe_wsdl(wsdl), name, title)
    kept = tuple(stream for stream in whole.streams if _can_be_asked(wsdl, whole, stream))
    if not kept:
        raise ConfigError("no list can be asked for by guesses; declare the streams by hand")
    draft = replace(whole, streams=kept)
    values: dict[str, Any] = {item.name: getattr(draft, item.name) for item in fields(Draft)}
    streams = tuple(ListDraft(_listed(stream), stream.fields) for stream in draft.streams)
    values["declared"] = [item.stream.declared() for item in streams]
    values["drafted"] = streams
    values["left_out"] = [one.operation for one in whole.streams if one not in kept]
    values["sample_functions"] = [sample_function(item) for item in streams]
    values["session_path"] = _session_path(draft)
    mapped = MappedDraft(name=name, title=draft.title, streams=streams, source=wsdl.name)
    return {
        **render(TEMPLATES / "soap", values),
        f"{draft.package}/{name}.yaml": mapping_text(mapped),
        **_documents(wsdl, draft.package),
    }


def _can_be_asked(wsdl: Path, draft: Draft, stream: StreamDraft) -> bool:
    """Whether a request with the guessed parts fits the WSDL."""
    from hub.sdk.soap.wsdl import Wsdl

    needed = {one.name: literal_eval(one.literal) for one in stream.others if one.needed}
    paged = {name: 1 for name in (stream.offset, stream.size, stream.page) if name}
    asked: dict[str, Any] = {**needed, **paged}
    parts: dict[str, Any] = {stream.struct: asked} if stream.struct else asked
    if draft.session:
        parts[draft.session] = "session"
    try:
        Wsdl(wsdl, port=draft.port.name).seal(stream.operation, parts)
    except ContractError:
        return False
    return True


def _session_path(draft: Draft) -> str:
    """Where the session is in the login's answer: its first part, or the id in that."""
    given = draft.login.gives if draft.login else ()
    first = given[0].name if given else "return"
    return f"{first}.id" if given and given[0].fields else first


def _listed(stream: StreamDraft) -> RestStream:
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
    ).listed()


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
