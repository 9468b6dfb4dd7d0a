"""The views ``rpt_*`` on what a controller compares: accounts, documents, service, values."""

from __future__ import annotations

from collections.abc import Mapping

_HELD = """
    JOIN canonical_record c ON c.id = d.canonical_id AND c.active
    JOIN source_record r ON r.id = c.record_id
    JOIN stream s ON s.id = r.stream_id
    JOIN connection k ON k.id = s.connection_id
"""
_RECORDS = """
    FROM canonical_record c
    JOIN source_record r ON r.id = c.record_id
    JOIN stream s ON s.id = r.stream_id
    JOIN connection k ON k.id = s.connection_id
"""
_TARGET = """
    LEFT JOIN source_record pr ON pr.stream_id = f.stream_id AND pr.source_key = f.source_key
    LEFT JOIN canonical_record pc ON pc.record_id = pr.id AND pc.part = f.part AND pc.active
    LEFT JOIN link l ON l.canonical_id = pc.id AND l.recorded_to IS NULL
"""
"""From a reference ``f`` to its target, and from there to a party, as far as that leads."""
_PARTY_AT_ONCE = """
    LEFT JOIN (link l JOIN canonical_record pc ON l.canonical_id = pc.id AND pc.active
               JOIN source_record pr ON pc.record_id = pr.id)
    ON l.recorded_to IS NULL AND pr.stream_id = f.stream_id AND pr.source_key = f.source_key
        AND pc.part = f.part
"""
_STANDING = """
    CASE WHEN f.canonical_id IS NULL THEN 'no reference' WHEN pr.id IS NULL THEN 'missing'
         WHEN pr.merged_into IS NOT NULL THEN 'merged' WHEN pc.id IS NULL THEN 'gone'
         WHEN l.id IS NULL THEN 'not linked' WHEN m.status <> 'active' THEN m.status
         ELSE 'linked' END"""
_SOURCE = """k.name AS connection, k.office AS office, s.name AS type,
    r.source_key AS source_key, c.part AS part"""


class Words:
    """How a dialect takes a value out of a JSON body, and finds the party of a reference.

    PostgreSQL parses a body once a row where it comes from a set (``parsed``), and in parallel, as
    it would not do with a subquery that has an OFFSET. ``party`` leads from a reference ``f`` to
    the party: PostgreSQL joins the linked records first, few beside all that refer to them, where
    a chain of outer joins makes it hash every record there is for each view.
    """

    def __init__(self, dialect: str) -> None:
        self._lite = dialect == "sqlite"
        self.parsed = (
            "" if self._lite else " CROSS JOIN LATERAL unnest(ARRAY[c.body::jsonb]) AS j(b)"
        )
        self.party = _TARGET if self._lite else _PARTY_AT_ONCE

    def text(self, path: str) -> str:
        """The text at a path of names and places, ``addresses.0.postcode``."""
        steps = path.split(".")
        if self._lite:
            said = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps)
            return f"json_extract(c.body, '${said}')"
        return f"(j.b #>> '{{{','.join(steps)}}}')"

    def only_text(self, name: str, *, of: str = "c") -> str:
        """The text of the one field that a view takes: cheaper than to parse the body for it."""
        if self._lite:
            return f"json_extract({of}.body, '$.{name}')"
        return f"({of}.body::json ->> '{name}')"

    def money(self, path: str) -> str:
        """The amount at a path, in ten-thousandths; exact up to 900 billion on SQLite."""
        if self._lite:
            return f"CAST(ROUND(CAST({self.text(path)} AS REAL) * 10000) AS INTEGER)"
        return f"CAST(CAST({self.text(path)} AS NUMERIC) * 10000 AS BIGINT)"

    def whole(self, path: str) -> str:
        """The whole number at a path."""
        return f"CAST({self.text(path)} AS INTEGER)"

    def flag(self, path: str) -> str:
        """1, 0 or NULL."""
        found = self.text(path)
        return found if self._lite else f"CASE {found} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"

    def contact(self, kind: str) -> str:
        """A contact point of a kind: the smallest in the order of texts."""
        if self._lite:
            return (
                "(SELECT MIN(json_extract(e.value, '$.value')) FROM json_each(c.body, "
                f"'$.contact_points') e WHERE json_extract(e.value, '$.kind') = '{kind}')"
            )
        return (
            "(SELECT MIN(e ->> 'value') FROM jsonb_array_elements(COALESCE("
            f"j.b -> 'contact_points', '[]'::jsonb)) e WHERE e ->> 'kind' = '{kind}')"
        )

    def identifier(self, scheme: str) -> str:
        """The first number of a scheme."""
        if self._lite:
            return (
                "(SELECT MIN(json_extract(e.value, '$.value')) FROM json_each(c.body, "
                f"'$.identifiers') e WHERE json_extract(e.value, '$.scheme') = '{scheme}')"
            )
        return (
            "(SELECT MIN(e ->> 'value') FROM jsonb_array_elements(COALESCE(j.b -> 'identifiers', "
            f"'[]'::jsonb)) e WHERE e ->> 'scheme' = '{scheme}')"
        )

    def day(self, column: str) -> str:
        """A date as the number of days since 1970."""
        if self._lite:
            return f"CAST(julianday({column}) - 2440587.5 AS INTEGER)"
        return f"(CAST({column} AS DATE) - DATE '1970-01-01')"

    @property
    def allocations(self) -> tuple[str, str]:
        """The join that gives a row per allocation of a payment, and its amount."""
        if self._lite:
            amount = (
                "CAST(ROUND(CAST(json_extract(e.value, '$.amount') AS REAL) * 10000) AS INTEGER)"
            )
            return "JOIN json_each(c.body, '$.allocations') e", amount
        array = "COALESCE(c.body::jsonb -> 'allocations', '[]'::jsonb)"
        amount = "CAST(CAST(e.value ->> 'amount' AS NUMERIC) * 10000 AS BIGINT)"
        return (
            f"CROSS JOIN LATERAL jsonb_array_elements({array}) WITH ORDINALITY e(value, key)",
            amount,
        )

    @property
    def place(self) -> str:
        """The place of an allocation in its payment, counted from 0, as text."""
        return "CAST(e.key AS TEXT)" if self._lite else "CAST(e.key - 1 AS TEXT)"


