"""The tables of control: breaks with their life and what people noted, and sign-offs."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Index, Table, Text

from hub.store.columns import ScaledMoney, UtcMicros
from hub.store.layout import RowId, Uuid, metadata, partial_index

report_break = Table(
    "report_break",
    metadata,
    Column("id", Text, primary_key=True),
    Column("report", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("amount", ScaledMoney),
    Column("currency", Text),
    Column("state", Text, nullable=False),
    Column("first_seen", UtcMicros, nullable=False),
    Column("last_seen", UtcMicros, nullable=False),
    Column("closed_at", UtcMicros),
    Column("check_id", Text, nullable=False, server_default=""),
    Column("row_class", Text, nullable=False, server_default=""),
    Column("figure", Text, nullable=False, server_default=""),
    Column("owner", Text),
)

break_note = Table(
    "break_note",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=False),
    Column("break_id", Text, sa.ForeignKey("report_break.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcMicros, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
)
"""What people did to a break and said about it, the latest last."""
Index("ix_break_note_break", break_note.c.break_id, break_note.c.id)

sign_off = Table(
    "sign_off",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("period", Text, nullable=False),
    Column("cut_off", UtcMicros, nullable=False),
    Column("data_hash", Text, nullable=False),
    Column("rules_hash", Text, nullable=False),
    Column("totals", Text, nullable=False),
    Column("program", Text, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("prepared_at", UtcMicros, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", UtcMicros),
    Column("voided_at", UtcMicros),
    Column("void_reason", Text),
    sa.CheckConstraint(
        "approved_by IS NULL OR approved_by <> prepared_by", name="ck_sign_off_four_eyes"
    ),
)
"""Who prepared and who approved the figures of a period; the store itself keeps the two apart."""
partial_index(sign_off, "voided_at IS NULL", "uq_sign_off_period", "period", unique=True)

report_figure = Table(
    "report_figure",
    metadata,
    Column("report", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("day", sa.Integer, primary_key=True),
    Column("value", sa.BigInteger, nullable=False),
)
"""What a report came to on a day (since 1970), in ten-thousandths: what trends are drawn from."""

report_line = Table(
    "report_line",
    metadata,
    Column("id", Text, primary_key=True),
    Column("report", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("subject", Text, nullable=False),
)
"""What the lines of a report's tables stand for, as of its last run: where a figure leads down."""
Index("ix_report_line_report", report_line.c.report, report_line.c.part)
