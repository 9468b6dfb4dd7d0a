"""Header parsing: what mail says, what broken mail says, and what hostile mail costs."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk.mail import MAX_FIELD_BYTES, Address, decode_words, parse_addresses, parse_headers
from hub.sdk.mailwords import parse_parameters
from hub.sdk.mime import MAX_DEPTH, MAX_PARTS, MailPart, read_parts


def headers(**fields: str) -> bytes:
    lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return "".join(lines).encode() + b"\r\n"


def test_reads_an_ordinary_mail() -> None:
    found = parse_headers(
        headers(
            Message_ID="<1@a.example>",
            In_Reply_To="<0@a.example>",
            Date="Mon, 2 Feb 2026 10:00:00 +0100",
            From="Anna <anna@a.example>",
            To="Bob <bob@b.example>, c@c.example",
            Subject="Order",
        )
    )
    assert (found.message_id, found.synthetic) == ("1@a.example", False)
    assert found.thread_id == found.in_reply_to == "0@a.example"
    assert found.date == datetime(2026, 2, 2, 9, tzinfo=UTC)
    assert found.sender == (Address("Anna", "anna@a.example"),)
    assert [person.address for person in found.to] == ["bob@b.example", "c@c.example"]
    assert (found.subject, found.auto_kind, found.cut) == ("Order", None, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Doe, John" <j@x.example>', [("Doe, John", "j@x.example")]),
        ("j@x.example (John)", [("John", "j@x.example")]),
        ("John Doe j@x.example", [("John Doe", "j@x.example")]),
        ("<j@x.example>; k@x.example", [("", "j@x.example"), ("", "k@x.example")]),
        ("j@x.example <j@x.example>", [("", "j@x.example")]),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?M=C3=BCller,_A?= <m@x.example>", [("Müller, A", "m@x.example")]),
        ('"=?utf-8?b?TcO8bGxlcg==?=" <m@x.example>', [("Müller", "m@x.example")]),
        ("'m@x.example' <m@x.example>", [("", "m@x.example")]),
        ("m@x.example, m@x.example", [("", "m@x.example")]),
        ("Eve\u202e <e@x.example>", [("Eve", "e@x.example")]),
        ("root", []),
        ("", []),
    ],
)
def test_reads_addresses(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(parse_addresses(text)) == [Address(*one) for one in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
        ("=?utf-8?B?w7w=?= x =?utf-8?B?w7w=?=", "ü x ü"),
        ("=?utf-8?B?ww==?= =?utf-8?B?vA==?=", "ü"),
        ("=?utf-8*de?Q?=C3=BC?=", "ü"),
        ("=?rot13?Q?abc?=", "abc"),
        ("=?no-such?B?YWJj?=", "abc"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?utf-8?Q?open", "=?utf-8?Q?open"),
    ],
)
def test_decodes_words(text: str, expected: str) -> None:
    assert decode_words(text) == expected


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Auto-Submitted": "auto-replied"}, "auto_reply"),
        ({"Auto-Submitted": "auto-generated; x=y"}, "auto_generated"),
        ({"Auto-Submitted": "no"}, None),
        ({"Auto-Submitted": "No (said so)"}, "auto_generated"),
        ({"Precedence": "Bulk"}, "bulk"),
        ({"Precedence": "junk"}, "bulk"),
        ({"Precedence": "list"}, "list"),
        ({"List-Unsubscribe": "<mailto:x@x.example>"}, "list"),
        ({"Return-Path": "<>"}, "auto_generated"),
        ({"Return-Path": "<>", "From": "MAILER-DAEMON@x.example"}, "bounce"),
        ({"Content-Type": "multipart/report; report-type=delivery-status"}, "bounce"),
        ({"X-Failed-Recipients": "x@x.example"}, "bounce"),
        ({"X-Auto-Response-Suppress": "All"}, None),
    ],
)
def test_tells_automatic_mail(fields: dict[str, str], kind: str | None) -> None:
    assert parse_headers(headers(**fields)).auto_kind == kind


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "99 Foo 2026", "Mon, 31 Feb 2026 10:00:00 +0000", "1 Jan 0001", "\x00"],
)
def test_a_broken_date_is_none(text: str) -> None:
    assert parse_headers(headers(Date=text)).date is None


def test_a_date_without_a_zone_is_utc() -> None:
    found = parse_headers(headers(Date="Mon, 2 Feb 2026 10:00:00 -0000")).date
    assert found == datetime(2026, 2, 2, 10, tzinfo=UTC)


def test_a_missing_id_is_made_from_what_copies_share() -> None:
    one = parse_headers(headers(From="a@x.example", Subject="s", Return_Path="<a@x.example>"))
    copy = parse_headers(headers(Received="by mx", Subject="s", From="a@x.example"))
    other = parse_headers(headers(From="a@x.example", Subject="t"))
    assert one.synthetic
    assert one.message_id == copy.message_id != other.message_id


def test_threads() -> None:
    phantom = parse_headers(headers(Message_ID="<3@x>", References="<1@x> <2@x>"))
    assert (phantom.thread_id, phantom.references) == ("1@x", ("1@x", "2@x"))
    circle = parse_headers(headers(Message_ID="<3@x>", In_Reply_To="<3@x>", References="<3@x>"))
    assert (circle.thread_id, circle.in_reply_to) == ("3@x", None)


def test_unfolds_and_reads_eight_bit_text() -> None:
    assert parse_headers(b"Subject: a\r\n  b\r\n\tc\r\n\r\nSubject: d").subject == "a b c"
    assert parse_headers("Subject: Grüße\r\n".encode()).subject == "Grüße"
    assert parse_headers("Subject: Grüße\r\n".encode("latin-1")).subject == "Grüße"


def test_a_long_field_is_cut_and_said_so() -> None:
    found = parse_headers(headers(To=", ".join(f"p{n}@x.example" for n in range(5_000))))
    assert found.cut == ("to",)
    assert 0 < len(found.to) < MAX_FIELD_BYTES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Text/Plain; charset="utf-8"; name=x.txt', {"charset": "utf-8", "name": "x.txt"}),
        ("a/b; name*=utf-8'de'%C3%BC.pdf", {"name": "ü.pdf"}),
        ("a/b; name*0=long; name*1=er.pdf", {"name": "longer.pdf"}),
        ("a/b; name*1*=%BC.pdf; name*0*=utf-8''%C3", {"name": "ü.pdf"}),
        ('a/b; name="=?utf-8?q?=C3=BC?=.pdf"', {"name": "ü.pdf"}),
        ('a/b; name="a;b=c"', {"name": "a;b=c"}),
        ("a/b; =x; name", {}),
    ],
)
def test_reads_parameters(text: str, expected: dict[str, str]) -> None:
    assert parse_parameters(text)[1] == expected


def test_reads_parts() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\ntext\n--b\n"
        b"Content-Type: application/pdf; name=x.pdf\n\nABC\n--b--\nepilogue\n--b\n\nno more"
    )
    root = read_parts(raw)
    assert [(part.content_type, part.name, part.body) for part in root.children] == [
        ("text/plain", None, b"text"),
        ("application/pdf", "x.pdf", b"ABC"),
    ]


def depth(part: MailPart) -> int:
    levels, row = 0, [part]
    while row:
        levels, row = levels + 1, [child for one in row for child in one.children]
    return levels


NESTED = b"".join(
    b"Content-Type: multipart/x; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2_000)
)
SAME = b"Content-Type: multipart/x; boundary=b\n\n--b\n" * 20_000
FLAT = b"Content-Type: multipart/x; boundary=b\n\n" + b"--b\n\nx\n" * 100_000


@pytest.mark.parametrize("raw", [NESTED, SAME, FLAT], ids=["nested", "same boundary", "flat"])
def test_part_bombs(raw: bytes) -> None:
    started = time.process_time()
    root = read_parts(raw)
    assert time.process_time() - started < 2
    assert depth(root) <= MAX_DEPTH
    assert len(root.children) <= MAX_PARTS


BOMBS = ["(", "<", '"', ",", "=?a?q?", "=?utf-8?b?x?= ", "a@", "<a@b>,", "\\", ":", "((a)", "a@b ",
         ";a=", ';a*0="', "\t", "<a@", ">", "&"]  # fmt: skip
FIELDS = ("From", "To", "Subject", "References", "Message-ID", "Date", "Content-Type", "Precedence")


@pytest.mark.parametrize("bomb", BOMBS)
def test_header_bombs(bomb: str) -> None:
    content = bomb * (240_000 // len(bomb))
    raw = b"".join(f"{name}: x{content}\r\n".encode() for name in FIELDS)
    started = time.process_time()
    parse_headers(raw)
    read_parts(raw)
    assert time.process_time() - started < 2


@given(st.binary(max_size=400))
def test_no_bytes_break_it(noise: bytes) -> None:
    raw = b"".join(name.encode() + b": " + noise + b"\r\n" for name in FIELDS) + b"\r\n" + noise
    assert parse_headers(raw).message_id
    read_parts(b"Content-Type: multipart/x; boundary=" + noise[:20] + b"\r\n\r\n" + noise)
