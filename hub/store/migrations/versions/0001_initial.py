"""Every table of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UUID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    _create_connection()
    _create_field_catalogue()
    _create_id_block()
    _create_mapping_version()
    _create_report_break()
    _create_stream()
    _create_mapping_gap()
    _create_run()
    _create_source_record()
    _create_canonical_record()
    _create_quarantine()
    _create_raw_version()
    _create_canonical_ref()
    _create_decision()
    _create_document()
    _create_master_party()
    _create_match_key()
    _create_match_profile()
    _create_review_case()
    _create_delivery()
    _create_golden_record()
    _create_link()
    _create_party_event()
    _create_receipt()


def _create_connection() -> None:
    op.create_table(
        "connection",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), server_default="front", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_connection"),
        sa.UniqueConstraint("name", name="uq_connection_name"),
    )


def _create_field_catalogue() -> None:
    op.create_table(
        "field_catalogue",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("pii", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("system", "name", name="pk_field_catalogue"),
    )


def _create_id_block() -> None:
    op.create_table(
        "id_block",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_id_block"),
    )


def _create_mapping_version() -> None:
    op.create_table(
        "mapping_version",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_mapping_version"),
    )


def _create_report_break() -> None:
    op.create_table(
        "report_break",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_report_break"),
    )


def _create_stream() -> None:
    op.create_table(
        "stream",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("connection_id", _UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("commit_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("epoch_open", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("mapping_digest", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name="fk_stream_connection_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stream"),
        sa.UniqueConstraint("connection_id", "name", name="uq_stream_connection_id_name"),
    )


def _create_mapping_gap() -> None:
    op.create_table(
        "mapping_gap",
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_mapping_gap_stream_id"),
        sa.PrimaryKeyConstraint("stream_id", "path", "value", name="pk_mapping_gap"),
    )


def _create_run() -> None:
    op.create_table(
        "run",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("connection_id", _UUID, nullable=True),
        sa.Column("stream_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_run_connection_id"),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_run_stream_id"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )


def _create_source_record() -> None:
    op.create_table(
        "source_record",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_version", sa.Text(), nullable=True),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_source_record_stream_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source_record"),
        sa.UniqueConstraint(
            "stream_id", "source_key", name="uq_source_record_stream_id_source_key"
        ),
    )
    op.create_index(
        "ix_source_record_pending",
        "source_record",
        ["stream_id", "id"],
        unique=False,
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )


def _create_canonical_record() -> None:
    op.create_table(
        "canonical_record",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raw_version", sa.Integer(), nullable=False),
        sa.Column("mapping_digest", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["source_record.id"], name="fk_canonical_record_record_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_canonical_record"),
        sa.UniqueConstraint("record_id", "part", name="uq_canonical_record_record_id_part"),
    )
    op.create_index(
        "ix_canonical_record_entity", "canonical_record", ["entity", "id"], unique=False
    )
    op.create_index(
        "ix_canonical_record_pending",
        "canonical_record",
        ["id"],
        unique=False,
        sqlite_where=sa.text("pending AND entity = 'party'"),
        postgresql_where=sa.text("pending AND entity = 'party'"),
    )


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record_id"], ["source_record.id"], name="fk_quarantine_record_id"
        ),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_quarantine_stream_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("stream_id", "fingerprint", name="uq_quarantine_stream_id_fingerprint"),
    )
    op.create_index(
        "ix_quarantine_open",
        "quarantine",
        ["stream_id", "record_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_raw_version() -> None:
    op.create_table(
        "raw_version",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source_version", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("run_id", _UUID, nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["source_record.id"], name="fk_raw_version_record_id"
        ),
        sa.PrimaryKeyConstraint("record_id", "version", name="pk_raw_version"),
    )


def _create_canonical_ref() -> None:
    op.create_table(
        "canonical_ref",
        sa.Column("canonical_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["canonical_id"], ["canonical_record.id"], name="fk_canonical_ref_canonical_id"
        ),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_canonical_ref_stream_id"),
        sa.PrimaryKeyConstraint("canonical_id", "role", name="pk_canonical_ref"),
    )
    op.create_index(
        "ix_canonical_ref_target",
        "canonical_ref",
        ["stream_id", "source_key", "part"],
        unique=False,
    )


def _create_decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("left_id", sa.BigInteger(), nullable=False),
        sa.Column("right_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('must_link', 'never_link')", name="ck_decision_kind"),
        sa.CheckConstraint("left_id < right_id", name="ck_decision_order"),
        sa.ForeignKeyConstraint(["left_id"], ["canonical_record.id"], name="fk_decision_left_id"),
        sa.ForeignKeyConstraint(["right_id"], ["canonical_record.id"], name="fk_decision_right_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_left", "decision", ["left_id"], unique=False)
    op.create_index("ix_decision_right", "decision", ["right_id"], unique=False)


def _create_document() -> None:
    op.create_table(
        "document",
        sa.Column("canonical_id", _ID, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("date", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=True),
        sa.Column("tax", sa.BigInteger(), nullable=True),
        sa.Column("gross", sa.BigInteger(), nullable=True),
        sa.Column("open_amount", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["canonical_id"], ["canonical_record.id"], name="fk_document_canonical_id"
        ),
        sa.PrimaryKeyConstraint("canonical_id", name="pk_document"),
    )


def _create_master_party() -> None:
    op.create_table(
        "master_party",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("founding_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("replaced_by", _UUID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("golden_pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["founding_id"], ["canonical_record.id"], name="fk_master_party_founding_id"
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["master_party.id"], name="fk_master_party_replaced_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_master_party"),
        sa.UniqueConstraint("seq", name="uq_master_party_seq"),
    )
    op.create_index(
        "ix_master_party_golden_pending",
        "master_party",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("golden_pending"),
        postgresql_where=sa.text("golden_pending"),
    )
    op.create_index(
        "ix_master_party_founding", "master_party", ["founding_id"], unique=False
    )


def _create_match_key() -> None:
    op.create_table(
        "match_key",
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("profile", "key", name="pk_match_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_key_key", "match_key", ["key"], unique=False)
    op.create_table(
        "frequent_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_frequent_key"),
    )


def _create_match_profile() -> None:
    op.create_table(
        "match_profile",
        sa.Column("canonical_id", _ID, autoincrement=False, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["canonical_id"], ["canonical_record.id"], name="fk_match_profile_canonical_id"
        ),
        sa.PrimaryKeyConstraint("canonical_id", name="pk_match_profile"),
    )
    op.create_index("ix_match_profile_profile", "match_profile", ["profile"], unique=False)


def _create_review_case() -> None:
    op.create_table(
        "review_case",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("left_id", sa.BigInteger(), nullable=False),
        sa.Column("right_id", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["left_id"], ["canonical_record.id"], name="fk_review_case_left_id"
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["canonical_record.id"], name="fk_review_case_right_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_case"),
    )
    op.create_index(
        "uq_review_case_open",
        "review_case",
        ["left_id", "right_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_review_case_right",
        "review_case",
        ["right_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("party_id", _UUID, nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("expected_version", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["master_party.id"], name="fk_delivery_party_id"),
        sa.ForeignKeyConstraint(["record_id"], ["source_record.id"], name="fk_delivery_record_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("seq", name="uq_delivery_seq"),
    )
    op.create_index(
        "uq_delivery_open",
        "delivery",
        ["record_id", "field"],
        unique=True,
        sqlite_where=sa.text("state IN ('planned', 'sending', 'unknown', 'conflict')"),
        postgresql_where=sa.text("state IN ('planned', 'sending', 'unknown', 'conflict')"),
    )


def _create_golden_record() -> None:
    op.create_table(
        "golden_record",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("party_id", _UUID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("rules_digest", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("recorded_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["party_id"], ["master_party.id"], name="fk_golden_record_party_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_golden_record"),
        sa.UniqueConstraint("party_id", "version", name="uq_golden_record_party_id_version"),
    )
    op.create_index(
        "uq_golden_record_active",
        "golden_record",
        ["party_id"],
        unique=True,
        sqlite_where=sa.text("recorded_to IS NULL"),
        postgresql_where=sa.text("recorded_to IS NULL"),
    )


def _create_link() -> None:
    op.create_table(
        "link",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("canonical_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("recorded_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["canonical_id"], ["canonical_record.id"], name="fk_link_canonical_id"
        ),
        sa.ForeignKeyConstraint(["party_id"], ["master_party.id"], name="fk_link_party_id"),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
    )
    op.create_index(
        "ix_link_party",
        "link",
        ["party_id"],
        unique=False,
        sqlite_where=sa.text("recorded_to IS NULL"),
        postgresql_where=sa.text("recorded_to IS NULL"),
    )
    op.create_index(
        "uq_link_active",
        "link",
        ["canonical_id"],
        unique=True,
        sqlite_where=sa.text("recorded_to IS NULL"),
        postgresql_where=sa.text("recorded_to IS NULL"),
    )


def _create_party_event() -> None:
    op.create_table(
        "party_event",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("party_id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["master_party.id"], name="fk_party_event_party_id"),
        sa.PrimaryKeyConstraint("id", name="pk_party_event"),
        sa.UniqueConstraint("seq", name="uq_party_event_seq"),
    )
    op.create_index(
        "ix_party_event_pending",
        "party_event",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )


def _create_receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("delivery_id", _UUID, nullable=False),
        sa.Column("target_version", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_receipt_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_receipt"),
    )
