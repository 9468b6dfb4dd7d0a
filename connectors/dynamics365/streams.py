"""The tables that are read, with the columns that the mapping may use.

Columns by the Dataverse table reference (account, contact, lead, opportunity). A lookup column
``x`` is read as ``_x_value``. ``versionnumber`` counts every change of a row, so it orders versions
and shows that a row is the one that was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hub.sdk.odata import Edm, ODataStream, Reading, Service

SYSTEM: Final = "dynamics365"
ROOT: Final = "/api/data/v9.2"
SERVICE: Final = Service(ROOT)
EXPIRED: Final = "0x80044352"
"""ExpiredVersionStamp: the change tracking token is older than the environment keeps changes."""


def _address(number: int) -> tuple[str, ...]:
    parts = ("name", "line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country")
    return tuple(f"address{number}_{part}" for part in parts)


_AUDIT: Final = ("_ownerid_value", "createdon", "modifiedon", "statecode")
_MERGE: Final = ("merged", "_masterid_value")
_PERSON: Final = (
    *("fullname", "firstname", "lastname", "salutation", "jobtitle", "emailaddress1"),
    *("telephone1", "mobilephone", "donotemail", "donotbulkemail"),
)

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": (
        *("name", "accountnumber", "customertypecode", "telephone1", "fax", "emailaddress1"),
        *("websiteurl", "numberofemployees", "industrycode", "_parentaccountid_value"),
        *(*_address(1), *_address(2), *_MERGE, *_AUDIT),
    ),
    "contacts": (
        *(*_PERSON, "birthdate", "_parentcustomerid_value", "_accountid_value"),
        *(*_address(1), *_MERGE, *_AUDIT),
    ),
    "leads": (
        *(*_PERSON, "companyname", "websiteurl", "leadsourcecode", "statuscode"),
        *("_parentaccountid_value", "_parentcontactid_value", *_address(1), *_MERGE, *_AUDIT),
    ),
    "opportunities": (
        *("name", "estimatedvalue", "actualvalue", "estimatedclosedate", "actualclosedate"),
        *("closeprobability", "stepname", "_parentaccountid_value", "_accountid_value"),
        *("_parentcontactid_value", "_campaignid_value", "_transactioncurrencyid_value", *_AUDIT),
    ),
}
WRITABLE: Final = ("telephone1", "mobilephone", "emailaddress1", "websiteurl")


def _stream(name: str, key: str, entities: tuple[str, ...], **more: Any) -> ODataStream:
    return ODataStream(
        name=name,
        entities=entities,
        key=(key,),
        service=SERVICE,
        select=COLUMNS[name],
        cursor="versionnumber",
        version="versionnumber",
        types={key: Edm.GUID, "versionnumber": Edm.INT64},
        reading=Reading.DELTA,
        custom_fields=True,
        write=tuple(field for field in WRITABLE if field in COLUMNS[name]),
        **more,
    )


_MERGED: Final[Mapping[str, Any]] = {"deleted": ("merged", True), "merged_into": "_masterid_value"}

STREAMS: Final = (
    _stream("accounts", "accountid", ("party", "relationship"), **_MERGED),
    _stream("contacts", "contactid", ("party", "relationship"), **_MERGED),
    _stream("leads", "leadid", ("party", "relationship"), **_MERGED),
    _stream("opportunities", "opportunityid", ("opportunity",)),
)


def with_fields(stream: ODataStream, extra: Mapping[str, tuple[str, ...]]) -> ODataStream:
    """The stream with the further columns that a connection asks for."""
    return replace(stream, select=(*stream.select, *extra.get(stream.name, ())))
