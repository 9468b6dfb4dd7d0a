"""How the conformance kit fills the stand-in: rows of each table, numbered changes, deletions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import JsonValue

from connectors.dynamics365.streams import COLUMNS, STREAMS
from hub.sdk import Sample, Samples, StandInState

Row = dict[str, Any]
EURO: Final = "00000000-0000-4000-8000-00000000e000"
KEYS: Final[Mapping[str, str]] = {stream.name: stream.key[0] for stream in STREAMS}
DELETED: Final = "$deleted"


def guid(number: int) -> str:
    """An id that grows with its number."""
    return f"00000000-0000-4000-8000-{number:012x}"


def next_number(state: StandInState) -> int:
    """The number of the next change; one count for the whole environment, as ``versionnumber``."""
    tables = [state.stream(name + end) for name in KEYS for end in ("", DELETED)]
    numbers = [int(row.get("versionnumber") or 0) for table in tables for row in table.values()]
    return max(numbers, default=1_000) + 1


def stamp(moment: datetime) -> str:
    """A moment as the Web API writes it: whole seconds in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(_stream: str, number: int) -> str:
    return guid(number)


def _row(sample: Sample) -> Row:
    special = _SPECIAL[sample.stream](sample)
    known = {name: special.get(name) for name in COLUMNS[sample.stream]}
    at = stamp(sample.at)
    key = KEYS[sample.stream]
    return {key: guid(sample.number), **known, "statecode": 0, "createdon": at, "modifiedon": at}


def _account(sample: Sample) -> Row:
    return {
        "name": f"Example {sample.number} Ltd",
        "accountnumber": f"A-{sample.number:05}",
        "customertypecode": 3,
        "telephone1": _phone(sample.stream, sample.revision),
        "emailaddress1": f"info@example{sample.number}.example",
        "_parentaccountid_value": guid(1_000_000 + sample.number),
        "numberofemployees": 10 * sample.number,
        "address1_line1": f"Sample Street {sample.revision + 1}",
        "address1_city": "Vienna",
        "address1_country": "Austria",
        "merged": False,
    }


def _person(sample: Sample) -> Row:
    return {
        "fullname": f"Ada Example{sample.number}",
        "firstname": "Ada",
        "lastname": f"Example{sample.number}",
        "jobtitle": f"Buyer {sample.revision}",
        "telephone1": _phone(sample.stream, sample.revision),
        "emailaddress1": f"ada{sample.number}@example.example",
        "donotbulkemail": False,
        "merged": False,
    }


def _contact(sample: Sample) -> Row:
    account = guid(1_000_000 + sample.number)
    return {
        **_person(sample),
        "_parentcustomerid_value": account,
        "_accountid_value": account,
    }


def _lead(sample: Sample) -> Row:
    return {**_person(sample), "companyname": f"Prospect {sample.number} Ltd", "statuscode": 1}


def _opportunity(sample: Sample) -> Row:
    return {
        "name": f"Deal {sample.number}",
        "estimatedvalue": 1000.5 + sample.revision,
        "estimatedclosedate": "2026-12-31",
        "closeprobability": 50,
        "_parentaccountid_value": guid(1_000_000 + sample.number),
        "_transactioncurrencyid_value": EURO,
    }


_SPECIAL: Final[Mapping[str, Callable[[Sample], Row]]] = {
    "accounts": _account,
    "contacts": _contact,
    "leads": _lead,
    "opportunities": _opportunity,
}


def _phone(_stream: str, revision: int) -> str:
    return f"+43 1 555 {revision:04}"


def _put(samples: Samples, state: StandInState, sample: Sample) -> None:
    key = samples.key(sample.stream, sample.number)
    row = {**samples.row(sample), "versionnumber": next_number(state)}
    state.stream(sample.stream + DELETED).pop(key, None)
    state.stream(sample.stream)[key] = row


def _remove(samples: Samples, state: StandInState, sample: Sample) -> None:
    key = samples.key(sample.stream, sample.number)
    number = next_number(state)
    if state.stream(sample.stream).pop(key, None):
        state.stream(sample.stream + DELETED)[key] = {"versionnumber": number}


def _fields(stream: str, revision: int) -> Mapping[str, JsonValue]:
    return {} if stream == "opportunities" else {"telephone1": _phone(stream, revision)}


SAMPLES: Final = Samples(key=_key, row=_row, put=_put, remove=_remove, fields=_fields)
