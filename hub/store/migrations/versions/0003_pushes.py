"""Key scans and pushed deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UUID = sa.Uuid(as_uuid=False)
_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    _create_scanned_record()
    _create_push_delivery()


def _create_scanned_record() -> None:
    op.create_table(
        "scanned_record",
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "record_id", name="pk_scanned_record"),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_scanned_record_stream_id"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["source_record.id"], name="fk_scanned_record_record_id"
        ),
        sqlite_with_rowid=False,
    )


def _create_push_delivery() -> None:
    op.create_table(
        "push_delivery",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("connection_id", _UUID, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name="fk_push_delivery_connection_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_push_delivery"),
        sa.UniqueConstraint(
            "connection_id", "delivery_id", name="uq_push_delivery_connection_id_delivery_id"
        ),
    )
    op.create_index(
        "ix_push_delivery_pending",
        "push_delivery",
        ["connection_id", "id"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
