"""What a database driver's error means, as the error that says what to do.

Drivers quote statements, parameters and whole rows ("Key (email)=(…) already exists"), so nothing
of their text is passed on and they are not chained (law 10): only codes are.
"""

from __future__ import annotations

from typing import Any, Final

from hub.errors import (
    AuthenticationError,
    HubError,
    PermanentSourceError,
    RejectedError,
    SourceError,
    SourceSchemaError,
    SourceUnavailableError,
)

# PostgreSQL, appendix A "Error Codes": whole codes first, then classes.
_SQLSTATES: Final = {
    "42501": "denied",
    "42P01": "missing",
    "42703": "missing",
    "3D000": "missing",
    "3F000": "missing",
    "57014": "slow",
    "55P03": "busy",
    "25006": "writes",
    "28": "login",
    "42": "statement",
    "22": "value",
    "23": "value",
    "08": "away",
    "40": "busy",
    "53": "away",
    "57": "away",
}
# MySQL reference, "Server Error Message Reference" and "Client Error Message Reference".
_MYSQL: Final = {
    1044: "login",
    1045: "login",
    1698: "login",
    1142: "denied",
    1143: "denied",
    1049: "missing",
    1054: "missing",
    1146: "missing",
    1064: "statement",
    1205: "busy",
    1213: "busy",
    1792: "writes",
    3024: "slow",
    1048: "value",
    1062: "value",
    1264: "value",
    1292: "value",
    1366: "value",
    1406: "value",
    1451: "value",
    1452: "value",
    2003: "away",
    2006: "away",
    2013: "away",
}
# SQLite has one code for most; its words are not translated and stay the same.
_SQLITE: Final = {
    "no such": "missing",
    "unable to open": "away",
    "locked": "busy",
    "busy": "busy",
    "interrupted": "slow",
    "not a database": "form",
    "malformed": "form",
    "readonly": "writes",
    "read-only": "writes",
    "syntax error": "statement",
    "constraint": "value",
    "mismatch": "value",
}
_CONNECTING: Final = {
    "authentication failed": "login",
    "no password supplied": "login",
    "pg_hba.conf": "login",
    "role": "login",
    "does not support ssl": "plain",
    "certificate": "certificate",
    "does not exist": "missing",
}
_SAID: Final[dict[str, tuple[type[SourceError], str]]] = {
    "login": (AuthenticationError, "the database refuses the user; check user name and password"),
    "denied": (AuthenticationError, "the database denies this user the permission; grant it"),
    "missing": (
        SourceSchemaError,
        "a database, schema, table or column of the settings is not there; mind upper case",
    ),
    "statement": (
        SourceSchemaError,
        "the database does not understand the statement; try the SELECT by itself",
    ),
    "writes": (SourceSchemaError, "the statement would write, and reading never does"),
    "form": (SourceSchemaError, "the file is no database, or it is damaged"),
    "value": (
        SourceSchemaError,
        "a value can't be read or compared; convert it to text in a SELECT of your own",
    ),
    "slow": (SourceUnavailableError, "it took longer than the timeout; add an index, or time"),
    "busy": (SourceUnavailableError, "another transaction holds a lock; run it again"),
    "away": (SourceUnavailableError, "the database can't be reached; check host, port and network"),
    "plain": (PermanentSourceError, "the server offers no TLS; switch it on, or set tls to off"),
    "certificate": (
        PermanentSourceError,
        "the server's certificate is not trusted; check the host name, or set ca_file",
    ),
}
_REFUSALS: Final = frozenset({"value", "statement", "writes"})


def explain(error: Exception, *, system: str, stream: str, writing: bool) -> HubError:
    """The error to raise in place of the driver's; ``writing`` where a change was to be made."""
    meaning, code = _meaning(getattr(error, "orig", None) or error)
    if writing and meaning in _REFUSALS:
        message = "the database refuses the value; correct it before repeating"
        return RejectedError(f"{system}: {message} ({code})")
    kind, words = _SAID[meaning]
    return kind(f"{words} ({code})", system=system, stream=stream)


def is_broken(error: Exception) -> bool:
    """Whether the connection broke, so that nobody knows what became of the last statement."""
    origin = getattr(error, "orig", None) or error
    return _meaning(origin)[0] == "away"


def _meaning(origin: BaseException) -> tuple[str, str]:
    """What it means by our table, and the code to show."""
    name = type(origin).__name__
    state = getattr(origin, "sqlstate", None)
    if isinstance(state, str):
        return _SQLSTATES.get(state, _SQLSTATES.get(state[:2], "statement")), f"SQLSTATE {state}"
    if type(origin).__module__.startswith("sqlite3"):
        return _by_words(origin, _SQLITE, "statement"), getattr(origin, "sqlite_errorname", name)
    number = _number(origin)
    if number is not None:
        return _MYSQL.get(number, "statement"), f"error {number}"
    if name in {"DataError", "NumericValueOutOfRange"}:
        return "value", name
    return _by_words(origin, _CONNECTING, "away"), name


def _number(origin: BaseException) -> int | None:
    """MySQL drivers put the error's number first."""
    first: Any = origin.args[0] if origin.args else None
    return first if isinstance(first, int) else None


def _by_words(origin: BaseException, table: dict[str, str], default: str) -> str:
    said = str(origin).lower()
    return next((meaning for words, meaning in table.items() if words in said), default)
