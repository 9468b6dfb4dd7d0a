"""What an older golden version has kept of its making: winners with their origin, losers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from hub.mapping import PayloadValue
from hub.model.envelope import SourceKey
from hub.pipeline.lineage import MappingLines
from hub.pipeline.proof_records import Named
from hub.pipeline.proof_replay import source_of
from hub.survivorship import Candidate

Content = dict[str, Any]


def _origins(provenance: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for field, origins in sorted(provenance.items()):
        for origin in origins if isinstance(origins, list) else [origins]:
            yield field, origin


def named_in(provenance: Mapping[str, Any]) -> dict[SourceKey, Named]:
    """The raw version and mapping of each record that gave a value."""
    return {
        SourceKey(**origin["source"]): Named(origin["raw_version"], origin["mapping"]["digest"])
        for _, origin in _origins(provenance)
    }


def past_values(
    golden: Mapping[str, Any], records: Sequence[Content], mappings: Sequence[Content]
) -> list[Content]:
    """What an older version has kept: winners with their origin, losers with their value."""
    body, provenance = orjson.loads(golden["body"]), orjson.loads(golden["provenance"])
    reader = _Reader(records, mappings)
    told = []
    for field in sorted(body):
        value, origins = body[field], provenance[field]
        pairs = (
            zip(value, origins, strict=True) if isinstance(origins, list) else [(value, origins)]
        )
        claims = [claim for pair in pairs for claim in _past_claims(*pair, reader=reader)]
        told.append({"field": field, "value": value, "claims": claims})
    return told


def _past_claims(value: Any, origin: Mapping[str, Any], *, reader: _Reader) -> Iterator[Content]:
    mapping, source = origin["mapping"], SourceKey(**origin["source"])
    yield {
        "record": str(source),
        "value": value,
        "wins": True,
        "why": origin["rule"],
        "trust": None,
        "updated": None,
        "raw_version": origin["raw_version"],
        "mapping_digest": mapping["digest"],
        "path": mapping["path"],
        "line": mapping["line"],
        "payload": reader.read(source, mapping["path"]),
    }
    unknown = ("trust", "updated", "raw_version", "mapping_digest", "path", "line")
    for loser in origin["losers"]:
        named = {"record": str(SourceKey(**loser["source"])), "value": loser["value"]}
        lost = {"wins": False, "why": origin["rule"], "payload": []}
        yield {**dict.fromkeys(unknown), **named, **lost}


class _Reader:
    """Reads what payloads hold where mappings read a value."""

    def __init__(self, records: Sequence[Content], mappings: Sequence[Content]) -> None:
        self._lines = MappingLines({item["digest"]: item["text"] for item in mappings})
        self._records = {source_of(record): record for record in records}

    def read(self, source: SourceKey, path: str) -> list[Content]:
        record = self._records.get(source)
        if record is None or record["body"] is None or record["payload_state"] != "whole":
            return []
        candidate = Candidate(
            source=source,
            office="",
            updated="",
            body=orjson.loads(record["body"]),
            raw_version=record["raw_version"],
            mapping_digest=record["mapping_digest"],
        )
        payload = orjson.loads(record["payload"])
        found: list[PayloadValue] = self._lines.payload_values(candidate, path, payload)
        return [{"path": item.path, "value": item.value} for item in found]
