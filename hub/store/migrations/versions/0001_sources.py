"""Connections, streams, source records and what mappings made of them."""

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
    _create_stream()
    _create_mapping_gap()
    _create_run()
    _create_source_record()
    _create_canonical_record()
    _create_quarantine()
    _create_raw_version()
    _create_canonical_ref()
    _create_document()


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


def _create_stream() -> None:
    op.create_table(
        "stream",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("connection_id", _UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("commit_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("epoch_open", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lease_holder", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("mapping_digest", sa.Text()),
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
        sa.Column("connection_id", _UUID),
        sa.Column("stream_id", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("error", sa.Text()),
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
        sa.Column("source_version", sa.Text()),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("merged_into", sa.Text()),
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
    op.create_index("ix_canonical_record_entity", "canonical_record", ["entity", "id"])
    op.create_index(
        "ix_canonical_record_pending",
        "canonical_record",
        ["id"],
        sqlite_where=sa.text("pending AND entity = 'party'"),
        postgresql_where=sa.text("pending AND entity = 'party'"),
    )


def _create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("stream_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger()),
        sa.Column("version", sa.Integer()),
        sa.Column("epoch", sa.Integer()),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
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
        sa.Column("source_version", sa.Text()),
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
    op.create_index("ix_canonical_ref_target", "canonical_ref", ["stream_id", "source_key", "part"])


def _create_document() -> None:
    op.create_table(
        "document",
        sa.Column("canonical_id", _ID, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("date", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("net", sa.BigInteger()),
        sa.Column("tax", sa.BigInteger()),
        sa.Column("gross", sa.BigInteger()),
        sa.Column("open_amount", sa.BigInteger()),
        sa.Column("checksum", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["canonical_id"], ["canonical_record.id"], name="fk_document_canonical_id"
        ),
        sa.PrimaryKeyConstraint("canonical_id", name="pk_document"),
    )
