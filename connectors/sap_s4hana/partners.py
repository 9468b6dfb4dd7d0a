"""Business partners: when one changed, and which address, mail and phone number is its first.

SAP keeps the change as a date and a time in the system's time zone; a partner that was never
changed has the time of its creation alone. The connector adds to a partner: ``changed_at``;
``DefaultEmailAddress`` and ``DefaultPhoneNumber``, those of the standard address; and the lists
``EmailAddresses``, ``PhoneNumbers``, ``MobilePhoneNumbers`` and ``WebsiteURLs`` of all addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.errors import RejectedError
from hub.sdk import Record, composite_key
from hub.sdk.odata import Edm, Field, Target, Version, key_path, literal, parse_time
from hub.sdk.sweep import format_time

Row = dict[str, Any]
STANDARD: Final = "XXDEFAULT"
EMAIL: Final = "DefaultEmailAddress"
PHONE: Final = "DefaultPhoneNumber"
_CHANGES: Final = (("LastChangeDate", "LastChangeTime"), ("CreationDate", "CreationTime"))
_PLACE: Final = (Field("AddressID"), Field("Person"), Field("OrdinalNumber"))


def changed_in(zone: ZoneInfo) -> Callable[[Row], datetime]:
    """Gives the moment of a partner's last change; ValueError where it has no date at all."""

    def changed(row: Row) -> datetime:
        moments = [_moment(row, *pair, zone) for pair in _CHANGES if row.get(pair[0])]
        if not moments:
            raise ValueError("a business partner without a date of creation")
        return max(moments)

    return changed


def since_in(zone: ZoneInfo) -> Callable[[datetime], str]:
    """Gives the filter for what was changed or made on the day of a moment, or later."""

    def since(floor: datetime) -> str:
        day = literal(floor.astimezone(zone).date(), Edm.DATE, Version.V2)
        return f"LastChangeDate ge {day} or CreationDate ge {day}"

    return since


def shape_in(zone: ZoneInfo) -> Callable[[Row], Row]:
    """Gives the partner with its moment of change, and the first mail and phone number."""
    changed = changed_in(zone)

    def shape(row: Row) -> Row:
        mail, phone = _first(row, EMAIL), _first(row, PHONE)
        return {
            **row,
            "changed_at": format_time(changed(row)),
            EMAIL: mail.get("EmailAddress") if mail else None,
            PHONE: phone.get("PhoneNumber") if phone else None,
            **{name: _of_all_addresses(row, relation) for name, relation in _LISTS.items()},
        }

    return shape


def place_of(field: str) -> Callable[[Record], Target]:
    """Where a mail address or phone number of the standard address is written."""
    entity_set, name = _TARGETS[field]

    def place(record: Record) -> Target:
        found = _first(record.data, field)
        if found is None:
            message = "the standard address has none yet; make it in SAP, then it can be changed"
            raise RejectedError(f"sap_s4hana/business_partner: {field}: {message}")
        values = [found[one.name] for one in _PLACE]
        return Target(_path(entity_set, values), name)

    return place


def _path(entity_set: str, values: list[Any]) -> str:
    return key_path(entity_set, _PLACE, composite_key(values), Version.V2)


def _first(row: Mapping[str, Any], field: str) -> Row | None:
    """The one that is marked as standard, else the first, of the standard address."""
    address = _standard_address(row)
    relation, mark = _RELATIONS[field]
    found: list[Row] = (address or {}).get(relation) or []
    ordered = sorted(found, key=lambda one: (not one.get(mark), str(one.get("OrdinalNumber"))))
    return ordered[0] if ordered else None


def _of_all_addresses(row: Row, relation: str) -> list[Row]:
    addresses: list[Row] = row.get("to_BusinessPartnerAddress") or []
    return [one for address in addresses for one in address.get(relation) or []]


def _standard_address(row: Mapping[str, Any]) -> Row | None:
    addresses: list[Row] = row.get("to_BusinessPartnerAddress") or []
    ordered = sorted(addresses, key=lambda one: (not _is_standard(one), str(one.get("AddressID"))))
    return ordered[0] if ordered else None


def _is_standard(address: Row) -> bool:
    usages = address.get("to_AddressUsage") or []
    return any(usage.get("AddressUsage") == STANDARD for usage in usages)


def _moment(row: Row, date_field: str, time_field: str, zone: ZoneInfo) -> datetime:
    day = datetime.fromisoformat(str(row[date_field])[:10])
    clock = parse_time(row[time_field]) if row.get(time_field) else timedelta(0)
    return (day + clock).replace(tzinfo=zone).astimezone(UTC)


_RELATIONS: Final[Mapping[str, tuple[str, str]]] = {
    EMAIL: ("to_EmailAddress", "IsDefaultEmailAddress"),
    PHONE: ("to_PhoneNumber", "IsDefaultPhoneNumber"),
}
_LISTS: Final[Mapping[str, str]] = {
    "EmailAddresses": "to_EmailAddress",
    "PhoneNumbers": "to_PhoneNumber",
    "MobilePhoneNumbers": "to_MobilePhoneNumber",
    "WebsiteURLs": "to_URLAddress",
}
_TARGETS: Final[Mapping[str, tuple[str, str]]] = {
    EMAIL: ("A_AddressEmailAddress", "EmailAddress"),
    PHONE: ("A_AddressPhoneNumber", "PhoneNumber"),
}
