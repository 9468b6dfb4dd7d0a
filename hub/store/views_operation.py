"""The views ``rpt_*`` on the hub's own work: streams, deliveries, reviews, links, breaks."""

from __future__ import annotations

from collections.abc import Mapping


def operation_views(dialect: str) -> Mapping[str, str]:
    """The SELECT of each view, by name."""
    return {
        "rpt_stream_v1": _stream(dialect),
        "rpt_control_v1": _control(dialect),
        "rpt_landed_v1": """
            SELECT k.name AS connection, k.office AS office, s.name AS type,
                   r.source_key AS source_key, r.version AS version,
                   CASE WHEN r.deleted THEN 1 ELSE 0 END AS deleted,
                   CASE WHEN r.pending THEN 1 ELSE 0 END AS waiting,
                   CASE WHEN EXISTS (SELECT 1 FROM quarantine q WHERE q.record_id = r.id
                                     AND q.state = 'open') THEN 1 ELSE 0 END AS rejected
            FROM source_record r
            JOIN stream s ON s.id = r.stream_id
            JOIN connection k ON k.id = s.connection_id""",
        "rpt_delivery_v1": _delivery(dialect),
        "rpt_delivery_v2": f"{_delivery(dialect)} UNION ALL {_whole_delivery(dialect)}",
        "rpt_review_v1": _review(dialect),
        "rpt_figure_v1": """
            SELECT f.report AS report, f.name AS name, f.day AS day, f.value AS value
            FROM report_figure f""",
        "rpt_event_v1": f"""
            SELECT e.party_id AS party_id, e.seq AS seq, e.kind AS kind,
                   {_time(dialect, "e.created_at")} AS at
            FROM party_event e""",
        "rpt_break_v1": f"""
            SELECT b.id AS break_id, b.report AS report, b.check_id AS check_id,
                   b.row_class AS row_class, b.cause AS cause, b.owner AS owner, b.state AS state,
                   b.amount AS amount, b.currency AS currency,
                   {_time(dialect, "b.first_seen")} AS first_seen,
                   CAST(b.first_seen / 86400000000 AS INTEGER) AS first_day,
                   {_time(dialect, "b.last_seen")} AS last_seen,
                   {_time(dialect, "b.closed_at")} AS closed_at
            FROM report_break b""",
    }


def _time(dialect: str, column: str) -> str:
    """Microseconds since 1970 as an ISO 8601 text in UTC, to the second."""
    if dialect == "sqlite":
        return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000000, 'unixepoch')"
    moment = f"to_timestamp({column} / 1000000) AT TIME ZONE 'UTC'"
    return f'to_char({moment}, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'


def _stream(dialect: str) -> str:
    """What a stream's last good reading was, and what it has left undone."""
    return f"""
        SELECT k.name AS connection, k.office AS office, s.name AS type,
               {_time(dialect, "ok.ended_at")} AS last_good,
               {_time(dialect, "bad.ended_at")} AS last_failed,
               COALESCE(held.records, 0) AS records,
               COALESCE(held.waiting, 0) AS waiting, COALESCE(held.deletes, 0) AS deletes_waiting,
               COALESCE(rejected.records, 0) AS rejected
        FROM stream s
        JOIN connection k ON k.id = s.connection_id
        LEFT JOIN (SELECT stream_id, MAX(ended_at) AS ended_at FROM run
                   WHERE step = 'extract' AND state = 'ok' GROUP BY stream_id) ok
            ON ok.stream_id = s.id
        LEFT JOIN (SELECT stream_id, MAX(ended_at) AS ended_at FROM run
                   WHERE step = 'extract' AND state <> 'ok' GROUP BY stream_id) bad
            ON bad.stream_id = s.id
        LEFT JOIN (SELECT stream_id, COUNT(*) AS records,
                          SUM(CASE WHEN pending THEN 1 ELSE 0 END) AS waiting,
                          SUM(CASE WHEN pending AND deleted THEN 1 ELSE 0 END) AS deletes
                   FROM source_record GROUP BY stream_id) held
            ON held.stream_id = s.id
        LEFT JOIN (SELECT stream_id, COUNT(*) AS records FROM quarantine
                   WHERE state = 'open' GROUP BY stream_id) rejected
            ON rejected.stream_id = s.id"""


