"""Names of people and organisations: what counts as one, and what keeps two apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.match.names import NameAgreement as Name
from hub.match.names import PersonName, compare_names, split_person, standardise_person
from hub.match.organisations import OrganisationAgreement as Org
from hub.match.organisations import (
    OrganisationName,
    compare_organisations,
    forms_differ,
    split_trading_names,
    standardise_organisation,
    with_form,
)


def _person(text: str) -> PersonName:
    name = split_person(text)
    assert name is not None
    return name


def _organisation(text: str) -> OrganisationName:
    name = standardise_organisation(text)
    assert name is not None
    return name


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Anna Müller", "Anna Mueller", Name.FULL),
        ("Anna Müller", "MULLER, Anna", Name.FULL),
        ("Dr. Anna Müller", "Frau Anna Müller", Name.FULL),
        ("Anna von der Heide", "Heide Anna", Name.FULL),
        ("Bob Smith", "Robert Smith", Name.NICKNAME),
        ("Sepp Huber", "Josef Huber", Name.NICKNAME),
        ("Pepe García", "José García", Name.NICKNAME),
        ("Dijkstra Kees", "Cornelis Dijkstra", Name.NICKNAME),
        ("Hans Peter Berg", "Peter Berg", Name.NICKNAME),
        ("A. Müller", "Anna Müller", Name.INITIAL),
        ("R. Hall", "Becky Hall", Name.INITIAL),
        ("Babsi Winkler", "Barbara Winkler", Name.NICKNAME),
        ("Kasia Nowak", "Katarzyna Nowak", Name.NICKNAME),
        ("Anna Müller-Lüdenscheidt", "Müller-Lüdenscheidt, Anna", Name.FULL),
        ("Пётр Иванов", "Ivanov, Petr", Name.FULL),
        ("Саша Щербакова", "Aleksandra Shcherbakova", Name.NICKNAME),
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos", Name.FULL),
        ("Müller A.", "Anna Müller", Name.INITIAL),
        ("Anna Schmidt", "Anna Schmitd", Name.SIMILAR),
        ("Anna", "Anna Müller", Name.PARTIAL),
        ("Anna Müller", "Anna Berger", Name.FAMILY_DIFFERS),
        ("Hans Müller", "Erika Müller", Name.GIVEN_DIFFERS),
        ("Jan Berg", "Jana Berg", Name.GIVEN_DIFFERS),
        ("Robert Smith Jr.", "Robert Smith Sr.", Name.GENERATION_DIFFERS),
        ("Hans Müller", "Erika Schulz", Name.DIFFERENT),
    ],
)
def test_people(one: str, other: str, expected: Name) -> None:
    assert compare_names(_person(one), _person(other)) is expected


def test_parts_that_a_source_keeps_apart() -> None:
    assert standardise_person("Anna Maria", "", "von Berg") == PersonName(
        ("anna", "maria"), ("berg",)
    )
    assert standardise_person("McLean", "", "E.") == PersonName(("e",), ("mclean",))
    assert standardise_person("", "", "") is None


@pytest.mark.parametrize(
    ("suffix", "expected"), [("Jr.", "jr"), ("Sr.", "sr"), ("III", "iii"), ("PhD", ""), ("", "")]
)
def test_a_suffix_states_the_generation(suffix: str, expected: str) -> None:
    name = standardise_person("Robert", "", "Smith", suffix=suffix)
    assert name == PersonName(("robert",), ("smith",), expected)


def test_an_address_is_no_name() -> None:
    assert split_person("anna@example.com") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Müller & Söhne GmbH & Co. KG", "MUELLER UND SOEHNE", Org.SAME),
        ("ACME S.p.A.", "Acme SpA", Org.SAME),
        ("The Acme Company Ltd.", "Acme Limited", Org.SAME),
        ("Muster e. V.", "Muster eingetragener Verein", Org.SAME),
        ("Logistik Steiner", "Steiner Logistik GmbH", Org.SAME),
        ("Maschinenbau Brandt", "Maschinenbau Brand GmbH", Org.SIMILAR),
        ("Acme", "Acme Logistics GmbH", Org.PART),
        ("Acme GmbH", "Zenith GmbH", Org.DIFFERENT),
    ],
)
def test_organisations(one: str, other: str, expected: Org) -> None:
    assert compare_organisations(_organisation(one), _organisation(other)) is expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Muster GmbH & Co. KG", "gmbh co kg"),
        ("Muster Ges.m.b.H.", "gmbh"),
        ("Muster e.K.", "ek"),
        ("Muster S.à r.l.", "sarl"),
        ("Muster SASU", "sas"),
        ("Muster S.L.U.", "sl"),
        ("Muster S. Coop.", "scoop"),
        ("Muster S.A. de C.V.", "sa"),
        ("Muster S.r.l.", "srl"),
        ("Muster B.V.", "bv"),
        ("Muster Sp. z o.o.", "spzoo"),
        ("Muster Sp. z o.o. Sp. k.", "spzoo spk"),
        ("Muster Sp. k.", "spk"),
        ("Muster, spol. s r.o.", "sro"),
        ("Muster Kft.", "kft"),
        ("Muster d.o.o.", "doo"),
        ("Muster A/S", "as"),
        ("Muster Oyj", "oy"),
        ("Muster Ltd. Şti.", "ltd"),
        ("ООО Muster", "ooo"),
        ("Muster EOOD", "eood"),
        ("Muster Pty Ltd", "ltd"),
        ("Muster GmbH u. Co. KG", "gmbh co kg"),
        ("Muster Ges.m.b.H. & Co. KG", "gmbh co kg"),
        ("Muster Gesellschaft m.b.H.", "gmbh"),
        ("Muster Ges. mit beschränkter Haftung", "gmbh"),
        ("Muster Offene Gesellschaft", "og"),
        ("Muster e.U.", "eu"),
        ("Muster Genossenschaft", "eg"),
        ("Muster Spółka Akcyjna", "sa"),
        ("Muster, Sociedad Civil", "sc"),
        ("Stichting Muster", "stichting"),
        ("P.P.H.U. Muster", ""),
    ],
)
def test_legal_forms_of_many_countries(text: str, form: str) -> None:
    assert _organisation(text) == OrganisationName(("muster",), form)


@pytest.mark.parametrize("word", ["EU", "Gen", "SC"])
def test_what_is_a_form_at_the_end_is_a_word_in_front(word: str) -> None:
    assert _organisation(f"{word} Muster").words == (word.lower(), "muster")


def test_a_form_stated_apart_counts_unless_the_name_has_one() -> None:
    assert with_form(_organisation("Muster"), "GmbH").form == "gmbh"
    assert with_form(_organisation("Muster AG"), "GmbH").form == "ag"
    assert with_form(_organisation("Muster"), "something else").form == ""


@pytest.mark.parametrize("sign", ["t/a", "T/A", "d/b/a", "DBA", "trading as", "handelnd unter"])
def test_trading_names(sign: str) -> None:
    assert split_trading_names(f"Muster Ltd {sign} Zenith") == ["Muster Ltd", "Zenith"]
    assert split_trading_names(f"Muster Ltd {sign}") == ["Muster Ltd", ""]
    assert split_trading_names("Dataform as usual") == ["Dataform as usual"]


def test_legal_forms() -> None:
    gmbh, group, bare = map(_organisation, ("Muster GmbH", "Muster AG", "Muster"))
    assert forms_differ((gmbh,), (group,))
    assert not forms_differ((gmbh,), (bare,))
    assert _organisation("GmbH").words == ("gmbh",)


_NAMES = st.sampled_from(
    [
        "anna",
        "anne",
        "hans",
        "johannes",
        "bob",
        "robert",
        "r",
        "berg",
        "müller",
        "de luca",
        "o'neil",
    ]
)


@given(_NAMES, _NAMES, _NAMES, _NAMES)
def test_comparing_names_is_symmetric(one: str, two: str, three: str, four: str) -> None:
    left, right = standardise_person(one, "", two), standardise_person(three, "", four)
    assert left is not None
    assert right is not None
    assert compare_names(left, right) is compare_names(right, left)
    assert compare_names(left, left) is not Name.DIFFERENT


@given(st.text(max_size=40))
def test_any_text_is_taken(text: str) -> None:
    split_person(text)
    standardise_organisation(text)
