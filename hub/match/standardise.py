"""Match keys' raw material: e-mail addresses, identifiers and dates, each in one spelling.

Names, organisations, places and phones have modules of their own; all are pure and cached.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from hub.match.absent import says_none
from hub.match.phones import standardise_phone
from hub.match.texts import word_set

__all__ = [
    "DESKS",
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
    126.com 163.com 1und1.de alice.it aol.com aon.at arcor.de att.net bbox.fr bell.net bellsouth.net
    bigpond.com bk.ru bluewin.ch blueyonder.co.uk bol.com.br btinternet.com centrum.cz charter.net
    chello.at comcast.net cox.net earthlink.net email.com email.cz email.de fastmail.com
    fastwebnet.it foxmail.com free.fr freenet.de gazeta.pl gmail.com gmx.at gmx.ch gmx.co.uk gmx.com
    gmx.de gmx.fr gmx.net googlemail.com googlemail.de hetnet.nl hey.com hispeed.ch home.nl
    hotmail.be hotmail.ca hotmail.co.uk hotmail.com hotmail.com.br hotmail.de hotmail.dk hotmail.es
    hotmail.fr hotmail.it hotmail.nl hotmail.se icloud.com inbox.ru interia.pl inwind.it kpn.nl
    kpnmail.nl laposte.net libero.it list.ru live.at live.be live.ca live.co.uk live.com live.de
    live.fr live.it live.nl live.se mac.com mail.com mail.de mail.ru mailbox.org me.com msn.com
    naver.com neuf.fr ntlworld.com numericable.fr o2.pl onet.pl online.de optusnet.com.au orange.fr
    outlook.at outlook.com outlook.de outlook.es outlook.fr outlook.it outlook.nl planet.nl pm.me
    posteo.de proton.me protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com rogers.com
    sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com skynet.be sunrise.ch
    sympatico.ca t-online.de talktalk.net telefonica.net telenet.be telia.com telus.net terra.es
    tin.it tiscali.it tutanota.com tutanota.de ukr.net uol.com.br upcmail.nl verizon.net
    videotron.ca virgilio.it virginmedia.com vodafone.de volny.cz wanadoo.fr web.de wp.pl xs4all.nl
    yahoo.ca yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it
    yahoo.nl yandex.ru ymail.com ziggo.nl zoho.com
    """
)
DESKS: Final = word_set(
    """
    abuse account accounting accounts accountspayable accountsreceivable accueil achats acquisti
    admin administracion administratie administration amministrazione anfrage anfragen ap assistance
    auftrag bestellung bestellungen billing biuro boekhouding booking bookings buchhaltung buero
    bureau careers commande commandes commercial compras compta comptabilite contabilidad
    contabilita contact contacto contatti crediteuren customercare customerservice debiteuren
    debitoren dispatch donotreply dpo einkauf empfang enquiries enquiry facturacion facturatie
    facturation facturen fakturace fatture finance hallo hello help helpdesk hostmaster hr info
    information infos inkoop inquiries inquiry invoice invoices jobs kanzlei klantenservice kontakt
    kreditoren kundendienst kundenservice lager legal logistics logistik mail marketing news
    newsletter noreply objednavky office order orders ordine ordini payables payment payments
    pedidos personal post postmaster praxis press presse privacy procurement purchase purchasing
    receivables receptie reception rechnung rechnungen rechnungswesen recruiting redaktion
    reservations rezeption root sales secretariaat secretariat security sekretariat service services
    shop staff support team tech technik ucetni ufficio vendite ventas vente verkauf verkoop versand
    vertrieb warehouse webmaster welcome zakupy zamowienia zentrale
    """
)
"""What stands before the @ where a desk has the mailbox; such words are nobody's name either."""
_NAMES_TOO: Final = frozenset({"ap", "mail", "personal", "post"})
"""Desks that stand for something else where more follows: ap.singh@."""


_SHORTEST_VAT: Final = 10
_SWISS: Final = 12
_SWISS_VAT: Final = frozenset({"MWST", "TVA", "IVA", "TPV", "HR"})
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
    return plain in DESKS or (first in DESKS and first not in _NAMES_TOO)


def is_free_domain(domain: str) -> bool:
    """Whether everybody may have an address there, so that it says nothing about an employer."""
    return domain in _FREE


@lru_cache(maxsize=65_536)
def standardise_identifier(scheme: str, value: str, country: str = "") -> str | None:
    """Letters and digits in upper case; a VAT number gets its country's letters in front."""
    plain = "" if says_none(value) else "".join(filter(str.isalnum, value.upper()))
    if not plain or (len(plain) > 3 and len(set(plain)) == 1):
        return None
    if scheme == "eu_vat":
        return _compact_vat(plain if plain[:2].isalpha() else country.upper() + plain)
    return _without_language(plain) if plain.startswith("CHE") else plain


def _without_language(number: str) -> str:
    """A Swiss number without "VAT" behind it, which it has in any of the country's languages.

    Federal Statistical Office, UID: CHE-123.456.789 MWST, TVA, IVA or TPV.
    """
    return number[:_SWISS] if number[_SWISS:] in _SWISS_VAT else number


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
