"""Where the database is, and which of its tables are streams."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.sdk import Capability, ConnectorConfig, LocalPath, Stream


class TableSource(BaseModel):
    """One table, view or SELECT, which is one stream. Names are those of the database, exactly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", description="Name of the stream")
    table: str | None = Field(default=None, min_length=1, description="Table or view to read")
    table_schema: str | None = Field(
        default=None, min_length=1, description="Schema of the table, where not the user's own"
    )
    select: str | None = Field(default=None, description="A SELECT to read, in place of a table")
    key: tuple[str, ...] = Field(min_length=1, description="Columns that identify a row")
    cursor: str | None = Field(
        default=None,
        description="Column that grows over the whole table whenever a row changes: a time of "
        "change, or a number that a trigger counts up; without it each read is full",
    )
    version: str | None = Field(
        default=None, description="Column that orders the versions of one row; else the cursor"
    )
    deleted: str | None = Field(
        default=None, description="Column that is true, or holds a time, once a row is deleted"
    )
    entities: tuple[str, ...] = Field(
        default=("party",), min_length=1, description="Canonical entities that its mapping makes"
    )
    totals: tuple[str, ...] = Field(
        default=(),
        description="Columns of numbers that control totals sum up, in the database and in the hub",
    )
    write: bool = Field(default=False, description="Whether the hub may change rows of the table")
    touch: bool = Field(
        default=False,
        description="Whether the hub sets version and cursor at a write, where no trigger does",
    )

    @field_validator("select")
    @classmethod
    def _one_select(cls, select: str | None) -> str | None:
        from hub.sdk.sql.selects import check_select

        return None if select is None else check_select(select)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.table is None) == (self.select is None):
            raise ValueError("give either a table or a select")
        if self.write and (self.table is None or len(self.key) != 1):
            raise ValueError("only a table with one key column can be written to")
        if self.touch and not self.write:
            raise ValueError("touch is for tables that are written to")
        return self


class SqlConfig(ConnectorConfig):
    """One database and the tables that are read."""

    dialect: Literal["postgresql", "mysql", "sqlite"] = Field(description="Kind of database")
    host: str = Field(default="", description="Host name of the server")
    port: int | None = Field(default=None, ge=1, le=65535, description="Port, where not the usual")
    database: str = Field(default="", description="Name of the database on the server")
    username: str = Field(default="", description="User; let it read only what the hub reads")
    password: SecretStr | None = Field(default=None, description="Password of the user")
    tls: Literal["verify", "encrypt", "off"] = Field(
        default="verify", description="Verify the server's certificate, only encrypt, or neither"
    )
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates of the company's own CA"
    )
    path: LocalPath | None = Field(
        default=None, description="SQLite: the database file, which must be there"
    )
    tables: tuple[TableSource, ...] = Field(min_length=1, description="What is read")
    timezone: str = Field(default="UTC", description="Zone (IANA) of times that carry none")
    settle_seconds: int = Field(
        default=30,
        ge=0,
        le=3600,
        description="Rows younger than this wait for the next run; more than the longest "
        "transaction takes",
    )
    statement_seconds: int = Field(
        default=300, ge=1, le=86_400, description="Time after which a statement is given up"
    )
    page_size: int = Field(default=1000, ge=1, le=50_000, description="Rows read at a time")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("not a time zone of the IANA list, as Europe/Vienna") from error
        return name

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.dialect == "sqlite" and self.path is None:
            raise ValueError("sqlite needs path")
        if self.dialect != "sqlite" and not (self.host and self.database):
            raise ValueError(f"{self.dialect} needs host and database")
        names = [source.name for source in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("two tables have the same stream name")
        return self


def discover(config: SqlConfig) -> tuple[Stream, ...]:
    """One stream for each table."""
    return tuple(
        Stream(
            name=source.name,
            entities=source.entities,
            key=source.key,
            cursor=source.cursor,
            capabilities=_capabilities(source),
        )
        for source in config.tables
    )


def _capabilities(source: TableSource) -> frozenset[Capability]:
    found = {Capability.FULL, Capability.CUSTOM_FIELDS, Capability.COUNT}
    if source.cursor:
        found.add(Capability.INCREMENTAL)
        found.add(Capability.DELETES if source.deleted else Capability.KEY_SCAN)
    if source.write:
        found.add(Capability.WRITE)
        found |= {Capability.OPTIMISTIC_LOCK} if source.version or source.cursor else set()
    return frozenset(found)
