"""Functions of the mapping language on mail addresses."""

from __future__ import annotations

from typing import Any, Final

from hub.mapping.texts import as_text, words_of

_ROLES: Final = words_of("""
abuse account accounting accounts admin administration ads anfrage anfragen assistance auftrag
bestellung bestellungen billing booking bookings buchhaltung buero business büro careers
comercial commercial compras compta comptabilite contact contacto contatti customer customercare
customerservice dispatch do-not-reply donotreply dpo einkauf empfang enquiries enquiry
facturacion finance hallo hello help helpdesk hi hola hostmaster hr info information infos
inquiries inquiry invoice invoices it jobs kontakt kundendienst kundenservice legal logistics
mail mailbox marketing media moin news newsletter no-reply noreply office order orders payment
payments personal post postmaster press presse privacy procurement purchase purchases purchasing
reception rechnung rechnungen recruiting reservations root sales secretariat secretary security
sekretariat service services shop staff support team tech technik ventas vente ventes verkauf
vertrieb webmaster welcome zentrale
""")
"""Names of RFC 2142 and the everyday ones in English, German, French, Spanish and Italian."""


def is_role_mailbox(value: Any) -> bool:
    """Whether an address belongs to a desk rather than a person: info@, sales@, noreply@."""
    name = as_text(value).strip().lower().rpartition("<")[2].partition("@")[0].partition("+")[0]
    bare = name.strip(" \"'")
    return bare in _ROLES or bare.rstrip("0123456789-_.") in _ROLES or _first(bare) in _ROLES


def email_domain(value: Any) -> str | None:
    """The part after the last @, in lower case; nothing where there is none."""
    _, sign, domain = as_text(value).strip().rstrip(">").rpartition("@")
    return domain.strip(" .").lower() or None if sign else None


def _first(name: str) -> str:
    # sales-de, info.berlin: a desk with a place behind it.
    for sign in "-._":
        name = name.partition(sign)[0]
    return name if name not in ("it", "hi", "personal", "post", "mail", "media", "business") else ""
