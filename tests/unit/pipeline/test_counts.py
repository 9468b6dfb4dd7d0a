"""Counts balance or nothing is stored (law 4); collection is paced and restored."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest

from hub.errors import StoreError
from hub.pipeline.collection import paced_collection
from hub.pipeline.counts import READ_KINDS, ExtractCounts, balanced_taken


@pytest.mark.parametrize("kind", READ_KINDS)
def test_a_read_item_is_of_one_kind(kind: str) -> None:
    assert ExtractCounts({"read": 1, kind: 1}).balanced()[kind] == 1
    with pytest.raises(StoreError, match="don't balance"):
        ExtractCounts({"read": 2, kind: 1}).balanced()


def test_counts_of_pages_add_up() -> None:
    one, two = ExtractCounts({"read": 3, "new": 1}), ExtractCounts({"read": 1, "stale": 1})
    one.excluded["internal mail"] = 2
    total = (one + two).balanced()
    assert (total["read"], total["new"], total["stale"]) == (4, 1, 1)
    assert total["excluded"] == {"internal mail": 2}


def test_a_taken_record_is_mapped_quarantined_or_excluded() -> None:
    counts = {"taken": 3, "mapped": 1, "quarantined": 1, "excluded": 1}
    assert balanced_taken(counts)["taken"] == 3
    with pytest.raises(StoreError, match="don't balance"):
        balanced_taken({**counts, "taken": 4})


def test_collection_is_as_before_afterwards() -> None:
    assert gc.isenabled()
    with suppress(ValueError), paced_collection() as collect:
        assert not gc.isenabled()
        collect()
        raise ValueError
    assert gc.isenabled()


def test_cycles_do_not_pile_up() -> None:
    with paced_collection() as collect:
        for _ in range(200):
            cycle: list[object] = []
            cycle.append(cycle)
            collect()
        gc.collect()
        assert gc.collect() == 0
