"""Which modules are read, which of their fields, and in what order: all of it declared.

Each page asks, by a fragment of SQL, for what comes after the last record in the order of
(date_modified, id), so equal times over a page's border lose nothing. Deleted rows come along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.suitecrm.config import SuiteCrmConfig
from hub.sdk.quirks import html_entities
from hub.sdk.resource import Keyset, Offset, Times
from hub.sdk.soap import RowShape, SoapCount, SoapStream, SoapWrite

ALWAYS: Final = ("id", "date_entered", "date_modified", "deleted", "assigned_user_id")
SHAPE: Final = RowShape(within="entry_list", head="", pairs="name_value_list")
_TIMES: Final = Times("%Y-%m-%d %H:%M:%S")  # the database's form, in UTC


def _address(prefix: str) -> tuple[str, ...]:
    parts = ("street", "city", "state", "postalcode", "country")
    return tuple(f"{prefix}_address_{part}" for part in parts)


_PERSON: Final = (
    *("salutation", "first_name", "last_name", "title", "phone_work", "phone_mobile", "email1"),
    *_address("primary"),
    "account_id",
)

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Accounts": (
        *("name", "account_type", "industry", "employees", "website", "email1", "parent_id"),
        *("phone_office", "phone_alternate", "phone_fax"),
        *_address("billing"),
        *_address("shipping"),
    ),
    "Contacts": (*_PERSON, "birthdate"),
    "Leads": (
        *_PERSON,
        *("account_name", "website", "status", "lead_source", "converted", "contact_id"),
    ),
    "Opportunities": (
        *("name", "account_id", "amount", "currency_id", "date_closed", "sales_stage"),
        *("probability", "lead_source", "opportunity_type"),
    ),
    "Cases": (
        *("case_number", "name", "status", "state", "priority", "type", "account_id"),
        "contact_created_by_id",
    ),
}
"""What the mapping uses; SuiteCRM leaves out a field that a module does not have."""
_ENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "Accounts": ("party", "relationship"),
    "Contacts": ("party", "relationship"),
    "Leads": ("party", "relationship"),
    "Opportunities": ("opportunity",),
    "Cases": ("ticket",),
}
_KEPT: Final = frozenset({"id", "date_entered", "date_modified", "deleted"})
DEMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Accounts": ("name",),
    "Contacts": ("last_name",),
    "Leads": ("last_name",),
}
"""The modules that are written to, and without which fields no record is made in them."""


def build_streams(config: SuiteCrmConfig) -> tuple[SoapStream, ...]:
    """The streams as these settings want them."""
    return tuple(_stream(module, config) for module in FIELDS)


def _stream(module: str, config: SuiteCrmConfig) -> SoapStream:
    table = module.lower()
    fields = (*ALWAYS, *FIELDS[module], *config.extra_fields.get(module, ()))
    return SoapStream(
        name=module,
        entities=_ENTITIES[module],
        operation="get_entry_list",
        rows=SHAPE,
        parts=_ask(module, list(dict.fromkeys(fields)), deleted=1),
        count=SoapCount(
            operation="get_entries_count",
            parts={"module_name": module, "query": "", "deleted": 0},
            found="return.result_count",
        ),
        keys_only={**_ask(module, ["id", "deleted"], deleted=0), "order_by": "id asc"},
        paging=Offset(param="offset", size_param="max_results"),
        changes=_changes(table, config.settle_seconds),
        version="date_modified",
        times=_TIMES,
        deleted="deleted",
        quirks=(html_entities(), _with_currency(config.currency)),
        fetch_body=ask_for_one(module, fields),
        write=_write(module, frozenset(fields) - _KEPT) if module in DEMANDS else None,
        custom_fields=True,
    )


def _ask(module: str, fields: list[str], *, deleted: int) -> dict[str, Any]:
    """The parts in the order of the WSDL; ``deleted`` 1 gives deleted rows besides the others."""
    return {
        "module_name": module,
        "query": "",
        "order_by": "date_modified asc, id asc",
        "offset": 0,
        "select_fields": fields,
        "link_name_to_fields_array": [],
        "max_results": 1,
        "deleted": deleted,
        "favorites": 0,
    }


def _changes(table: str, settle: float) -> Keyset:
    """In brackets, since SuiteCRM appends its own conditions with AND."""
    stamp, key = f"{table}.date_modified", f"{table}.id"
    then = f"({stamp} > '{{time}}' or ({stamp} = '{{time}}' and {key} > '{{key}}'))"
    until = f" and {stamp} <= '{{until}}'" if settle else ""
    return Keyset(param="query", then=then, until=until, settle=settle, size_param="max_results")


def ask_for_one(
    module: str, fields: tuple[str, ...], *, deleted: int = 0
) -> Callable[[str], dict[str, Any]]:
    """The parts that ask for one record by its id; ``deleted`` 1 finds it if it is deleted too."""

    def body(key: str) -> dict[str, Any]:
        """A key is put into the condition only as what SuiteCRM's own ids are made of."""
        known = key if key.replace("-", "").replace("_", "").isalnum() else ""
        whole = _ask(module, list(dict.fromkeys(fields)), deleted=deleted)
        return {**whole, "query": f"({module.lower()}.id = '{known}')"}

    return body


def _write(module: str, fields: frozenset[str]) -> SoapWrite:
    """set_entry changes the fields it is given, and creates where no id is among them.

    It passes over a field that the module does not have, so only those that are read are written.
    """

    def pairs(fields: Mapping[str, Any]) -> dict[str, Any]:
        named = [{"name": name, "value": _text(value)} for name, value in fields.items()]
        return {"module_name": module, "name_value_list": named}

    return SoapWrite(
        operation="set_entry",
        fields=fields,
        body=lambda key, fields: pairs({"id": key, **fields}),
        create="set_entry",
        create_body=pairs,
        created="return.id",
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _with_currency(default: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """An amount in the default currency (-99) names none; it is added, as the settings say."""

    def add(row: dict[str, Any]) -> dict[str, Any]:
        if row.get("amount") and row.get("currency_id") in (None, "", "-99"):
            return {**row, "currency": default}
        return row

    return add
