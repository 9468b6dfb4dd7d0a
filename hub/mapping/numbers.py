"""Functions of the mapping language on numbers, exact and free of any locale."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

_NUMBER: Final = re.compile(
    r"[-+]?([0-9]{1,28}(\.[0-9]{0,18})?|\.[0-9]{1,18})([eE][-+]?[0-9]{1,2})?"
)
_TRUE: Final = frozenset({"true", "yes", "y", "on", "1", "t", "ja", "oui", "si", "sì", "sí"})
_FALSE: Final = frozenset({"false", "no", "n", "off", "0", "f", "nein", "non"})
_SYMBOLS: Final = {"€": "EUR", "£": "GBP"}


def read_decimal(value: Any) -> str:
    """An exact decimal number, as plain digits."""
    return plain(exact(value))


def exact(value: Any) -> Decimal:
    """The number as it is written; a float by its shortest text, so 0.1 stays 0.1."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("it is no number")  # noqa: TRY004  # the contract of a Transform
    # A bounded pattern keeps 1E+999999999 from growing into a gigabyte of digits.
    text = str(value).strip() if not isinstance(value, int) or abs(value) < 10**28 else ""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("it is no number with a decimal point and at most 28 digits")
    return Decimal(text)


def plain(number: Decimal) -> str:
    """Digits without an exponent or useless zeros, at least as exact as the number."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def decimal_with(mark: str) -> Callable[[Any], str]:
    """Read numbers whose decimal mark is a comma or a point; the other one groups thousands."""
    if mark not in (",", "."):
        raise ValueError('the decimal mark is "," or "."')
    grouping = "." if mark == "," else ","

    def read(value: Any) -> str:
        if not isinstance(value, str):
            return read_decimal(value)
        for group in (grouping, " ", "'", "\u2019", "\u00a0", "\u202f"):
            value = value.replace(group, "")
        return read_decimal(value.replace(mark, "."))

    return read


def read_integer(value: Any) -> int:
    """A whole number; 7.0 is one, 7.5 is not."""
    number = exact(value)
    if number != int(number):
        raise ValueError("it is no whole number")
    return int(number)


def read_boolean(value: Any) -> bool:
    """True or false from true, yes, y, on, 1, ja and their opposites."""
    text = str(value).strip().lower() if isinstance(value, str | int | float) else ""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError("it is neither true nor false")


def negate(value: Any) -> str:
    """The number with the other sign."""
    return plain(-exact(value))


def scale_by(factor: str) -> Callable[[Any], str]:
    """Multiply by a factor, exactly."""
    multiplier = exact(factor)
    return lambda value: plain(exact(value) * multiplier)


def read_currency(value: Any) -> str:
    """An ISO 4217 code in upper case; the symbols € and £, never the ambiguous $."""
    text = value.strip() if isinstance(value, str) else ""
    code = _SYMBOLS.get(text) or text.upper()
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    raise ValueError("it is no currency code of three letters")
