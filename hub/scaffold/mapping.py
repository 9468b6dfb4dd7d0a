"""A mapping file from the fields that were seen: guessed by their names, to be read by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from hub.scaffold.draft import Draft, FieldDraft, StreamDraft
from hub.scaffold.meaning import find
from hub.scaffold.source import literal

Fields = Sequence[FieldDraft]


def mapping_text(draft: Draft) -> str:
    """The whole file; every stream is mapped, however little is known of it."""
    lines = [
        f"# A first guess by the names of fields{f' in {draft.source}' if draft.source else ''}.",
        f"# Read it with: hub mapping preview CONNECTION {draft.streams[0].stream.name}",
        f"system: {draft.name}",
        "version: 1",
        "streams:",
    ]
    for stream in draft.streams:
        lines += [f"  {stream.stream.name}:", f"    - entity: {stream.stream.entities[0]}"]
        lines += ["      fields:", *(f"        {line}" for line in _body(stream))]
    written = [line for stream in draft.streams for line in _written(stream)]
    return "\n".join([*lines, *(["write:", *written] if written else [])]) + "\n"


def _body(draft: StreamDraft) -> Iterator[str]:
    fields = draft.fields
    yield from _BODIES[draft.stream.entities[0]](fields)
    version = draft.stream.version
    if version:
        yield f"updated_at: {{path: {_path(version)}, apply: [{_clock(draft)}]}}"


def _clock(draft: StreamDraft) -> str:
    forms = {"epoch": "epoch_seconds", "epoch_ms": "epoch_milliseconds"}
    return forms.get(draft.stream.times.form, "datetime")


def _party(fields: Fields) -> Iterator[str]:
    person, company = find("given", fields) or find("family", fields), find("legal_name", fields)
    kind = "person" if person or not company else "organisation"
    yield f"kind: {{const: {kind}}}"
    yield from _shown_name(fields)
    yield from _names(fields, kind)
    yield from _points(fields)
    yield from _address(fields)
    vat = find("eu_vat", fields)
    if vat:
        yield "identifiers:"
        yield f"  - {{scheme: {{const: eu_vat}}, value: {_path(vat.path)}}}"


def _shown_name(fields: Fields) -> Iterator[str]:
    name = find("display_name", fields)
    parts = [field for field in (find("given", fields), find("family", fields)) if field]
    company = find("legal_name", fields)
    if name is None and parts:
        yield f'display_name: {{join: [{", ".join(_path(f.path) for f in parts)}], with: " "}}'
    elif shown := name or company or next(iter(fields), None):
        yield f"display_name: {_text(shown)}"


def _names(fields: Fields, kind: str) -> Iterator[str]:
    company = find("legal_name", fields)
    if kind == "organisation" and company:
        yield f"organisation: {{legal_name: {_path(company.path)}}}"
    parts = [(part, find(part, fields)) for part in ("given", "family")]
    known = ", ".join(f"{part}: {_path(field.path)}" for part, field in parts if field)
    if kind == "person" and known:
        yield f"person: {{{known}}}"


def _points(fields: Fields) -> Iterator[str]:
    found = [(kind, find(kind, fields)) for kind in ("email", "phone", "web")]
    if any(field for _, field in found):
        yield "contact_points:"
    for kind, field in found:
        if field:
            yield f"  - {{kind: {{const: {kind}}}, value: {_path(field.path)}}}"


def _address(fields: Fields) -> Iterator[str]:
    parts = {part: find(part, fields) for part in ("street", "city", "postcode", "region")}
    country = find("country", fields)
    if not parts["city"] and not parts["street"]:
        return
    yield "addresses:"
    street, first = parts["street"], "  - "
    if street:
        yield f"{first}lines: {{path: {_path(street.path)}, apply: [split_lines]}}"
        first = "    "
    for part, name in (("city", "locality"), ("postcode", "postcode"), ("region", "region")):
        field = parts[part]
        if field:
            yield f"{first}{name}: {_path(field.path)}"
            first = "    "
    if country:
        yield f"{first}country: {{path: {_path(country.path)}, apply: [country_code]}}"


def _ticket(fields: Fields) -> Iterator[str]:
    yield f"number: {_text(find('number', fields) or fields[0])}"
    if subject := find("subject", fields):
        yield f"subject: {_path(subject.path)}"
    yield from _status(fields, "status", "ticket")
    if opened := find("opened", fields):
        yield f"opened: {{path: {_path(opened.path)}, apply: [datetime]}}"


def _opportunity(fields: Fields) -> Iterator[str]:
    if name := find("subject", fields):
        yield f"name: {_path(name.path)}"
    yield from _status(fields, "stage", "stage")


def _document(fields: Fields) -> Iterator[str]:
    yield f"number: {_text(find('number', fields) or fields[0])}"
    yield _value("date", find("date", fields), "date", '"2000-01-01"')
    yield from _status(fields, "status", "document")
    yield _value("currency", find("currency", fields), "currency", "EUR")
    gross = find("gross", fields)
    for part in ("net", "tax", "gross"):
        yield _value(
            part, find(part, fields) or (gross if part == "net" else None), "decimal", '"0"'
        )


def _status(fields: Fields, name: str, kind: str) -> Iterator[str]:
    field = find("status", fields)
    if field is None:
        yield f"{name}: {{const: open}}"
        return
    known = _STATUS[kind]
    choices = ", ".join(
        f"{literal(choice)}: {known.get(choice.lower(), 'other')}"
        for choice in field.choices[:12] or sorted(set(known.values()))
    )
    yield f"{name}: {{path: {_path(field.path)}, enum: {{{choices}}}, default: other}}"
    yield f"{name}_raw: {_path(field.path)}"


def _value(name: str, field: FieldDraft | None, function: str, default: str) -> str:
    if field is None:
        return f"{name}: {{const: {default}}}"
    return f"{name}: {{path: {_path(field.path)}, apply: [{function}]}}"


def _text(field: FieldDraft) -> str:
    if field.kind in ("integer", "number"):
        return f"{{path: {_path(field.path)}, apply: [text]}}"
    return _path(field.path)


def _written(draft: StreamDraft) -> Iterator[str]:
    if draft.stream.write is None or draft.stream.entities[0] != "party":
        return
    found = [(kind, find(kind, draft.fields)) for kind in ("phone", "email")]
    known = ", ".join(f"{kind}: {_path(field.path)}" for kind, field in found if field)
    if known:
        yield f"  {draft.stream.name}: {{{known}}}"


def _path(path: str) -> str:
    """A path as YAML: quoted where YAML would take it for something else."""
    plain = path.replace(".", "").replace("_", "").isalnum() and not path[0].isdigit()
    return (
        path
        if plain and path.lower() not in ("on", "off", "yes", "no", "y", "n")
        else literal(path)
    )


_STATUS: Final[Mapping[str, Mapping[str, str]]] = {
    "ticket": {
        **{word: word for word in ("new", "open", "pending", "resolved", "closed", "rejected")},
        **dict.fromkeys(("on-hold", "on_hold", "hold", "waiting", "stalled"), "pending"),
        **dict.fromkeys(("solved", "done", "fixed"), "resolved"),
        **dict.fromkeys(("active", "in_progress", "in progress", "assigned"), "open"),
    },
    "stage": {
        **{word: word for word in ("open", "won", "lost")},
        "closed won": "won",
        "closed lost": "lost",
        "closed_won": "won",
        "closed_lost": "lost",
    },
    "document": {
        **{word: word for word in ("draft", "open", "done", "cancelled")},
        **dict.fromkeys(("paid", "closed", "completed", "delivered", "fulfilled"), "done"),
        **dict.fromkeys(("canceled", "void", "voided"), "cancelled"),
        **dict.fromkeys(("sent", "posted", "confirmed", "unpaid"), "open"),
    },
}

_BODIES: Final[Mapping[str, Callable[[Fields], Iterator[str]]]] = {
    "party": _party,
    "ticket": _ticket,
    "opportunity": _opportunity,
    "order": _document,
    "invoice": _document,
}
