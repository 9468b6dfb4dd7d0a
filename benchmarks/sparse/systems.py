"""What each of the four systems keeps of a person."""

from __future__ import annotations

from typing import Final

from benchmarks.sparse import digits, places, slips
from benchmarks.sparse.dice import Dice
from benchmarks.sparse.people import Person
from benchmarks.sparse.places import Address

COLUMNS: Final = (
    "record_id", "source", "kind", "given_name", "family_name", "full_name", "organisation",
    "email", "phone", "street", "city", "region", "postcode", "country", "birth_date", "tax_id",
    "updated_at", "truth",
)  # fmt: skip
_DUMMY_PHONES: Final = ("0000000", "0", "999999999", "+43 1 1234567", "123456789", "0123456789")
_DUMMY_MAILS: Final = ("noreply@example.com", "keine@mail.de", "none@none.com", "test@test.com")
_GERMAN: Final = ("DE", "AT", "CH")

Record = dict[str, str]


def person(dice: Dice, one: Person, system: str) -> Record:
    """One record of a person; which years it tells of, and with which slips, is drawn anew."""
    is_old = dice.happens("slip: record is old")
    record = _WRITERS[system](dice, one, is_old)
    record["kind"] = "person"
    record["updated_at"] = stamp(dice, is_old)
    return record


def stamp(dice: Dice, is_old: bool) -> str:
    """When the record was last touched: independent of whose it is."""
    year = 2018 + dice.below(4) if is_old else 2021 + dice.below(5)
    day = f"{1 + dice.below(12):02d}-{1 + dice.below(28):02d}"
    return f"{year}-{day}T{dice.below(24):02d}:{dice.below(60):02d}:{dice.below(60):02d}Z"


def _sales(dice: Dice, one: Person, is_old: bool) -> Record:
    given, family = _names(dice, one, is_old)
    if dice.happens("slip: parts swapped"):
        given, family = family, given
    record = {"given_name": given, "family_name": family}
    if one.job and dice.happens("filled: sales organisation"):
        record["organisation"] = slips.spelt(dice, one.job.organisation)
    if dice.happens("filled: sales email"):
        record["email"] = _mail(dice, one, is_old)
    if dice.happens("filled: sales phone"):
        record["phone"] = _phone(dice, one, is_old)
    if dice.happens("filled: sales birth_date"):
        record["birth_date"] = slips.date(dice, one.birth)
    _where(dice, record, _address(dice, one, is_old))
    return record


def _where(dice: Dice, record: Record, address: Address) -> None:
    if dice.happens("filled: sales city"):
        record["city"] = slips.spelt(dice, places.town(dice, address))
        if dice.happens("filled: sales street"):
            record["street"] = slips.spelt(dice, places.line(dice, address))
            record["postcode"] = places.postcode(dice, address)
    if dice.happens("filled: sales country"):
        record["country"] = dice.pick(address.country.called)


def _helpdesk(dice: Dice, one: Person, is_old: bool) -> Record:
    record = {"full_name": _full(dice, one, is_old)}
    if dice.happens("filled: helpdesk email"):
        record["email"] = _mail(dice, one, is_old)
    if dice.happens("filled: helpdesk phone"):
        record["phone"] = _phone(dice, one, is_old)
    if one.job and dice.happens("filled: helpdesk organisation"):
        record["organisation"] = slips.spelt(dice, one.job.organisation)
    if dice.happens("filled: helpdesk country"):
        record["country"] = dice.pick(one.country.called)
    return record


def _mailbox(dice: Dice, one: Person, is_old: bool) -> Record:
    record = {"email": _mail(dice, one, is_old)}
    if dice.happens("filled: mailbox name"):
        record["full_name"] = _full(dice, one, is_old)
    return record


def _erp(dice: Dice, one: Person, is_old: bool) -> Record:
    record = _erp_names(dice, one, is_old)
    address = _address(dice, one, is_old)
    if dice.happens("filled: erp street"):
        record["street"] = slips.spelt(dice, places.line(dice, address))
        record["city"] = slips.spelt(dice, places.town(dice, address))
        record["postcode"] = places.postcode(dice, address)
    record["country"] = address.country.code
    if dice.happens("filled: erp region"):
        record["region"] = address.town.region
    if dice.happens("filled: erp phone"):
        record["phone"] = _phone(dice, one, is_old)
    if dice.happens("filled: erp email"):
        record["email"] = _mail(dice, one, is_old)
    if dice.happens("filled: erp birth_date"):
        record["birth_date"] = slips.date(dice, one.birth)
    if one.job and dice.happens("filled: erp organisation"):
        record["organisation"] = slips.spelt(dice, one.job.organisation)
    if one.tax:
        record["tax_id"] = tax(dice, one.tax)
    if dice.happens("slip: erp capitals"):
        shout(record)
    return record


