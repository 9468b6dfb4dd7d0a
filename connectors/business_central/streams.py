"""The entities that are read, with the fields that the mapping may use.

Fields by "API (v2.0) for Business Central". ``or`` over two fields is refused (Using Filter
Expressions in OData URIs), so what changed is read in sweeps: everything since a time, in the order
of the service's own pages.
"""

from __future__ import annotations

from typing import Any, Final

from hub.sdk.odata import Edm, ODataStream, Reading, Service

SYSTEM: Final = "business_central"
_ADDRESS: Final = ("addressLine1", "addressLine2", "city", "state", "country", "postalCode")
_REACHED: Final = ("phoneNumber", "email", "website")
_BILLED: Final = (
    *("customerId", "customerNumber", "customerName", "billToCustomerId", "currencyCode"),
    *("externalDocumentNumber", "salesperson", "status"),
    *("totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax"),
)


def service_root(tenant: str, environment: str, company: str) -> str:
    """Where the entities of a company are."""
    return f"/v2.0/{tenant}/{environment}/api/v2.0/companies({company})"


def streams_at(service: Service) -> tuple[ODataStream, ...]:
    """The streams of a company."""
    return tuple(
        ODataStream(
            name=name,
            service=service,
            key=("id",),
            types={"id": Edm.GUID},
            cursor="lastModifiedDateTime",
            reading=Reading.SWEEP,
            countable=True,
            **special,
        )
        for name, special in _SPECIAL.items()
    )


_SPECIAL: Final[dict[str, dict[str, Any]]] = {
    "customers": {
        "entities": ("party", "account"),
        "select": (
            *("number", "displayName", "type", *_ADDRESS, *_REACHED, "salespersonCode"),
            *("creditLimit", "taxRegistrationNumber", "currencyCode", "blocked"),
        ),
        "write": _REACHED,
    },
    "contacts": {
        "entities": ("party", "relationship"),
        "select": (
            *("number", "displayName", "type", *_ADDRESS, *_REACHED, "mobilePhoneNumber"),
            *("companyNumber", "companyName", "contactBusinessRelation", "privacyBlocked"),
            "taxRegistrationNumber",
        ),
        "write": (*_REACHED, "mobilePhoneNumber"),
    },
    "salesOrders": {
        "entities": ("order",),
        "select": ("number", "orderDate", "fullyShipped", *_BILLED),
        "expand": ("salesOrderLines",),
    },
    "salesInvoices": {
        "entities": ("invoice",),
        "select": (
            *("number", "invoiceDate", "dueDate", "orderId", "orderNumber", "remainingAmount"),
            *_BILLED,
        ),
        "expand": ("salesInvoiceLines",),
    },
}
STREAMS: Final = tuple(stream.declared() for stream in streams_at(Service()))
