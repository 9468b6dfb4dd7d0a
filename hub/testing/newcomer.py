"""A record that the rules on creation have made, and what is there of it afterwards."""

from __future__ import annotations

from typing import Final, cast

from hub.sdk.contract import Creator, New
from hub.testing.bench import Bench, keys_of
from hub.testing.rule import expect

EXTERNAL: Final = "conformance-0001"


def new_of(bench: Bench) -> New:
    """A record to be made on the bench."""
    fields = bench.samples.new(bench.stream)
    expect(fields, "samples.new gives no fields for a stream that declares CREATE")
    return New(stream=bench.stream, fields=dict(fields), external_key=EXTERNAL)


def creator_of(bench: Bench) -> Creator:
    """Another connection to the bench's system."""
    return cast("Creator", bench.connect())


def made_keys(bench: Bench) -> list[str]:
    """The keys of records that the bench did not put there; a read may give one twice."""
    known = set(bench.source_keys())
    return [key for key in dict.fromkeys(keys_of(bench.read())) if key not in known]
