"""The entity sets that are read, with the properties that the mapping may use.

Properties by the metadata of API_BUSINESS_PARTNER and API_SALES_ORDER_SRV (SAP Business Accelerator
Hub). Both are swept in the order of their keys: a filter by date is as fine as a day, and
``LastChangeDateTime`` is sent in milliseconds but kept finer, so neither can be a keyset's cursor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from connectors.sap_s4hana.orders import with_totals
from connectors.sap_s4hana.partners import EMAIL, PHONE, changed_in, shape_in, since_in
from hub.sdk.odata import Edm, ODataStream, Reading, Service, Version

SYSTEM: Final = "sap_s4hana"
PARTNERS: Final = Service("/sap/opu/odata/sap/API_BUSINESS_PARTNER", Version.V2, csrf=True)
ORDERS: Final = Service("/sap/opu/odata/sap/API_SALES_ORDER_SRV", Version.V2, csrf=True)
_ADDRESS: Final = "to_BusinessPartnerAddress"

PARTNER: Final = ODataStream(
    name="business_partner",
    entities=("party", "account"),
    entity_set="A_BusinessPartner",
    service=PARTNERS,
    key=("BusinessPartner",),
    select=(
        *("BusinessPartnerCategory", "BusinessPartnerFullName", "FirstName", "LastName"),
        *("OrganizationBPName1", "OrganizationBPName2", "LegalForm", "Industry", "BirthDate"),
        *("CorrespondenceLanguage", "SearchTerm1", "SearchTerm2", "Customer", "Supplier"),
        *("BusinessPartnerIsBlocked", "IsMarkedForArchiving"),
        *("CreationDate", "CreationTime", "LastChangeDate", "LastChangeTime"),
    ),
    expand=(
        _ADDRESS,
        f"{_ADDRESS}/to_AddressUsage",
        f"{_ADDRESS}/to_EmailAddress",
        f"{_ADDRESS}/to_PhoneNumber",
        f"{_ADDRESS}/to_MobilePhoneNumber",
        f"{_ADDRESS}/to_URLAddress",
        "to_BusinessPartnerTax",
        "to_BusinessPartnerRole",
        "to_Customer",
    ),
    cursor="LastChangeDate",
    reading=Reading.SWEEP,
    by_key=True,
    countable=True,
    write=("SearchTerm1", "SearchTerm2", EMAIL, PHONE),
)
CONTACT: Final = ODataStream(
    name="contact_person",
    entities=("relationship",),
    entity_set="A_BusinessPartnerContact",
    service=PARTNERS,
    key=(
        "RelationshipNumber",
        "BusinessPartnerCompany",
        "BusinessPartnerPerson",
        "ValidityEndDate",
    ),
    types={"ValidityEndDate": Edm.DATETIME},
    select=("ValidityStartDate", "IsStandardRelationship", "RelationshipCategory"),
    expand=("to_ContactRelationship",),
    countable=True,
)
ORDER: Final = ODataStream(
    name="sales_order",
    entities=("order",),
    entity_set="A_SalesOrder",
    service=ORDERS,
    key=("SalesOrder",),
    select=(
        *("SalesOrderType", "SoldToParty", "SalesOrderDate", "PurchaseOrderByCustomer"),
        *("TransactionCurrency", "TotalNetAmount", "OverallSDProcessStatus"),
        *("OverallSDDocumentRejectionSts", "CreationDate"),
    ),
    expand=("to_Item",),
    cursor="LastChangeDateTime",
    reading=Reading.SWEEP,
    by_key=True,
    countable=True,
    shape=with_totals,
)
STREAMS: Final = (PARTNER, CONTACT, ORDER)


def streams_in(zone: ZoneInfo) -> tuple[ODataStream, ...]:
    """The streams of a system whose times are in this zone."""
    partner = replace(PARTNER, changed=changed_in(zone), since=since_in(zone), shape=shape_in(zone))
    return partner, CONTACT, ORDER
