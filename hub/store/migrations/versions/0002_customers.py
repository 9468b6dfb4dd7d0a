"""Customers, links, reviews, golden records, deliveries and report breaks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UUID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    _create_frequent_key()
    _create_match_key()
    _create_report_break()
    _create_decision()
    _create_master_party()
    _create_match_profile()
    _create_review_case()
    _create_delivery()
    _create_golden_record()
    _create_link()
    _create_party_event()
    _create_receipt()


def _create_frequent_key() -> None:
    op.create_table(
        "frequent_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_frequent_key"),
    )


def _create_match_key() -> None:
    op.create_table(
        "match_key",
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("profile", "key", name="pk_match_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_key_key", "match_key", ["key"])


def _create_report_break() -> None:
    op.create_table(
        "report_break",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_report_break"),
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
        sa.Column("revoked_at", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('must_link', 'never_link')", name="ck_decision_kind"),
        sa.CheckConstraint("left_id < right_id", name="ck_decision_order"),
        sa.ForeignKeyConstraint(["left_id"], ["canonical_record.id"], name="fk_decision_left_id"),
        sa.ForeignKeyConstraint(["right_id"], ["canonical_record.id"], name="fk_decision_right_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_left", "decision", ["left_id"])
    op.create_index("ix_decision_right", "decision", ["right_id"])


def _create_master_party() -> None:
    op.create_table(
        "master_party",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("founding_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("replaced_by", _UUID),
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
    op.create_index("ix_master_party_founding", "master_party", ["founding_id"])
    op.create_index(
        "ix_master_party_golden_pending",
        "master_party",
        ["seq"],
        sqlite_where=sa.text("golden_pending"),
        postgresql_where=sa.text("golden_pending"),
    )


def _create_match_profile() -> None:
    op.create_table(
        "match_profile",
        sa.Column("canonical_id", _ID, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["canonical_id"], ["canonical_record.id"], name="fk_match_profile_canonical_id"
        ),
        sa.PrimaryKeyConstraint("canonical_id", name="pk_match_profile"),
    )
    op.create_index("ix_match_profile_profile", "match_profile", ["profile"])


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
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("settled_by", sa.Text()),
        sa.ForeignKeyConstraint(
            ["left_id"], ["canonical_record.id"], name="fk_review_case_left_id"
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["canonical_record.id"], name="fk_review_case_right_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_case"),
    )
    op.create_index(
        "ix_review_case_right",
        "review_case",
        ["right_id"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_review_case_open",
        "review_case",
        ["left_id", "right_id"],
        unique=True,
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
        sa.Column("before", sa.Text()),
        sa.Column("expected_version", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("lease_holder", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["party_id"], ["master_party.id"], name="fk_delivery_party_id"),
        sa.ForeignKeyConstraint(["record_id"], ["source_record.id"], name="fk_delivery_record_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("seq", name="uq_delivery_seq"),
    )
    op.create_index("ix_delivery_record", "delivery", ["record_id", "seq"])
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
        sa.Column("valid_to", sa.BigInteger()),
        sa.Column("recorded_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_to", sa.BigInteger()),
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
        sa.Column("valid_to", sa.BigInteger()),
        sa.Column("recorded_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_to", sa.BigInteger()),
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
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )


def _create_receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("delivery_id", _UUID, nullable=False),
        sa.Column("target_version", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_receipt_delivery_id"),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_receipt"),
    )
