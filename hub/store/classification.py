"""How the digest shows each column of each table; a test fails where one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Show(StrEnum):
    """The ways to show a column."""

    VALUE = "value"
    """As it is."""
    NAMED = "named"
    """As it is, with the ids of parties in the text replaced by their names."""
    TIME = "time"
    """A wall time: only whether it is set."""
    OUT = "out"
    """Not at all: an own surrogate id, a run, a lease, a sequence, an epoch."""
    CONNECTION = "connection"
    STREAM = "stream"
    RECORD = "record"
    CANONICAL = "canonical"
    PARTY = "party"
    DELIVERY = "delivery"
    """A surrogate id of that kind, by the name of what it stands for."""


def _table(**columns: str) -> Mapping[str, Show]:
    """Column names, separated by spaces, by how they are shown."""
    return MappingProxyType(
        {name: Show(show) for show, names in columns.items() for name in names.split()}
    )


COLUMNS: Final[Mapping[str, Mapping[str, Show]]] = MappingProxyType(
    {
        "connection": _table(value="name connector office", time="created_at paused_at", out="id"),
        "stream": _table(
            connection="connection_id",
            value="name cursor epoch_open mapping_digest one_account",
            out="id commit_seq epoch lease_holder lease_until",
        ),
        "run": _table(out="id step connection_id stream_id started_at ended_at state counts error"),
        "id_block": _table(out="name next"),
        "source_record": _table(
            stream="stream_id",
            value="source_key version source_version payload_hash deleted merged_into pending",
            out="id epoch",
        ),
        "raw_version": _table(
            record="record_id",
            value="version payload payload_hash source_version deleted",
            time="observed_at",
            out="run_id",
        ),
        "scanned_record": _table(out="stream_id record_id"),
        "push_delivery": _table(
            connection="connection_id",
            value="delivery_id headers body state reason",
            time="received_at settled_at",
            out="id attempts",
        ),
        "token": _table(out="connection name sealed lease_holder lease_until"),
        "canonical_record": _table(
            record="record_id",
            value="part entity body body_hash raw_version mapping_digest active pending",
            out="id",
        ),
        "canonical_ref": _table(
            canonical="canonical_id", stream="stream_id", value="role source_key part"
        ),
        "document": _table(
            canonical="canonical_id",
            value="entity kind number date status currency net tax gross open_amount checksum "
            "due_date changed",
        ),
        "mapping_version": _table(value="digest system text", time="recorded_at"),
        "mapping_gap": _table(stream="stream_id", value="path value seen"),
        "field_catalogue": _table(value="system name type pii owner description lineage"),
        "quarantine": _table(
            stream="stream_id",
            record="record_id",
            value="version fingerprint stage error message raw state",
            time="created_at settled_at",
            out="id epoch",
        ),
        "match_profile": _table(canonical="canonical_id", value="profile"),
        "match_content": _table(value="profile features"),
        "match_key": _table(value="profile key"),
        "frequent_key": _table(value="key over"),
        "derived_relationship": _table(value="left_profile right_profile type weight evidence"),
        "match_model": _table(value="version body records in_force", time="trained_at adopted_at"),
        "match_frequency": _table(value="version term holders share"),
        "master_party": _table(
            party="id replaced_by",
            canonical="founding_id",
            value="status golden_pending",
            time="created_at",
            out="seq",
        ),
        "link": _table(
            canonical="canonical_id",
            party="party_id",
            value="kind",
            named="reason",
            time="valid_from valid_to recorded_from recorded_to",
            out="id",
        ),
        "decision": _table(
            canonical="left_id right_id",
            value="kind actor reason",
            time="decided_at revoked_at",
            out="id",
        ),
        "review_case": _table(
            canonical="left_id right_id",
            value="grade weight state settled_by assignee",
            named="evidence reason",
            time="opened_at settled_at",
            out="id",
        ),
        "golden_record": _table(
            party="party_id",
            value="version body_hash rules_digest",
            named="body provenance",
            time="valid_from valid_to recorded_from recorded_to",
            out="id",
        ),
        "search_term": _table(out="golden_id term"),
        "ended_session": _table(out="mark until"),
        "party_event": _table(
            party="party_id",
            value="kind pending",
            named="fields",
            time="created_at",
            out="id seq",
        ),
        "delivery": _table(
            party="party_id",
            record="record_id",
            value="attribute field value before found expected_version state message",
            time="planned_at sent_at settled_at approved_at",
            out="id seq lease_holder lease_until attempts failures",
        ),
        "record_delivery": _table(
            party="party_id",
            stream="stream_id",
            record="record_id",
            value="kind source_key party_kind fields state message",
            time="planned_at sent_at settled_at approved_at",
            out="id seq lease_holder lease_until attempts failures",
        ),
        "receipt": _table(delivery="delivery_id", value="target_version", time="received_at"),
        "report_break": _table(
            value="report check_id row_class cause owner amount currency state figure",
            named="id subject detail",
            time="first_seen last_seen closed_at",
        ),
        "break_note": _table(value="break_id actor kind text", time="at", out="id"),
        "sign_off": _table(
            value="period data_hash rules_hash totals program prepared_by approved_by void_reason",
            time="cut_off prepared_at approved_at voided_at",
            out="id",
        ),
        "report_figure": _table(out="report name day value"),
        "report_line": _table(value="report part", named="id subject"),
        "audit_entry": _table(
            out="id run_id at actor action reason reason_salt reason_hash detail previous hash"
        ),
        "audit_subject": _table(out="party_id entry_id"),
        "party_fate": _table(
            party="party_id replaced_by", value="status", time="recorded_at", out="id"
        ),
        "rule_set": _table(value="digest stated", time="adopted_at", out="id"),
        "erasure": _table(
            party="party_id", value="state actor reason", time="erased_at cleaned_at", out="counts"
        ),
        "suppression": _table(value="kind", time="added_at", out="mark"),
    }
)
"""Every column of every table."""
