"""Match keys' raw material: e-mail addresses, identifiers and dates, each in one spelling.

Names, organisations, places and phones have modules of their own; all are pure and cached.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from hub.match.phones import standardise_phone
from hub.match.texts import word_set

__all__ = [
    "email_domain",
    "email_key",
    "is_date",
    "is_desk",
    "is_free_domain",
    "standardise_date",
    "standardise_email",
    "standardise_identifier",
    "standardise_phone",
]

_DOTLESS: Final = frozenset({"gmail.com", "googlemail.com"})
_FREE: Final = word_set(
    """
    gmail.com googlemail.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de
    outlook.com outlook.de outlook.fr hotmail.com hotmail.de hotmail.fr hotmail.it hotmail.co.uk
    live.com msn.com yahoo.com yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.co.uk icloud.com me.com
    mac.com aol.com mail.com mail.ru yandex.ru proton.me protonmail.com posteo.de mailbox.org
    orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it virgilio.it alice.it tiscali.it
    telefonica.net bluewin.ch aon.at btinternet.com comcast.net verizon.net att.net qq.com
    163.com arcor.de vodafone.de 1und1.de email.de online.de seznam.cz wp.pl o2.pl onet.pl
    ziggo.nl kpn.nl telenet.be skynet.be telia.com email.com
    """
)
_DESKS: Final = word_set(
    """
    abuse account accounting accounts admin administration anfrage anfragen assistance auftrag
    bestellung bestellungen billing booking bookings buchhaltung bureau buero careers commercial
    compras compta comptabilite contact contacto contatti customercare customerservice dispatch
    dpo einkauf empfang enquiries enquiry facturacion finance hallo hello help helpdesk
    hostmaster hr info infos information inquiries inquiry invoice invoices jobs kontakt
    kundendienst kundenservice legal logistics logistik mail marketing news newsletter noreply
    donotreply office order orders payment payments personal post postmaster presse press
    privacy procurement purchase purchasing rechnung rechnungen reception recruiting
    reservations root sales secretariat sekretariat security service services shop staff support
    team tech technik vente ventas vendite verkauf vertrieb versand webmaster welcome zentrale
    """
)


_SHORTEST_VAT: Final = 10
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PLACEHOLDERS: Final = frozenset(
    {"1900-01-01", "1970-01-01", "0001-01-01", "1111-11-11", "9999-12-31"}
)


def standardise_email(value: str) -> str | None:
    """The address in lower case without a display name or mailto:; None where it is none."""
    bare = value.strip().rpartition("<")[2].rstrip("> ").removeprefix("mailto:").lower()
    local, sign, domain = bare.rpartition("@")
    if not (sign and local and "." in domain) or bare.split() != [bare]:
        return None
    return f"{local}@{_in_ascii(domain.rstrip('.'))}"


def _in_ascii(domain: str) -> str:
    """The domain as the DNS has it (RFC 3490); as it stands where it can be none."""
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def email_key(value: str) -> str | None:
    """The address as compared: without +tag, for Gmail without dots too; never to be written to."""
    address = standardise_email(value)
    if address is None:
        return None
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def email_domain(address: str) -> str:
    """The domain of a standardised address."""
    return address.rpartition("@")[2]


def is_desk(address: str) -> bool:
    """Whether an address is a desk's, not a person's: info@, sales-de@, no-reply@ (RFC 2142)."""
    local = address.partition("@")[0].partition("+")[0]
    first = local.partition("-")[0].partition(".")[0].partition("_")[0]
    plain = local.replace("-", "").replace("_", "").replace(".", "").rstrip("0123456789")
    return plain in _DESKS or (first in _DESKS and first not in ("mail", "post", "personal"))


def is_free_domain(domain: str) -> bool:
    """Whether everybody may have an address there, so that it says nothing about an employer."""
    return domain in _FREE


@lru_cache(maxsize=65_536)
def standardise_identifier(scheme: str, value: str, country: str = "") -> str | None:
    """Letters and digits in upper case; a VAT number gets its country's letters in front."""
    plain = "".join(char for char in value.upper() if char.isalnum())
    if not plain or (len(plain) > 3 and len(set(plain)) == 1):
        return None
    if scheme == "eu_vat":
        return _compact_vat(country.upper() + plain if plain[:2].isdigit() else plain)
    return plain


def _compact_vat(number: str) -> str:
    """As python-stdnum writes it: EL for GR, Belgian and Dutch numbers of full length."""
    if len(number) < _SHORTEST_VAT:
        return number
    from stdnum.eu import vat
    from stdnum.exceptions import ValidationError

    try:
        return str(vat.compact("EL" + number[2:] if number[:2] == "GR" else number))
    except ValidationError:  # no country of the union: compared as it stands
        return number


def standardise_date(value: str) -> str | None:
    """An ISO date, or None for what has no date's shape and placeholders (1900-01-01, 1970-01-01).

    A mistyped date (1856-86-18) stays: it is compared letter by letter.
    """
    text = value[:10]
    if not text or not _DATE.fullmatch(text) or text[5:] == "00-00":
        return None
    return None if text in _PLACEHOLDERS else text


def is_date(text: str) -> bool:
    """Whether a standardised date is in the calendar."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
