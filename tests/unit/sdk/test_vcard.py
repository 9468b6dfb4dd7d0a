"""vCards as programs really write them: nothing is misread, and nothing is lost by an edit."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk.contentline import (
    escape,
    fold,
    logical_lines,
    read_line,
    split_value,
    unescape,
    unfold,
)
from hub.sdk.vcard import MAX_BYTES, Property, VCard

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=200)
NAMES = st.from_regex(r"X-[A-Z0-9-]{1,20}", fullmatch=True)


def card(*lines: str, version: str = "3.0", end: str = "\r\n") -> bytes:
    whole = ["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD"]
    return "".join(line + end for line in whole).encode()


def first(content: bytes, name: str) -> Property:
    found = VCard.parse(content).first(name)
    assert found is not None
    return found


@given(TEXTS)
def test_escaping_is_undone(text: str) -> None:
    assert unescape(escape(text)) == text
    assert split_value(escape(text), ";") == [escape(text)]
    assert split_value(escape(text), ",") == [escape(text)]


@given(TEXTS)
def test_folding_is_undone_and_keeps_characters_whole(text: str) -> None:
    folded = fold(f"NOTE:{escape(text)}")
    assert all(len(line) <= 75 for line in folded.split(b"\r\n"))
    assert [line.decode() for line in folded.split(b"\r\n")]
    assert list(logical_lines(folded)) == [folded]
    assert unfold(folded).decode() == f"NOTE:{escape(text)}"


@given(st.binary(max_size=400))
def test_cutting_into_lines_loses_no_byte(content: bytes) -> None:
    assert b"".join(logical_lines(content)) == content
    for line in logical_lines(content):
        read_line(line, 0)


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=8), TEXTS)
def test_an_edit_keeps_every_other_byte(others: list[tuple[str, str]], text: str) -> None:
    kept = b"".join(fold(f"{name}:{escape(value)}") for name, value in others)
    before = b"BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.TEL;TYPE=WORK:+49 30 1\r\n" + kept
    content = before + b"END:VCARD\r\n"
    edited = VCard.parse(content).replace(first(content, "tel"), text)
    after = bytes(edited)
    assert after.startswith(b"BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.TEL;TYPE=WORK:")
    assert after.endswith(kept + b"END:VCARD\r\n")
    assert [one.text for one in edited.properties if one.name == "TEL"] == [text.strip()]


@pytest.mark.parametrize(
    ("line", "name", "text"),
    [
        ("fn:Ann", "FN", "Ann"),
        ("item1.TEL;type=WORK:+49", "TEL", "+49"),
        ("NOTE:a\\, b\\; c\\nd \\\\ e", "NOTE", "a, b; c\nd \\ e"),
        ("URL;type=HOME:http\\://example.com/a", "URL", "http://example.com/a"),
        ('TEL;TYPE="voice:x",home:1', "TEL", "1"),
        ('FN;X-A="open:Ann', "FN", "Ann"),
        ("FN:Jo\r\n hn Pub\r\n\tlic", "FN", "John Public"),
        ("FN;CHARSET=nonsense:Ann", "FN", "Ann"),
    ],
)
def test_reads_a_property(line: str, name: str, text: str) -> None:
    (found,) = [one for one in VCard.parse(card(line)).properties if one.name == name]
    assert found.text == text


def test_reads_types_groups_and_preference() -> None:
    content = card(
        "TEL;TYPE=home:1", "item2.TEL;TYPE=work,pref:2", 'TEL;TYPE="cell,voice";PREF=50:3'
    )
    found = VCard.parse(content).all("tel")
    assert [one.text for one in found] == ["2", "3", "1"]
    assert [one.types for one in found] == [("work",), ("cell", "voice"), ("home",)]
    assert found[0].group == "item2"


def test_reads_what_old_phones_write() -> None:
    lines = (
        "N;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:M=FCller;J=F6rg;;;",
        "TEL;WORK;VOICE:+49 30 1",
        "ADR;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:;;Stra=C3=9Fe =\r\n1=0D=0AHof;Berlin;;1;DE",
    )
    content = card(*lines, version="2.1")
    assert first(content, "n").components[:2] == ("Müller", "Jörg")
    assert first(content, "tel").types == ("work", "voice")
    assert first(content, "adr").components[2:4] == ("Straße 1\nHof", "Berlin")


def test_folded_inside_a_character() -> None:
    name = "FN:Müller".encode()
    folded = name[:5] + b"\r\n " + name[5:]
    content = b"BEGIN:VCARD\r\nVERSION:3.0\r\n" + folded + b"\r\nEND:VCARD\r\n"
    assert first(content, "fn").text == "Müller"


def test_an_old_card_is_edited_in_its_own_way() -> None:
    content = card("FN;CHARSET=ISO-8859-1:x", "X-KEPT;WORK:a", version="2.1")
    edited = VCard.parse(content).replace(first(content, "fn"), "Jörg; Sohn")
    assert first(bytes(edited), "fn").text == "Jörg; Sohn"
    assert bytes(edited).isascii()
    assert b"X-KEPT;WORK:a\r\n" in bytes(edited)


def test_a_uri_becomes_a_text_where_a_text_is_written() -> None:
    content = card("TEL;VALUE=uri;TYPE=work:tel:+49-30-1", version="4.0")
    edited = VCard.parse(content).replace(first(content, "tel"), "+49 30 2")
    assert b"TEL;TYPE=work:+49 30 2\r\n" in bytes(edited)


def test_parts_of_a_structure_are_changed_alone() -> None:
    content = card("ADR;TYPE=work:;;Weg\\, 1;Berlin;;10115;DE", end="\n")
    edited = VCard.parse(content).replace_components(first(content, "adr"), (None,) * 3 + ("Köln",))
    assert bytes(edited) == content.replace(b"Berlin", "Köln".encode())


def test_properties_come_and_go() -> None:
    content = card("FN:Ann")
    more = VCard.parse(content).add("x-erp", "1;2").add("TEL", "+1")
    assert bytes(more) == card("FN:Ann", "X-ERP:1\\;2", "TEL:+1")
    added = next(one for one in more.properties if one.name == "X-ERP")
    assert bytes(more.remove(added)) == card("FN:Ann", "TEL:+1")


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\x7f"])
def test_control_characters_are_not_written(text: str) -> None:
    content = card("FN:Ann")
    with pytest.raises(ValueError, match="control characters"):
        VCard.parse(content).replace(first(content, "fn"), text)


@pytest.mark.parametrize("name", ["X:Y", "X\r\nFN", "", "A;B"])
def test_a_name_can_not_smuggle_in_a_property(name: str) -> None:
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        VCard.parse(card("FN:Ann")).add(name, "x")


def test_a_card_inside_a_card_is_no_part_of_it() -> None:
    content = card("AGENT:", "BEGIN:VCARD", "FN:Agent", "END:VCARD", "FN:Ann", version="2.1")
    assert [one.text for one in VCard.parse(content).all("fn")] == ["Ann"]
    edited = VCard.parse(content).add("TITLE", "Buyer")
    assert bytes(edited).endswith(b"TITLE:Buyer\r\nEND:VCARD\r\n")


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"FN:Ann", b"BEGIN:VCARD\r\nFN:Ann\r\n", b"END:VCARD\r\nBEGIN:VCARD\r\n"),
        *(card("FN:Ann") * 2, card(*["X-A:1"] * 2_001), b"<html>", b" " * (MAX_BYTES + 1)),
    ],
    ids=range(8),
)
def test_refuses_what_is_no_card(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"vCard|the card"):
        VCard.parse(content)


@pytest.mark.parametrize(
    "line",
    [
        *("FN;" + 'A="' * 400_000, "FN:" + "\\" * 2_000_000, "FN;A=" + "," * 2_000_000),
        "N;ENCODING=QUOTED-PRINTABLE:" + "=\r\n" * 300_000,
        "FN:" + "\r\n x" * 500_000,
        "FN:" + ";" * 2_000_000,
        "\r\n" * 1_000_000,
    ],
    ids=range(7),
)
def test_hostile_cards_cost_little(line: str) -> None:
    started = time.process_time()
    for one in VCard.parse(card(line)).properties:
        assert isinstance(one.text, str)
        assert isinstance(one.components, tuple)
    assert time.process_time() - started < 5
