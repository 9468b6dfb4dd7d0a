"""Every table of the store, in the order in which data flows through them.

Row ids of landing and canonical tables are 64-bit integers handed out in blocks; they never leave
the store. What people and other systems see (parties, runs, cases, deliveries) is a UUIDv7.
Texts named body, payload, counts, cursor, fields, evidence hold JSON. Laws 1, 2, 5, 11 of the
design are held here by constraints.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from hub.store import (
    arrivals,
    control,
    erased,
    layout,
    match_tables,
    search_tables,
    sessions,
    trail,
    whole,
)
from hub.store.columns import ScaledMoney, UtcMicros
from hub.store.layout import RowId, Uuid
from hub.store.layout import foreign_key as _fk
from hub.store.layout import partial_index as _where

metadata = layout.metadata

connection = Table(
    "connection",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("office", Text, nullable=False, server_default="front"),
    Column("created_at", UtcMicros, nullable=False),
    Column("paused_at", UtcMicros),
)

stream = Table(
    "stream",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("connection_id", Uuid, _fk("connection.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("cursor", Text),
    Column("commit_seq", BigInteger, nullable=False, server_default="0"),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("epoch_open", Boolean, nullable=False, server_default=sa.false()),
    Column("lease_holder", Text),
    Column("lease_until", UtcMicros),
    Column("mapping_digest", Text),
    Column("one_account", Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("connection_id", "name"),
)

run = Table(
    "run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("step", Text, nullable=False),
    Column("connection_id", Uuid, _fk("connection.id")),
    Column("stream_id", BigInteger, _fk("stream.id")),
    Column("started_at", UtcMicros, nullable=False),
    Column("ended_at", UtcMicros),
    Column("state", Text, nullable=False),
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("error", Text),
)
Index("ix_run_stream", run.c.stream_id, run.c.started_at)

id_block = Table(
    "id_block",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
)

source_record = Table(
    "source_record",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("stream_id", BigInteger, _fk("stream.id"), nullable=False),
    Column("source_key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source_version", Text),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=sa.false()),
    Column("merged_into", Text),
    Column("pending", Boolean, nullable=False),
    sa.UniqueConstraint("stream_id", "source_key"),
)
_where(source_record, "pending", "ix_source_record_pending", "stream_id", "id")

raw_version = Table(
    "raw_version",
    metadata,
    Column("record_id", BigInteger, _fk("source_record.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("payload", Text, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("source_version", Text),
    Column("deleted", Boolean, nullable=False, server_default=sa.false()),
    Column("observed_at", UtcMicros, nullable=False),
    Column("run_id", Uuid, nullable=False),
)

scanned_record = arrivals.scanned_record
push_delivery = arrivals.push_delivery
token = arrivals.token

canonical_record = Table(
    "canonical_record",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, _fk("source_record.id"), nullable=False),
    Column("part", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("raw_version", Integer, nullable=False),
    Column("mapping_digest", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    sa.UniqueConstraint("record_id", "part"),
)
_where(canonical_record, "pending AND entity = 'party'", "ix_canonical_record_pending", "id")
Index("ix_canonical_record_entity", canonical_record.c.entity, canonical_record.c.id)

canonical_ref = Table(
    "canonical_ref",
    metadata,
    Column("canonical_id", BigInteger, _fk("canonical_record.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("stream_id", BigInteger, _fk("stream.id"), nullable=False),
    Column("source_key", Text, nullable=False),
    Column("part", Text, nullable=False),
)
Index(
    "ix_canonical_ref_target",
    canonical_ref.c.stream_id,
    canonical_ref.c.source_key,
    canonical_ref.c.part,
)

document = Table(
    "document",
    metadata,
    Column("canonical_id", RowId, _fk("canonical_record.id"), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("date", Text),
    Column("status", Text, nullable=False),
    Column("currency", Text),
    Column("net", ScaledMoney),
    Column("tax", ScaledMoney),
    Column("gross", ScaledMoney),
    Column("open_amount", ScaledMoney),
    Column("checksum", BigInteger, nullable=False, server_default="0"),
    Column("due_date", Text),
    Column("changed", Text, nullable=False, server_default=""),
)

mapping_version = Table(
    "mapping_version",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("system", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("recorded_at", UtcMicros, nullable=False),
)

mapping_gap = Table(
    "mapping_gap",
    metadata,
    Column("stream_id", BigInteger, _fk("stream.id"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("seen", BigInteger, nullable=False),
)

field_catalogue = Table(
    "field_catalogue",
    metadata,
    Column("system", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("pii", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("lineage", Text, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("stream_id", BigInteger, _fk("stream.id"), nullable=False),
    Column("record_id", BigInteger, _fk("source_record.id")),
    Column("version", Integer),
    Column("epoch", Integer),
    Column("fingerprint", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("raw", Text),
    Column("state", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("settled_at", UtcMicros),
    sa.UniqueConstraint("stream_id", "fingerprint"),
)
_where(quarantine, "state = 'open'", "ix_quarantine_open", "stream_id", "record_id")

match_profile = match_tables.match_profile
match_content = match_tables.match_content
match_key = match_tables.match_key
frequent_key = match_tables.frequent_key
derived_relationship = match_tables.derived_relationship
match_model = match_tables.match_model
match_frequency = match_tables.match_frequency

master_party = Table(
    "master_party",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("founding_id", BigInteger, _fk("canonical_record.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("replaced_by", Uuid, _fk("master_party.id")),
    Column("created_at", UtcMicros, nullable=False),
    Column("golden_pending", Boolean, nullable=False),
)
_where(master_party, "golden_pending", "ix_master_party_golden_pending", "seq")
Index("ix_master_party_founding", master_party.c.founding_id)

link = Table(
    "link",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("canonical_id", BigInteger, _fk("canonical_record.id"), nullable=False),
    Column("party_id", Uuid, _fk("master_party.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("valid_from", UtcMicros, nullable=False),
    Column("valid_to", UtcMicros),
    Column("recorded_from", UtcMicros, nullable=False),
    Column("recorded_to", UtcMicros),
)
_where(link, "recorded_to IS NULL", "uq_link_active", "canonical_id", unique=True)
_where(link, "recorded_to IS NULL", "ix_link_party", "party_id")
_where(link, "recorded_to IS NOT NULL", "ix_link_closed_party", "party_id", own_only=True)
_where(link, "recorded_to IS NOT NULL", "ix_link_closed", "canonical_id", own_only=True)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("left_id", BigInteger, _fk("canonical_record.id"), nullable=False),
    Column("right_id", BigInteger, _fk("canonical_record.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", UtcMicros, nullable=False),
    Column("revoked_at", UtcMicros),
    sa.CheckConstraint("kind IN ('must_link', 'never_link')", name="ck_decision_kind"),
    sa.CheckConstraint("left_id < right_id", name="ck_decision_order"),
)
Index("ix_decision_left", decision.c.left_id)
Index("ix_decision_right", decision.c.right_id)

review_case = Table(
    "review_case",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("left_id", BigInteger, _fk("canonical_record.id"), nullable=False),
    Column("right_id", BigInteger, _fk("canonical_record.id"), nullable=False),
    Column("grade", Text, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", UtcMicros, nullable=False),
    Column("settled_at", UtcMicros),
    Column("settled_by", Text),
    Column("assignee", Text),
)
_where(review_case, "state = 'open'", "uq_review_case_open", "left_id", "right_id", unique=True)
_where(review_case, "state = 'open'", "ix_review_case_right", "right_id")
_where(review_case, "state = 'open'", "ix_review_case_open", "weight", "opened_at", "id", "grade")
_where(review_case, "settled_at IS NOT NULL", "ix_review_case_settled", "settled_at")

golden_record = Table(
    "golden_record",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("party_id", Uuid, _fk("master_party.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("rules_digest", Text, nullable=False),
    Column("valid_from", UtcMicros, nullable=False),
    Column("valid_to", UtcMicros),
    Column("recorded_from", UtcMicros, nullable=False),
    Column("recorded_to", UtcMicros),
    sa.UniqueConstraint("party_id", "version"),
)
_where(golden_record, "recorded_to IS NULL", "uq_golden_record_active", "party_id", unique=True)

search_term = search_tables.search_term

party_event = Table(
    "party_event",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("party_id", Uuid, _fk("master_party.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("created_at", UtcMicros, nullable=False),
    Column("pending", Boolean, nullable=False),
)
_where(party_event, "pending", "ix_party_event_pending", "seq")
Index("ix_party_event_party", party_event.c.party_id, party_event.c.seq)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("party_id", Uuid, _fk("master_party.id"), nullable=False),
    Column("record_id", BigInteger, _fk("source_record.id"), nullable=False),
    Column("attribute", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("before", Text),
    Column("expected_version", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Column("lease_holder", Text),
    Column("lease_until", UtcMicros),
    Column("planned_at", UtcMicros, nullable=False),
    Column("sent_at", UtcMicros),
    Column("settled_at", UtcMicros),
    Column("approved_at", UtcMicros),
    Column("found", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
)
Index("ix_delivery_record", delivery.c.record_id, delivery.c.seq)
Index("ix_delivery_sent", delivery.c.sent_at)
OPEN_DELIVERY = "state IN ('planned', 'sending', 'unknown', 'conflict', 'dead')"
_where(delivery, OPEN_DELIVERY, "uq_delivery_open", "record_id", "field", unique=True)
ASKS_DELIVERY = "state IN ('conflict', 'dead', 'rejected', 'unknown')"
_where(delivery, ASKS_DELIVERY, "ix_delivery_asks", "state", "seq")

receipt = Table(
    "receipt",
    metadata,
    Column("delivery_id", Uuid, _fk("delivery.id"), primary_key=True),
    Column("target_version", Text),
    Column("received_at", UtcMicros, nullable=False),
)

record_delivery = whole.record_delivery

report_break = control.report_break
break_note = control.break_note
sign_off = control.sign_off
report_figure = control.report_figure
report_line = control.report_line
ended_session = sessions.ended_session
audit_entry = trail.audit_entry
audit_subject = trail.audit_subject
party_fate = trail.party_fate
rule_set = trail.rule_set
erasure = erased.erasure
suppression = erased.suppression
