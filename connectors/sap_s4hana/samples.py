"""How the conformance kit fills the stand-in: partners with an address, relations, orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue

from connectors.sap_s4hana.partners import PHONE, STANDARD
from hub.sdk import Sample, Samples, composite_key

Row = dict[str, Any]
ENDLESS: Final = "9999-12-31T00:00:00"


def stamps(moment: datetime, kind: str) -> Row:
    """Date and time of a change as SAP keeps them: whole seconds, here in UTC."""
    utc = moment.astimezone(UTC)
    return {
        f"{kind}Date": f"{utc:%Y-%m-%d}T00:00:00",
        f"{kind}Time": f"PT{utc:%H}H{utc:%M}M{utc:%S}S",
    }


def _key(stream: str, number: int) -> str:
    if stream == "contact_person":
        return composite_key([f"{number:012}", f"{number:010}", f"9{number:09}", ENDLESS])
    return f"{number:010}"


def _row(sample: Sample) -> Row:
    return _SPECIAL[sample.stream](sample)


def _partner(sample: Sample) -> Row:
    number = f"{sample.number:010}"
    return {
        "BusinessPartner": number,
        "BusinessPartnerCategory": "2",
        "BusinessPartnerFullName": f"Example {sample.number} Ltd",
        "FirstName": "",
        "LastName": "",
        "OrganizationBPName1": f"Example {sample.number} Ltd",
        "OrganizationBPName2": "",
        "LegalForm": "",
        "Industry": "",
        "BirthDate": None,
        "CorrespondenceLanguage": "EN",
        "SearchTerm1": f"EXAMPLE {sample.revision}",
        "SearchTerm2": "",
        "Customer": number,
        "Supplier": "",
        "BusinessPartnerIsBlocked": False,
        "IsMarkedForArchiving": False,
        **stamps(datetime(2020, 1, 1, tzinfo=UTC), "Creation"),
        **stamps(sample.at, "LastChange"),
        "to_BusinessPartnerAddress": [_address(sample, number)],
        "to_BusinessPartnerTax": [
            {"BPTaxType": "AT0", "BPTaxNumber": f"ATU0000{sample.number:04}", "BPTaxLongNumber": ""}
        ],
        "to_BusinessPartnerRole": [{"BusinessPartnerRole": "FLCU01"}],
        "to_Customer": {"Customer": number, "PostingIsBlocked": False},
    }


def _address(sample: Sample, number: str) -> Row:
    place = {"AddressID": str(20_000 + sample.number), "Person": "", "OrdinalNumber": "1"}
    phone = _phone(sample.revision)
    return {
        "BusinessPartner": number,
        "AddressID": place["AddressID"],
        "StreetName": "Sample Street",
        "HouseNumber": str(sample.revision + 1),
        "PostalCode": "1010",
        "CityName": "Vienna",
        "Region": "",
        "Country": "AT",
        "to_AddressUsage": [{"AddressUsage": STANDARD}],
        "to_EmailAddress": [
            {
                **place,
                "IsDefaultEmailAddress": True,
                "EmailAddress": f"info@example{sample.number}.example",
            }
        ],
        "to_PhoneNumber": [
            {
                **place,
                "IsDefaultPhoneNumber": True,
                "PhoneNumber": phone,
                "InternationalPhoneNumber": phone,
            }
        ],
        "to_MobilePhoneNumber": [],
        "to_URLAddress": [],
    }


def _contact(sample: Sample) -> Row:
    return {
        "RelationshipNumber": f"{sample.number:012}",
        "BusinessPartnerCompany": f"{sample.number:010}",
        "BusinessPartnerPerson": f"9{sample.number:09}",
        "ValidityEndDate": ENDLESS,
        "ValidityStartDate": "2020-01-01T00:00:00",
        "IsStandardRelationship": sample.revision % 2 == 1,
        "RelationshipCategory": "BUR001",
        "to_ContactRelationship": {"ContactPersonFunctionName": f"Buyer {sample.revision}"},
    }


def _order(sample: Sample) -> Row:
    net = f"{100 + sample.revision}.50"
    at = sample.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    item = {"SalesOrder": f"{sample.number:010}", "SalesOrderItem": "10", "Material": "TG11"}
    amounts = {"RequestedQuantity": "1", "NetAmount": net, "TaxAmount": "20.10"}
    return {
        "SalesOrder": f"{sample.number:010}",
        "SalesOrderType": "OR",
        "SoldToParty": f"{sample.number:010}",
        "SalesOrderDate": "2026-01-31T00:00:00",
        "PurchaseOrderByCustomer": f"PO-{sample.number}",
        "TransactionCurrency": "EUR",
        "TotalNetAmount": net,
        "OverallSDProcessStatus": "A",
        "OverallSDDocumentRejectionSts": "A",
        "CreationDate": "2026-01-31T00:00:00",
        "LastChangeDateTime": at,
        "to_Item": [{**item, "SalesOrderItemText": "Trading good", **amounts}],
    }


_SPECIAL: Final[Mapping[str, Callable[[Sample], Row]]] = {
    "business_partner": _partner,
    "contact_person": _contact,
    "sales_order": _order,
}


def _phone(revision: int) -> str:
    return f"+43 1 555 {revision:04}"


def _fields(stream: str, revision: int) -> Mapping[str, JsonValue]:
    return {PHONE: _phone(revision)} if stream == "business_partner" else {}


SAMPLES: Final = Samples(key=_key, row=_row, fields=_fields)