def business_views(dialect: str) -> Mapping[str, str]:
    """The SELECT of each view, by name."""
    words = Words(dialect)
    return {
        "rpt_account_v2": _account(words),
        "rpt_document_v2": _document(words),
        "rpt_allocation_v1": _allocation(words),
        "rpt_opportunity_v2": _opportunity(words),
        "rpt_ticket_v1": _ticket(words),
        "rpt_touch_v1": _touch(words),
        "rpt_record_v1": _record(words),
        "rpt_value_v1": _value(words),
        "rpt_value_v2": _value(words, reach=True),
        "rpt_golden_v1": _golden(words),
    }


def _changed(words: Words) -> str:
    return f"COALESCE({words.text('updated_at')}, '') AS changed"


def _reference(role: str, alias: str) -> str:
    return (
        f" LEFT JOIN canonical_ref {alias} ON {alias}.canonical_id = c.id AND {alias}.role = "
        f"'{role}' LEFT JOIN stream {alias}s ON {alias}s.id = {alias}.stream_id"
    )


def _account(words: Words) -> str:
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, {words.text("ledger")} AS ledger,
               d.number AS account_no, d.currency AS currency, d.open_amount AS balance,
               CASE WHEN d.status = 'active' THEN 1 ELSE 0 END AS active,
               {words.money("credit_limit")} AS credit_limit, {words.whole("terms_days")}
               AS terms_days, {words.flag("hold")} AS hold, {words.money("overdue")} AS overdue,
               {words.text("as_of")} AS as_of, d.changed AS changed
        FROM document d {_HELD} LEFT JOIN canonical_ref f
            ON f.canonical_id = c.id AND f.role = 'party' {words.party} {words.parsed}
        WHERE d.entity = 'account'"""


def _document(words: Words) -> str:
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, d.entity AS entity, d.kind AS kind,
               d.number AS number, d.date AS date, SUBSTR(d.date, 1, 7) AS period,
               {words.day("d.date")} AS day, d.due_date AS due_date,
               {words.day("d.due_date")} AS due_day,
               d.status AS status, d.currency AS currency,
               d.net AS net, d.tax AS tax, d.gross AS gross, d.open_amount AS open_amount,
               d.checksum AS checksum, fas.name AS account_type, fa.source_key AS account_key,
               fa.part AS account_part, fos.name AS order_type, fo.source_key AS order_key,
               fps.name AS opportunity_type, fp.source_key AS opportunity_key, d.changed AS changed
        FROM document d {_HELD} LEFT JOIN canonical_ref f
            ON f.canonical_id = c.id AND f.role = 'party' {words.party}
        {_reference("account", "fa")} {_reference("order", "fo")}
        {_reference("opportunity", "fp")}
        WHERE d.entity IN ('order', 'invoice', 'payment')"""


