"""Deliveries in their order, given out in batches: what goes to one record goes together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Group = list[Row]


class Waiting:
    """The deliveries of one run that were not sent yet."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._groups = deque(_grouped(rows))

    def __bool__(self) -> bool:
        return bool(self._groups)

    def take(self, limit: Callable[[str], int]) -> list[Row]:
        """The next of one stream, for as many records as ``limit`` says of it."""
        stream = self._groups[0][0]["stream_name"]
        most, records, skipped, batch = limit(stream), set[int](), list[Group](), list[Row]()
        while self._groups and len(records) < most:
            group = self._groups.popleft()
            record = group[0]["record_id"]
            if group[0]["stream_name"] == stream and record not in records:
                records.add(record)
                batch += group
            else:
                skipped.append(group)
        self._groups.extendleft(reversed(skipped))
        return batch

    def put_back(self, rows: Sequence[Row]) -> None:
        """Deliveries that were taken and not sent: they are the next."""
        self._groups.extendleft(reversed(_grouped(rows)))


def _grouped(rows: Sequence[Row]) -> list[Group]:
    """What makes one change: all to a record, but a delivery that has failed goes alone."""
    groups: dict[object, Group] = {}
    for row in rows:
        name = row["id"] if row["failures"] else row["record_id"]
        groups.setdefault(name, []).append(row)
    return list(groups.values())
