"""The objects of HubSpot's CRM: all there is by the list, what changed by the search.

A search gives 10,000 records at most and sorts by one property. So it is asked in the order of ids,
for those above the last one that was read: no page is a later one of the same query, and records
of one time, or that change while we read, are not passed by.
Sources: https://developers.hubspot.com/docs/api/crm/search and .../crm/contacts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic import JsonValue

from hub.sdk import Capability, Stream
from hub.sdk.resource import CursorPaging, RestCount, RestStream, RestWrite, Since
from hub.sdk.resource.stream import Values

SYSTEM: Final = "hubspot"
OVERLAP: Final = 300.0
AFTER: Final = "after_id"
SINCE: Final = "since"
SEARCH_LIMIT: Final = 10_000
"""More than these no search gives; HubSpot does not say whether its total goes beyond them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: the property that holds its time of change, and those that are read."""

    entities: tuple[str, ...]
    modified: str
    properties: tuple[str, ...]
    written: bool = True


_ALWAYS: Final = ("createdate", "hs_object_id", "hs_merged_object_ids", "hubspot_owner_id")

KINDS: Final[Mapping[str, Kind]] = {
    "contacts": Kind(
        ("party", "relationship"),
        "lastmodifieddate",
        (
            *("firstname", "lastname", "salutation", "email", "phone", "mobilephone", "website"),
            *("address", "city", "state", "zip", "country", "jobtitle", "hs_email_optout"),
            *("lifecyclestage", "hs_lead_status", "associatedcompanyid"),
        ),
    ),
    "companies": Kind(
        ("party", "relationship"),
        "hs_lastmodifieddate",
        (
            *("name", "domain", "website", "phone", "address", "address2", "city", "state", "zip"),
            *("country", "industry", "numberofemployees", "lifecyclestage", "type"),
            "hs_parent_company_id",
        ),
    ),
    "deals": Kind(
        ("opportunity",),
        "hs_lastmodifieddate",
        (
            *("dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "closedate"),
            *("hs_is_closed_won", "hs_is_closed", "hs_deal_stage_probability", "dealtype"),
            "hs_primary_associated_company",
        ),
        written=False,
    ),
}


def streams_with(
    extra: Mapping[str, Sequence[str]], *, overlap: float = OVERLAP
) -> tuple[RestStream, ...]:
    """The streams, with further properties by object."""
    return tuple(
        _stream(name, kind, names_of(kind, extra.get(name, ())), overlap=overlap)
        for name, kind in KINDS.items()
    )


def names_of(kind: Kind, extra: Sequence[str] = ()) -> list[str]:
    """The properties that are asked for, each once."""
    return list(dict.fromkeys((*_ALWAYS, kind.modified, *kind.properties, *extra)))


def _stream(name: str, kind: Kind, names: list[str], *, overlap: float) -> RestStream:
    path, asked = f"crm/v3/objects/{name}", ",".join(names)
    search = RestStream(
        name=name,
        entities=kind.entities,
        path=f"{path}/search",
        rows="results",
        body=search_body(kind.modified, names),
        paging=CursorPaging(
            next="results[-1].id", param=AFTER, more="paging.next.after", size_param="limit"
        ),
        changes=Since(param=SINCE, overlap=overlap),
        version=kind.modified,
        absorbed="hs_merged_object_ids",
        quirks=(flat,),
        fetch=f"{path}/{{key}}?properties={asked}",
        write=RestWrite(path=f"{path}/{{key}}", wrap="properties") if kind.written else None,
        keys_only={"properties": "hs_object_id"},
        custom_fields=True,
    )
    listed = replace(
        search,
        path=path,
        params={"properties": asked},
        body=None,
        paging=CursorPaging(next="paging.next.after", param="after", size_param="limit"),
        changes=None,
    )
    return replace(search, whole=listed, count=_count(path, kind))


def _count(path: str, kind: Kind) -> RestCount:
    """What a search for all ids finds: archived objects are in no search, as in no list."""
    return RestCount(
        path=f"{path}/search",
        records="total",
        params={"limit": 1},
        body=search_body(kind.modified, ()),
        exact_below=SEARCH_LIMIT,
    )


def search_body(modified: str, names: Sequence[str]) -> Callable[[Values], JsonValue]:
    """Builds the search for what was changed since a time, in the order of ids."""

    def body(asked: Values) -> JsonValue:
        filters: list[JsonValue] = [_filter("hs_object_id", "GT", asked.get(AFTER, "0"))]
        if SINCE in asked:
            # Property values of the kind "datetime" are compared as milliseconds since 1970.
            moment = datetime.fromisoformat(str(asked[SINCE]))
            filters.append(_filter(modified, "GTE", str(int(moment.timestamp() * 1000))))
        return {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": list(names),
            "limit": asked["limit"],
        }

    return body


def _filter(name: str, operator: str, value: JsonValue) -> JsonValue:
    return {"propertyName": name, "operator": operator, "value": value}


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """The properties beside id and times, so that mappings and writes name them as HubSpot does."""
    outer = {name: value for name, value in row.items() if name != "properties"}
    return {**(row.get("properties") or {}), **outer}


def declared(stream: RestStream) -> Stream:
    """The stream as the contract knows it; HubSpot's webhooks are received besides."""
    known = stream.declared()
    return replace(known, capabilities=known.capabilities | {Capability.PUSH})


STREAMS: Final = tuple(declared(stream) for stream in streams_with({}))
