"""Spellings of one value become one; different values stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.match.places import standardise_place
from hub.match.standardise import (
    email_key,
    is_desk,
    standardise_date,
    standardise_email,
    standardise_identifier,
)
from hub.match.towns import standardise_town
from tests.unit.match.crowd import outcomes, person


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Anna.Berg@Example.COM", "anna.berg@example.com"),
        (" <anna@example.com> ", "anna@example.com"),
        ("mailto:anna@example.com", "anna@example.com"),
        ("anna@localhost", None),
        ("anna", None),
        ("a b@example.com", None),
        ("x < a@example.com", None),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
    ],
)
def test_standardise_email(value: str, expected: str | None) -> None:
    assert standardise_email(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("anna+shop@example.com", "anna@example.com"),
        ("an.na@gmail.com", "anna@gmail.com"),
        ("anna@googlemail.com", "anna@gmail.com"),
        ("an.na@example.com", "an.na@example.com"),
        ("+tag@example.com", "+tag@example.com"),
    ],
)
def test_email_key(value: str, expected: str) -> None:
    assert email_key(value) == expected


def test_plus_tag_stays_in_the_address_itself() -> None:
    assert standardise_email("anna+shop@example.com") == "anna+shop@example.com"


@pytest.mark.parametrize("address", ["info@x.example", "sales-de@x.example", "no-reply@x.example"])
def test_desks(address: str) -> None:
    assert is_desk(address)


@pytest.mark.parametrize(
    "address", ["anna@x.example", "infanta@x.example", "post.malone@x.example"]
)
def test_people_are_no_desks(address: str) -> None:
    assert not is_desk(address)


def test_identifiers() -> None:
    assert standardise_identifier("eu_vat", "DE 123.456-789") == "DE123456789"
    assert standardise_identifier("eu_vat", "123456789", "de") == "DE123456789"
    assert standardise_identifier("customer_no", "k-0017") == "K0017"
    assert standardise_identifier("customer_no", "0000") is None
    assert standardise_identifier("eu_vat", "GR 094259216") == "EL094259216"
    assert standardise_identifier("eu_vat", "BE 403.019.261") == "BE0403019261"
    assert standardise_identifier("eu_vat", "CHE-107.787.577") == "CHE107787577"


@given(st.sampled_from(["DE", "BE", "NL", "GR", "FR", "US"]), st.text("0123456789ABX .-"))
def test_standardising_an_identifier_twice_changes_nothing(country: str, text: str) -> None:
    once = standardise_identifier("eu_vat", country + text)
    assert once is None or standardise_identifier("eu_vat", once) == once


def test_dates() -> None:
    assert standardise_date("1980-05-04T00:00:00Z") == "1980-05-04"
    assert standardise_date("1900-01-01") is None
    assert standardise_date("soon") is None


def _address_of(one: str, other: str) -> str:
    """What two streets' lines in one town say."""
    bodies = (person("A", "B", street=line, town=("10115", "Berlin")) for line in (one, other))
    return outcomes(*bodies)["address"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hauptstraße 12 a", "Hauptstr. 12a"),
        ("Hauptstrasse 12a", "HAUPTSTR 12 A"),
        ("12, rue de la Paix", "12 rue de la Paix"),
        ("123 Main Street", "123 Main St"),
        ("Via Roma 5/7", "via Roma 5"),
        ("221b Baker Street, Flat 3", "221b Baker St"),
        ("Flat 3, 12 Baker Street", "12 Baker Street"),
        ("Flat B 12 Baker Street", "12 Baker Street Flat 3"),
        ("12 Baker St #4", "Unit 4, 12 Baker St"),
        ("88 avenue Gambetta bât 3", "88 av Gambetta"),
        ("12 bis rue de la Paix", "12bis, rue de la Paix"),
        ("c/o Berg, Hauptstr. 12", "Hauptstr. 12 c/o Berg"),
        ("Hauptstr. 12, 2. OG links", "Hauptstr. 12 App. 4"),
        ("Hauptstr. 12 Hinterhaus", "Hauptstr. 12, Whg. 7"),
        ("Hauptstr. 12/4/7", "Hauptstr. 12 Stiege 4 / Top 7"),
        ("Calle Mayor 5, 3º izq", "C/ Mayor 5"),
        ("Via Roma 5 int. 7", "Via Roma 5 scala B"),
        ("ul. Długa 5 m. 7", "ul. Długa 5/7"),
        ("Storgatan 5 lgh 1101", "Storgatan 5"),
        ("ул. Ленина 5 кв. 3", "ul. Lenina 5"),
        ("Postfach 1234", "P.O. Box 1234"),
        ("570 4th St", "570 Fourth Street"),
    ],
)
def test_same_house(one: str, other: str) -> None:
    assert _address_of(one, other) == "same house"


