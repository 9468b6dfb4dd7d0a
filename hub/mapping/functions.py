"""The closed set of functions that ``apply`` may name; the manual's table is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from hub.mapping import mailboxes, moments, names, numbers, texts
from hub.mapping.countries import country_code

Transform = Callable[[Any], Any]
"""Takes a present JSON value, gives None for absent; its ValueError never quotes the value."""

Argument = str | int | float | bool | list[Any] | dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function: ``bind`` takes the argument of the mapping file (None: there is none).

    ``argument`` says what it takes, for messages and the manual. A function that ``counts_gaps``
    gives None for a value that it does not know, and the value is counted as a mapping gap.
    """

    doc: str
    bind: Callable[[Argument], Transform]
    argument: str = ""
    makes_list: bool = False
    counts_gaps: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One function of an ``apply`` list, with its argument bound."""

    name: str
    transform: Transform
    makes_list: bool = False
    counts_gaps: bool = False


def _simple(
    transform: Transform, doc: str, *, makes_list: bool = False, counts_gaps: bool = False
) -> Function:
    def bind(argument: Argument) -> Transform:
        if argument is not None:
            raise ValueError("takes no argument")
        return transform

    return Function(doc=doc, bind=bind, makes_list=makes_list, counts_gaps=counts_gaps)


def _with_text(
    make: Callable[[str], Transform], argument: str, doc: str, *, bare: Transform | None = None
) -> Function:
    def bind(given: Argument) -> Transform:
        if given is None and bare is not None:
            return bare
        if isinstance(given, bool) or not isinstance(given, str | int | float) or given == "":
            raise ValueError(f"takes {argument}")
        return make(str(given))

    return Function(doc=doc, bind=bind, argument=argument, makes_list=make is texts.split_by)


def _bind_null_if(argument: Argument) -> Transform:
    if not isinstance(argument, list) or not argument:
        raise ValueError("takes a list of values")
    absent = accepted(argument)
    return lambda value: None if is_among(value, absent) else value


def _bind_datetime(argument: Argument) -> Transform:
    if argument is None:
        return moments.read_datetime
    if isinstance(argument, str):
        return moments.datetime_in(argument)
    if isinstance(argument, dict) and argument and set(argument) <= {"zone", "format"}:
        zone, pattern = argument.get("zone", "UTC"), argument.get("format")
        if isinstance(zone, str) and isinstance(pattern, str | None):
            return moments.datetime_in(zone, pattern)
    raise ValueError("takes a time zone, or {zone, format}")


def accepted(values: list[Any]) -> frozenset[Any]:
    """The values and, for numbers and truth values, their texts: a system may send 1 or "1"."""
    if any(isinstance(value, list | dict) or value is None for value in values):
        raise ValueError("takes texts, numbers and true or false")
    return frozenset(values) | frozenset(texts.as_text(value) for value in values)


def is_among(value: Any, values: frozenset[Any]) -> bool:
    """Whether a JSON value is one of those accepted; objects and lists never are."""
    return not isinstance(value, list | dict) and value in values


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "trim": _simple(texts.on_text(str.strip), "Cut white space at both ends."),
        "lower": _simple(texts.on_text(str.lower), "Make lower case."),
        "upper": _simple(texts.on_text(str.upper), "Make upper case."),
        "text": _simple(texts.on_text(str), "Make a number or truth value a text."),
        "html_unescape": _simple(
            texts.on_text(texts.unescape_html), "Turn HTML entities back into characters."
        ),
        "strip_prefix": _with_text(
            texts.strip_prefix, "a text", "Cut a prefix where the text begins with it."
        ),
        "split": _with_text(
            texts.split_by, "a separator", "Split into a list, without empty pieces."
        ),
        "split_lines": _simple(
            texts.split_lines, "Split into lines, without empty ones.", makes_list=True
        ),
        "null_if": Function(
            doc="Take these values as absent.", bind=_bind_null_if, argument="a list of values"
        ),
        "date": _with_text(
            moments.date_in,
            "a pattern such as %d.%m.%Y",
            "Read a date: ISO 8601, or in the pattern given.",
            bare=moments.read_date,
        ),
        "datetime": Function(
            doc=(
                "Read a time: ISO 8601 with an offset; without an offset in the zone given"
                " (UTC, +01:00, Europe/Berlin); {zone, format} for other forms."
            ),
            bind=_bind_datetime,
            argument="a time zone, or {zone, format}",
        ),
        "epoch_seconds": _simple(moments.epoch_in(1), "Read seconds since 1970 as a time."),
        "epoch_milliseconds": _simple(
            moments.epoch_in(1000), "Read milliseconds since 1970 as a time."
        ),
        "mail_date": _simple(moments.read_mail_date, "Read the date of a mail header."),
        "decimal": _with_text(
            numbers.decimal_with,
            'the decimal mark, "," or "."',
            "Read an exact number with a decimal point, or with the decimal mark given.",
            bare=numbers.read_decimal,
        ),
        "integer": _simple(numbers.read_integer, "Read a whole number."),
        "boolean": _simple(
            numbers.read_boolean, "Read true, yes, y, on, t, 1, ja and their opposites."
        ),
        "negate": _simple(numbers.negate, "Change a number's sign."),
        "scale": _with_text(
            numbers.scale_by, "a factor", "Multiply exactly: {scale: 0.01} for cents."
        ),
        "currency": _simple(numbers.read_currency, "Read an ISO 4217 code, or € and £."),
        "country_code": _simple(
            texts.on_text(lambda name: country_code(name) or ""),
            "Find the ISO 3166 code of a code or a name; an unknown one is counted as a gap.",
            counts_gaps=True,
        ),
        "language": _simple(
            texts.on_text(texts.format_language), "Write a language tag as BCP 47: de_DE to de-DE."
        ),
        "email_domain": _simple(mailboxes.email_domain, "Take the domain of a mail address."),
        "is_role_mailbox": _simple(
            mailboxes.is_role_mailbox, "Tell info@, sales@, noreply@ from a person's address."
        ),
        "kind_of_name": _simple(
            names.kind_of_name, "Tell whether a name is an organisation's or a person's."
        ),
        "given_name": _simple(names.given_name, "Take the given names of a full name."),
        "family_name": _simple(names.family_name, "Take the family name of a full name."),
    }
)
