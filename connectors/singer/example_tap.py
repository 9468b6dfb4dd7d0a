"""A small Singer tap over a file of records: the stand-in's program, and an example to read.

It needs nothing but Python. Of a stream with a replication key it gives what is as new as the
bookmark or newer, in the order of that key, and a STATE after every 50 records; of another stream
it gives all. Settings: path of the records, token.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

TOKEN: Final = "stand-in-token"  # noqa: S105  # of the stand-in alone
KEYS: Final = {"customers": "updated_at", "people": None}
FIELDS: Final = ("id", "name", "email", "phone", "updated_at", "_sdc_deleted_at")
STATE_EVERY: Final = 50

Document = dict[str, Any]


def main() -> int:
    """Discover or sync; 1 where the token is refused."""
    parser = argparse.ArgumentParser()
    for name in ("config", "state", "catalog"):
        parser.add_argument(f"--{name}", type=load)
    parser.add_argument("--discover", action="store_true")
    given = parser.parse_args()
    if given.config["token"] != TOKEN:
        sys.stderr.write("the token is refused\n")
        return 1
    if given.discover:
        write({"streams": [describe(stream) for stream in KEYS]})
        return 0
    records = load(given.config["path"])
    for entry in given.catalog["streams"]:
        if is_selected(entry):
            sync(entry["tap_stream_id"], records, given.state or {})
    return 0


def load(path: str) -> Document:
    """A JSON object from a file."""
    content: Document = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


def write(message: Document) -> None:
    """One message, one line."""
    sys.stdout.write(json.dumps(message) + "\n")


def describe(stream: str) -> Document:
    """The stream's entry in the catalog."""
    key = KEYS[stream]
    metadata: Document = {"inclusion": "available", "table-key-properties": ["id"]}
    if key:
        metadata["valid-replication-keys"] = [key]
    return {
        "tap_stream_id": stream,
        "stream": stream,
        "schema": schema(),
        "metadata": [{"breadcrumb": [], "metadata": metadata}],
    }


def schema() -> Document:
    """Texts but for the id."""
    fields: Document = {name: {"type": ["null", "string"]} for name in FIELDS}
    return {"type": "object", "properties": fields | {"id": {"type": "integer"}}}


def is_selected(entry: Document) -> bool:
    """Whether the metadata of the stream itself says so."""
    return any(
        item["metadata"].get("selected") for item in entry["metadata"] if not item["breadcrumb"]
    )


def sync(stream: str, records: Document, state: Document) -> None:
    """The stream's records, and the states between them."""
    key = KEYS[stream]
    rows = list(records.get(stream, {}).values())
    bookmark = state.get("bookmarks", {}).get(stream, {}).get("updated_at", "")
    if key:
        rows = sorted((row for row in rows if row[key] >= bookmark), key=lambda row: row[key])
    head = {"stream": stream, "schema": schema(), "key_properties": ["id"]}
    write({"type": "SCHEMA", **head})
    for number, row in enumerate(rows, 1):
        write({"type": "RECORD", "stream": stream, "record": row})
        bookmark = row[key] if key else ""
        if key and number % STATE_EVERY == 0:
            write_state(stream, bookmark)
    if key:
        write_state(stream, bookmark)


def write_state(stream: str, bookmark: str) -> None:
    """Up to where the stream was given."""
    write({"type": "STATE", "value": {"bookmarks": {stream: {"updated_at": bookmark}}}})


if __name__ == "__main__":
    sys.exit(main())
