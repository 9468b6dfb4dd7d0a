"""Records of a file as canonical party bodies, the shape that matching standardises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hub.errors import ConfigError
from hub.mapping.countries import country_code
from hub.mapping.names import kind_of_name
from hub.match.names import without_company
from hub.match.profile import OPEN
from hub.match.tabular import Row, Table
from hub.match.tabular_dates import date_reader, decide_order, order_of
from hub.match.tabular_layout import DATES, Layout, read_fields, value_getter
from hub.pipeline.evaluation import Record

_SEVERAL: Final = re.compile(r"[;|\n]")
_NEXT_NUMBER: Final = re.compile(r"(?<=\d\d)\s*[/,]\s+(?=\+|00)|(?<=\d{4})\s+/\s+(?=0\d{3})")
"""Between two telephone numbers in one cell, but not between an area and the rest of one."""
_EU_VAT: Final = re.compile(r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL"
                            r"|PT|RO|SE|SI|SK|XI)[A-Z0-9]{8,12}")  # fmt: skip
_SIREN: Final = re.compile(r"FR[A-Z0-9]{2}(\d{9})|(\d{9})(?:\d{5})?")
"""A French VAT number and a SIRET hold the company's SIREN, which is what is compared."""
_VAT_SHAPES: Final = {
    country: re.compile(shape)
    for country, shape in {
        "AT": r"U\d{8}",
        "DE": r"\d{9}",
        "DK": r"\d{8}",
        "ES": r"[A-Z\d]\d{7}[A-Z\d]",
        "FI": r"\d{8}",
        "HR": r"\d{11}",
        "IT": r"\d{11}",
        "LU": r"\d{8}",
        "NL": r"\d{9}B\d\d",
        "PL": r"\d{10}",
        "PT": r"\d{9}",
        "SI": r"\d{8}",
    }.items()
}
"""Countries whose VAT numbers without the letters have a shape that no other tax number has there,
or are that number themselves (European Commission, VIES: structure of VAT numbers)."""
_KINDS: Final = {
    word: kind
    for kind, words in {
        "person": "person p individual private consumer contact natural b2c human privat"
        " privatperson privatkunde particulier persona persoon particular",
        "organisation": "organisation organization org o company business corporate legal firm b2b"
        " firma unternehmen geschäftskunde entreprise société empresa azienda bedrijf",
        OPEN: "open unknown",
    }.items()
    for word in words.split()
}

_Fields = Mapping[str, str]
_Readers = Mapping[str, Callable[[str], str]]


class RecordsFile:
    """The records of one file: checked once as a whole, then read as often as needed."""

    def __init__(self, table: Table, layout: Layout) -> None:
        self._table = table
        self._layout = layout
        self.count = 0
        self.unread_dates = 0
        self._readers = self._check()

    def records(self) -> Iterator[Record]:
        """Every record with its body; counts cells that should hold a birth date and do not."""
        self.unread_dates = 0
        for row in self._table.rows():
            fields = read_fields(self._layout, row.cells)
            kind = self._kind(fields, row)
            body = party_body(fields, kind, self._readers)
            self.unread_dates += "birth_date" in fields and not _is_born(body)
            identifiers = [*_tax_ids(fields), *self._identifiers(row)]
            yield Record(
                fields["record_id"],
                fields.get("source", ""),
                {**body, "identifiers": identifiers} if identifiers else body,
            )

    def fields_of(self, ids: Collection[str]) -> dict[str, Mapping[str, str]]:
        """The records with these ids as the file has them, for people to read."""
        key = self._layout.fields["record_id"]
        return {
            found: read_fields(self._layout, row.cells)
            for row in self._table.rows()
            if (found := key(row.cells)) in ids
        }

    def truth(self, column: str) -> Iterator[tuple[str, str]]:
        """Record id and true entity, "" where the file does not say.

        Refuses a column that is missing, or that names no entity at all.
        """
        read = value_getter(self._table, column, asked="--truth")
        key = self._layout.fields["record_id"]
        if not any(read(row.cells) for row in self._table.rows()):
            raise ConfigError(
                f"{self._table.path}: the column {column!r} of --truth is empty in every row, "
                "so that there is nothing to measure against"
            )
        return ((key(row.cells), read(row.cells)) for row in self._table.rows())

    def _check(self) -> _Readers:
        """One pass: every record has an id of its own; what order the dates are in."""
        key = self._layout.fields["record_id"]
        dates = {name: read for name in DATES if (read := self._layout.fields.get(name))}
        evidence = {name: Counter[str]() for name in DATES}
        seen: dict[int, int] = {}
        for row in self._table.rows():
            self._check_key(key(row.cells), row, seen)
            for name, read in dates.items():
                evidence[name][order_of(read(row.cells))] += 1
        self.count = len(seen)
        if not seen:
            raise ConfigError(f"{self._table.path} has column names but no record")
        orders = {name: decide_order(counts) for name, counts in evidence.items()}
        return {
            name: date_reader(order) for name, order in {**orders, **self._layout.dates}.items()
        }

    def _check_key(self, key: str, row: Row, seen: dict[int, int]) -> None:
        if not key:
            raise self._table.wrong(row.line, "record_id is empty; every record needs a key")
        first = seen.setdefault(hash(key), row.line)
        if first != row.line:
            raise self._table.wrong(
                row.line,
                f"the record_id is that of {self._table.unit} {first} again; where keys are unique "
                'within a source only, join them in a mapping file (record_id: "{source}:{key}")',
            )

    def _kind(self, fields: _Fields, row: Row) -> str:
        stated = fields.get("kind", "").lower()
        if not stated:
            return guess_kind(fields)
        kind = self._layout.kinds.get(stated) or _KINDS.get(stated)
        if kind is None:
            message = "unknown kind; say what it means in a mapping file (kinds: {word: person})"
            raise self._table.wrong(row.line, message)
        return kind

    def _identifiers(self, row: Row) -> Iterator[dict[str, str]]:
        for scheme, (value, issuer, country) in self._layout.identifiers.items():
            for text in _several(value(row.cells)):
                item = {"scheme": scheme, "value": text, "issuer": issuer(row.cells)}
                item["country"] = country_code(country(row.cells)) or ""
                yield {name: part for name, part in item.items() if part}