def _erp_names(dice: Dice, one: Person, is_old: bool) -> Record:
    given, family = _names(dice, one, is_old)
    if one.suffix and dice.chance(0.4):
        family = f"{family} {one.suffix}"
    if dice.happens("slip: erp in one field"):
        return {"full_name": f"{family} {given}" if dice.chance(0.6) else f"{given} {family}"}
    if dice.happens("slip: erp parts swapped"):
        given, family = family, given
    return {"given_name": given, "family_name": family}


def shout(record: Record) -> None:
    for name in ("given_name", "family_name", "full_name", "organisation", "street", "city"):
        if name in record:
            record[name] = record[name].upper()


def _names(dice: Dice, one: Person, is_old: bool) -> tuple[str, str]:
    """Given and family name as this record has them."""
    given = slips.spelt(dice, _called(dice, one))
    family = one.old_family if is_old and one.old_family else one.family
    mark = "-" if "-" in family else " "
    if mark in family and one.country.code != "NL" and dice.happens("slip: half a double name"):
        family = family.split(mark)[0 if one.country.code == "ES" else dice.below(2)] or family
    family = slips.spelt(dice, family)
    if dice.happens("slip: without accents"):
        german = one.country.code in _GERMAN and dice.chance(0.8)
        given, family = slips.plain(given, german=german), slips.plain(family, german=german)
    return given, family


def _called(dice: Dice, one: Person) -> str:
    if dice.happens("slip: initial only"):
        return one.given[0] + "."
    nicknames = one.country.nicknames.get(one.given)
    if nicknames and dice.happens("slip: nickname"):
        return dice.pick(nicknames)
    if one.second and dice.happens("slip: with middle name"):
        return f"{one.given} {one.second if dice.chance(0.5) else one.second[0] + '.'}"
    return one.given


def _full(dice: Dice, one: Person, is_old: bool) -> str:
    given, family = _names(dice, one, is_old)
    if dice.happens("slip: given name only"):
        return given
    name = f"{given} {family}"
    if dice.happens("slip: family name first"):
        name = f"{family}, {given}" if dice.chance(0.6) else f"{family} {given}"
    if dice.happens("slip: title"):
        name = f"{dice.pick(('Dr.', 'Mr', 'Ms', 'Ing.', 'Mag.', 'Prof.'))} {name}"
    return name.upper() if dice.happens("slip: capitals") else name


def _mail(dice: Dice, one: Person, is_old: bool) -> str:
    if one.job and not dice.happens("slip: private mail at work"):
        return mail(dice, one.job.mail)
    return mail(dice, one.mails[-1] if is_old else one.mails[0])


def mail(dice: Dice, address: str) -> str:
    """An address as it is typed."""
    if dice.happens("slip: dummy mail"):
        return dice.pick(_DUMMY_MAILS)
    if dice.happens("slip: mail mistyped"):
        address = slips.mistyped(dice, address)
    if not dice.happens("slip: mail in capitals"):
        return address
    return address.upper() if dice.chance(0.2) else address[0].upper() + address[1:]


def _phone(dice: Dice, one: Person, is_old: bool) -> str:
    if one.job and dice.happens("hard: shared desk phone"):
        return phone(dice, one.job.phone)
    if one.line and dice.happens("slip: phone of home"):
        return phone(dice, one.line)
    return phone(dice, (is_old and one.old_mobile) or one.mobile)


def phone(dice: Dice, number: digits.Phone) -> str:
    """A number as it is typed."""
    if dice.happens("slip: dummy phone"):
        return dice.pick(_DUMMY_PHONES)
    text = digits.written(dice, number)
    return slips.digit(dice, text) if dice.happens("slip: digit of phone wrong") else text


def _address(dice: Dice, one: Person, is_old: bool) -> Address:
    if one.job and dice.happens("hard: uses the company's address"):
        return one.job.address
    return (is_old and one.old_home) or one.home


def tax(dice: Dice, number: str) -> str:
    if dice.happens("slip: digit of tax number wrong"):
        number = slips.digit(dice, number)
    if not dice.happens("slip: tax number otherwise"):
        return number
    bare = number[2:] if number[:2].isalpha() and number[:2] != "CH" else number
    return dice.pick((bare, f"{number[:3]} {number[3:6]} {number[6:]}", number.lower()))


_WRITERS: Final = {"sales": _sales, "helpdesk": _helpdesk, "mailbox": _mailbox, "erp": _erp}
