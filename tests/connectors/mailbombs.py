"""Mails made to stall or break whoever reads them; each must cost less than two seconds.

Every bomb is a whole mail that a server may well store, from a customer to Anna.
"""

from __future__ import annotations

from typing import Final

SIZE: Final = 240_000
_BASE: Final = {
    "Message-ID": "<bomb@customer.example>",
    "Date": "Mon, 2 Feb 2026 10:00:00 +0100",
    "From": "Karla Beispiel <karla@customer.example>",
    "To": "Anna Test <anna@example.com>",
    "Subject": "Order",
}
_MIXED: Final = "multipart/mixed; boundary=b"
_FIELDS: Final = ("From", "Subject", "References", "Message-ID", "Date", "Content-Type")
_NESTED: Final = "".join(
    f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(2_000)
)


def _mail(body: str = "Hello\n", **changed: str) -> bytes:
    fields = _BASE | {name.replace("_", "-"): value for name, value in changed.items()}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"{head}\n{body}".encode()


def _full(bomb: str, size: int = SIZE) -> str:
    return bomb * (size // len(bomb))


def _everywhere(bomb: str) -> bytes:
    """The same in every field that is looked into."""
    return _mail(**{name.replace("-", "_"): f"x{_full(bomb, SIZE // 6)}" for name in _FIELDS})


def _parts(head: str, body: str = "x", times: int = 5_000) -> bytes:
    return _mail(f"--b\n{head}\n\n{body}\n" * times, Content_Type=_MIXED)


BOMBS: Final[dict[str, bytes]] = {
    "content type of 240 kB": _mail(Content_Type="text/plain; " + _full('a="')),
    "content type of parameters": _mail(Content_Type="text/plain" + _full(";a=b")),
    "continued parameters": _mail(
        Content_Type="text/plain" + "".join(f";a*{n}=b" for n in range(20_000))
    ),
    "from of 80 kB": _mail(From=_full("(", 80_000)),
    "from of brackets": _mail(From=_full("<", 80_000)),
    "from of quotes": _mail(From=_full('"', 80_000)),
    "to with 17,000 receivers": _mail(To=_full("<a@b.example>,")),
    "one group in another": _mail(To=_full("a:")),
    "nested comments": _mail(From=_full("((a)")),
    "references of brackets": _mail(References=_full("<", 80_000)),
    "10,000 references": _mail(References=" ".join(f"<{n}@x.example>" for n in range(10_000))),
    "subject of encoded words": _mail(Subject=_full("=?utf-8?b?x?= ")),
    "half an encoded word": _mail(Subject=_full("=?a?q?")),
    "folded 20,000 times": _mail(Subject=_full("x\n ", 60_000)),
    "20,000 fields": _mail(X="y\n" + "".join(f"X-{n}: y\n" for n in range(20_000)) + "Z: z"),
    "commas everywhere": _everywhere(","),
    "backslashes everywhere": _everywhere("\\"),
    "addresses everywhere": _everywhere("a@b "),
    "2,000 nested parts": _mail(X=f"y\n{_NESTED}"),
    "the same boundary 2,000 times": _mail(
        "Content-Type: multipart/x; boundary=b\n\n--b\n" * 2_000,
        Content_Type=_MIXED,
    ),
    "5,000 parts": _parts("Content-Type: text/plain; name=x"),
    "500 parts with 1 kB names": _parts(f"Content-Type: a/b; name={'n' * 1_000}", times=500),
    "500 mails in a mail": _parts("Content-Type: message/rfc822", "Subject: x\n\ny", 500),
    "a part of 1 MB in one line": _mail("x" * 1_000_000, Content_Type="text/plain; name=x"),
    "a report of 1 MB": _mail(
        "--b\nContent-Type: message/delivery-status\n\n"
        + "Final-Recipient: rfc822; <x@y.example\n" * 25_000
        + "--b--\n",
        Content_Type="multipart/report; report-type=delivery-status; boundary=b",
    ),
    "boundary of 70 kB": _mail(f"--{'b' * 70_000}\n\nx\n", Content_Type="a/b; boundary=b" * 7_000),
}
