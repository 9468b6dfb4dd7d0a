"""What every column may hold of a person, what an erasure does to it, and where an export shows it.

A test fails where a table or a column is missing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from hub.store import tables


class Holds(StrEnum):
    """What a column may hold of a person, and so what becomes of it."""

    NOTHING = "nothing"
    """Ids, times, states, amounts; words of ours, of a mapping or of a steward about himself."""
    OWN = "own"
    """Emptied, or deleted, in the rows that belong to the person."""
    ANYWHERE = "anywhere"
    """As OWN, and searched in all other rows for what only this person can be meant by."""
    KEPT = "kept"
    """May hold personal data and stays; the table's note says why."""


class TablePrivacy(NamedTuple):
    """A table's columns; ``export`` names the part of an export, ``note`` says why where none."""

    columns: Mapping[str, Holds]
    export: str | None
    note: str


def _table(*, export: str | None = None, note: str = "", **columns: str) -> TablePrivacy:
    """Column names, separated by spaces, by what they hold."""
    found = {name: Holds(holds) for holds, names in columns.items() for name in names.split()}
    return TablePrivacy(MappingProxyType(found), export, note)


_OURS: Final = "our own set-up"

PRIVACY: Final[Mapping[str, TablePrivacy]] = MappingProxyType(
    {
        "connection": _table(nothing="id name connector office created_at paused_at", note=_OURS),
        "stream": _table(
            nothing="id connection_id name commit_seq epoch epoch_open lease_holder lease_until "
            "mapping_digest one_account",
            kept="cursor",
            note="a cursor may end at a source key; the next page replaces it",
        ),
        "run": _table(
            nothing="id step connection_id stream_id started_at ended_at state counts error",
            note="counts, and errors that name no values (law 10)",
        ),
        "id_block": _table(nothing="name next", note=_OURS),
        "source_record": _table(
            own="source_key source_version payload_hash merged_into",
            nothing="id stream_id version epoch deleted pending",
            export="sources",
            note="a record whose documents are held keeps key and hash",
        ),
        "raw_version": _table(
            anywhere="payload",
            own="payload_hash source_version",
            nothing="record_id version deleted observed_at run_id",
            export="sources",
        ),
        "scanned_record": _table(nothing="stream_id record_id", note="row ids"),
        "push_delivery": _table(
            anywhere="headers body",
            kept="delivery_id",
            nothing="id connection_id received_at state attempts reason settled_at",
            note="landed at once; delivery_id is the system's number of a message",
        ),
        "token": _table(
            nothing="connection name sealed lease_holder lease_until", note="our own log-ins"
        ),
        "canonical_record": _table(
            anywhere="body",
            own="body_hash",
            nothing="id record_id part entity raw_version mapping_digest active pending",
            export="sources",
        ),
        "canonical_ref": _table(
            own="source_key", nothing="canonical_id role stream_id part", export="sources"
        ),
        "document": _table(
            own="number",
            nothing="canonical_id entity kind date status currency net tax gross open_amount "
            "checksum due_date changed",
            export="documents",
            note="kept where documents are held",
        ),
        "mapping_version": _table(
            nothing="digest system text recorded_at", note="our own mapping files"
        ),
        "mapping_gap": _table(
            anywhere="value", nothing="stream_id path seen", note="counts of unknown values"
        ),
        "field_catalogue": _table(
            nothing="system name type pii owner description lineage", note=_OURS
        ),
        "quarantine": _table(
            anywhere="raw",
            own="fingerprint",
            nothing="id stream_id record_id version epoch stage error message state created_at "
            "settled_at",
            export="quarantine",
        ),
        "match_profile": _table(own="profile", nothing="canonical_id", note="made of the sources"),
        "match_content": _table(own="profile features", note="made of the sources"),
        "match_key": _table(own="profile key", note="made of the sources"),
        "frequent_key": _table(
            kept="key", nothing="over", note="a value of many people; gone once it is rare"
        ),
        "derived_relationship": _table(
            own="left_profile right_profile", nothing="type weight evidence", export="relationships"
        ),
        "match_model": _table(
            nothing="version body records trained_at adopted_at in_force", note="chances, no values"
        ),
        "match_frequency": _table(
            anywhere="term",
            nothing="version holders share",
            note="names of many people; those that few others have go with the person",
        ),
        "master_party": _table(
            nothing="id seq founding_id status replaced_by created_at golden_pending",
            export="parties",
        ),
        "link": _table(
            anywhere="reason",
            nothing="id canonical_id party_id kind valid_from valid_to recorded_from recorded_to",
            export="links",
        ),
        "decision": _table(
            anywhere="reason",
            nothing="id kind left_id right_id actor decided_at revoked_at",
            export="decisions",
        ),
        "review_case": _table(
            anywhere="evidence reason",
            nothing="id left_id right_id grade weight state opened_at settled_at settled_by "
            "assignee",
            export="review_cases",
        ),
        "golden_record": _table(
            anywhere="body provenance",
            own="body_hash",
            nothing="id party_id version rules_digest valid_from valid_to recorded_from "
            "recorded_to",
            export="golden",
        ),
        "search_term": _table(
            own="term", nothing="golden_id", note="made of golden records; goes with them"
        ),
        "ended_session": _table(nothing="mark until", note="hashes of random ids"),
        "party_event": _table(
            anywhere="fields", nothing="id seq party_id kind created_at pending", export="events"
        ),
        "delivery": _table(
            anywhere="value before found message",
            own="expected_version",
            nothing="id seq party_id record_id attribute field state attempts lease_holder "
            "lease_until planned_at sent_at settled_at approved_at failures",
            export="deliveries",
        ),
        "record_delivery": _table(
            anywhere="fields",
            own="source_key",
            nothing="id seq kind party_id stream_id record_id party_kind state attempts failures "
            "message lease_holder lease_until planned_at sent_at settled_at approved_at",
            export="deliveries",
            note="the key of a record to be erased at a target stays until that is done",
        ),
        "receipt": _table(
            own="target_version", nothing="delivery_id received_at", export="deliveries"
        ),
        "report_break": _table(
            anywhere="id subject detail",
            nothing="report check_id row_class cause owner amount currency state figure "
            "first_seen last_seen closed_at",
            export="breaks",
        ),
        "break_note": _table(
            anywhere="text", nothing="id break_id at actor kind", note="goes with its break"
        ),
        "sign_off": _table(
            nothing="id period cut_off data_hash rules_hash totals program prepared_by prepared_at "
            "approved_by approved_at voided_at void_reason",
            note="hashes, and who signed",
        ),
        "report_figure": _table(nothing="report name day value", note="counts and sums"),
        "report_line": _table(
            anywhere="id subject",
            nothing="report part",
            note="made anew by every reconciliation",
        ),
        "audit_entry": _table(
            anywhere="reason",
            nothing="id run_id at actor action reason_salt reason_hash detail previous hash",
            export="audit",
            note="detail names row ids; a reason goes with its salt, and the chain holds",
        ),
        "audit_subject": _table(nothing="party_id entry_id", export="audit"),
        "party_fate": _table(
            nothing="id party_id status replaced_by recorded_at", export="parties"
        ),
        "rule_set": _table(nothing="id digest stated adopted_at", note=_OURS),
        "erasure": _table(
            nothing="party_id state actor reason counts erased_at cleaned_at",
            export="erasure",
            note="a reason that names the person is refused",
        ),
        "suppression": _table(nothing="kind mark added_at", note="keyed hashes"),
    }
)
"""Every column of every table."""


def searched_columns() -> Iterator[tuple[str, str]]:
    """Table and column of everything that is searched, in the order of the tables."""
    for table in tables.metadata.sorted_tables:
        for name, holds in PRIVACY[table.name].columns.items():
            if holds is Holds.ANYWHERE:
                yield table.name, name