def _allocation(words: Words) -> str:
    join, amount = words.allocations
    return f"""
        SELECT {_SOURCE}, d.number AS number, d.currency AS currency, {amount} AS amount,
               ts.name AS invoice_type, t.source_key AS invoice_key
        FROM document d {_HELD} {join}
        JOIN canonical_ref t ON t.canonical_id = c.id
            AND t.role = 'allocations.' || {words.place} || '.invoice'
        JOIN stream ts ON ts.id = t.stream_id
        WHERE d.entity = 'payment'"""


def _opportunity(words: Words) -> str:
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, d.number AS name, d.status AS stage,
               d.currency AS currency, d.gross AS amount, d.date AS close_date,
               {words.day("d.date")} AS close_day,
               {words.only_text("owner")} AS owner, d.changed AS changed
        FROM document d {_HELD} LEFT JOIN canonical_ref f
            ON f.canonical_id = c.id AND f.role = 'party' {words.party}
        WHERE d.entity = 'opportunity'"""


def _ticket(words: Words) -> str:
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, {_STANDING} AS standing,
               {words.text("number")} AS number, {words.text("status")} AS status,
               {words.text("priority")} AS priority, {words.text("queue")} AS queue,
               {words.text("assignee")} AS assignee, {words.text("opened")} AS opened,
               {words.text("sla_due")} AS sla_due, {_changed(words)}
        {_RECORDS} LEFT JOIN canonical_ref f ON f.canonical_id = c.id AND f.role = 'party'
        {_TARGET} LEFT JOIN master_party m ON m.id = l.party_id {words.parsed}
        WHERE c.entity = 'ticket' AND c.active"""


def _touch(words: Words) -> str:
    date = f"SUBSTR({words.text('at')}, 1, 10)"
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, {_STANDING} AS standing,
               {words.text("at")} AS at, {words.day(date)} AS day,
               {words.text("channel")} AS channel,
               {words.text("direction")} AS direction, {words.text("auto_kind")} AS auto_kind,
               {_changed(words)}
        {_RECORDS} LEFT JOIN canonical_ref f ON f.canonical_id = c.id
            AND SUBSTR(f.role, 1, 13) = 'participants.'
        {_TARGET} LEFT JOIN master_party m ON m.id = l.party_id {words.parsed}
        WHERE c.entity = 'interaction' AND c.active"""


def _record(words: Words) -> str:
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, c.pending AS waits,
               CASE WHEN l.id IS NULL THEN 'not linked' WHEN m.status <> 'active' THEN m.status
                    ELSE 'linked' END AS standing, l.kind AS link_kind,
               COALESCE({words.only_text("updated_at")}, '') AS changed
        {_RECORDS} LEFT JOIN link l ON l.canonical_id = c.id AND l.recorded_to IS NULL
        LEFT JOIN master_party m ON m.id = l.party_id
        WHERE c.entity = 'party' AND c.active"""


def _values(words: Words, *, vat: str, address: str, legal_name: str) -> str:
    return f"""{words.text("display_name")} AS display_name, {words.text(legal_name)}
        AS legal_name, {vat} AS eu_vat, {words.text(address + ".postcode")} AS postcode,
        {words.text(address + ".country")} AS country"""


def _value(words: Words, *, reach: bool = False) -> str:
    """What a record says; with ``reach`` also how it can be reached."""
    ways = ", ".join(f"{words.contact(kind)} AS {kind}" for kind in ("email", "phone"))
    held = _values(
        words,
        vat=words.identifier("eu_vat"),
        address="addresses.0",
        legal_name="organisation.legal_name",
    )
    return f"""
        SELECT l.party_id AS party_id, {_SOURCE}, {words.text("kind")} AS kind, {held},
               {f"{ways}," if reach else ""} {_changed(words)}
        {_RECORDS} JOIN link l ON l.canonical_id = c.id AND l.recorded_to IS NULL {words.parsed}
        WHERE c.entity = 'party' AND c.active"""


def _golden(words: Words) -> str:
    held = _values(words, vat=words.text("eu_vat"), address="address", legal_name="legal_name")
    return f"""
        SELECT c.party_id AS party_id, {words.text("kind")} AS kind, {held},
               {words.text("email")} AS email, {words.text("phone")} AS phone
        FROM golden_record c {words.parsed} WHERE c.recorded_to IS NULL"""
