"""Which files there are, and how each is written."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hub.sdk import Capability, ConnectorConfig, LocalPath, Stream


class FileSource(BaseModel):
    """One file, which is one stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", description="Name of the stream")
    path: str = Field(min_length=1, description="Path below the root, with / between folders")
    format: Literal["csv", "jsonl", "parquet", "xlsx"] = Field(
        description="csv (with a header line), jsonl, parquet or xlsx (with a header row)"
    )
    key: tuple[str, ...] = Field(min_length=1, description="Fields that identify a record")
    entities: tuple[str, ...] = Field(
        default=("party",), min_length=1, description="Canonical entities that its mapping makes"
    )
    encoding: Literal["utf-8", "cp1252", "iso-8859-1", "iso-8859-15"] = Field(
        default="utf-8", description="Encoding; a UTF-8 mark at the start is taken off"
    )
    delimiter: str = Field(
        default=",", pattern=r'^[^"\r\n]$', description="What separates the fields of a CSV file"
    )
    sheet: str | None = Field(
        default=None, min_length=1, description="Sheet of an xlsx file; else the first"
    )
    header_row: int = Field(
        default=1, ge=1, le=1000, description="Row of an xlsx sheet that names the columns"
    )
    updated_field: str | None = Field(
        default=None, description="Field with the ISO time of the record's last change"
    )

    @field_validator("path")
    @classmethod
    def _stays_below(cls, path: str) -> str:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or "\\" in path or "\0" in path:
            raise ValueError("must be relative to the root, without ..")
        return path


class FileConfig(ConnectorConfig):
    """One folder and the files in it that are read; nothing outside it ever is."""

    root: LocalPath = Field(description="Folder that holds the files; from hub.toml's, if relative")
    files: tuple[FileSource, ...] = Field(min_length=1, description="The files to read")
    page_size: int = Field(default=1000, ge=1, le=100_000, description="Entries landed at once")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [source.name for source in self.files]
        if len(set(names)) != len(names):
            raise ValueError("two files have the same stream name")
        return self


def discover(config: FileConfig) -> tuple[Stream, ...]:
    """One stream for each file. A file says nothing of changes, so each read is full."""
    return tuple(
        Stream(
            name=source.name,
            entities=source.entities,
            key=source.key,
            capabilities=frozenset({Capability.FULL, Capability.CUSTOM_FIELDS}),
        )
        for source in config.files
    )
