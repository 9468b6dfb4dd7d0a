"""Which program is the tap, what it is told, and which of its streams are read."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.sdk import Capability, ConnectorConfig, LocalPath, Stream

DELETED_AT = "_sdc_deleted_at"


class TapStream(BaseModel):
    """One stream of the tap; its name is the ``tap_stream_id`` of the catalog."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name of the stream in the tap's catalog")
    key: tuple[str, ...] = Field(min_length=1, description="Fields that identify a record")
    cursor: str | None = Field(
        default=None, description="Replication key: the tap then gives only what changed"
    )
    deletes: bool = Field(
        default=False, description=f"Whether the tap gives deleted records with {DELETED_AT}"
    )
    entities: tuple[str, ...] = Field(
        default=("party",), min_length=1, description="Canonical entities that its mapping makes"
    )


class SingerConfig(ConnectorConfig):
    """One tap, in an environment of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    command: tuple[str, ...] = Field(
        min_length=1, description="The tap: the absolute path of its program, and its arguments"
    )
    config: SecretStr | None = Field(
        default=None, description="The tap's own settings: a JSON object"
    )
    environment: dict[str, SecretStr] = Field(
        default_factory=dict, description="Variables for the tap; it inherits none of the hub's"
    )
    catalog: LocalPath | None = Field(
        default=None, description="Catalog file; without one the tap is asked by --discover"
    )
    streams: tuple[TapStream, ...] = Field(min_length=1, description="The streams to read")
    silence_seconds: int = Field(
        default=600, ge=1, le=86_400, description="A tap that says nothing this long is ended"
    )
    log: LocalPath | None = Field(
        default=None, description="File for the end of what the tap logs; it may hold records"
    )
    page_size: int = Field(default=1000, ge=1, le=50_000, description="Records handed on at a time")

    @field_validator("config", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """Credentials may hold the object itself."""
        return orjson.dumps(value).decode() if isinstance(value, dict) else value

    @field_validator("config")
    @classmethod
    def _is_object(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            known = value is None or isinstance(orjson.loads(value.get_secret_value()), dict)
        except orjson.JSONDecodeError:
            known = False
        if not known:
            raise ValueError("must be a JSON object")
        return value

    @field_validator("command")
    @classmethod
    def _is_absolute(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not PurePath(command[0]).is_absolute():
            raise ValueError("must begin with an absolute path, as /opt/taps/shop/bin/tap-shop")
        return command

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [stream.name for stream in self.streams]
        if len(set(names)) != len(names):
            raise ValueError("two streams have the same name")
        return self


def discover(config: SingerConfig) -> tuple[Stream, ...]:
    """The streams of the settings; the tap is not asked."""
    return tuple(
        Stream(
            name=stream.name,
            entities=stream.entities,
            key=stream.key,
            cursor=stream.cursor,
            capabilities=_capabilities(stream),
        )
        for stream in config.streams
    )


def _capabilities(stream: TapStream) -> frozenset[Capability]:
    found = {Capability.FULL, Capability.CUSTOM_FIELDS}
    if stream.cursor:
        found.add(Capability.INCREMENTAL)
        found |= {Capability.DELETES} if stream.deletes else set()
    return frozenset(found)
