import random

import phonenumbers
import pytest

from hub.demo.numbers import PhoneBook, draw_vat, write_phone
from hub.demo.places import SHARES, TOWNS

RNG = random.Random(3)


@pytest.mark.parametrize("country", sorted(set(SHARES) - {"US"}))
def test_vat_numbers_have_right_check_digits(country: str) -> None:
    special = {"CH": "stdnum.ch.vat", "GB": "stdnum.gb.vat"}
    checker = pytest.importorskip(special.get(country, "stdnum.eu.vat"))
    for _ in range(100):
        assert checker.is_valid(draw_vat(RNG, country))


def test_us_has_no_vat_numbers() -> None:
    assert draw_vat(RNG, "US") is None


@pytest.mark.parametrize("country", sorted(TOWNS))
def test_each_way_to_write_a_number_means_the_same_number(country: str) -> None:
    book = PhoneBook(RNG)
    for town in TOWNS[country]:
        phone = book.draw((town.landline,))
        assert phone is not None
        expected = f"+{''.join(phone)}"
        for style in range(6):
            parsed = phonenumbers.parse(write_phone(phone, style), country)
            assert phonenumbers.is_valid_number(parsed)
            assert phonenumbers.format_number(parsed, 0) == expected


def test_phone_book_never_repeats_and_gives_up_when_exhausted() -> None:
    book = PhoneBook(RNG)
    drawn = [book.draw(("+1 212 55501#",)) for _ in range(200)]
    given = [phone for phone in drawn if phone]
    assert len(given) == len(set(given)) <= 10
    assert None in drawn
