"""Control: breaks know their check, class and owner; notes of people; sign-offs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("check_id", "row_class", "figure"):
        column = sa.Column(name, sa.Text(), server_default="", nullable=False)
        op.add_column("report_break", column)
    op.add_column("report_break", sa.Column("owner", sa.Text(), nullable=True))
    _create_notes()
    _create_sign_offs()


def _create_notes() -> None:
    op.create_table(
        "break_note",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("break_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["break_id"],
            ["report_break.id"],
            name="fk_break_note_break_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_break_note"),
    )
    op.create_index("ix_break_note_break", "break_note", ["break_id", "id"])


def _create_sign_offs() -> None:
    op.create_table(
        "sign_off",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("cut_off", sa.BigInteger(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("rules_hash", sa.Text(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.BigInteger(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> prepared_by", name="ck_sign_off_four_eyes"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_off"),
    )
    where = sa.text("voided_at IS NULL")
    op.create_index(
        "uq_sign_off_period",
        "sign_off",
        ["period"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
