"""The versioned views ``rpt_*``: what reports and a company's own SQL may read, and nothing else.

A column of a view never changes its meaning; a new meaning gets a new number. Money is in
ten-thousandths, flags are 0 or 1, times are ISO 8601 texts in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.store.database import Connection
from hub.store.views_business import Words, business_views
from hub.store.views_operation import operation_views

_LINKED = """
    FROM link l
    JOIN canonical_record c ON c.id = l.canonical_id AND c.active
    JOIN source_record r ON r.id = c.record_id
    JOIN stream s ON s.id = r.stream_id
    JOIN connection k ON k.id = s.connection_id
    WHERE l.recorded_to IS NULL
"""
_OWNED = """
    FROM document d
    JOIN canonical_record c ON c.id = d.canonical_id AND c.active
    JOIN source_record r ON r.id = c.record_id
    JOIN stream s ON s.id = r.stream_id
    JOIN connection k ON k.id = s.connection_id
    LEFT JOIN canonical_ref f ON f.canonical_id = c.id AND f.role = 'party'
    LEFT JOIN source_record pr ON pr.stream_id = f.stream_id AND pr.source_key = f.source_key
    LEFT JOIN canonical_record pc ON pc.record_id = pr.id AND pc.part = f.part
    LEFT JOIN link l ON l.canonical_id = pc.id AND l.recorded_to IS NULL
"""


def view_statements(dialect: str) -> Mapping[str, str]:
    """The SELECT of every view, by name, in the words of ``sqlite`` or ``postgresql``."""
    text = Words(dialect).only_text
    join_roles, role = _each_role(dialect)
    active = "CASE WHEN d.status = 'active' THEN 1 ELSE 0 END"
    source = "k.name AS connection, k.office AS office, s.name AS type, r.source_key AS source_key"
    since = f"COALESCE({text('updated_at')}, '') AS since"
    return {
        "rpt_party_v1": f"""
            SELECT m.id AS party_id, m.seq AS seq, {text("display_name", of="g")} AS display_name,
                   {text("kind", of="g")} AS kind
            FROM master_party m
            LEFT JOIN golden_record g ON g.party_id = m.id AND g.recorded_to IS NULL
            WHERE m.status = 'active'""",
        "rpt_source_v1": f"SELECT l.party_id AS party_id, {source}, c.part AS part {_LINKED}",
        "rpt_role_v1": f"""
            SELECT l.party_id AS party_id, {source}, {role} AS role, {since}
            {_LINKED.replace("WHERE", join_roles + " WHERE")}""",
        "rpt_account_v1": f"""
            SELECT l.party_id AS party_id, {source}, {text("ledger")} AS ledger,
                   d.number AS account_no, d.currency AS currency, d.open_amount AS balance,
                   {active} AS active, {since}
            {_OWNED} WHERE d.entity = 'account'""",
        "rpt_opportunity_v1": f"""
            SELECT l.party_id AS party_id, {source}, d.status AS stage, d.currency AS currency,
                   d.gross AS amount, {since}
            {_OWNED} WHERE d.entity = 'opportunity'""",
        "rpt_document_v1": f"""
            SELECT l.party_id AS party_id, {source}, d.entity AS entity, d.kind AS kind,
                   d.number AS number, d.date AS date, SUBSTR(d.date, 1, 7) AS period,
                   d.status AS status, d.currency AS currency, d.net AS net, d.tax AS tax,
                   d.gross AS gross, d.open_amount AS open_amount, d.checksum AS checksum
            {_OWNED} WHERE d.entity IN ('order', 'invoice', 'payment')""",
        **business_views(dialect),
        **operation_views(dialect),
    }


def _each_role(dialect: str) -> tuple[str, str]:
    """The join that gives a row per role of a party, and the role in it."""
    if dialect == "sqlite":
        return "JOIN json_each(c.body, '$.roles') e", "json_extract(e.value, '$.role')"
    array = "COALESCE(c.body::json -> 'roles', '[]'::json)"
    return f"CROSS JOIN LATERAL json_array_elements({array}) e(value)", "(e.value ->> 'role')"


def create_views(db: Connection) -> None:
    """Create the views anew, in the words of the connected database."""
    for name, select in view_statements(db.dialect.name).items():
        db.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        db.exec_driver_sql(f"CREATE VIEW {name} AS {select}")
