"""What a publish rule may ask of customers beyond their golden records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.tables import canonical_record, canonical_ref, document, link, source_record

_WON: Final = "won"
OPPORTUNITY: Final = "opportunity"


def parties_of_deals(db: Connection, record_ids: Iterable[int]) -> set[str]:
    """The customers that the opportunities in these source records are with."""
    query, deal = _customers_in_deals()
    return set(db.scalars(query.where(deal.c.record_id.in_(list(record_ids)))))


def parties_with_won(db: Connection, party_ids: Iterable[str]) -> set[str]:
    """Those of the parties that an opportunity was won with; found from the parties."""
    query, deal = _customers_in_deals()
    query = query.join(document, document.c.canonical_id == deal.c.id).where(
        link.c.party_id.in_(list(party_ids)),
        deal.c.active,
        document.c.entity == OPPORTUNITY,
        document.c.status == _WON,
    )
    return set(db.scalars(query))


def _customers_in_deals() -> tuple[sa.Select[Any], sa.FromClause]:
    """Parties, each joined with the records of the deals that name it, and these records."""
    own, deal = canonical_record.alias("own"), canonical_record.alias("deal")
    query = (
        sa.select(link.c.party_id)
        .distinct()
        .join(own, own.c.id == link.c.canonical_id)
        .join(source_record, source_record.c.id == own.c.record_id)
        .join(
            canonical_ref,
            sa.and_(
                canonical_ref.c.stream_id == source_record.c.stream_id,
                canonical_ref.c.source_key == source_record.c.source_key,
                canonical_ref.c.part == own.c.part,
                canonical_ref.c.role == "party",
            ),
        )
        .join(deal, deal.c.id == canonical_ref.c.canonical_id)
        .where(link.c.recorded_to.is_(None))
    )
    return query, deal