def guess_kind(fields: _Fields) -> str:
    """Person or organisation by what is filled in; open where that could be either."""
    if any(fields.get(name) for name in ("given_name", "family_name", "birth_date")):
        return "person"
    if fields.get("organisation"):
        return OPEN if fields.get("full_name") else "organisation"
    if kind_of_name(without_company(fields.get("full_name", ""))) == "organisation":
        return "organisation"
    return OPEN


def party_body(fields: _Fields, kind: str, readers: _Readers) -> dict[str, Any]:
    """The canonical body of a row's fields; what is empty is left out."""
    parts = {
        "kind": kind,
        "display_name": _shown_name(fields, kind),
        "person": _person(fields, readers),
        "organisation": _organisation(fields, kind),
        "contact_points": _contact_points(fields),
        "addresses": _addresses(fields),
        "updated_at": _moment(fields.get("updated_at", ""), readers["updated_at"]),
    }
    return {name: part for name, part in parts.items() if part}


def _shown_name(fields: _Fields, kind: str) -> str | None:
    """A person is never called by the company that is beside the name."""
    return fields.get("full_name") or (None if kind == "person" else fields.get("organisation"))


def _moment(text: str, read: Callable[[str], str]) -> str:
    try:
        return datetime.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        return read(text)


def _person(fields: _Fields, readers: _Readers) -> dict[str, str]:
    parts = {
        "prefix": fields.get("title", ""),
        "given": fields.get("given_name", ""),
        "middle": fields.get("middle_name", ""),
        "family": fields.get("family_name", ""),
        "birth_date": readers["birth_date"](fields.get("birth_date", "")),
    }
    return {name: text for name, text in parts.items() if text}


def _is_born(body: Mapping[str, Any]) -> bool:
    return "birth_date" in body.get("person", {})


def _organisation(fields: _Fields, kind: str) -> dict[str, Any]:
    """A company without a name of its own is called by the full name."""
    name = fields.get("organisation") or (
        fields.get("full_name") if kind == "organisation" else None
    )
    trading = _several(fields.get("trading_name", ""))
    parts = {"legal_name": name, "trading_names": trading}
    return {key: part for key, part in parts.items() if part}


def _contact_points(fields: _Fields) -> list[dict[str, str]]:
    return [
        {"kind": kind, "value": value}
        for kind, name in (("email", "email"), ("phone", "phone"), ("web", "website"))
        for text in _several(fields.get(name, ""))
        for value in (_NEXT_NUMBER.split(text) if kind == "phone" else [text])
    ]


def _addresses(fields: _Fields) -> list[dict[str, Any]]:
    country = fields.get("country", "")
    code = country_code(country) if country else None
    parts = {
        "lines": _several(fields.get("street", "")),
        "locality": fields.get("city"),
        "region": fields.get("region"),
        "postcode": fields.get("postcode"),
        "country": code,
        "country_raw": None if code else country,
    }
    address = {name: part for name, part in parts.items() if part}
    return [address] if address else []


def _tax_ids(fields: _Fields) -> Iterator[dict[str, str]]:
    country = country_code(fields.get("country", "")) or ""
    for text in _several(fields.get("tax_id", "")):
        item = _tax_id(text, "".join(filter(str.isalnum, text.upper())), country)
        yield {name: part for name, part in item.items() if part}


def _tax_id(text: str, plain: str, country: str) -> dict[str, str]:
    """A VAT number of the union, a French company's SIREN, or a tax number of the country."""
    siren = _SIREN.fullmatch(plain) if plain.startswith("FR") or country == "FR" else None
    if siren:
        return {"scheme": "tax_id", "value": siren[1] or siren[2], "country": "FR"}
    if vat := _vat_number(plain, country):
        return {"scheme": "eu_vat", "value": vat, "country": country}
    bare = plain.removeprefix(country)
    return {"scheme": "tax_id", "value": bare if bare.isdigit() else text, "country": country}


def _vat_number(plain: str, country: str) -> str:
    """The number with its country's letters, where it has them or has the shape of one there."""
    if _EU_VAT.fullmatch(plain):
        return plain
    shape = _VAT_SHAPES.get(country)
    return country + plain if shape and shape.fullmatch(plain) else ""


def _several(text: str) -> list[str]:
    if not text:
        return []
    if _SEVERAL.search(text) is None:
        return [text]
    return [piece for part in _SEVERAL.split(text) if (piece := part.strip())]
