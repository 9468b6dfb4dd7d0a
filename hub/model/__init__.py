"""The canonical customer model: what every system's records are translated into."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.model.base import CanonicalRecord
from hub.model.commerce import CustomerAccount, Invoice, Order, Payment
from hub.model.party import Party, Relationship
from hub.model.service import Campaign, CampaignMember, Interaction, Opportunity, Ticket

MODEL_VERSION: Final = "1.0"

ENTITIES: Final[Mapping[str, type[CanonicalRecord]]] = MappingProxyType(
    {
        "party": Party,
        "relationship": Relationship,
        "account": CustomerAccount,
        "interaction": Interaction,
        "ticket": Ticket,
        "opportunity": Opportunity,
        "campaign": Campaign,
        "campaign_member": CampaignMember,
        "order": Order,
        "invoice": Invoice,
        "payment": Payment,
    }
)
"""Entity name, as mappings and streams use it, to its type."""

__all__ = ["ENTITIES", "MODEL_VERSION", "CanonicalRecord"]
