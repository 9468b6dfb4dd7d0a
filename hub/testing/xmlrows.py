"""The records in an XML answer, as the kit's rules see and spoil them: fields by local name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Row = dict[str, Any]
_PAIR: Final = {"name", "value"}


class XmlRow:
    """One element as a record: its children without children, and lists of name and value.

    :attr:`row` may be changed; :meth:`save` puts what changed back into the element.
    """

    def __init__(self, element: Any) -> None:
        self._element = element
        self._held: dict[str, tuple[Any, Any]] = {}
        for child in element.iterchildren("*"):
            self._take(child)
        self.row: Row = {name: text.text for name, (text, _) in self._held.items()}
        self._before = dict(self.row)

    def _take(self, child: Any) -> None:
        if not len(child):
            self._held[_local(child)] = child, child
        for item in child.iterchildren("*"):
            parts = {_local(part): part for part in item.iterchildren("*")}
            if set(parts) == _PAIR and not len(parts["value"]):
                self._held[parts["name"].text or ""] = parts["value"], item

    def save(self) -> None:
        """Write the changed fields; one that is new comes last, as an element."""
        for name, (text, whole) in self._held.items():
            if name not in self.row:
                whole.getparent().remove(whole)
            elif self.row[name] != self._before[name]:
                _fill(text, self.row[name])
        for name in self.row.keys() - self._held.keys():
            _fill(_add(self._element, name), self.row[name])


def xml_rows(root: Any, names: set[str]) -> Iterator[XmlRow]:
    """The elements that have all these fields."""
    for element in list(root.iter("*")):
        found = XmlRow(element)
        if names <= set(found.row):
            yield found


def _fill(element: Any, value: Any) -> None:
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    element.text = None if isinstance(value, dict) else value
    if isinstance(value, dict):
        for name, text in value.items():
            _fill(_add(element, name), text)


def _add(parent: Any, name: str) -> Any:
    from lxml import etree

    space = etree.QName(parent).namespace
    return etree.SubElement(parent, f"{{{space}}}{name}" if space else name)


def _local(element: Any) -> str:
    from lxml import etree

    return str(etree.QName(element).localname)
