import random

import pytest

from hub.demo.noise import abbreviate_street, fold, misspell, shorten_given, vary_legal_form


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Müller", "Mueller"), ("Groß", "Gross"), ("Hélène", "Helene"), ("Núñez", "Nunez")],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_misspelling_is_one_slip() -> None:
    rng = random.Random(1)
    assert all(abs(len(misspell(rng, "Schneider")) - 9) <= 1 for _ in range(50))
    assert misspell(rng, "Eva") == "Eva"


def test_short_forms() -> None:
    rng = random.Random(1)
    forms = {shorten_given(rng, "Elisabeth", "AT") for _ in range(50)}
    assert forms == {"Liesl", "Lisi", "Sissi"}
    assert shorten_given(rng, "Renate", "AT") == "Renate"


def test_legal_form_is_left_out_or_written_otherwise() -> None:
    rng = random.Random(1)
    names = {vary_legal_form(rng, "Alpenrot GmbH", "AT") for _ in range(50)}
    assert names == {"Alpenrot", "Alpenrot Ges.m.b.H.", "Alpenrot GesmbH"}


def test_abbreviated_street() -> None:
    assert abbreviate_street("Hauptstraße 5") == "Hauptstr. 5"
    assert abbreviate_street("5 High Street") == "5 High St"
