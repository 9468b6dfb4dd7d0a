"""What the four systems keep of an organisation."""

from __future__ import annotations

from typing import Final

from benchmarks.sparse import places, slips
from benchmarks.sparse.companies import Company
from benchmarks.sparse.dice import Dice
from benchmarks.sparse.systems import Record, mail, phone, shout, stamp, tax

_GERMAN: Final = ("DE", "AT", "CH")
_SHORT: Final = {
    "Software": "SW", "Consulting": "Cons.", "Elektrotechnik": "E-Technik", "Immobilien": "Immo",
    "Maschinenbau": "Masch.bau", "Services": "Svcs", "International": "Intl", "Engineering": "Eng",
    "Logistics": "Log.", "Properties": "Props", "Construcciones": "Constr.",
    "Costruzioni": "Costr.", "Transports": "Transp.", "Trasporti": "Trasp.", "Immobilier": "Immo",
    "Handel": "Hdl.", "Group": "Grp", "Holding": "Hldg", "Heizung Sanitär": "HS",
    "Nieruchomości": "Nier.",
}  # fmt: skip


def company(dice: Dice, one: Company, system: str) -> Record:
    """One record of a company; the ERP knows the legal name, the others what they hear."""
    is_old = dice.happens("slip: record is old")
    record: Record = {"kind": "organisation", "updated_at": stamp(dice, is_old)}
    if system == "mailbox":
        record |= _mailbox(dice, one)
    elif system == "helpdesk":
        record |= {"organisation": _spoken(dice, one), "email": mail(dice, _box(one))}
    else:
        record |= _account(dice, one, system, is_old)
    return record


def _mailbox(dice: Dice, one: Company) -> Record:
    record = {"email": mail(dice, _box(one))}
    if dice.happens("filled: mailbox name"):
        record["full_name" if dice.chance(0.6) else "organisation"] = _spoken(dice, one)
    return record


def _box(one: Company) -> str:
    return one.mailed or f"{one.box}@{one.domain}"


def _account(dice: Dice, one: Company, system: str, is_old: bool) -> Record:
    in_books = system == "erp"
    record = {"organisation": _legal(dice, one) if in_books else _spoken(dice, one)}
    if in_books or dice.happens("filled: company city"):
        _address(dice, record, one, is_old=is_old)
        if not in_books and not dice.happens("filled: company street"):
            record.pop("street"), record.pop("postcode")
    if dice.happens("filled: company email"):
        record["email"] = mail(dice, _box(one))
    if dice.happens("filled: company phone"):
        record["phone"] = phone(dice, one.phone)
    if dice.happens("filled: company tax_id" if in_books else "filled: sales tax_id"):
        record["tax_id"] = tax(dice, one.tax)
    if in_books and dice.happens("slip: erp capitals"):
        shout(record)
    return record


def _address(dice: Dice, record: Record, one: Company, *, is_old: bool) -> None:
    where = (is_old and one.old_address) or one.address
    record["street"] = slips.spelt(dice, places.line(dice, where))
    record["city"] = slips.spelt(dice, places.town(dice, where))
    record["postcode"] = places.postcode(dice, where)
    record["country"] = dice.pick(where.country.called)


def _legal(dice: Dice, one: Company) -> str:
    """The name with its legal form, one way of writing it or another."""
    form = one.form[0]
    if dice.happens("slip: legal form otherwise"):
        form = dice.pick(one.form)
    if dice.happens("slip: legal form left out"):
        form = ""
    return f"{_written(dice, one, one.name)} {form}".strip()


def _spoken(dice: Dice, one: Company) -> str:
    if one.trading and dice.happens("world: trading name alone"):
        return _written(dice, one, one.trading)
    return _legal(dice, one)


def _written(dice: Dice, one: Company, name: str) -> str:
    if dice.happens("slip: company abbreviated"):
        for long, short in _SHORT.items():
            name = name.replace(long, short)
    words = name.split()
    if len(words) > 2 and dice.happens("slip: word left out"):
        del words[1 + dice.below(len(words) - 1)]
    if len(words) > 2 and dice.happens("slip: company's initials"):
        words = ["".join(word[0] for word in words[:-1]).upper(), words[-1]]
    name = slips.spelt(dice, " ".join(words))
    if dice.happens("slip: without accents"):
        name = slips.plain(name, german=one.country.code in _GERMAN)
    return name
