"""What the conformance kit puts into the stand-in: one plain mail for each number."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Final

from hub.sdk import Sample, Samples, StandInState
from hub.sdk.standin import Row

_MAILBOX: Final = "INBOX"
_COUNTERS: Final = "uidvalidity"


def _key(_stream: str, number: int) -> str:
    return f"{number}@example.com"


def _row(sample: Sample) -> Row:
    """A mail never changes; a draft that is saved again is another mail with the same id."""
    key = _key(sample.stream, sample.number)
    lines = [
        f"Message-ID: <{key}>",
        f"Date: {format_datetime(sample.at.replace(microsecond=0))}",
        f"From: Ada Example <ada.{sample.number}@example.com>",
        "To: Anna <anna@example.com>",
        f"Subject: Order {sample.number}, draft {sample.revision}",
    ]
    return {"message": "\n".join([*lines, "", "Where is it?"]), "flags": []}


def _put(samples: Samples, state: StandInState, sample: Sample) -> None:
    """Under the next UID, which is never given twice (RFC 3501 section 2.3.1.1)."""
    _remove(samples, state, sample)
    counters = state.stream(_COUNTERS).setdefault(_MAILBOX, {"value": 1, "next": 1})
    uid = counters["next"]
    counters["next"] = uid + 1
    state.stream(_MAILBOX)[str(uid)] = {"uid": uid, "key": sample.number, **samples.row(sample)}


def _remove(_samples: Samples, state: StandInState, sample: Sample) -> None:
    rows = state.stream(_MAILBOX)
    for uid in [uid for uid, row in rows.items() if row["key"] == sample.number]:
        del rows[uid]


SAMPLES: Final = Samples(key=_key, row=_row, put=_put, remove=_remove)
