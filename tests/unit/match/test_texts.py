"""Words of a text in one spelling; the fast way says what the slow one does."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.match.texts import fold, folded_words, skeleton, split_words

_LETTERS = st.sampled_from("aAeEoOuUzZ09 \t.-_'\u2019&/ßäÖéłдΑ\u0130\u212a\u00b2")


@given(st.text(max_size=8) | st.text(_LETTERS, max_size=12))
@example("Mueller o'e Strasse")
@example("Kelvin \u212aae")
def test_words_are_folded_at_once_as_one_by_one(text: str) -> None:
    assert folded_words(text) == tuple(map(skeleton, split_words(text)))


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), max_size=12))
@example("".join(map(chr, range(0xC0, 0x250))))
@example("\u0149\u017f\u01c4")
def test_a_latin_letter_is_folded_at_once_as_by_its_parts(text: str) -> None:
    """An accent of its own is in no table, so that each letter is taken apart."""
    assert fold(text) == fold(f"{text}\u0301")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("Jürgen Müller", ("jurgen", "muller")),
        ("JUERGEN MUELLER", ("jurgen", "muller")),
        ("Holz S. p. A.", ("holz", "spa")),
        ("O'Neil", ("oneil",)),
    ],
)
def test_folded_words(text: str, expected: tuple[str, ...]) -> None:
    assert folded_words(text) == expected


def test_a_text_in_the_wrong_column_is_cut_to_what_a_name_may_have() -> None:
    assert folded_words("holz " * 1_000) == ("holz",) * 32


def test_letters_that_become_many_are_cut_as_well() -> None:
    words = folded_words("\ufdfa " * 80)  # one letter of Arabic that stands for four words
    assert 100 < sum(map(len, words)) <= 160
