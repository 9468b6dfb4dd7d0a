"""Which columns of a file mean what: by their names, or by a mapping file.

A mapping file is YAML; docs/matching.md explains it. Columns that it does not speak of are still
understood by their names; ``column: null`` leaves one out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import ConfigError, MappingError
from hub.match.absent import says_none
from hub.match.tabular import Cells, Table
from hub.match.tabular_dates import DAY_FIRST, MONTH_FIRST

FIELDS: Final = (
    "record_id", "source", "kind", "title", "given_name", "middle_name", "family_name",
    "full_name", "organisation", "trading_name", "email", "phone", "website", "street", "city",
    "region", "postcode", "country", "birth_date", "tax_id", "updated_at",
)  # fmt: skip
_AS_IT_STANDS: Final = frozenset({"record_id", "source", "country"})
"""Where NULL and NA are no gaps: NA is Namibia."""
DATES: Final = ("birth_date", "updated_at")

Getter = Callable[[Cells], str]
_Name = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class IdentifierColumn(_Strict):
    """A column with numbers of one scheme; ``issuer`` and ``country`` are columns too."""

    column: _Name
    issuer: str = ""
    country: str = ""


class TabularMapping(_Strict):
    """What a mapping file says."""

    columns: dict[_Name, _Name | tuple[_Name, ...] | None] = {}
    constants: dict[_Name, str] = {}
    identifiers: dict[_Name, _Name | IdentifierColumn] = {}
    kinds: dict[_Name, Literal["person", "organisation", "open"]] = {}
    dates: dict[Literal["birth_date", "updated_at"], _Name] = {}
    encoding: str = ""
    delimiter: str = ""


class Layout(BaseModel):
    """How each field that the file has is read off a row's cells."""

    model_config = ConfigDict(frozen=True)

    fields: dict[str, Getter]
    identifiers: dict[str, tuple[Getter, Getter, Getter]]
    kinds: dict[str, str]
    dates: dict[str, str]


