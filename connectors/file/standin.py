"""A stand-in for whoever delivers the files: a folder that is written anew with every change.

Seed rows: the stream ``customers``, by id, with the columns of the mapping that ships::

    {"customers": {"7": {"id": "7", "name": "Example Ltd", "kind": "company", …}}}

There is no server, so the port is not used and no fault can be injected.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from hub.errors import ConfigError
from hub.sdk import Fault, Sample, Samples, StandInState
from hub.sdk.standin import Row

STREAM: Final = "customers"
COLUMNS: Final = (
    *("id", "name", "kind", "email", "phone"),
    *("street", "city", "postcode", "country", "updated"),
)


class Folder(StandInState):
    """Rows that are a CSV file as well; a new file is delivered by renaming it."""

    def __init__(self, given: StandInState, folder: Path) -> None:
        super().__init__(given.records, given.path)
        self.folder = folder
        self.save()

    def save(self) -> None:
        """Write the rows, in the order in which they are kept."""
        super().save()
        fresh = self.folder / "customers.new"
        with fresh.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(self.stream(STREAM).values())
        fresh.replace(self.folder / "customers.csv")


class FolderStandIn:
    """Delivers one file into a folder of its own."""

    def __init__(self, state: StandInState, port: int = 0) -> None:
        del port
        self._folder = Path(tempfile.mkdtemp(prefix="hub-files-"))
        self.state = Folder(state, self._folder)

    @property
    def config(self) -> dict[str, JsonValue]:
        """Settings with which the connector reads the folder."""
        source: dict[str, JsonValue] = {
            "name": STREAM,
            "path": "customers.csv",
            "format": "csv",
            "key": ["id"],
            "updated_field": "updated",
        }
        return {"root": str(self._folder), "files": [source]}

    def fail(self, fault: Fault) -> None:
        """Nothing passes between the folder and its reader that could be spoilt."""
        raise ConfigError(f"a folder has no fault {fault.kind}; change its files instead")

    def stop(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _row(sample: Sample) -> Row:
    return {
        "id": str(sample.number),
        "name": f"Example Mills {sample.number} Ltd",
        "kind": "company",
        "email": f"office{sample.number}@example.com",
        "phone": f"+44 20 7946 {sample.revision:02d}{sample.number:02d}",
        "city": "London",
        "country": "GB",
        "updated": sample.at.isoformat(),
    }


SAMPLES: Final = Samples(key=lambda _stream, number: str(number), row=_row)