def _control(dialect: str) -> str:
    """What a system counted when it was asked last: the records, and the sums of their fields."""
    each_sum = (
        "JOIN json_each(a.counts, '$.sums') e"
        if dialect == "sqlite"
        else "CROSS JOIN LATERAL jsonb_each(a.counts::jsonb -> 'sums') e(key, value)"
    )
    head = f"""
        SELECT k.name AS connection, k.office AS office, s.name AS type,
               {_time(dialect, "a.ended_at")} AS asked_at, a.error AS problem,
               COALESCE({_whole(dialect, "a.counts", "outlived")}, 0) AS outlived"""
    tail = """
        FROM run a
        JOIN (SELECT stream_id, MAX(started_at) AS started_at FROM run
              WHERE step = 'count' AND state <> 'running' GROUP BY stream_id) latest
            ON latest.stream_id = a.stream_id AND latest.started_at = a.started_at
        JOIN stream s ON s.id = a.stream_id
        JOIN connection k ON k.id = s.connection_id"""
    records = (_whole(dialect, "a.counts", "asked"), _whole(dialect, "a.counts", "held"))
    sums = (_whole(dialect, "e.value", "asked"), _whole(dialect, "e.value", "held"))
    return f"""
        {head}, 'records' AS field, {records[0]} AS asked, {records[1]} AS held
        {tail} WHERE a.step = 'count'
        UNION ALL
        {head}, e.key, {sums[0]}, {sums[1]}
        {tail} {each_sum} WHERE a.step = 'count' AND a.state = 'ok'"""


def _whole(dialect: str, column: str, name: str) -> str:
    if dialect == "sqlite":
        return f"json_extract({column}, '$.{name}')"
    return f"({column}::jsonb ->> '{name}')::bigint"


def _delivery(dialect: str) -> str:
    """A write; ``read_back`` compares an acknowledged one with what was read since."""
    if dialect == "sqlite":
        held = "json_extract(v.payload, '$.\"' || d.field || '\"')"
    else:
        held = "(v.payload::jsonb ->> d.field)"
    return f"""
        SELECT d.id AS delivery_id, d.seq AS seq, d.party_id AS party_id, k.name AS connection,
               s.name AS type, r.source_key AS source_key, d.field AS field, d.state AS state,
               d.attempts AS attempts, d.failures AS failures,
               {_time(dialect, "d.planned_at")} AS planned_at,
               {_time(dialect, "d.sent_at")} AS sent_at,
               {_time(dialect, "d.settled_at")} AS settled_at,
               CASE WHEN d.state <> 'acknowledged' OR later.record_id IS NOT NULL THEN NULL
                    WHEN e.received_at IS NULL OR v.observed_at <= e.received_at THEN 'not read'
                    WHEN {held} IS NULL THEN 'not shown' WHEN {held} = d.value THEN 'same'
                    ELSE 'other' END AS read_back
        FROM delivery d
        JOIN source_record r ON r.id = d.record_id
        JOIN stream s ON s.id = r.stream_id
        JOIN connection k ON k.id = s.connection_id
        LEFT JOIN receipt e ON e.delivery_id = d.id
        LEFT JOIN raw_version v ON v.record_id = r.id AND v.version = r.version
        LEFT JOIN (SELECT record_id, field, MAX(seq) AS seq FROM delivery
                   GROUP BY record_id, field) later
            ON later.record_id = d.record_id AND later.field = d.field AND later.seq > d.seq"""


def _whole_delivery(dialect: str) -> str:
    """A record that is to be made or erased at a target, with what is to be done as its field."""
    return f"""
        SELECT w.id, w.seq, w.party_id, k.name, s.name, COALESCE(r.source_key, w.source_key, ''),
               CASE WHEN w.kind = 'create' THEN 'new record' ELSE 'erasure' END, w.state,
               w.attempts, w.failures, {_time(dialect, "w.planned_at")},
               {_time(dialect, "w.sent_at")}, {_time(dialect, "w.settled_at")}, NULL
        FROM record_delivery w
        JOIN stream s ON s.id = w.stream_id
        JOIN connection k ON k.id = s.connection_id
        LEFT JOIN source_record r ON r.id = w.record_id"""


def _review(dialect: str) -> str:
    return f"""
        SELECT v.id AS case_id, k.name AS connection, s.name AS type, r.source_key AS source_key,
               l.party_id AS party_id, v.grade AS grade, v.weight AS weight, v.state AS state,
               v.assignee AS assignee, CAST(v.opened_at / 86400000000 AS INTEGER) AS opened_day,
               {_time(dialect, "v.opened_at")} AS opened_at,
               {_time(dialect, "v.settled_at")} AS settled_at
        FROM review_case v
        JOIN canonical_record c ON c.id = v.left_id
        JOIN source_record r ON r.id = c.record_id
        JOIN stream s ON s.id = r.stream_id
        JOIN connection k ON k.id = s.connection_id
        LEFT JOIN link l ON l.canonical_id = c.id AND l.recorded_to IS NULL"""