def load_tabular_mapping(path: Path | None) -> TabularMapping:
    """The mapping file, checked; an empty one where there is none."""
    if path is None:
        return TabularMapping()
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = yaml.safe_load(text)
    except (OSError, UnicodeError) as error:
        raise MappingError(f"can't be read ({type(error).__name__})", file=str(path)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise MappingError("no valid YAML", file=str(path), line=line) from error
    try:
        mapping = TabularMapping.model_validate(content or {})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = [str(part) for part in first["loc"]]
        message = ": ".join(filter(None, (".".join(place), first["msg"])))
        raise MappingError(message, file=str(path), line=_line_of(text, place)) from error
    _check_words(mapping, text, path)
    return mapping


def _check_words(mapping: TabularMapping, text: str, path: Path) -> None:
    for section in ("columns", "constants"):
        for name in getattr(mapping, section):
            if name not in FIELDS:
                message = f"{section}: there is no {name!r}; there are {', '.join(FIELDS)}"
                raise MappingError(message, file=str(path), line=_line_of(text, [section, name]))
    for name, form in mapping.dates.items():
        if form not in (DAY_FIRST, MONTH_FIRST) and "%" not in form:
            message = f"dates: write {DAY_FIRST}, {MONTH_FIRST} or a pattern such as %d.%m.%Y"
            raise MappingError(message, file=str(path), line=_line_of(text, ["dates", name]))


def _line_of(text: str, place: list[str]) -> int | None:
    """The line of the deepest key of the place that the text has."""
    node, line = yaml.compose(text), None
    for part in place:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((key, value) for key, value in pairs if key.value == part), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def lay_out(table: Table, mapping: TabularMapping) -> Layout:
    """The file's layout; refuses columns that are not there and a file without record ids."""
    columns = _Columns(table)
    getters = {name: _getter(name, columns, mapping) for name in FIELDS}
    fields = {name: read for name, read in getters.items() if read is not None}
    if "record_id" not in fields:
        raise ConfigError(
            f"{table.path} has no column record_id; rename the column with each record's own key, "
            "or name it in a mapping file (columns: {record_id: …})"
        )
    kinds = {word.strip().lower(): kind for word, kind in mapping.kinds.items()}
    identifiers = dict(_identifiers(mapping, columns))
    return Layout(fields=fields, identifiers=identifiers, kinds=kinds, dates=dict(mapping.dates))


def column_getter(table: Table, name: str, *, asked: str) -> Getter:
    """Reads one column by its name; ``asked`` says who wants it, for the error."""
    return _Columns(table).getter(name, asked)


def value_getter(table: Table, name: str, *, asked: str) -> Getter:
    """The same, but what only says that there is no value is ""."""
    return _Columns(table).value_getter(name, asked)


class _Columns:
    """The columns of a file by name, whatever their case."""

    def __init__(self, table: Table) -> None:
        self._path = table.path
        self._names = table.columns
        self._places = {name.lower(): place for place, name in enumerate(table.columns)}

    def has(self, name: str) -> bool:
        return name.lower() in self._places

    def getter(self, name: str, asked: str) -> Getter:
        place = self._places.get(name.strip().lower())
        if place is None:
            raise ConfigError(
                f"{asked} names a column {name!r}, which {self._path} has not; "
                f"it has {', '.join(filter(None, self._names))}"
            )
        return lambda cells: cells[place].strip()

    def value_getter(self, name: str, asked: str) -> Getter:
        """A column's values; what only says that there is none is "", as an empty cell is."""
        read = self.getter(name, asked)
        return lambda cells: text if (text := read(cells)) and not says_none(text) else ""


def _getter(name: str, columns: _Columns, mapping: TabularMapping) -> Getter | None:
    constant = mapping.constants.get(name, "")
    stated = mapping.columns.get(name, name if columns.has(name) else None)
    if stated is None:
        return (lambda _cells: constant) if constant else None
    parts = [stated] if isinstance(stated, str) else stated
    column = columns.getter if name in _AS_IT_STANDS else columns.value_getter
    getters = [_part(part, columns, column, f"the mapping's {name}") for part in parts]
    read = getters[0] if len(getters) == 1 else _several(getters)
    return (lambda cells: read(cells) or constant) if constant else read


def _several(getters: list[Getter]) -> Getter:
    return lambda cells: ";".join(text for read in getters if (text := read(cells)))


def _part(text: str, columns: _Columns, column: Callable[[str, str], Getter], asked: str) -> Getter:
    """A column, or a join of columns such as "{first_name} {surname}"."""
    if "{" not in text or columns.has(text):
        return column(text, asked)
    try:
        pieces = [(literal, name) for literal, name, *_ in Formatter().parse(text)]
    except ValueError as error:
        raise ConfigError(f"{asked}: bad join {text!r}: {error}") from error
    found = [(lit, column(name, asked) if name else None) for lit, name in pieces]
    return lambda cells: _join(found, cells)


def _join(pieces: list[tuple[str, Getter | None]], cells: Cells) -> str:
    """The pieces without gaps; "" where all columns are empty."""
    values = [(literal, read(cells) if read else "") for literal, read in pieces]
    if not any(value for _, value in values):
        return ""
    return " ".join("".join(literal + value for literal, value in values).split())


def _identifiers(
    mapping: TabularMapping, columns: _Columns
) -> Iterator[tuple[str, tuple[Getter, Getter, Getter]]]:
    for scheme, stated in mapping.identifiers.items():
        item = IdentifierColumn(column=stated) if isinstance(stated, str) else stated
        asked = f"the mapping's identifier {scheme}"
        names = (item.column, item.issuer, item.country)
        one, two, three = (columns.value_getter(n, asked) if n else _nothing for n in names)
        yield scheme, (one, two, three)


def _nothing(_cells: Cells) -> str:
    return ""


def read_fields(layout: Layout, cells: Cells) -> Mapping[str, str]:
    """Every field of a row that is filled."""
    return {name: text for name, read in layout.fields.items() if (text := read(cells))}
