"""The clusterer: order-independent, and no veto or decision is ever overridden."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hub.match.cluster import Decisions, Edge, Partition, cluster

Veto = Callable[[str, str], bool]


def _never(_one: str, _other: str) -> bool:
    return False


def _veto(*pairs: str) -> Veto:
    """A veto for each pair: "ab" keeps a and b apart."""
    known = {frozenset(pair) for pair in pairs}
    return lambda one, other: frozenset((one, other)) in known


def _run(nodes: str, edges: dict[str, int], veto: Veto = _never, **decided: list[str]) -> Partition:
    pairs = {name: [(pair[0], pair[1]) for pair in found] for name, found in decided.items()}
    given_edges = [Edge(pair[0], pair[1], weight) for pair, weight in edges.items()]
    return cluster(nodes, given_edges, vetoed=veto, decisions=Decisions(**pairs))


def _groups(partition: Partition) -> list[str]:
    return ["".join(members) for members in partition.clusters]


def test_edges_join() -> None:
    assert _groups(_run("abc", {"ab": 120, "bc": 110})) == ["abc"]


def test_a_veto_between_members_blocks_the_whole_cluster() -> None:
    found = _run("abc", {"ab": 160, "bc": 110}, _veto("ac"))
    assert _groups(found) == ["ab", "c"]
    assert [(b.edge[:2], b.reason) for b in found.blocked] == [(("b", "c"), "veto in the group")]


def test_a_node_that_fits_two_customers_joins_neither() -> None:
    found = _run("abc", {"ab": 110, "bc": 100}, _veto("ac"))
    assert _groups(found) == ["a", "b", "c"]
    assert {b.reason for b in found.blocked} == {"fits two customers"}


def test_two_groups_need_more_than_one_weak_edge() -> None:
    edges = {"ab": 200, "cd": 200, "bc": 110}
    assert _groups(_run("abcd", edges)) == ["ab", "cd"]
    assert _groups(_run("abcd", {**edges, "ad": 105})) == ["abcd"]
    assert _groups(_run("abcd", {**edges, "bc": 150})) == ["abcd"]


def test_decisions_win() -> None:
    assert _groups(_run("ab", {}, _veto("ab"), must_links=["ab"])) == ["ab"]
    assert _groups(_run("ab", {"ab": 300}, never_links=["ab"])) == ["a", "b"]


def test_never_link_holds_against_a_detour() -> None:
    found = _run("abc", {"ab": 200, "bc": 150}, never_links=["ac"])
    assert _groups(found) == ["ab", "c"]
    assert found.blocked[0].reason == "never-link"


def test_contradicting_decisions_are_shown() -> None:
    found = _run("abc", {}, must_links=["ab", "bc"], never_links=["ac"])
    assert found.blocked[0].reason == "contradicting decisions"
    assert len(found.clusters) == 2


def test_a_must_link_excuses_vetoes_against_the_other_side() -> None:
    found = _run("abx", {"ax": 150}, _veto("ab", "bx"), must_links=["ab"])
    assert _groups(found) == ["abx"]


_EDGES = st.lists(
    st.tuples(
        st.sampled_from("abcdefg"), st.sampled_from("abcdefg"), st.sampled_from((100, 120, 160))
    ),
    max_size=14,
)


@given(_EDGES, st.sets(st.sampled_from(["ab", "cd", "ae", "bf", "cg"])), st.randoms())
def test_order_does_not_matter(
    drawn: list[tuple[str, str, int]], vetoes: set[str], shuffler: Random
) -> None:
    edges = [Edge(*edge) for edge in drawn if edge[0] != edge[1]]
    nodes = list("abcdefg")
    expected = cluster(nodes, edges, vetoed=_veto(*vetoes))
    for _ in range(4):
        shuffler.shuffle(edges)
        shuffler.shuffle(nodes)
        flipped = [Edge(edge.right, edge.left, edge.weight) for edge in edges]
        assert cluster(nodes, flipped, vetoed=_veto(*vetoes)) == expected


@given(_EDGES, st.sets(st.sampled_from(["ab", "cd", "ae", "bf", "cg"])))
def test_no_cluster_holds_a_veto(drawn: list[tuple[str, str, int]], vetoes: set[str]) -> None:
    edges = [Edge(*edge) for edge in drawn if edge[0] != edge[1]]
    for members in cluster("abcdefg", edges, vetoed=_veto(*vetoes)).clusters:
        assert not any(set(pair) <= set(members) for pair in vetoes)
