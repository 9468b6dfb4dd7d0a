"""Makes a flat record of a contact, and of its changed fields what Graph takes.

Names are Microsoft's. Of lists the first value stands alone (``businessPhone``, ``homePhone``,
``emailAddress``) and the others beside it, so that no value is held twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.sdk import Record, composite_key

Fields = dict[str, Any]

_LISTS: Final = {"businessPhone": "businessPhones", "homePhone": "homePhones"}
_EMAIL, _EMAILS = "emailAddress", "emailAddresses"
_ADDRESSES: Final = ("businessAddress", "homeAddress", "otherAddress")
_TEXTS: Final = frozenset(
    {"assistantName", "businessHomePage", "companyName", "department", "displayName", "fileAs"}
    | {"generation", "givenName", "jobTitle", "manager", "middleName", "mobilePhone", "nickName"}
    | {"officeLocation", "profession", "surname", "title"}
)
_UNSEEN: Final = frozenset({"changeKey", "parentFolderId", *_LISTS.values()})


def build_contact(row: Mapping[str, Any], *, user: str, folder: str) -> Record:
    """The record of one whole contact; what is empty is left out."""
    fields: Fields = {
        name: value for name, value in row.items() if name not in _UNSEEN and name[0] != "@"
    }
    for name, source in _LISTS.items():
        fields |= _apart(name, source, _strings(row.get(source)))
    fields |= _apart(_EMAIL, _EMAILS, _emails(fields.pop(_EMAILS, None)))
    fields |= {name: _filled(_object(row.get(name))) for name in _ADDRESSES}
    fields["birthday"] = str(row.get("birthday") or "")[:10]  # a date, given as a time
    record = {**_filled(fields), "user": user, "folder": folder}
    key = composite_key([user, folder, row["id"]])
    changed = row.get("lastModifiedDateTime")
    return Record(key, record, changed if isinstance(changed, str) else None)


def build_update(row: Mapping[str, Any], changes: Mapping[str, Any]) -> Fields:
    """What to send so that a contact holds the changed fields; ValueError says what can't be sent.

    The display name always goes along: else Outlook may make another one out of the other fields.
    """
    update: Fields = {"displayName": row.get("displayName")}
    for name, value in changes.items():
        text = None if value is None else _checked(name, value)
        if name in _TEXTS:
            update[name] = text or None
        elif name in _LISTS:
            update[_LISTS[name]] = _replaced(_strings(row.get(_LISTS[name])), text)
        elif name == _EMAIL:
            update[_EMAILS] = _replaced_email(_list(row.get(_EMAILS)), text)
        else:
            raise ValueError(f"a contact has no writable {name[:40]}")
    return update


def _apart(name: str, source: str, values: list[str]) -> Fields:
    """The first value, and the others."""
    return {name: next(iter(values), ""), f"more_{source}": values[1:]}


def _filled(fields: Mapping[str, Any]) -> Fields:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _checked(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError(f"{name[:40]} takes a text")


def _replaced(held: list[str], first: str | None) -> list[str]:
    return [*([first] if first else []), *held[1:]]


def _replaced_email(values: list[Any], first: str | None) -> list[Any]:
    held = [value for value in values if _emails([value])]
    if not first:
        return held[1:]
    named = held[0].get("name") if held else None
    return [{"address": first, "name": named or first}, *held[1:]]


def _strings(values: Any) -> list[str]:
    return [value for value in _list(values) if isinstance(value, str) and value]


def _emails(values: Any) -> list[str]:
    return _strings([_object(value).get("address") for value in _list(values)])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
