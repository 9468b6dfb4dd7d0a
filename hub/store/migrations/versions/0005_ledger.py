"""The audit trail, fates of parties, adopted rules, and closed links by party and record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UUID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    op.add_column("review_case", sa.Column("assignee", sa.Text()))
    _create_audit()
    _create_party_fate()
    _create_rule_set()
    closed = sa.text("recorded_to IS NOT NULL")
    for name, column in (("ix_link_closed_party", "party_id"), ("ix_link_closed", "canonical_id")):
        op.create_index(name, "link", [column], sqlite_where=closed, postgresql_where=closed)


def _create_audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("run_id", _UUID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reason_salt", sa.LargeBinary()),
        sa.Column("reason_hash", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_table(
        "audit_subject",
        sa.Column("party_id", _UUID, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"], ["master_party.id"], name="fk_audit_subject_party_id"
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name="fk_audit_subject_entry_id"),
        sa.PrimaryKeyConstraint("party_id", "entry_id", name="pk_audit_subject"),
    )


def _create_party_fate() -> None:
    op.create_table(
        "party_fate",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("party_id", _UUID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("replaced_by", _UUID),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["master_party.id"], name="fk_party_fate_party_id"),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["master_party.id"], name="fk_party_fate_replaced_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_party_fate"),
    )
    op.create_index("ix_party_fate_party", "party_fate", ["party_id", "id"])
    op.create_index("ix_party_fate_survivor", "party_fate", ["replaced_by"])


def _create_rule_set() -> None:
    op.create_table(
        "rule_set",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("stated", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_set"),
    )
