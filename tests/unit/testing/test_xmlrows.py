"""Records in XML answers are found, spoilt and put back."""

from __future__ import annotations

from lxml import etree

from hub.testing.xmlrows import XmlRow, xml_rows

LIST = """<r xmlns="urn:d"><list><item><id>1</id><name>A &amp; B</name><pairs>
<p><name>city</name><value>Bonn</value></p><p><name>zip</name><value/></p></pairs></item>
<item><name>without a key</name></item></list></r>"""


def only_row() -> tuple[etree._Element, XmlRow]:
    root = etree.fromstring(LIST)
    (found,) = xml_rows(root, {"id"})
    return root, found


def test_children_and_pairs_are_fields() -> None:
    _, found = only_row()
    assert found.row == {"id": "1", "name": "A & B", "city": "Bonn", "zip": None}


def test_what_changed_is_put_back() -> None:
    root, found = only_row()
    found.row.pop("city")
    found.row["name"] = {"was": "something else"}
    found.row["zip"] = "53111"
    found.row["new"] = {}
    found.save()
    (again,) = xml_rows(root, {"id"})
    assert again.row == {"id": "1", "zip": "53111", "new": None}
    assert root.findtext(".//{urn:d}name/{urn:d}was") == "something else"
