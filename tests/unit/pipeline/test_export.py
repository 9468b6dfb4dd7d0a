"""Export: one JSON that holds every value of a person with its origin, and nothing of others."""

from __future__ import annotations

import orjson
import pytest

from hub.errors import StoreError
from hub.pipeline.export import export_party, to_text
from hub.store.columns import new_id
from hub.store.database import Engine
from hub.store.portrait import exported_sections
from tests.unit.pipeline.erase_world import ANNA, OURS, forget, party_of, say, settle

BERND = {"id": "2", "given": "Bernd", "family": "Qvist", "name": "Bernd Qvist"}


@pytest.fixture
def anna(store: Engine) -> str:
    """A person with two versions, a ticket, a bill, a mail and a ticket of somebody else."""
    say(store, "person", {"id": "1", **ANNA}, {**BERND, "email": "bernd@qvist.example"})
    say(store, "person", {"id": "1", **ANNA, "phone": "+49 89 1234568"})
    say(store, "bill", {"id": "B1", "by": "1", "net": "12.5", "for": "work"})
    say(store, "ticket", {"id": "T1", "by": "1", "subject": "printer"})
    say(store, "ticket", {"id": "T2", "by": "2", "contact": "1", "subject": "secret of Bernd"})
    settle(store)
    return party_of(store, "person:1")


def test_every_section_is_there(store: Engine, anna: str) -> None:
    assert exported_sections() <= export_party(store, anna, OURS).keys()


def test_values_come_with_their_origin(store: Engine, anna: str) -> None:
    portrait = export_party(store, anna, OURS)
    golden = portrait["golden"][-1]
    assert golden["body"]["display_name"] == "Anna Zyxmann"
    assert golden["provenance"]["display_name"]["source"]["key"] == "1"
    (source,) = portrait["sources"]
    assert [version["payload"]["phone"] for version in source["versions"]] == [
        "+49 89 1234567",
        "+49 89 1234568",
    ]


def test_what_refers_to_the_person_is_shown(store: Engine, anna: str) -> None:
    portrait = export_party(store, anna, OURS)
    assert [item["key"] for item in portrait["documents"]] == ["B1"]
    assert [item["key"] for item in portrait["tickets"]] == ["T1", "T2"]
    own, other = portrait["tickets"]
    assert own["versions"]
    assert other["versions"] == []


def test_others_are_not_exported(store: Engine, anna: str) -> None:
    text = to_text(export_party(store, anna, OURS))
    assert b"bernd@qvist.example" not in text
    assert b"Bernd Qvist" not in text


def test_the_same_store_gives_the_same_text(store: Engine, anna: str) -> None:
    assert to_text(export_party(store, anna, OURS)) == to_text(export_party(store, anna, OURS))


def test_an_erased_person_is_said_to_be(store: Engine, anna: str) -> None:
    forget(store, anna, hold=True)
    portrait = orjson.loads(to_text(export_party(store, anna, OURS)))
    assert portrait["status"] == "erased"
    assert portrait["erasure"][0]["reason"] == "request 17"
    assert portrait["golden"] == []


def test_an_unknown_party_is_an_error(store: Engine) -> None:
    with pytest.raises(StoreError, match="no party"):
        export_party(store, new_id(), OURS)
