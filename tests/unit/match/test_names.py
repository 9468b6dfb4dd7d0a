"""Names of people and organisations: what counts as one, and what keeps two apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.match.names import PersonName, split_person, standardise_person
from hub.match.organisations import (
    OrganisationName,
    may_have_form,
    split_trading_names,
    standardise_organisation,
    with_form,
)
from tests.unit.match.crowd import company, outcomes, person


def _organisation(text: str) -> OrganisationName:
    name = standardise_organisation(text)
    assert name is not None
    return name


_NICKNAME = {"given_name": "nickname or call name", "family_name": "same"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Anna Müller", "Anna Mueller", {"full_name": "same"}),
        ("Anna Müller", "MULLER, Anna", {"full_name": "same"}),
        ("Dr. Anna Müller", "Frau Anna Müller", {"full_name": "same"}),
        ("Anna von der Heide", "Heide Anna", {"full_name": "swapped"}),
        ("Anna Müller-Lüdenscheidt", "Müller-Lüdenscheidt, Anna", {"full_name": "same"}),
        ("Пётр Иванов", "Ivanov, Petr", {"full_name": "same"}),
        ("Γιώργος Παπαδόπουλος", "Giorgos Papadopoulos", {"full_name": "same"}),
        ("Robert Smith Jr.", "Robert Smith Sr.", {"full_name": "same", "generation": "different"}),
        ("Bob Smith", "Robert Smith", _NICKNAME),
        ("Sepp Huber", "Josef Huber", _NICKNAME),
        ("Pepe García", "José García", _NICKNAME),
        ("Hans Peter Berg", "Peter Berg", _NICKNAME),
        ("Babsi Winkler", "Barbara Winkler", _NICKNAME),
        ("Kasia Nowak", "Katarzyna Nowak", _NICKNAME),
        ("Саша Щербакова", "Aleksandra Shcherbakova", _NICKNAME),
        ("Dijkstra Kees", "Cornelis Dijkstra", {"family_name": "in the given name's place"}),
        ("A. Müller", "Anna Müller", {"given_name": "initial", "family_name": "same"}),
        ("Anna Schmidt", "Anna Schmitd", {"given_name": "same", "family_name": "slip"}),
        ("Anna Müller", "Anna Berger", {"given_name": "same", "family_name": "different"}),
        ("Hans Müller", "Erika Müller", {"full_name": "only the family name"}),
        ("Hans Müller", "Erika Schulz", {"full_name": "different"}),
        ("Müller Anna B.", "Anna B. Müller", {"full_name": "same", "middle_name": "initial"}),
        ("Anna Maria Müller", "Anna M. Müller", {"full_name": "same", "middle_name": "initial"}),
        ("Anna Maria Müller", "Anna Maria Berg", {"middle_name": "same"}),
        ("Anna Marie Müller", "Anna Maria Müller", {"middle_name": "same letter"}),
        ("Hans-Peter Müller", "Hans Jürgen Müller", {"middle_name": "different"}),
    ],
)
def test_people(one: str, other: str, expected: dict[str, str]) -> None:
    assert expected.items() <= _outcomes(one, other).items()


def _outcomes(one: str, other: str) -> dict[str, str]:
    return outcomes(*({"kind": "person", "display_name": name} for name in (one, other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Maria Müller", "Anna Müller"),
        ("Anna Maria Müller", "Müller, Erika Berta"),
        ("Müller Anna Maria", "Anna Berta Müller"),  # which of three words is the second name?
        ("Anna de Müller", "Anna Maria Müller"),
    ],
)
def test_a_middle_name_is_told_beside_one_given_name_alone(one: str, other: str) -> None:
    assert "middle_name" not in _outcomes(one, other)


@pytest.mark.parametrize(
    ("text", "given", "family"),
    [
        ("Don Berg", "don", "berg"),
        ("Berg, Don", "don", "berg"),
        ("Don José García", "jose", "garcia"),
        ("Jack Ma", "jack", "ma"),
        ("Anna Berg MA", "anna", "berg"),
        ("M. Jean Dupont", "jean", "dupont"),
        ("Herr Berg", "", "berg"),
        ("Frau Dr. Berg", "", "berg"),
        ("Pani Berg", "", "berg"),
        ("Berg", "berg", ""),
        ("Anna Berg (Berg Holz)", "anna", "berg"),
        ("Anna Berg | Berg Holz", "anna", "berg"),
        ("Berg, Anna - Berg Holz", "anna", "berg"),
        ("Anna (Berg)", "anna", "berg"),
        ("Anna Berg, Ph.D.", "anna", "berg"),
    ],
)
def test_a_title_or_a_company_beside_a_name(text: str, given: str, family: str) -> None:
    found = split_person(text)
    assert found is not None
    assert (found.given, found.family) == ((given,) * bool(given), (family,) * bool(family))


@pytest.mark.parametrize("text", ["P.J. Berg", "P. J. Berg", "Berg, P.J.", "Dr. P.J. Berg M.A."])
def test_initials_with_dots_are_several(text: str) -> None:
    assert split_person(text) == PersonName(("p", "j"), ("berg",))


@pytest.mark.parametrize(
    ("text", "generation"),
    [
        ("Anna Berg Snr", "sr"),
        ("Anna Berg, Jnr.", "jr"),
        ("Berg, Anna Jnr.", "jr"),
        ("Anna Berg père", "sr"),
        ("Anna Berg fils", "jr"),
        ("Anna Berg mł.", "jr"),
    ],
)
def test_a_generation_in_other_words(text: str, generation: str) -> None:
    found = split_person(text)
    assert found == PersonName(("anna",), ("berg",), generation)


def test_an_initial_alone_is_no_title() -> None:
    assert standardise_person("M.", "", "Berg") == PersonName(("m",), ("berg",))
    assert standardise_person("Herr", "", "Ma") == PersonName((), ("ma",))


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


def test_two_names_in_the_field_of_one() -> None:
    assert standardise_person("", "", "Anna Berg") == PersonName(("anna",), ("berg",))
    assert standardise_person("", "", "von Berg") == PersonName((), ("berg",))


def test_one_word_for_a_name_may_be_the_family_name() -> None:
    whole, born = person("Anna", "Berg"), "1980-05-04"
    told = [outcomes(person(word, "", born=born), whole) for word in ("Berg", "Anna", "Muster")]
    assert told == [
        {"family_name": "in the given name's place"},
        {"given_name": "same"},
        {"given_name": "different"},
    ]


def test_an_address_is_no_name() -> None:
    assert split_person("anna@example.com") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Müller & Söhne GmbH & Co. KG", "MUELLER UND SOEHNE", "same"),
        ("ACME S.p.A.", "Acme SpA", "same"),
        ("The Acme Company Ltd.", "Acme Limited", "same"),
        ("Muster e. V.", "Muster eingetragener Verein", "same"),
        ("Logistik Steiner", "Steiner Logistik GmbH", "same"),
        ("Maschinenbau Brandt", "Maschinenbau Brand GmbH", "slip"),
        ("Acme", "Acme Logistics GmbH", "part of the other"),
        ("Acme (formerly Muster) Ltd.", "Acme Limited", "same"),
        ("Acme Logistics Ltd. (formerly Muster plc)", "Muster", "one of several names"),
        ("Muster Metallbau (neu: Zenith Bau GmbH)", "Zenith Bau AG", "one of several names"),
        ("Muster GmbH (neu)", "Muster", "same"),
        ("Muster Metals Ltd t/a Zenith", "Acme Metals Ltd t/a Zenith", "one of several names"),
        ("Acme (Neukunde) GmbH", "Acme GmbH", "same"),
        ("Acme GmbH (i.L.)", "Acme GmbH", "same"),
        ("Acme UG (haftungsbeschränkt)", "Acme UG", "same"),
        ("Acme (International) Ltd.", "Acme Limited", "part of the other"),
        ("Acme (Holdings) Ltd.", "Acme Limited", "another company of the name"),
        ("Acme Verwaltungs GmbH", "Acme GmbH & Co. KG", "another company of the name"),
        ("Acme Leasing (No. 1) Ltd.", "Acme Leasing (No. 2) Ltd.", "another company of the name"),
        ("Acme 1 GmbH", "Acme 2 GmbH", "another company of the name"),
        ("Acme 1 GmbH", "Zenith 2 GmbH", "different"),
        ("Acme GmbH", "Zenith GmbH", "different"),
    ],
)
def test_organisations(one: str, other: str, expected: str) -> None:
    assert outcomes(company(one), company(other))["organisation"] == expected


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


_FORM_WORDS = st.sampled_from(
    ["GmbH", "Ltd.", "e.K.", "AG & Co. KG", "(haftungsbeschränkt)", "Société", "Sp. z o.o.", "AE"]
)


@given(st.lists(_FORM_WORDS | st.text(max_size=6), max_size=4).map(" ".join))
def test_a_form_is_found_only_where_one_may_be(text: str) -> None:
    name = standardise_organisation(text)
    assert name is None or not name.form or may_have_form(text)


@pytest.mark.parametrize("text", ["Anna Berg", "Zoë Müller", "Berg"])
def test_most_people_are_called_by_no_form(text: str) -> None:
    assert not may_have_form(text)


def test_a_form_stated_apart_counts_unless_the_name_has_one() -> None:
    assert with_form(_organisation("Muster"), "GmbH").form == "gmbh"
    assert with_form(_organisation("Muster AG"), "GmbH").form == "ag"
    assert with_form(_organisation("Muster"), "something else").form == ""


@pytest.mark.parametrize(
    "sign", ["t/a", "T/A", "o/a", "d/b/a", "DBA", "a/k/a", "trading as", "handelnd unter"]
)
def test_trading_names(sign: str) -> None:
    assert split_trading_names(f"Muster Ltd {sign} Zenith") == ["Muster Ltd", "Zenith"]
    assert split_trading_names(f"Muster Ltd {sign}") == ["Muster Ltd", ""]
    assert split_trading_names("Dataform as usual") == ["Dataform as usual"]


def test_legal_forms() -> None:
    gmbh, group, bare = map(company, ("Muster GmbH", "Muster AG", "Muster"))
    assert outcomes(gmbh, group)["legal_form"] == "different"
    assert "legal_form" not in outcomes(gmbh, bare)
    assert _organisation("GmbH").words == ("gmbh",)


@given(st.text(max_size=40))
def test_any_text_is_taken(text: str) -> None:
    split_person(text)
    standardise_organisation(text)