@pytest.mark.parametrize("line", ["12 Top Road", "12 Unit Street", "3 Flat Lane"])
def test_streets_are_no_units(line: str) -> None:
    place = standardise_place((line,), "Berlin")
    assert place is not None
    assert len(place.street) > 3
    assert place.number == line.partition(" ")[0]


@pytest.mark.parametrize("line", ["c/o Berg", "Flat 3", "Apt. 2005"])
def test_an_addressee_or_a_flat_is_no_street(line: str) -> None:
    place = standardise_place((line, "Hauptstr. 12"), "Berlin")
    assert place == standardise_place(("Hauptstr. 12",), "Berlin")


def test_house_numbers_differ() -> None:
    assert _address_of("Hauptstr. 12", "Hauptstr. 14") == "postcode and street"


@pytest.mark.parametrize(
    "longer",
    ["12 Baker Street near Regent's Park", "12 Baker Street Baker House", "12 Baker Street Ne"],
)
def test_what_is_said_behind_a_street_does_not_make_it_another(longer: str) -> None:
    assert _address_of("12 Baker Street", longer) in {"same house", "postcode and number"}
    one, other = (
        person("A", "B", street=line, town=("", "Berlin")) for line in ("12 Baker Street", longer)
    )
    assert outcomes(one, other)["address"] == "street and number"


def test_missing_parts_of_an_address_do_not_disagree() -> None:
    street = person("Anna", "Berg", street="Hauptstr. 12")
    town = person("Anna", "Berg", town=("", "Berlin"))
    assert "address" not in outcomes(street, town)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("1980-05-04", "same"),
        ("1980-04-05", "slip or day and month swapped"),
        ("1980-05-14", "slip or day and month swapped"),
        ("1999-12-31", "different"),
    ],
)
def test_dates_that_are_near(other: str, expected: str) -> None:
    one, two = (person("Anna", "Berg", born=born) for born in ("1980-05-04", other))
    assert outcomes(one, two)["birth_date"] == expected


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=12))
def test_any_text_gives_a_place_or_none(line: str, city: str, postcode: str) -> None:
    place = standardise_place((line,), city, postcode=postcode)
    assert place is None or any(place[:4])


@given(st.text(max_size=40))
def test_standardising_an_email_twice_changes_nothing(text: str) -> None:
    once = standardise_email(text)
    assert once is None or standardise_email(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Munich", "München"),
        ("Krakau", "Kraków"),
        ("Cracow", "KRAKOW"),
        ("Mailand", "Milano"),
        ("'s-Gravenhage", "Den Haag"),
        ("Sankt Gallen", "St. Gallen"),
        ("Frankfurt am Main", "Frankfurt/M."),
        ("Halle (Saale)", "Halle"),
        ("Lyon Cedex 03", "Lyon"),
        ("1010 Wien", "Vienna"),
    ],
)
def test_one_town_by_several_names(one: str, other: str) -> None:
    assert standardise_town(one) == standardise_town(other) != ""


@pytest.mark.parametrize("city", ["Am Ohmberg", "Aix-les-Bains", "La Rochelle", "A Coruña"])
def test_towns_keep_what_belongs_to_their_name(city: str) -> None:
    assert standardise_town(city).count(" ") == city.replace("-", " ").count(" ")


def test_digits_are_no_town() -> None:
    assert standardise_town("12345") == standardise_town("n/a") == ""
