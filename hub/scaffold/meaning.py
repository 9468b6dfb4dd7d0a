"""What streams and fields seem to mean, by their names: the first guess of a mapping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hub.scaffold.draft import FieldDraft, identifier

_ENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket": ("ticket", "case", "issue", "incident", "request"),
    "opportunity": ("opportunit", "deal"),
    "invoice": ("invoice",),
    "order": ("order",),
}
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("number", "no", "ref", "reference", "code", "id", "key"),
    "display_name": ("display_name", "full_name", "name", "title", "label"),
    "given": ("given_name", "first_name", "firstname", "given", "forename"),
    "family": ("family_name", "last_name", "lastname", "surname", "family"),
    "legal_name": ("company", "company_name", "organisation", "organization", "legal_name"),
    "email": ("email", "email_address", "mail", "e_mail"),
    "phone": ("phone", "telephone", "phone_number", "mobile", "mobile_phone", "tel"),
    "web": ("website", "url", "homepage"),
    "street": ("street", "address1", "address_line1", "line1", "street1", "address"),
    "city": ("city", "town", "locality"),
    "postcode": ("postcode", "zip", "postal_code", "zip_code", "zipcode"),
    "region": ("region", "state", "province", "county"),
    "country": ("country", "country_code"),
    "eu_vat": ("vat_number", "vat", "vat_id", "tax_id"),
    "subject": ("subject", "title", "summary", "name"),
    "status": ("status", "state", "stage"),
    "date": ("date", "issued_at", "invoice_date", "order_date", "created_at", "created"),
    "due_date": ("due_date", "due"),
    "opened": ("opened_at", "opened", "created_at", "created"),
    "currency": ("currency", "currency_code"),
    "net": ("net", "subtotal", "net_amount", "total_net"),
    "tax": ("tax", "vat_amount", "tax_amount", "total_tax"),
    "gross": ("gross", "total", "amount", "gross_amount", "total_gross"),
    "amount": ("amount", "value", "total"),
    "version": (
        *("updated_at", "updated", "modified_at", "modified", "last_modified", "changed_at"),
        *("last_updated", "date_modified", "modification_date", "updated_on", "write_date"),
    ),
    "deleted": ("deleted", "is_deleted", "archived", "is_archived"),
    "key": ("id", "uuid", "uid", "key", "guid", "number", "code"),
}


def entity_of(stream: str) -> str:
    """The canonical entity that a stream's name suggests; a party where nothing does."""
    plain = identifier(stream)
    for entity, words in _ENTITIES.items():
        if any(word in plain for word in words):
            return entity
    return "party"


def find(meaning: str, fields: Iterable[FieldDraft]) -> FieldDraft | None:
    """The field that means this, the likeliest name first; those deeper down come last."""
    known = sorted(fields, key=lambda field: field.path.count("."))
    by_name = {identifier(field.name): field for field in reversed(known)}
    return next((by_name[word] for word in _WORDS[meaning] if word in by_name), None)


def singular(word: str) -> str:
    """A stream's name out of a path's: contacts is read as contact."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if re.search(r"(ss|us|is)$", word) or not word.endswith("s"):
        return word
    return word[:-2] if re.search(r"(x|ch|sh|ss)es$", word) else word[:-1]
