"""The stream that a new connector begins with: contacts, as most systems have them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

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
    return Draft(name=name, title=title, streams=(_STREAMS[kind],))


_WITHOUT_LOCK: Final = StreamDraft(
    replace(CONTACT.stream, path="rpc", write=RestWrite(path="rpc", method="POST")), CONTACT.fields
)
_FLAT: Final = tuple(
    FieldDraft(path) for path in ("id", "name", "email", "phone", "city", "country", "updated_at")
)
_ENTITIES: Final = tuple(
    FieldDraft(path) for path in ("Id", "Name", "EMail", "Phone", "City", "Country", "ModifiedAt")
)
_STREAMS: Final = {
    "rest": CONTACT,
    "jsonrpc": _WITHOUT_LOCK,
    "soap": StreamDraft(replace(CONTACT.stream, path="ListContacts"), _FLAT),
    "odata": StreamDraft(replace(CONTACT.stream, path="Contacts", version="ModifiedAt"), _ENTITIES),
}
