"""The stream that a new connector begins with: contacts, as most systems have them."""

from __future__ import annotations

from dataclasses import replace

from hub.scaffold.draft import Draft, FieldDraft, StreamDraft
from hub.sdk.resource import Offset, RestStream, RestWrite, Since

CONTACT = StreamDraft(
    RestStream(
        name="contact",
        entities=("party",),
        path="contacts",
        rows="contacts",
        params={"sort": "id"},
        paging=Offset(),
        changes=Since(param="updated_since"),
        version="updated_at",
        deleted="deleted",
        fetch="contacts/{key}",
        write=RestWrite(path="contacts/{key}", lock="etag"),
    ),
    (
        FieldDraft("id", "integer"),
        FieldDraft("name"),
        FieldDraft("email", "email"),
        FieldDraft("phone"),
        FieldDraft("address.street"),
        FieldDraft("address.city"),
        FieldDraft("address.country"),
        FieldDraft("deleted", "boolean"),
        FieldDraft("updated_at", "time"),
    ),
)


def starter(name: str, title: str, kind: str = "rest") -> Draft:
    """A draft with one stream of contacts, in the form of an API that has nothing unusual."""
    stream = CONTACT if kind == "rest" else _without_lock(CONTACT)
    return Draft(name=name, title=title, streams=(stream,))


def _without_lock(draft: StreamDraft) -> StreamDraft:
    """What only HTTP's own methods can do is left out."""
    return replace(draft, stream=replace(draft.stream, write=RestWrite(path="rpc", method="POST")))
