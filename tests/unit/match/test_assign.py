"""Master ids: the oldest survives, the founder keeps it on a split, a lost one comes back."""

from __future__ import annotations

from hub.match.assign import Held, assign

OLD = Held("old", 1, 10, alive=True, replaced_by=None)
NEW = Held("new", 2, 20, alive=True, replaced_by=None)


def test_a_fresh_cluster_gets_a_new_id() -> None:
    assert assign([[1, 2]], {}, []).owners == [None]


def test_the_oldest_survives_a_merge() -> None:
    found = assign([[10, 20]], {10: "old", 20: "new"}, [NEW, OLD])
    assert found.owners == ["old"]
    assert found.merged == {"new": 0}


def test_the_founder_keeps_the_id_on_a_split() -> None:
    found = assign([[5], [10]], {5: "old", 10: "old"}, [OLD])
    assert found.owners == [None, "old"]
    assert found.splits == {0: "old"}


def test_an_unmerge_revives_the_lost_id() -> None:
    lost = NEW._replace(alive=False, replaced_by="old")
    found = assign([[10], [20]], {10: "old", 20: "old"}, [OLD, lost])
    assert found.owners == ["old", "new"]
    assert found.revived == ["new"]


def test_a_lost_id_follows_its_founder() -> None:
    lost = NEW._replace(alive=False, replaced_by="old")
    third = Held("third", 3, 30, alive=True, replaced_by=None)
    found = assign([[10], [20, 30]], {10: "old", 20: "old", 30: "third"}, [OLD, lost, third])
    assert found.owners == ["old", "third"]
    assert found.led == {"new": 1}


def test_a_party_without_records_is_gone() -> None:
    assert assign([], {10: "old"}, [OLD]).gone == ["old"]


def test_without_its_founder_the_oldest_record_keeps_the_id() -> None:
    found = assign([[11], [12]], {10: "old", 11: "old", 12: "old"}, [OLD])
    assert found.owners == ["old", None]


def test_without_its_founder_an_id_stays_with_the_senior_record() -> None:
    lost = NEW._replace(alive=False, replaced_by="old")
    links = {20: "old", 30: "old"}
    found = assign([[20], [30]], links, [OLD, lost], seniority={20: 8, 30: 7})
    assert found.owners == ["new", "old"]
